/* http_client.h: an HTTP client for whole requests and replies (the JSON gateway, Consul's
 * interface, health checks), on libcurl's multi interface driven by the loop: connections are kept
 * and shared.
 *
 * All on one loop's thread; a request parks its fiber. No proxy and no redirect is followed. */
#pragma once

#include "http/http_message.h"

struct access_tokens;
struct loop;
struct http_client;

enum {
    HTTP_CLIENT_REPLY_BYTES_MAX = 16 * 1024 * 1024,
    HTTP_CLIENT_CONNECTIONS_MAX = 64, /* kept open */
};

/* STATUS_RESOURCE_EXHAUSTED: no memory. *ret_client is owned by the caller. */
MUST_USE enum status http_client_create(struct loop *loop, struct http_client **ret_client);

/* For https: PEM files and a name, borrowed for the client's life; NULL or "" for none. */
struct http_client_tls {
    const char *ca_file; /* whom the server's certificate must come from; none: the system's */
    const char *certificate_file;
    const char *key_file;
    const char *peer_name; /* the name in the servers' certificates; none: the URL's host */
};

/* How somebody is asked who wants to know who asks. */
struct http_client_access {
    struct http_client_tls tls;
    struct access_tokens *tokens; /* whose first secret is shown; borrowed; NULL: none is */
};

/* For requests from now on. Connections that are made a minute after a file was changed, or later,
 * go by what it holds then. */
void http_client_set_tls(struct http_client *client, const struct http_client_tls *tls);

/* No request may be running. NULL is accepted. */
void http_client_destroy(struct http_client *client);

struct http_client_request {
    const char *method;
    struct text url; /* "http://127.0.0.1:8500/v1/…", or https */
    const struct http_header *headers;
    size_t header_count;
    struct text body;
};

struct http_client_reply {
    int status;
    const struct http_header *headers; /* names in lower case; valid in the call's arena */
    size_t header_count;
    struct text body; /* valid in the call's arena */
};

/* Sends `traceparent` of the call too, unless the headers have one.
 * STATUS_OK: a reply came, whatever its status. STATUS_UNAVAILABLE: refused, reset, not resolved,
 * or not to be trusted (https).
 * STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED: the call is over. STATUS_INVALID_ARGUMENT: the URL or
 * a header cannot be sent. STATUS_RESOURCE_EXHAUSTED: the reply is over
 * HTTP_CLIENT_REPLY_BYTES_MAX, or no memory. */
MUST_USE enum status http_client_send(struct http_client *client, struct call *call,
                                      const struct http_client_request *request,
                                      struct http_client_reply *ret_reply);
