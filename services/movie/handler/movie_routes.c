/* The plain HTTP face of movies: details here, the rest beside. */
#include "access/access_identity.h"
#include "http/http_json.h"
#include "http/http_operation.h"
#include "movie/controller/movie_discover.h"
#include "movie/controller/movie_voting.h"
#include "movie/handler/movie_handler.h"
#include "movie/handler/movie_handler_private.h"
#include "movie/handler/movie_parameters.h"
#include "movie/model/movie_json.h"
#include "movie/model/movie_json_schema.h"
#include "rating/model/rating.h"

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
        query.wants_held = access_user_is_shown(call, query.user_id, TEXT(""));
        status = movie_controller_get_details(state, call, &query, &details);
    }
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    movie_details_write_json(&reply.writer, &details);
    if (details.rating_source != MOVIE_RATING_CALLED) {
        http_json_reply_age(&reply, "ratingAgeMs", details.rating_age_ms);
    }
    http_json_reply_send(&reply, 200);
}

static const char *const views[] = {"basic", "full", NULL};

static const struct http_parameter movie_parameters[] = {
    MOVIE_ID_PARAMETER,
    MOVIE_USER_PARAMETER(false, "Whose own vote is to be told"),
    {.name = "view", .about = "full: with histogram and weighted score", .choices = views},
    {.name = NULL},
};

static const struct http_parameter search_parameters[] = {
    {.name = "q",
     .about = "Words of the title, the year and the people; the last may be the start of one",
     .is_required = true,
     .minimum = 1,
     .maximum = METADATA_QUERY_BYTES_MAX},
    {.name = "limit",
     .about = "How many are found at most",
     .kind = HTTP_PARAMETER_INTEGER,
     .minimum = 1,
     .maximum = METADATA_MATCHES_MAX,
     .otherwise = METADATA_MATCHES_DEFAULT},
    {.name = NULL},
};

#define RECOMMENDED_PARAMETER                                                                      \
    {                                                                                              \
        .name = "limit", .about = "How many there are at most", .kind = HTTP_PARAMETER_INTEGER,    \
        .minimum = 1, .maximum = RECOMMENDATION_COUNT_MAX,                                         \
        .otherwise = RECOMMENDATION_COUNT_DEFAULT                                                  \
    }

static const struct http_parameter similar_parameters[] = {
    MOVIE_ID_PARAMETER,
    RECOMMENDED_PARAMETER,
    {.name = NULL},
};

static const struct http_parameter recommended_parameters[] = {
    MOVIE_USER_PARAMETER(true, "For whom"),
    RECOMMENDED_PARAMETER,
    {.name = NULL},
};

static const struct http_parameter vote_parameters[] = {
    MOVIE_ID_PARAMETER,
    MOVIE_USER_PARAMETER(true, "Whose vote it is"),
    {.name = "value",
     .about = "Points, in the steps that the deployment takes: tenths, unless it says otherwise",
     .kind = HTTP_PARAMETER_NUMBER,
     .is_required = true,
     .maximum = RATING_HUNDREDTHS_MAX / RATING_HUNDREDTHS_PER_POINT,
     .step = 0.01},
    {.name = NULL},
};

static const struct http_parameter own_parameters[] = {
    MOVIE_ID_PARAMETER,
    MOVIE_USER_PARAMETER(true, "Whose vote it is"),
    {.name = NULL},
};

static const struct http_parameter list_parameters[] = {
    MOVIE_USER_PARAMETER(true, "Whose votes they are"),
    {.name = "order",
     .about = "By movie, else by time: the newest vote first, for which all are looked through",
     .choices = movie_handler_own_orders},
    MOVIE_PAGE_SIZE_PARAMETER(MOVIE_OWN_PAGE_SIZE_MAX, MOVIE_OWN_PAGE_SIZE_DEFAULT),
    MOVIE_PAGE_TOKEN_PARAMETER,
    {.name = NULL},
};

