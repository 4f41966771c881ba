/* The plain HTTP face of metadata. */
#include "http/http_json.h"
#include "metadata/handler/metadata_handler.h"
#include "metadata/model/metadata_json.h"
#include "json/json.h"

static void get_metadata(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct text id;
    struct metadata metadata;
    enum status status = http_json_parameter(exchange, "id", &id);
    if (status == STATUS_OK) {
        status = metadata_controller_get(state, call, id, &metadata);
    }
    if (status != STATUS_OK) {
        http_reply_problem(exchange, status);
        return;
    }
    struct http_json_reply reply;
    http_json_reply_open(&reply, exchange);
    metadata_write_json(&reply.writer, &metadata);
    http_json_reply_send(&reply, 200);
}

static void put_metadata(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct text id;
    struct metadata metadata = {.year = 0};
    const struct json *body;
    if (!http_json_read(exchange, HTTP_BODY_BYTES_MAX, &body)) {
        return;
    }
    enum status status = metadata_from_json(call, body, &metadata);
    if (status == STATUS_OK) {
        status = http_json_optional_parameter(exchange, "id", &id);
    }
    /* The id may stand in the query, in the body, or in both if they agree. */
    if (status == STATUS_OK && metadata.id.length == 0) {
        metadata.id = id;
    } else if (status == STATUS_OK && id.data != NULL && !text_equal(id, metadata.id)) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "the id in the body is another one");
    }
    if (status == STATUS_OK) {
        status = metadata_controller_put(state, call, &metadata);
    }
    http_json_reply_outcome(exchange, status);
}

static void delete_metadata(void *state, struct http_exchange *exchange)
{
    struct text id;
    enum status status = http_json_parameter(exchange, "id", &id);
    if (status == STATUS_OK) {
        status = metadata_controller_delete(state, http_json_call(exchange), id);
    }
    http_json_reply_outcome(exchange, status);
}

/* 0: it is not given. */
static enum status read_limit(struct http_exchange *exchange, int32_t *ret_limit)
{
    struct text text;
    int64_t limit = 0;
    enum status status = http_json_optional_parameter(exchange, "limit", &text);
    if (status != STATUS_OK) {
        return status;
    }
    if (text.data != NULL &&
        (!text_to_i64(text, &limit) || limit < 1 || limit > METADATA_MATCHES_MAX)) {
        return call_fail(http_json_call(exchange), STATUS_INVALID_ARGUMENT, "limit must be 1 to %d",
                         METADATA_MATCHES_MAX);
    }
    *ret_limit = (int32_t)limit;
    return STATUS_OK;
}

static void search_metadata(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct text query;
    int32_t limit = 0;
    struct metadata_found *found;
    size_t count;
    enum status status = http_json_parameter(exchange, "q", &query);
    if (status == STATUS_OK) {
        status = read_limit(exchange, &limit);
    }
    if (status == STATUS_OK) {
        status = metadata_controller_search(state, call, query, limit, &found, &count);
    }
    if (status != STATUS_OK) {
        http_reply_problem(exchange, status);
        return;
    }
    struct http_json_reply reply;
    http_json_reply_open(&reply, exchange);
    json_open_object(&reply.writer);
    json_write_name(&reply.writer, TEXT("results"));
    json_open_array(&reply.writer);
    for (size_t i = 0; i < count; i++) {
        json_open_object(&reply.writer);
        json_write_name(&reply.writer, TEXT("metadata"));
        metadata_write_json(&reply.writer, &found[i].metadata);
        json_member_number(&reply.writer, "score", found[i].score);
        json_close_object(&reply.writer);
    }
    json_close_array(&reply.writer);
    json_close_object(&reply.writer);
    http_json_reply_send(&reply, 200);
}

void metadata_handler_routes(struct metadata_controller *controller,
                             struct http_route routes[static METADATA_HANDLER_ROUTE_COUNT])
{
    routes[0] = (struct http_route){"GET", "/metadata", get_metadata, controller};
    routes[1] = (struct http_route){"PUT", "/metadata", put_metadata, controller};
    routes[2] = (struct http_route){"DELETE", "/metadata", delete_metadata, controller};
    routes[3] = (struct http_route){"GET", "/metadata/search", search_metadata, controller};
}
