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

void metadata_handler_routes(struct metadata_controller *controller,
                             struct http_route routes[static METADATA_HANDLER_ROUTE_COUNT])
{
    routes[0] = (struct http_route){"GET", "/metadata", get_metadata, controller};
    routes[1] = (struct http_route){"PUT", "/metadata", put_metadata, controller};
    routes[2] = (struct http_route){"DELETE", "/metadata", delete_metadata, controller};
}
