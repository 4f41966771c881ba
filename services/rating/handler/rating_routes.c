/* The plain HTTP face of ratings. */
#include "http/http_json.h"
#include "rating/handler/rating_handler.h"
#include "rating/model/rating_message.h"
#include "rating/model/rating_value.h"

/* What names a record, and a vote on it of this user. */
static enum status read_key_of(struct http_exchange *exchange, struct text user,
                               struct vote_key *ret_key)
{
    struct text type;
    struct text id;
    struct text provider;
    enum status status = http_json_parameter(exchange, "type", &type);
    if (status == STATUS_OK) {
        status = http_json_parameter(exchange, "id", &id);
    }
    if (status == STATUS_OK) {
        status = http_json_optional_parameter(exchange, "providerId", &provider);
    }
    if (status == STATUS_OK) {
        status =
            vote_key_from_texts(http_exchange_call(exchange), type, id, user, provider, ret_key);
    }
    return status;
}

/* `user` is {NULL, 0} where it was not given: then all of them are meant. */
static enum status read_key(struct http_exchange *exchange, struct vote_key *ret_key)
{
    struct text user;
    enum status status = http_json_optional_parameter(exchange, "userId", &user);
    return status == STATUS_OK ? read_key_of(exchange, user, ret_key) : status;
}

/* The same of who votes. */
static enum status read_vote_key(struct http_exchange *exchange, struct vote_key *ret_key)
{
    struct text user;
    enum status status = http_json_named_user(exchange, &user);
    return status == STATUS_OK ? read_key_of(exchange, user, ret_key) : status;
}

static void reply_number(struct http_exchange *exchange, double number)
{
    struct http_json_reply reply;
    http_json_reply_open(&reply, exchange);
    json_write_number(&reply.writer, number);
    http_json_reply_send(&reply, 200);
}

/* `after=PARTITION:OFFSET`: waits until that event has been applied. */
static enum status await_after(struct rating_controller *controller, struct http_exchange *exchange)
{
    struct call *call = http_exchange_call(exchange);
    struct text after;
    struct rating_place place;
    enum status status = http_json_optional_parameter(exchange, "after", &after);
    if (status != STATUS_OK || after.data == NULL) {
        return status;
    }
    status = rating_place_parse(call, after, &place);
    return status == STATUS_OK ? rating_controller_await(controller, call, place) : status;
}

/* The mean of all votes, or with `userId` that user's own vote: a bare number. */
static void get_rating(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct vote_key key;
    struct rating_aggregate aggregate;
    struct vote vote;
    double value = 0;
    enum status status = read_key(exchange, &key);
    if (status == STATUS_OK) {
        status = await_after(state, exchange);
    }
    if (status == STATUS_OK && key.user.data != NULL) {
        status = rating_controller_get_vote(state, call, &key, &vote);
        value = status == STATUS_OK ? (double)vote.hundredths / RATING_HUNDREDTHS_PER_POINT : 0;
    } else if (status == STATUS_OK) {
        status = rating_controller_get_aggregate(state, call, key.record, &aggregate);
        value = status == STATUS_OK ? rating_aggregate_mean(&aggregate) : 0;
    }
    if (status == STATUS_OK) {
        reply_number(exchange, value);
    } else {
        http_reply_problem(exchange, status);
    }
}

static void put_rating(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct rating_change change = {.kind = RATING_PUT};
    struct text value;
    enum status status = read_vote_key(exchange, &change.key);
    if (status == STATUS_OK) {
        status = http_json_parameter(exchange, "value", &value);
    }
    if (status == STATUS_OK) {
        status = rating_value_parse(call, value, &change.hundredths);
    }
    if (status == STATUS_OK) {
        status = rating_controller_put(state, call, &change);
    }
    http_json_reply_outcome(exchange, status);
}

static void delete_rating(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct vote_key key;
    enum status status = read_vote_key(exchange, &key);
    if (status == STATUS_OK) {
        status = rating_controller_delete(state, call, &key);
    }
    http_json_reply_outcome(exchange, status);
}

void rating_handler_routes(struct rating_controller *controller,
                           struct http_route routes[static RATING_HANDLER_ROUTE_COUNT])
{
    routes[0] = (struct http_route){"GET", "/rating", get_rating, controller};
    routes[1] = (struct http_route){"PUT", "/rating", put_rating, controller};
    routes[2] = (struct http_route){"DELETE", "/rating", delete_rating, controller};
}