static const struct http_parameter discover_parameters[] = {
    {.name = "order", .about = "By what they stand", .choices = movie_handler_orders},
    {.name = "genre", .about = "Only of this genre", .maximum = METADATA_GENRE_BYTES_MAX},
    {.name = "yearFrom",
     .about = "Only of this year or later",
     .kind = HTTP_PARAMETER_INTEGER,
     .maximum = METADATA_YEAR_MAX},
    {.name = "yearTo",
     .about = "Only of this year or earlier",
     .kind = HTTP_PARAMETER_INTEGER,
     .maximum = METADATA_YEAR_MAX},
    {.name = "minimumVotes",
     .about = "Only with so many votes",
     .kind = HTTP_PARAMETER_INTEGER,
     .maximum = INT32_MAX},
    MOVIE_PAGE_SIZE_PARAMETER(MOVIE_LIST_PAGE_SIZE_MAX, MOVIE_LIST_PAGE_SIZE_DEFAULT),
    {.name = "pageToken", .about = "nextPageToken of the page before, with the same query"},
    {.name = NULL},
};

static const struct http_parameter no_parameters[] = {
    {.name = NULL},
};

static const struct http_answer details_answers[] = {
    {200, "The details", {.schema = MOVIE_DETAILS_SCHEMA}},
    {.status = 0},
};

static const struct http_answer search_answers[] = {
    {200,
     "What was found, best first",
     {.schema = "{\"type\":\"object\",\"required\":[\"results\"],\"properties\":{"
                "\"results\":" MOVIE_CARDS_SCHEMA ",\"ratingUnavailableReason\":{\"type\":"
                "\"string\"},\"parameters\":" MOVIE_PARAMETERS_SCHEMA "}}"}},
    {.status = 0},
};

#define OUTCOME_MEMBERS "\"ratingState\":" MOVIE_STATE_SCHEMA ",\"summary\":" MOVIE_SUMMARY_SCHEMA

static const struct http_answer outcome_answers[] = {
    {200,
     "How the movie is rated now",
     {.schema = "{\"type\":\"object\",\"required\":[\"ratingState\"],"
                "\"properties\":{" OUTCOME_MEMBERS "}}"}},
    {.status = 0},
};

static const struct http_answer vote_answers[] = {
    {200,
     "How the movie is rated now, with this vote",
     {.schema = "{\"type\":\"object\",\"required\":[\"ratingState\"],"
                "\"properties\":{" OUTCOME_MEMBERS "}}"}},
    {202,
     "The vote is kept, but does not count until it is reviewed: it is in a burst of votes",
     {.schema = "{\"type\":\"object\",\"required\":[\"ratingState\",\"held\"],\"properties\":"
                "{" OUTCOME_MEMBERS ",\"held\":{\"type\":\"boolean\"}}}"}},
    {.status = 0},
};

static const struct http_answer list_answers[] = {
    {200,
     "A page, the newest vote first",
     {.schema = "{\"type\":\"object\",\"required\":[\"movies\",\"nextPageToken\"],"
                "\"properties\":{\"movies\":" MOVIE_CARDS_SCHEMA ",\"nextPageToken\":{\"type\":"
                "\"string\"},\"metadataUnavailable\":{\"type\":\"boolean\"}}}"}},
    {.status = 0},
};

static const struct http_answer discover_answers[] = {
    {200,
     "A page; how old the copy is that it comes from",
     {.schema =
          "{\"type\":\"object\",\"required\":[\"movies\",\"nextPageToken\",\"metadataAgeMs\"],"
          "\"properties\":{\"movies\":" MOVIE_CARDS_SCHEMA ",\"nextPageToken\":{\"type\":"
          "\"string\"},\"parameters\":" MOVIE_PARAMETERS_SCHEMA
          ",\"metadataAgeMs\":{\"type\":\"integer\"},\"ratingAgeMs\":{\"type\":\"integer\"},"
          "\"ratingUnavailableReason\":{\"type\":\"string\"}}}"}},
    {.status = 0},
};

static const struct http_answer genres_answers[] = {
    {200,
     "The genres, by name",
     {.schema =
          "{\"type\":\"object\",\"required\":[\"genres\"],\"properties\":{\"genres\":{"
          "\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"name\",\"movies\"],"
          "\"properties\":{\"name\":{\"type\":\"string\"},\"movies\":{\"type\":"
          "\"integer\"}}}}}}"}},
    {.status = 0},
};

