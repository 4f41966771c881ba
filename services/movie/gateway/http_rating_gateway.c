#include "movie/gateway/http_rating_gateway.h"

#include "base/arena.h"
#include "movie/gateway/gateway_status.h"
#include "movie/gateway/http_endpoint.h"
#include "movie/gateway/rpc_rating_gateway.h"
#include "json/json.h"

static enum status get_aggregate(void *state, struct call *call, struct record_key record,
                                 struct rating_view *ret_view)
{
    struct http_rating_gateway *self = state;
    struct http_client_reply reply;
    const struct json *json;
    struct text id = http_percent_encode(call->arena, record.id);
    struct text path = arena_format(call->arena, "/rating?id=%.*s&type=%s", TEXT_ARGUMENTS(id),
                                    record_type_name(record.type));
    if (id.data == NULL || path.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the request is too large");
    }
    enum status status =
        http_endpoint_get(self->endpoints[loop_index(loop_current())], call, path, &reply);
    if (status != STATUS_OK) {
        return gateway_status(call, "rating", status);
    }
    if (json_parse(call, reply.body, &json) != STATUS_OK ||
        (json_kind(json) != JSON_INTEGER && json_kind(json) != JSON_REAL)) {
        /* A reply that cannot be read is the other side's fault, not the client's. */
        return gateway_status(call, "rating", STATUS_INTERNAL);
    }
    *ret_view = (struct rating_view){.mean = json_number(json)};
    return STATUS_OK;
}

static const struct rating_gateway_ops ops = {.get_aggregate = get_aggregate,
                                              .get_aggregates = rpc_rating_get_aggregates};

struct rating_gateway http_rating_gateway(struct http_rating_gateway *self)
{
    self->rpc = gateway_rpc_by_http("rating", self->endpoints);
    return (struct rating_gateway){&ops, self};
}
