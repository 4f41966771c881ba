/* web_client_private.h: what the protocols of web_client.h share of a call. */
#pragma once

#include "base/buffer.h"
#include "grpc/web_client.h"
#include "http/http_client.h"

enum {
    WEB_CLIENT_OWN_HEADERS_MAX = 8, /* of a request, besides the metadata */
    WEB_CLIENT_DETAILS_MAX = 32,    /* of a failure; more are left out */
};

struct web_request {
    const char *method;
    struct text target; /* path and query */
    struct text body;
};

struct web_call {
    const struct web_client *client;
    struct call *call;
    const char *path;
    const struct web_call_options *options;
    const struct proto_type *request_type;
    const struct proto_type *response_type;
    struct http_header *headers; /* of the request: own ones, then metadata */
    size_t header_count;
    struct buffer body; /* of the request */
    struct http_client_reply http;
    struct web_reply reply;
};

/* The request: its headers and body. Statuses of encoding. */
MUST_USE enum status connect_client_prepare(struct web_call *self, const ProtobufCMessage *request,
                                            struct web_request *ret_request);
MUST_USE enum status grpc_web_client_prepare(struct web_call *self, const ProtobufCMessage *request,
                                             struct web_request *ret_request);

/* What self->http says: self->reply is filled in as well. */
MUST_USE enum status connect_client_conclude(struct web_call *self,
                                             ProtobufCMessage **ret_response);
MUST_USE enum status grpc_web_client_conclude(struct web_call *self,
                                              ProtobufCMessage **ret_response);

/* Adds a header of the protocol's own; CHECKs that there is room. */
void web_call_add_header(struct web_call *self, struct text name, struct text value);

/* Milliseconds left, rounded up; -1: there is no deadline. */
int64_t web_call_remaining_ms(const struct web_call *self);

/* Sends over the client's channel and fills in self->http. Statuses as http_client_send(), and
 * those of a stream that is reset. */
MUST_USE enum status web_call_send_http2(struct web_call *self, const struct web_request *request);

/* A text of a reply, without its parameters: "application/json; charset=utf-8" and the like. */
struct text web_call_content_type(const struct web_call *self);

/* Inflates where `gzip`; checks the limit and decodes. STATUS_INTERNAL: malformed. */
MUST_USE enum status web_call_decode(struct web_call *self, struct text bytes, bool gzip,
                                     ProtobufCMessage **ret_response);

/* Inflates into the call's arena, up to the limit. */
MUST_USE enum status web_call_inflate(struct web_call *self, struct text bytes,
                                      struct text *ret_inflated);

/* The failure of a reply whose content-type is none of the protocol's. another_codec: it is, but of
 * another codec. */
enum status web_call_fail_type(struct web_call *self, bool another_codec);
