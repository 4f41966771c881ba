/* gateway_rpc.h: how a gateway calls a method of another service: by gRPC, or by the unary form of
 * the Connect protocol, which is the same method as JSON over plain HTTP.
 *
 * What is called must be safe to repeat: both ways try again where it may not have arrived. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/call.h"

struct grpc_channel;
struct http_endpoint;

struct gateway_rpc {
    const char *service; /* "metadata": in messages */
    /* private: one of them, by loop_index(); borrowed */
    struct grpc_channel *const *channels;
    struct http_endpoint *const *endpoints;
};

/* channels: one a loop; set before that loop serves; NULL there: the service is not deployed, and
 * cannot be asked. */
struct gateway_rpc gateway_rpc_by_grpc(const char *service, struct grpc_channel *const *channels);

/* endpoints: the same; each knows the types of what is sent (http_endpoint.messages). */
struct gateway_rpc gateway_rpc_by_http(const char *service, struct http_endpoint *const *endpoints);

/* Parks. path: "/MetadataService/SearchMetadata". The response, of `response_type`, is valid in the
 * call's arena. Statuses as gateway_status() makes them of the other side's. */
MUST_USE enum status gateway_rpc_ask(const struct gateway_rpc *rpc, struct call *call,
                                     const char *path, const ProtobufCMessage *request,
                                     const ProtobufCMessageDescriptor *response_type,
                                     ProtobufCMessage **ret_response);

/* The same for a method that waits until there is something to tell: it is no load of the instance
 * that it waits at. */
MUST_USE enum status gateway_rpc_poll(const struct gateway_rpc *rpc, struct call *call,
                                      const char *path, const ProtobufCMessage *request,
                                      const ProtobufCMessageDescriptor *response_type,
                                      ProtobufCMessage **ret_response);
