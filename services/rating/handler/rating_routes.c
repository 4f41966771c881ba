/* The plain HTTP face of ratings. */
#include "http/http_json.h"
#include "http/http_operation.h"
#include "rating/handler/rating_handler.h"
#include "rating/handler/rating_handler_private.h"
#include "rating/model/rating_message.h"
#include "rating/model/rating_value.h"

enum { HTTP_ACCEPTED = 202 };

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
    if (status == STATUS_OK && provider.length > RATING_PROVIDER_BYTES_MAX) {
        status = call_fail(http_exchange_call(exchange), STATUS_INVALID_ARGUMENT,
                           "provider id is longer than %d bytes", RATING_PROVIDER_BYTES_MAX);
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

static void reply_number(struct http_exchange *exchange, enum status status, double number)
{
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
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
    struct rating_own_vote own;
    double value = 0;
    enum status status = read_key(exchange, &key);
    if (status == STATUS_OK) {
        status = await_after(state, exchange);
    }
    if (status == STATUS_OK && key.user.data != NULL) {
        status = rating_handler_get_own(state, call, &key, false, &own);
        value =
            status == STATUS_OK ? (double)own.counted.hundredths / RATING_HUNDREDTHS_PER_POINT : 0;
    } else if (status == STATUS_OK) {
        status = rating_controller_get_aggregate(state, call, key.record, &aggregate);
        value = status == STATUS_OK ? rating_aggregate_mean(&aggregate) : 0;
    }
    reply_number(exchange, status, value);
}

static void reply_held(struct http_exchange *exchange, enum status status)
{
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    json_open_object(&reply.writer);
    json_member_boolean(&reply.writer, "held", true);
    json_close_object(&reply.writer);
    http_json_reply_send(&reply, HTTP_ACCEPTED);
}

static void put_rating(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct rating_change change = {.kind = RATING_PUT};
    struct text value;
    bool held = false;
    enum status status = read_vote_key(exchange, &change.key);
    if (status == STATUS_OK) {
        status = http_json_parameter(exchange, "value", &value);
    }
    if (status == STATUS_OK) {
        status = rating_value_parse(call, value, &change.hundredths);
    }
    if (status == STATUS_OK) {
        status = rating_controller_put(state, call, &change, &held);
    }
    if (status == STATUS_OK && held) {
        reply_held(exchange, status);
        return;
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

static const char *const record_types[] = {
#define X(number, symbol, name) name,
    RECORD_TYPES(X)
#undef X
        NULL,
};

#define RECORD_PARAMETERS                                                                          \
    {.name = "id",                                                                                 \
     .about = "The record's id",                                                                   \
     .is_required = true,                                                                          \
     .minimum = 1,                                                                                 \
     .maximum = RATING_RECORD_BYTES_MAX},                                                          \
    {                                                                                              \
        .name = "type", .about = "What kind of record it is", .is_required = true,                 \
        .choices = record_types                                                                    \
    }
#define USER_PARAMETER(is_needed, words)                                                           \
    {                                                                                              \
        .name = "userId", .about = words, .is_required = (is_needed), .minimum = 1,                \
        .maximum = RATING_USER_BYTES_MAX                                                           \
    }
#define PROVIDER_PARAMETER                                                                         \
    {                                                                                              \
        .name = "providerId",                                                                      \
        .about = "Who took the vote; without it, a vote through this interface itself",            \
        .maximum = RATING_PROVIDER_BYTES_MAX                                                       \
    }

static const struct http_parameter get_parameters[] = {
    RECORD_PARAMETERS,
    USER_PARAMETER(false, "Whose vote it is; without it, the mean of all votes"),
    PROVIDER_PARAMETER,
    {.name = "after",
     .about = "PARTITION:OFFSET of an event: the answer waits until it has been applied",
     .pattern = "^([0-9]{1,2}|1[0-9]{2}|2[0-4][0-9]|25[0-5]):[0-9]{1,18}$"},
    {.name = NULL},
};

static const struct http_parameter put_parameters[] = {
    RECORD_PARAMETERS,
    USER_PARAMETER(true, "Whose vote it is"),
    PROVIDER_PARAMETER,
    {.name = "value",
     .about = "Points, in the steps that the deployment takes: tenths, unless it says otherwise",
     .kind = HTTP_PARAMETER_NUMBER,
     .is_required = true,
     .minimum = 0,
     .maximum = RATING_HUNDREDTHS_MAX / RATING_HUNDREDTHS_PER_POINT,
     .step = 0.01},
    {.name = NULL},
};

static const struct http_parameter delete_parameters[] = {
    RECORD_PARAMETERS,
    USER_PARAMETER(true, "Whose vote it is"),
    PROVIDER_PARAMETER,
    {.name = NULL},
};

static const struct http_parameter summary_parameters[] = {
    RECORD_PARAMETERS,
    {.name = NULL},
};

static const struct http_parameter top_parameters[] = {
    {.name = "type",
     .about = "What kind of records they are",
     .is_required = true,
     .choices = record_types},
    {.name = "order",
     .about = "What comes first: the best weighted score, unless it says otherwise",
     .choices = rating_handler_orders},
    {.name = "minimumVotes",
     .about = "Without records of fewer votes",
     .kind = HTTP_PARAMETER_INTEGER,
     .minimum = 0,
     .maximum = UINT32_MAX},
    {.name = "pageSize",
     .about = "How many at most",
     .kind = HTTP_PARAMETER_INTEGER,
     .minimum = 1,
     .maximum = RATING_PAGE_SIZE_MAX,
     .otherwise = RATING_PAGE_SIZE_DEFAULT},
    {.name = "pageToken",
     .about = "nextPageToken of the page before, which also says the order and the filter",
     .maximum = RANK_TOKEN_BYTES_MAX},
    {.name = NULL},
};

#define PARAMETERS_SCHEMA                                                                          \
    "\"parameters\":{\"type\":\"object\",\"required\":[\"formula\",\"minimumVotes\",\"mean\","     \
    "\"version\"],\"properties\":{\"formula\":{\"type\":\"integer\"},\"minimumVotes\":{"           \
    "\"type\":\"number\"},\"mean\":{\"type\":\"number\"},\"version\":{\"type\":\"string\"}}}"
#define POINTS_SCHEMA "{\"type\":\"number\",\"minimum\":0,\"maximum\":10}"

static const struct http_answer summary[] = {
    {200,
     "The summary; the score and its parameters are not known for a moment after a start",
     {.schema = "{\"type\":\"object\",\"required\":[\"mean\",\"count\",\"histogram\"],"
                "\"properties\":{\"mean\":" POINTS_SCHEMA ",\"count\":{\"type\":\"integer\"},"
                "\"histogram\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"},"
                "\"minItems\":21,\"maxItems\":21},\"weightedScore\":" POINTS_SCHEMA
                "," PARAMETERS_SCHEMA "}}"}},
    {.status = 0},
};

static const struct http_answer top[] = {
    {200,
     "A page of the list",
     {.schema = "{\"type\":\"object\",\"required\":[\"records\",\"parameters\"],"
                "\"properties\":{\"records\":{\"type\":\"array\",\"items\":{"
                "\"type\":\"object\",\"required\":[\"recordId\",\"count\",\"mean\","
                "\"weightedScore\"],\"properties\":{\"recordId\":{\"type\":\"string\"},"
                "\"count\":{\"type\":\"integer\"},\"mean\":" POINTS_SCHEMA
                ",\"weightedScore\":" POINTS_SCHEMA "}}},"
                "\"nextPageToken\":{\"type\":\"string\"}," PARAMETERS_SCHEMA "}}"}},
    {.status = 0},
};

static const struct http_answer points[] = {
    {200, "Points", {.schema = POINTS_SCHEMA}},
    {.status = 0},
};

static const struct http_answer put_answers[] = {
    {200, "The vote is stored", {.schema = NULL}},
    {HTTP_ACCEPTED,
     "The vote is kept, but does not count until it is reviewed: it is in a burst of votes",
     {.schema = "{\"type\":\"object\",\"required\":[\"held\"],\"properties\":{"
                "\"held\":{\"type\":\"boolean\"}}}"}},
    {.status = 0},
};

static const int no_votes[] = {404, 0};

static const struct http_operation operations[RATING_HANDLER_ROUTE_COUNT] = {
    {.method = "GET",
     .path = "/rating",
     .handle = get_rating,
     .id = "getRating",
     .summary = "The mean of all votes on a record, or a user's own vote",
     .about = "404: nobody has voted, or that user has not.",
     .tag = "rating",
     .parameters = get_parameters,
     .answers = points,
     .problems = no_votes,
     .traits = HTTP_OPERATION_TAGGED},
    {.method = "PUT",
     .path = "/rating",
     .handle = put_rating,
     .id = "putRating",
     .summary = "Votes, in place of the user's earlier vote",
     .tag = "rating",
     .parameters = put_parameters,
     .answers = put_answers},
    {.method = "DELETE",
     .path = "/rating",
     .handle = delete_rating,
     .id = "deleteRating",
     .summary = "Takes a vote back",
     .tag = "rating",
     .parameters = delete_parameters,
     .problems = no_votes},
    {.method = "GET",
     .path = "/rating/summary",
     .handle = rating_handler_get_summary_route,
     .id = "getRatingSummary",
     .summary = "What the votes on a record come to",
     .about = "404: nobody has voted.",
     .tag = "rating",
     .parameters = summary_parameters,
     .answers = summary,
     .problems = no_votes,
     .traits = HTTP_OPERATION_TAGGED},
    {.method = "GET",
     .path = "/rating/top",
     .handle = rating_handler_list_top_route,
     .id = "listTopRatings",
     .summary = "The records that are rated best",
     .about = "503: the list is being built after a start.",
     .tag = "rating",
     .parameters = top_parameters,
     .answers = top,
     .traits = HTTP_OPERATION_TAGGED},
};

void rating_handler_routes(struct rating_controller *controller,
                           struct http_route routes[static RATING_HANDLER_ROUTE_COUNT])
{
    http_operations_route(operations, ARRAY_LENGTH(operations), controller, routes);
}
