/* grpc_server_private.h: the server's table, and what a call of it is while it runs. */
#pragma once

#include "grpc/grpc_metadata.h"
#include "grpc/grpc_server.h"
#include "grpc/grpc_server_framing.h"
#include "grpc/grpc_stream_private.h"

struct grpc_health;
struct grpc_web_text;

struct grpc_server_method {
    const struct grpc_server *server;
    const struct grpc_method *method;
    void *state; /* of the service */
    const struct proto_type *request;
    const struct proto_type *response;
    char *path;                  /* "/Service/Method" */
    int64_t deadline_max_ms;     /* INT64_MAX: none */
    int64_t deadline_default_ms; /* INT64_MAX: none */
    size_t message_bytes_max;    /* of a request */
};

struct grpc_server {
    struct grpc_server_options options;
    struct grpc_service *services; /* the options' and those added by itself */
    size_t service_count;
    struct grpc_server_method *methods;
    struct http_route *routes; /* one a method */
    size_t method_count;
    struct proto_pool *pool;
    struct grpc_health *health;
};

/* A detail of a failure; texts valid in the arena. */
struct grpc_error_detail {
    struct text type_name;
    struct text message;
};

/* A running call, in the exchange's arena. */
struct grpc_server_call {
    struct call call; /* what the handler gets: the exchange's, with the deadline */
    const struct grpc_server_call *self; /* tells a call of this kind from any other */
    const struct grpc_server_method *method;
    struct http_exchange *exchange;
    const char *protocol; /* "grpc", "grpc-web" or "connect" */
    int64_t started_ns;
    int64_t ended_ns; /* when a unary handler had returned; 0: none has */
    struct grpc_metadata_list initial;
    struct grpc_metadata_list trailing;
    struct grpc_error_detail *details; /* valid in the arena; NULL before the first */
    size_t detail_count;
    int64_t pushback_ms; /* for the client's next attempt; negative: none should be */
    uint64_t body_bytes; /* of a request that is one message; of others the stream knows */
    uint64_t sent_bytes; /* the same of the reply */
    bool pushback_set;
    bool headers_sent;
    bool gzip_accepted;  /* by the client */
    bool gzip_announced; /* the reply's grpc-encoding is gzip, whether used or not */
    /* Calls in frames only: */
    const struct grpc_framing *framing;
    const struct http_header *content_type; /* of the reply */
    struct grpc_web_text *text;             /* gRPC-Web in base64, either way; else NULL */
    bool encodings_told;                    /* grpc-accept-encoding goes with the reply */
    struct grpc_stream stream;
    enum status (*send_headers)(struct grpc_server_call *self);
};

/* NULL: no room in the exchange's arena. */
struct grpc_server_call *grpc_server_call_create(const struct grpc_server_method *method,
                                                 struct http_exchange *exchange,
                                                 const char *protocol);

/* Sets the deadline from the client's timeout (negative: none was sent). */
void grpc_server_call_set_timeout(struct grpc_server_call *self, int64_t timeout_ns);

/* Whether the call may go on, which is asked before its body is read: it is not when the server is
 * overloaded (then without waiting), or an interceptor refuses. */
MUST_USE enum status grpc_server_call_admit(struct grpc_server_call *self);

/* Has the interceptors look at the decoded request of a unary call. */
MUST_USE enum status grpc_server_call_examine(struct grpc_server_call *self,
                                              ProtobufCMessage *request);

/* Tells the interceptors the outcome. */
void grpc_server_call_tell(struct grpc_server_call *self, enum status status);

/* As call_check(), with words for the client. */
MUST_USE enum status grpc_server_call_check(struct grpc_server_call *self);

/* Runs a unary handler, whatever time it takes. *ret_response is valid in the arena. */
MUST_USE enum status grpc_server_call_run_handler(struct grpc_server_call *self,
                                                  ProtobufCMessage *request,
                                                  ProtobufCMessage **ret_response);

/* Runs a unary handler, or repeats what it gave (grpc_idempotency.h), if the interceptors let the
 * request pass. *ret_response is valid in the arena. DEADLINE_EXCEEDED whatever it says when it
 * returns too late. */
MUST_USE enum status grpc_server_call_run_unary(struct grpc_server_call *self,
                                                ProtobufCMessage *request,
                                                ProtobufCMessage **ret_response);

/* Notes the outcome where observers look for it, before the last bytes of the reply. */
void grpc_server_call_observe(struct grpc_server_call *self, enum status status);

/* Adds to the trailing metadata what a failure carries: its details as google.rpc.Status, and the
 * pushback. Without memory or room: not. */
void grpc_server_call_attach_details(struct grpc_server_call *self, enum status status);

/* Serves one request of the gRPC protocol. content_type begins with "application/grpc". */
void grpc_serve(const struct grpc_server_method *method, struct http_exchange *exchange,
                struct text content_type);

/* Trailers-Only: the whole reply in one block of headers. */
void grpc_reply_trailers_only(struct http_exchange *exchange, enum status status,
                              struct text message);
