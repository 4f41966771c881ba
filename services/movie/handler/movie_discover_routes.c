/* The plain HTTP face of the lists of all movies. */
#include "http/http_json.h"
#include "movie/controller/movie_discover.h"
#include "movie/handler/movie_handler_private.h"
#include "movie/handler/movie_parameters.h"
#include "movie/model/movie_json.h"

const char *const movie_handler_orders[] = {
    [MOVIE_BY_SCORE] = "score", [MOVIE_BY_MEAN] = "mean",   [MOVIE_BY_VOTES] = "votes",
    [MOVIE_BY_YEAR] = "year",   [MOVIE_ORDER_COUNT] = NULL,
};

static enum status read_order(struct http_exchange *exchange, enum movie_order *ret_order)
{
    struct text name;
    enum status status = http_json_optional_parameter(exchange, "order", &name);
    if (status != STATUS_OK || name.data == NULL) {
        return status;
    }
    for (size_t i = 0; i < MOVIE_ORDER_COUNT; i++) {
        if (text_equal(name, text_of(movie_handler_orders[i]))) {
            *ret_order = (enum movie_order)i;
            return STATUS_OK;
        }
    }
    return call_fail(http_json_call(exchange), STATUS_INVALID_ARGUMENT,
                     "order must be score, mean, votes or year");
}

static enum status read_numbers(struct http_exchange *exchange, struct movie_list_query *query)
{
    int32_t minimum_votes = 0;
    int32_t page_size = 0;
    enum status status = movie_parameter_integer(exchange, "yearFrom", &query->year_from);
    if (status == STATUS_OK) {
        status = movie_parameter_integer(exchange, "yearTo", &query->year_to);
    }
    if (status == STATUS_OK) {
        status = movie_parameter_integer(exchange, "minimumVotes", &minimum_votes);
    }
    if (status == STATUS_OK) {
        status = movie_parameter_integer(exchange, "pageSize", &page_size);
    }
    query->minimum_votes = (uint64_t)minimum_votes;
    query->page_size = (size_t)page_size;
    return status;
}

static enum status read_query(struct http_exchange *exchange, struct movie_list_query *query)
{
    *query = (struct movie_list_query){.order = MOVIE_BY_SCORE};
    enum status status = read_order(exchange, &query->order);
    if (status == STATUS_OK) {
        status = http_json_optional_parameter(exchange, "genre", &query->genre);
    }
    if (status == STATUS_OK) {
        status = read_numbers(exchange, query);
    }
    if (status == STATUS_OK) {
        status = http_json_optional_parameter(exchange, "pageToken", &query->page_token);
    }
    return status;
}

static void write_age(struct http_json_reply *reply, const struct movie_list_age *age)
{
    http_json_reply_age(reply, "metadataAgeMs", age->metadata_ms);
    if (age->rating_reason.length > 0) {
        json_member_string(&reply->writer, "ratingUnavailableReason", age->rating_reason);
    } else {
        http_json_reply_age(reply, "ratingAgeMs", age->rating_ms);
    }
}

void movie_handler_get_movies(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct movie_list_query query;
    struct movie_list list;
    enum status status = read_query(exchange, &query);
    if (status == STATUS_OK) {
        status = movie_controller_discover(state, call, &query, &list);
    }
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    json_open_object(&reply.writer);
    json_write_name(&reply.writer, TEXT("movies"));
    movie_cards_write_json(&reply.writer, list.cards, list.count);
    json_member_string(&reply.writer, "nextPageToken", list.next_page_token);
    movie_score_parameters_write_member(&reply.writer, &list.parameters);
    write_age(&reply, &list.age);
    json_close_object(&reply.writer);
    http_json_reply_send(&reply, 200);
}

void movie_handler_get_genres(void *state, struct http_exchange *exchange)
{
    struct movie_genres found;
    enum status status = movie_controller_list_genres(state, http_json_call(exchange), &found);
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    json_open_object(&reply.writer);
    json_write_name(&reply.writer, TEXT("genres"));
    json_open_array(&reply.writer);
    for (size_t i = 0; i < found.count; i++) {
        json_open_object(&reply.writer);
        json_member_string(&reply.writer, "name", found.genres[i].name);
        json_member_integer(&reply.writer, "movies", (int64_t)found.genres[i].movies);
        json_close_object(&reply.writer);
    }
    json_close_array(&reply.writer);
    json_close_object(&reply.writer);
    http_json_reply_send(&reply, 200);
}
