/* The plain HTTP face of lists of movies. */
#include "http/http_json.h"
#include "movie/controller/movie_search.h"
#include "movie/controller/movie_voting.h"
#include "movie/handler/movie_handler_private.h"
#include "movie/handler/movie_parameters.h"
#include "movie/model/movie_json.h"

void movie_handler_get_search(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct text query;
    int32_t limit;
    struct movie_cards list;
    enum status status = http_json_parameter(exchange, "q", &query);
    if (status == STATUS_OK) {
        status = movie_parameter_integer(exchange, "limit", &limit);
    }
    if (status == STATUS_OK) {
        status = movie_controller_search(state, call, query, limit, &list);
    }
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    json_open_object(&reply.writer);
    json_write_name(&reply.writer, TEXT("results"));
    movie_cards_write_json(&reply.writer, list.cards, list.count);
    if (list.rating_reason.length > 0) {
        json_member_string(&reply.writer, "ratingUnavailableReason", list.rating_reason);
    }
    movie_score_parameters_write_member(&reply.writer, &list.parameters);
    json_close_object(&reply.writer);
    http_json_reply_send(&reply, 200);
}

const char *const movie_handler_own_orders[] = {
    [MOVIE_OWN_BY_MOVIE] = "movie",
    [MOVIE_OWN_BY_TIME] = "time",
    [MOVIE_OWN_ORDER_COUNT] = NULL,
};

static enum status read_order(struct http_exchange *exchange, enum movie_own_order *ret_order)
{
    struct text name;
    enum status status = http_json_optional_parameter(exchange, "order", &name);
    *ret_order = MOVIE_OWN_BY_MOVIE;
    for (size_t i = 0; status == STATUS_OK && name.data != NULL; i++) {
        if (i == MOVIE_OWN_ORDER_COUNT) {
            return call_fail(http_json_call(exchange), STATUS_INVALID_ARGUMENT,
                             "order must be movie or time");
        }
        if (text_equal(name, text_of(movie_handler_own_orders[i]))) {
            *ret_order = (enum movie_own_order)i;
            return STATUS_OK;
        }
    }
    return status;
}

void movie_handler_get_user_movies(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct text user;
    struct text token;
    int32_t page_size;
    enum movie_own_order order = MOVIE_OWN_BY_MOVIE;
    struct movie_own_page page;
    enum status status = http_json_named_user(exchange, &user);
    if (status == STATUS_OK) {
        status = read_order(exchange, &order);
    }
    if (status == STATUS_OK) {
        status = movie_parameter_page(exchange, &page_size, &token);
    }
    if (status == STATUS_OK) {
        status = movie_controller_list_own(state, call, user, order, page_size, token, &page);
    }
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    json_open_object(&reply.writer);
    json_write_name(&reply.writer, TEXT("movies"));
    movie_cards_write_json(&reply.writer, page.list.cards, page.list.count);
    json_member_string(&reply.writer, "nextPageToken", page.next_page_token);
    if (page.list.is_without_titles) {
        json_member_boolean(&reply.writer, "metadataUnavailable", true);
    }
    json_close_object(&reply.writer);
    http_json_reply_send(&reply, 200);
}