static const struct http_answer recommended_answers[] = {
    {200,
     "The best first",
     {.schema = "{\"type\":\"object\",\"required\":[\"movies\",\"votes\",\"modelAgeMs\"],"
                "\"properties\":{\"movies\":" MOVIE_CARDS_SCHEMA
                ",\"ratingUnavailableReason\":{\"type\":\"string\"},\"metadataUnavailable\":"
                "{\"type\":\"boolean\"},\"parameters\":" MOVIE_PARAMETERS_SCHEMA
                ",\"votes\":{\"type\":\"integer\"},\"modelAgeMs\":{\"type\":\"integer\"}}}"}},
    {.status = 0},
};

static const int unknown_movie[] = {404, 0};

static const struct http_operation operations[] = {
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
     .problems = unknown_movie,
     .traits = HTTP_OPERATION_TAGGED},
    {.method = "GET",
     .path = "/movies/search",
     .handle = movie_handler_get_search,
     .id = "searchMovies",
     .summary = "Movies by words of their titles, people and year, with their ratings",
     .tag = "movie",
     .parameters = search_parameters,
     .answers = search_answers,
     .traits = HTTP_OPERATION_TAGGED},
    {.method = "GET",
     .path = "/movies",
     .handle = movie_handler_get_movies,
     .id = "discoverMovies",
     .summary = "All movies, in an order and by filters",
     .about = "Answered from a copy, which is made after a start: 503 until then.",
     .tag = "movie",
     .parameters = discover_parameters,
     .answers = discover_answers,
     .traits = HTTP_OPERATION_TAGGED},
    {.method = "GET",
     .path = "/genres",
     .handle = movie_handler_get_genres,
     .id = "listGenres",
     .summary = "The genres there are",
     .tag = "movie",
     .parameters = no_parameters,
     .answers = genres_answers,
     .traits = HTTP_OPERATION_TAGGED},
    {.method = "PUT",
     .path = "/movie/rating",
     .handle = movie_handler_put_rating,
     .id = "rateMovie",
     .summary = "Votes, in place of the user's earlier vote",
     .tag = "movie",
     .parameters = vote_parameters,
     .answers = vote_answers,
     .problems = unknown_movie},
    {.method = "DELETE",
     .path = "/movie/rating",
     .handle = movie_handler_delete_rating,
     .id = "unrateMovie",
     .summary = "Takes a vote back",
     .tag = "movie",
     .parameters = own_parameters,
     .answers = outcome_answers,
     .problems = unknown_movie},
    {.method = "GET",
     .path = "/user/movies",
     .handle = movie_handler_get_user_movies,
     .id = "listUserMovies",
     .summary = "The movies that a user has voted on",
     .tag = "movie",
     .parameters = list_parameters,
     .answers = list_answers,
     .traits = HTTP_OPERATION_TAGGED},
    {.method = "GET",
     .path = "/movie/similar",
     .handle = movie_handler_get_similar,
     .id = "listSimilarMovies",
     .summary = "The movies that are most like one, by everybody's votes",
     .tag = "movie",
     .parameters = similar_parameters,
     .answers = recommended_answers,
     .traits = HTTP_OPERATION_TAGGED},
    {.method = "GET",
     .path = "/user/recommendations",
     .handle = movie_handler_get_recommendations,
     .id = "listRecommendedMovies",
     .summary = "What a user may like, of what the user has not voted on",
     .tag = "movie",
     .parameters = recommended_parameters,
     .answers = recommended_answers,
     .traits = HTTP_OPERATION_TAGGED},
};

_Static_assert(ARRAY_LENGTH(operations) + MOVIE_HANDLER_REVIEW_ROUTE_COUNT ==
                   MOVIE_HANDLER_ROUTE_COUNT,
               "there is room for each");

void movie_handler_routes(struct movie_controller *controller,
                          struct http_route routes[static MOVIE_HANDLER_ROUTE_COUNT])
{
    http_operations_route(operations, ARRAY_LENGTH(operations), controller, routes);
    movie_handler_review_routes(controller, routes + ARRAY_LENGTH(operations));
}
