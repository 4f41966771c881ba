/* The plain HTTP face of recommendations. */
#include "http/http_json.h"
#include "recommendation/handler/recommendation_handler.h"
#include "recommendation/model/recommendation_json.h"

/* What both routes take: the record type, "movie" where it is not given, and how many. */
static enum status read_question(struct http_exchange *exchange, struct text *ret_type,
                                 int32_t *ret_count)
{
    struct text limit;
    int64_t count = 0;
    enum status status = http_json_optional_parameter(exchange, "type", ret_type);
    if (status == STATUS_OK) {
        status = http_json_optional_parameter(exchange, "limit", &limit);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (ret_type->data == NULL) {
        *ret_type = text_of(record_type_name(RECORD_TYPE_MOVIE));
    }
    if (limit.data != NULL &&
        (!text_to_i64(limit, &count) || count < 1 || count > RECOMMENDATION_COUNT_MAX)) {
        return call_fail(http_exchange_call(exchange), STATUS_INVALID_ARGUMENT,
                         "limit must be 1 to %d", RECOMMENDATION_COUNT_MAX);
    }
    *ret_count = (int32_t)count;
    return STATUS_OK;
}

static void reply(struct http_exchange *exchange, enum status status,
                  const struct recommendation_list *list)
{
    if (status != STATUS_OK) {
        http_reply_problem(exchange, status);
        return;
    }
    struct http_json_reply reply;
    http_json_reply_open(&reply, exchange);
    recommendation_list_write_json(&reply.writer, list);
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
    enum status status = http_json_parameter(exchange, "userId", &user);
    if (status == STATUS_OK) {
        status = read_question(exchange, &type, &count);
    }
    if (status == STATUS_OK) {
        status = recommendation_controller_list_for_user(state, call, type, user, count, &list);
    }
    reply(exchange, status, &list);
}

void recommendation_handler_routes(
    struct recommendation_controller *controller,
    struct http_route routes[static RECOMMENDATION_HANDLER_ROUTE_COUNT])
{
    const struct http_route all[RECOMMENDATION_HANDLER_ROUTE_COUNT] = {
        {"GET", "/similar", get_similar, controller},
        {"GET", "/recommendations", get_recommendations, controller},
    };
    memcpy(routes, all, sizeof(all));
}
