/* openapi.h: what a server serves, as an OpenAPI 3.1 document: made of the very tables that it is
 * served by, so that nothing can be said of it that is not so.
 *
 * Methods come from the services' tables, their messages from the descriptors, in the JSON that
 * ProtoJSON makes of them (json/proto_json.h); descriptions are the .proto files' comments, where
 * the sets have them (cmake/protobuf_c.cmake). Plain routes come from their operations
 * (http/http_operation.h). A route without one is left out: it is for tests to miss it.
 *
 * A message that is both asked with and answered has two schemas: what is written, and, named
 * "…-Input", what is taken, which is more: null for a field that is not set, numbers as strings. */
#pragma once

#include "base/call.h"
#include "base/status.h"
#include "grpc/grpc_method.h"
#include "http/http_operation.h"
#include "proto/proto.h"

struct buffer;
struct openapi_document;

enum { OPENAPI_BYTES_MAX = 4 * 1024 * 1024 };

/* What an operation wants of who calls it. */
struct openapi_need {
    bool is_asked;     /* who shows nothing is refused */
    bool is_looked_at; /* who shows something may be refused for it */
    bool is_known;     /* though nobody is asked, a session says who it is */
    const char *scope; /* that a token or session must have: "vote"; NULL: none in particular */
};

/* All borrowed until the function returns. */
struct openapi_options {
    struct text title;                       /* "marquee-rating" */
    struct text version;                     /* of the program */
    struct text summary;                     /* a sentence */
    const struct proto_descriptor_set *sets; /* a file that two of them hold counts once */
    size_t set_count;
    const struct grpc_service *services;
    size_t service_count;
    const struct http_route *routes; /* methods' own are passed over */
    size_t route_count;
    /* Of a route's operation, or a method (NULL) by its path; NULL: nobody is asked for anything.
     */
    struct openapi_need (*need_of)(void *state, const struct http_operation *operation,
                                   const char *path);
    void *need_state;
    bool takes_tokens;
    const char *session_cookie; /* that stands for a token or a name; NULL: none does */
    bool checks_hosts;          /* a host that is not served is refused (421) */
    /* Which routes take an idempotency-key (idempotency/idempotency.h), as methods with side
     * effects then do; NULL: none, and no method. */
    bool (*takes_keys)(const struct http_route *route);
};

/* Appends the document. STATUS_INVALID_ARGUMENT: an operation names a message that no set declares,
 * or a set cannot be parsed. STATUS_RESOURCE_EXHAUSTED: no room in the buffer or the call's arena.
 */
MUST_USE enum status openapi_write(struct call *call, const struct openapi_options *options,
                                   struct buffer *buffer);

/* The same, kept to be served: compressed, which it is sent as to all who take that.
 * *ret_document is owned by the caller. */
MUST_USE enum status openapi_document_create(struct call *call,
                                             const struct openapi_options *options,
                                             struct openapi_document **ret_document);
void openapi_document_destroy(struct openapi_document *document);

/* Of GET /openapi.json, with the document's place as its state: 200, or 304 to who has it. */
extern const struct http_operation openapi_operation;

/* Of GET /api, a page to try them at, and of its files; without state. */
enum { OPENAPI_PAGE_ROUTES = 2 };
extern const struct http_operation openapi_page_operations[OPENAPI_PAGE_ROUTES];

/* What a document is put at when it is made, after the routes that it is of: it tells of its own.
 */
struct openapi_place {
    struct openapi_document *document;
};
