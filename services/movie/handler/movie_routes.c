/* The plain HTTP face of movie details. */
#include "http/http_json.h"
#include "http/http_operation.h"
#include "metadata/model/metadata_json.h"
#include "movie/handler/movie_handler.h"

/* `rating` is left out when there is none to show; ratingState says why. How old it is is said of
 * what was not asked for now. */
static void write_details(struct json_writer *writer, const struct movie_details *details)
{
    json_open_object(writer);
    if (details->rating_state == MOVIE_RATED) {
        json_member_number(writer, "rating", details->rating);
    }
    json_write_name(writer, TEXT("metadata"));
    metadata_write_json(writer, &details->metadata);
    json_member_string(writer, "ratingState",
                       text_of(movie_rating_state_name(details->rating_state)));
    if (details->rating_state == MOVIE_RATED && details->rating_count > 0) {
        json_member_integer(writer, "ratingCount", details->rating_count);
    }
    if (details->rating_state == MOVIE_RATING_UNAVAILABLE) {
        json_member_string(writer, "ratingUnavailableReason", details->rating_reason);
    }
    if (details->rating_source != MOVIE_RATING_CALLED) {
        json_member_string(writer, "ratingSource",
                           text_of(movie_rating_source_name(details->rating_source)));
        json_member_integer(writer, "ratingAgeMs", details->rating_age_ms);
    }
    json_close_object(writer);
}

static void get_movie(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct text id;
    struct movie_details details;
    enum status status = http_json_parameter(exchange, "id", &id);
    if (status == STATUS_OK) {
        status = movie_controller_get_details(state, call, id, &details);
    }
    if (status != STATUS_OK) {
        http_reply_problem(exchange, status);
        return;
    }
    struct http_json_reply reply;
    http_json_reply_open(&reply, exchange);
    write_details(&reply.writer, &details);
    http_json_reply_send(&reply, 200);
}

static const struct http_parameter movie_parameters[] = {
    {.name = "id",
     .about = "The movie's id",
     .is_required = true,
     .minimum = 1,
     .maximum = METADATA_ID_BYTES_MAX},
    {.name = NULL},
};

static const struct http_answer details_answers[] = {
    {200, "The details", {.message = "MovieDetails"}},
    {.status = 0},
};

static const int unknown_movie[] = {404, 0};

static const struct http_operation operations[MOVIE_HANDLER_ROUTE_COUNT] = {
    {.method = "GET",
     .path = "/movie",
     .handle = get_movie,
     .id = "getMovie",
     .summary = "What is known about a movie, and how it is rated",
     .about =
         "When the rating service cannot be asked, ratingState says so, and the movie is still "
         "shown.",
     .tag = "movie",
     .parameters = movie_parameters,
     .answers = details_answers,
     .problems = unknown_movie},
};

void movie_handler_routes(struct movie_controller *controller,
                          struct http_route routes[static MOVIE_HANDLER_ROUTE_COUNT])
{
    http_operations_route(operations, ARRAY_LENGTH(operations), controller, routes);
}
