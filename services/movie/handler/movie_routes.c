/* The plain HTTP face of movies: details here, the rest beside. */
#include "http/http_json.h"
#include "movie/handler/movie_handler.h"
#include "movie/handler/movie_handler_private.h"
#include "movie/model/movie_json.h"

/* `view=full`: with the summary. */
static enum status read_view(struct http_exchange *exchange, bool *ret_is_full)
{
    struct text view;
    enum status status = http_json_optional_parameter(exchange, "view", &view);
    if (status != STATUS_OK) {
        return status;
    }
    *ret_is_full = text_equal(view, TEXT("full"));
    return view.data == NULL || *ret_is_full || text_equal(view, TEXT("basic"))
               ? STATUS_OK
               : call_fail(http_json_call(exchange), STATUS_INVALID_ARGUMENT,
                           "view must be basic or full");
}

static void get_movie(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct movie_details_query query;
    struct movie_details details;
    enum status status = http_json_parameter(exchange, "id", &query.movie_id);
    if (status == STATUS_OK) {
        status = http_json_user(exchange, &query.user_id);
    }
    if (status == STATUS_OK) {
        status = read_view(exchange, &query.is_full);
    }
    if (status == STATUS_OK) {
        status = movie_controller_get_details(state, call, &query, &details);
    }
    if (status != STATUS_OK) {
        http_reply_problem(exchange, status);
        return;
    }
    struct http_json_reply reply;
    http_json_reply_open(&reply, exchange);
    movie_details_write_json(&reply.writer, &details);
    http_json_reply_send(&reply, 200);
}

void movie_handler_routes(struct movie_controller *controller,
                          struct http_route routes[static MOVIE_HANDLER_ROUTE_COUNT])
{
    const struct http_route ours[MOVIE_HANDLER_ROUTE_COUNT] = {
        {"GET", "/movie", get_movie, controller},
        {"GET", "/movies/search", movie_handler_get_search, controller},
        {"PUT", "/movie/rating", movie_handler_put_rating, controller},
        {"DELETE", "/movie/rating", movie_handler_delete_rating, controller},
        {"GET", "/user/movies", movie_handler_get_user_movies, controller},
    };
    memcpy(routes, ours, sizeof(ours));
}
