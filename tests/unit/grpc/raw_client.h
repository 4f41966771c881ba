/* raw_client.h: requests as a test writes them, byte for byte, to the fixture's server. */
#pragma once

#include "http/http_message.h"
#include "unit/grpc/grpc_fixture.h"

enum { RAW_HEADERS_MAX = 16 };

struct raw_request {
    const char *method; /* NULL: "POST" */
    const char *path;   /* with its query */
    const char *content_type;
    struct http_header headers[RAW_HEADERS_MAX]; /* further ones, up to the first without name */
    struct text body;
};

struct raw_reply {
    uint64_t status;
    const struct http_header *headers;
    size_t header_count;
    struct text body;
    const struct http_header *trailers; /* the headers, when the reply is one block of them */
    size_t trailer_count;
    bool headers_only;
};

/* Over HTTP/2 without sockets. Everything is valid in the fixture's arena. */
void raw_http2(struct grpc_fixture *fixture, const struct raw_request *request,
               struct raw_reply *ret_reply);

/* The same over HTTP/1.1, on a connection of its own. */
void raw_http1(struct grpc_fixture *fixture, const struct raw_request *request,
               struct raw_reply *ret_reply);

/* Both ways, for tests that hold for both. */
enum { RAW_VERSIONS = 2 };
typedef void (*raw_fn)(struct grpc_fixture *fixture, const struct raw_request *request,
                       struct raw_reply *ret_reply);
extern const raw_fn raw_versions[RAW_VERSIONS];

/* The value of the reply's first header of that name, or {NULL, 0}. */
struct text raw_header(const struct raw_reply *reply, const char *name);
