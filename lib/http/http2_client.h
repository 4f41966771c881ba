/* http2_client.h: one HTTP/2 connection to a server, with many requests in flight: what a gRPC
 * channel is made of.
 *
 * All on one loop's thread. A request is driven by the fiber that started it. Writes of a turn are
 * gathered into one. RFC 9113 with prior knowledge, or over TLS. */
#pragma once

#include "http/http_message.h"
#include "http2/hpack_field.h"

struct loop;
struct http2_client;
struct http2_request;
struct http_transport;
struct tls_context;

enum { HTTP2_CLIENT_WINDOW_BYTES = 256 * 1024 }; /* of a reply's body that nobody has read */

/* What a connection tells its owner, on the loop's thread. */
struct http2_client_events {
    /* No more requests will be taken (GOAWAY, or the end); running ones may go on. Called once. */
    void (*refusing)(void *state);
    /* The peer's SETTINGS have come, so it speaks HTTP/2 and its stream limit is known. Called
     * once; until then its limit is taken to be 100. May be NULL, as the others. */
    void (*settled)(void *state);
    /* A stream has closed, so that a request may find room that found none before. Often called,
     * from within the session: only note it. */
    void (*freed)(void *state);
    /* The connection is gone and every request on it has been told. Called once; the client may be
     * destroyed from a task posted there, not within. */
    void (*closed)(void *state);
    void *state;
};

/* Connects by TCP ("host:port"; names are resolved on a worker thread), sends the preface and
 * returns without waiting for SETTINGS. Parks. STATUS_UNAVAILABLE: refused, unreachable, not
 * resolved: the call's error says which. STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED: the call was
 * over. *ret_client is owned by the caller. */
MUST_USE enum status http2_client_connect(struct loop *loop, struct call *call, struct text address,
                                          const struct http2_client_events *events,
                                          struct http2_client **ret_client);

/* The same over TLS: the certificate must be for the address's host, and ALPN must select h2; else
 * STATUS_UNAVAILABLE, and the call's error says why. tls: of clients; NULL: plaintext. */
MUST_USE enum status http2_client_connect_tls(struct loop *loop, struct call *call,
                                              struct text address, struct tls_context *tls,
                                              const struct http2_client_events *events,
                                              struct http2_client **ret_client);

/* The same over a transport (loopback), which is consumed, also on failure. Does not park. */
MUST_USE enum status http2_client_over(struct loop *loop, struct http_transport *transport,
                                       const struct http2_client_events *events,
                                       struct http2_client **ret_client);

/* Asks the peer by PING whether it is there still (grpc/grpc doc/keepalive.md). */
struct http2_keepalive {
    int64_t time_ns;    /* of silence, after which it is asked; 0: it never is */
    int64_t timeout_ns; /* for any sign of life; then the connection is closed, its requests lost */
    bool without_requests; /* also while there are none */
};

/* From now on; again replaces. Without memory for a timer the peer is not asked. */
void http2_client_keep_alive(struct http2_client *client, const struct http2_keepalive *keepalive);

/* What all requests of http2_request_start_fields() say, besides their own fields; one of them is
 * ":method", POST. Before the first request; borrowed for the client's life. */
void http2_client_set_common_fields(struct http2_client *client, const struct hpack_field *fields,
                                    size_t count);

/* The peer has ended the connection because it was asked too often (GOAWAY, ENHANCE_YOUR_CALM,
 * "too_many_pings": gRFC A8). */
bool http2_client_asked_too_often(const struct http2_client *client);

/* Fails running requests with UNAVAILABLE and closes. NULL is accepted. */
void http2_client_destroy(struct http2_client *client);

/* Whether a request may be started now: open, no GOAWAY, below the peer's stream limit. */
bool http2_client_is_ready(const struct http2_client *client);
/* false: closed or refusing: never ready again. */
bool http2_client_is_usable(const struct http2_client *client);
unsigned http2_client_request_count(const struct http2_client *client);

/* Why TLS broke the connection off, in static words; NULL: it did not. */
const char *http2_client_failure(const struct http2_client *client);

/* Why a request ended without a whole reply. */
enum http2_outcome {
    HTTP2_RUNNING,
    HTTP2_COMPLETE,        /* END_STREAM came from the peer */
    HTTP2_RESET,           /* RST_STREAM; the code tells more */
    HTTP2_NOT_SENT,        /* it never left */
    HTTP2_NOT_PROCESSED,   /* surely not handled: REFUSED_STREAM, or above GOAWAY's last id */
    HTTP2_CONNECTION_LOST, /* sent, then the connection ended */
};

/* Starts a request with these fields and the common ones; `end`: it has no body. Pseudo-header
 * fields come first; the fields' texts are borrowed until http2_request_close(): keep them valid in
 * the call's arena. What each name means for HPACK's table is known here: what clients say each
 * time goes in, gRPC's paths too; what changes does not. The request must be closed.
 * STATUS_UNAVAILABLE: http2_client_is_ready() is false. STATUS_RESOURCE_EXHAUSTED: no memory, or
 * more than HTTP_HEADER_COUNT_MAX fields. */
MUST_USE enum status http2_request_start_fields(struct http2_client *client, struct call *call,
                                                const struct hpack_field *fields,
                                                size_t field_count, bool end,
                                                struct http2_request **ret_request);

/* The same with headers, whose names are looked up, and without common fields. */
MUST_USE enum status http2_request_start(struct http2_client *client, struct call *call,
                                         const struct http_header *headers, size_t header_count,
                                         bool end, struct http2_request **ret_request);

/* Copies a part of the body to the output; parks while the peer's window is closed and
 * HTTP2_SEND_BYTES_MAX of this request wait for it. STATUS_UNAVAILABLE: the request is over (see
 * its outcome); as fiber_wait() when the call is. `end` half-closes. */
enum { HTTP2_SEND_BYTES_MAX = 256 * 1024 };
MUST_USE enum status http2_request_write(struct http2_request *request, struct text part, bool end);

/* Parks until the reply's headers are there, or the request is over without them (*ret_count 0 and
 * the outcome not RUNNING; :status is among them as ":status" first). 1xx are skipped. Valid until
 * close. */
MUST_USE enum status http2_request_headers(struct http2_request *request,
                                           const struct http_header **ret_headers,
                                           size_t *ret_count);

/* The next part of the reply's body; empty when there is none left (then trailers and outcome
 * hold). Borrowed until the next read or close; reading opens the window again. Parks. */
MUST_USE enum status http2_request_read(struct http2_request *request, struct text *ret_part);

/* The trailers; count 0 when there were none. Whole reply in one HEADERS frame: none, and
 * http2_request_is_headers_only() is true. Valid until close. */
const struct http_header *http2_request_trailers(const struct http2_request *request,
                                                 size_t *ret_count);
bool http2_request_is_headers_only(const struct http2_request *request);

enum http2_outcome http2_request_outcome(const struct http2_request *request);
uint32_t http2_request_error_code(const struct http2_request *request); /* of HTTP2_RESET */

/* Forgets the request; one that runs still is reset with CANCEL. NULL is accepted. */
void http2_request_close(struct http2_request *request);
