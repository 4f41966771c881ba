#include "movie/gateway/gateway_rpc.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "grpc/grpc_channel.h"
#include "loop/loop.h"
#include "movie/gateway/gateway_status.h"
#include "movie/gateway/http_endpoint.h"
#include "json/proto_json.h"

enum { REQUEST_BYTES_MAX = 4 * 1024 * 1024 };

struct gateway_rpc gateway_rpc_by_grpc(const char *service, struct grpc_channel *const *channels)
{
    return (struct gateway_rpc){.service = service, .channels = channels};
}

struct gateway_rpc gateway_rpc_by_http(const char *service, struct http_endpoint *const *endpoints)
{
    return (struct gateway_rpc){.service = service, .endpoints = endpoints};
}

static enum status encode(struct call *call, const struct proto_type *type,
                          const ProtobufCMessage *request, struct text *ret_body)
{
    struct buffer buffer;
    buffer_init(&buffer, REQUEST_BYTES_MAX);
    enum status status = proto_json_encode(call, type, request, PROTO_JSON_DEFAULT, &buffer);
    if (status == STATUS_OK) {
        *ret_body = arena_copy(call->arena, buffer_text(&buffer));
        status = ret_body->data != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
    }
    buffer_deinit(&buffer);
    return status;
}

static enum status ask_by_http(struct http_endpoint *endpoint, struct call *call, const char *path,
                               const ProtobufCMessage *request,
                               const ProtobufCMessageDescriptor *response_type,
                               ProtobufCMessage **ret_response)
{
    const struct proto_type *sent = proto_pool_type(endpoint->messages, request->descriptor);
    const struct proto_type *received = proto_pool_type(endpoint->messages, response_type);
    struct http_client_reply reply;
    struct text body;
    CHECK(sent != NULL && received != NULL);
    enum status status = encode(call, sent, request, &body);
    if (status == STATUS_OK) {
        status = http_endpoint_post(endpoint, call, text_of(path), body, &reply);
    }
    if (status == STATUS_OK &&
        proto_json_decode(call, received, reply.body, PROTO_JSON_IGNORE_UNKNOWN, ret_response) !=
            STATUS_OK) {
        status = STATUS_INTERNAL; /* it is the other side's fault, not the client's */
    }
    return status;
}

static enum status ask(const struct gateway_rpc *rpc, struct call *call, const char *path,
                       bool long_poll, const ProtobufCMessage *request,
                       const ProtobufCMessageDescriptor *response_type,
                       ProtobufCMessage **ret_response)
{
    const struct grpc_call_options options = {.idempotent = true, .long_poll = long_poll};
    unsigned loop = loop_index(loop_current());
    if (rpc->channels != NULL && rpc->channels[loop] == NULL) {
        return call_fail(call, STATUS_UNAVAILABLE, "nothing says where the %s service is",
                         rpc->service);
    }
    enum status status =
        rpc->channels != NULL
            ? grpc_call_unary(rpc->channels[loop], call, path, &options, request, response_type,
                              ret_response)
            : ask_by_http(rpc->endpoints[loop], call, path, request, response_type, ret_response);
    return gateway_status(call, rpc->service, status);
}

enum status gateway_rpc_ask(const struct gateway_rpc *rpc, struct call *call, const char *path,
                            const ProtobufCMessage *request,
                            const ProtobufCMessageDescriptor *response_type,
                            ProtobufCMessage **ret_response)
{
    return ask(rpc, call, path, false, request, response_type, ret_response);
}

enum status gateway_rpc_poll(const struct gateway_rpc *rpc, struct call *call, const char *path,
                             const ProtobufCMessage *request,
                             const ProtobufCMessageDescriptor *response_type,
                             ProtobufCMessage **ret_response)
{
    return ask(rpc, call, path, true, request, response_type, ret_response);
}
