/* The plain HTTP face of recommendations. */
#include "http/http_json.h"
#include "http/http_operation.h"
#include "recommendation/handler/recommendation_handler.h"
#include "recommendation/model/recommendation_json.h"

/* What both routes take: the record type, "movie" where it is not given, and how many. */
static enum status read_question(struct http_exchange *exchange, struct text *ret_type,
                                 int32_t *ret_count)
{
    int64_t count;
    enum status status = http_json_optional_parameter(exchange, "type", ret_type);
    if (status == STATUS_OK) {
        status = http_json_integer_parameter(exchange, "limit", &count);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (ret_type->data == NULL) {
        *ret_type = text_of(record_type_name(RECORD_TYPE_MOVIE));
    }
    *ret_count = (int32_t)count;
    return STATUS_OK;
}

static void reply(struct http_exchange *exchange, enum status status,
                  const struct recommendation_list *list)
{
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    recommendation_list_write_json(&reply.writer, list);
    http_json_reply_age(&reply, "modelAgeMs", list->basis.age_ms);
    http_json_reply_send(&reply, 200);
}

static void get_similar(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct recommendation_list list;
    struct text type;
    struct text id;
    int32_t count;
    enum status status = http_json_parameter(exchange, "id", &id);
    if (status == STATUS_OK) {
        status = read_question(exchange, &type, &count);
    }
    if (status == STATUS_OK) {
        status = recommendation_controller_list_similar(state, call, type, id, count, &list);
    }
    reply(exchange, status, &list);
}

static void get_recommendations(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct recommendation_list list;
    struct text type;
    struct text user;
    int32_t count;
    enum status status = http_json_named_user(exchange, &user);
    if (status == STATUS_OK) {
        status = read_question(exchange, &type, &count);
    }
    if (status == STATUS_OK) {
        status = recommendation_controller_list_for_user(state, call, type, user, count, &list);
    }
    reply(exchange, status, &list);
}

static const char *const types[] = {"movie", NULL};

#define TYPE_PARAMETER                                                                             \
    {                                                                                              \
        .name = "type", .about = "What is recommended: movies, if it is not given",                \
        .choices = types                                                                           \
    }
#define LIMIT_PARAMETER                                                                            \
    {                                                                                              \
        .name = "limit", .about = "How many there are at most", .kind = HTTP_PARAMETER_INTEGER,    \
        .minimum = 1, .maximum = RECOMMENDATION_COUNT_MAX,                                         \
        .otherwise = RECOMMENDATION_COUNT_DEFAULT                                                  \
    }

static const struct http_parameter similar_parameters[] = {
    {.name = "id",
     .about = "The record that others are like",
     .is_required = true,
     .minimum = 1,
     .maximum = RATING_RECORD_BYTES_MAX},
    TYPE_PARAMETER,
    LIMIT_PARAMETER,
    {.name = NULL},
};

static const struct http_parameter user_parameters[] = {
    {.name = "userId",
     .about = "For whom",
     .is_required = true,
     .minimum = 1,
     .maximum = RATING_USER_BYTES_MAX},
    TYPE_PARAMETER,
    LIMIT_PARAMETER,
    {.name = NULL},
};

static const struct http_answer answers[] = {
    {200, "The best first", {.schema = RECOMMENDATION_LIST_SCHEMA}},
    {.status = 0},
};

static const int not_now[] = {503, 0};

static const struct http_operation operations[RECOMMENDATION_HANDLER_ROUTE_COUNT] = {
    {.method = "GET",
     .path = "/similar",
     .handle = get_similar,
     .id = "listSimilar",
     .summary = "The records that are most like one, by everybody's votes",
     .tag = "recommendation",
     .parameters = similar_parameters,
     .answers = answers,
     .problems = not_now,
     .traits = HTTP_OPERATION_TAGGED},
    {.method = "GET",
     .path = "/recommendations",
     .handle = get_recommendations,
     .id = "listRecommended",
     .summary = "What a user may like, of what the user has not voted on",
     .tag = "recommendation",
     .parameters = user_parameters,
     .answers = answers,
     .problems = not_now,
     .traits = HTTP_OPERATION_TAGGED},
};

void recommendation_handler_routes(
    struct recommendation_controller *controller,
    struct http_route routes[static RECOMMENDATION_HANDLER_ROUTE_COUNT])
{
    http_operations_route(operations, ARRAY_LENGTH(operations), controller, routes);
}
