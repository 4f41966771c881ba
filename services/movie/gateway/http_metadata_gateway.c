#include "movie/gateway/http_metadata_gateway.h"

#include "base/arena.h"
#include "metadata/model/metadata_json.h"
#include "movie/gateway/gateway_status.h"
#include "movie/gateway/http_endpoint.h"
#include "movie/gateway/rpc_metadata_gateway.h"
#include "json/json.h"

static enum status get(void *state, struct call *call, struct text movie_id,
                       struct metadata *ret_metadata)
{
    struct http_metadata_gateway *self = state;
    struct http_client_reply reply;
    const struct json *json;
    struct text id = http_percent_encode(call->arena, movie_id);
    struct text path = arena_format(call->arena, "/metadata?id=%.*s", TEXT_ARGUMENTS(id));
    if (id.data == NULL || path.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the request is too large");
    }
    enum status status =
        http_endpoint_get(self->endpoints[loop_index(loop_current())], call, path, &reply);
    if (status != STATUS_OK) {
        return gateway_status(call, "metadata", status);
    }
    struct metadata metadata = {.year = 0};
    status = json_parse(call, reply.body, &json);
    if (status == STATUS_OK) {
        status = metadata_from_json(call, json, &metadata);
    }
    if (status == STATUS_OK && !text_equal(metadata.id, movie_id)) {
        status = call_fail(call, STATUS_INTERNAL, "the reply is about another movie");
    }
    if (status != STATUS_OK) {
        /* A reply that cannot be read is the other side's fault, not the client's. */
        return gateway_status(call, "metadata", STATUS_INTERNAL);
    }
    *ret_metadata = metadata;
    return STATUS_OK;
}

static const struct metadata_gateway_ops ops = {.get = get,
                                                .get_all = rpc_metadata_get_all,
                                                .search = rpc_metadata_search,
                                                .look_up = rpc_metadata_look_up};

struct metadata_gateway http_metadata_gateway(struct http_metadata_gateway *self)
{
    self->rpc = gateway_rpc_by_http("metadata", self->endpoints);
    return (struct metadata_gateway){&ops, self};
}
