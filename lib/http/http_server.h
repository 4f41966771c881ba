/* http_server.h: an HTTP server on one loop: HTTP/1.1 and HTTP/2 on the same port, told apart by
 * the first bytes, or over TLS by ALPN, both behind one exchange; one exchange is one fiber.
 *
 * Connections, exchanges, their arenas and output buffers are pooled: in steady state a request
 * allocates nothing. All frames of a turn of the loop go out in one write. Back-pressure: a body
 * that the handler does not read is not read from the socket (HTTP/1.1) or not acknowledged (HTTP/2
 * window); http_write() parks while the peer does not take what was written.
 *
 * Everything here is for the loop's own thread. RFC 9110, 9112, 9113; HTTP/2 with prior knowledge.
 */
#pragma once

#include "http/http_message.h"

struct buffer;
struct loop;
struct http_server;
struct http_exchange;
struct http_operation;
struct http_request;
struct http_reply;
struct http_transport;
struct tls_context;

enum {
    HTTP_STREAMS_DEFAULT = 100,   /* concurrent streams a connection */
    HTTP_CONNECTIONS_MAX = 20000, /* open at once on one server */
    /* At that limit, a new connection takes the place of one that has been idle for so long;
     * without one, it is closed at accept. */
    HTTP_CONNECTION_YIELD_MS = 1000,
    /* TLS handshakes under way on one server, those that failed and linger counted; further
     * connections are closed at accept. */
    HTTP_HANDSHAKES_MAX = 1000,
    HTTP_EXCHANGES_MAX = 20000,          /* running at once on one server; further ones get 503 */
    HTTP_OUTPUT_BYTES_MAX = 1024 * 1024, /* waiting for a connection's peer before writers park */
    HTTP_PIPELINE_MAX =
        1, /* requests of one HTTP/1.1 connection handled at a time; others wait unread */
};

/* How long HTTP/2 peers may take to answer the ping between the two GOAWAYs of a drain. */
#define HTTP_DRAIN_ACK_MS INT64_C(1000)

/* Of connections, unless the options say otherwise. gRFC A9 would have the first be two hours: then
 * a stream without a deadline would keep its fiber so long after its client has vanished. */
#define HTTP_KEEPALIVE_TIME_MS INT64_C(60000)
#define HTTP_KEEPALIVE_TIMEOUT_MS INT64_C(20000)
#define HTTP_PING_INTERVAL_MIN_MS INT64_C(300000)
#define HTTP_CONNECTION_AGE_GRACE_MS INT64_C(60000)
enum { HTTP_CONNECTION_AGE_JITTER_PERCENT = 10 };

#define HTTP_DELAY_MAX_MS INT64_C(500)

/* What a client that was refused is told to wait, at least; up to twice as long, when overloaded.
 */
#define HTTP_RETRY_AFTER_MS INT64_C(1000)

typedef void (*http_handler_fn)(void *state, struct http_exchange *exchange);

/* One row of the route table. */
struct http_route {
    const char *method; /* "GET" (serves HEAD too), …; NULL: every method */
    const char *path;   /* "/metadata", or ending in "/" and '*': everything below */
    http_handler_fn handle;
    void *state;                            /* borrowed */
    const struct http_operation *operation; /* what it reads and answers; NULL: not described */
};

/* What happened to a request, told when its reply has been handed to the connection. */
struct http_observation {
    struct text method;
    const char *route;  /* the route's path as in its table; "" when none matched */
    int status;         /* 0: the exchange was cancelled before a reply */
    int64_t started_ns; /* clock_monotonic_ns() when the request's headers were complete */
};

/* Why a request is refused that the server has no room for (http/http_overload.h). */
struct http_overload {
    enum status status;     /* UNAVAILABLE; RESOURCE_EXHAUSTED: its connection has its share */
    const char *reason;     /* for the client */
    int64_t retry_after_ms; /* when it may try again */
};

/* What an owner makes of it. */
enum http_overload_answer {
    HTTP_OVERLOAD_PROBLEM,  /* nothing: 429 or 503 as problem+json, with retry-after */
    HTTP_OVERLOAD_ANSWERED, /* a reply */
    HTTP_OVERLOAD_SERVE,    /* it is served all the same: health, metrics, what tells of the load */
};

struct http_server_options {
    const struct http_route *routes; /* borrowed for the server's life, as the rest */
    size_t route_count;
    /* For what no route matches; NULL: 404 as problem+json. */
    http_handler_fn fallback;
    void *fallback_state;
    /* NULL: nobody is told. */
    void (*observe)(void *state, struct http_exchange *exchange,
                    const struct http_observation *observation);
    void *observe_state;
    /* Speaks TLS only, with these certificates; NULL: plaintext only. HTTP/2 when ALPN selects h2,
     * else HTTP/1.1. Borrowed. */
    struct tls_context *tls;
    /* Told of connections that ended before they could carry a request: a handshake failed, TLS
     * came to a plaintext port, plaintext to a TLS port. peer: "127.0.0.1:40312" or empty. reason:
     * in words for the log. Both borrowed. NULL: nobody is told. */
    void (*refused)(void *state, struct text peer, const char *reason);
    void *refused_state;
    /* Asked of each request before it is routed, not in a fiber: it must not wait. Not NULL: the
     * request's host is none of this server's, and it is answered by 421 (RFC 9110 section 15.5.20)
     * with these static words. NULL: every host is served. */
    const char *(*misdirected)(void *state, const struct http_request *request);
    void *misdirected_state;
    uint32_t streams_max;      /* 0: HTTP_STREAMS_DEFAULT */
    int64_t idle_timeout_ms;   /* 0: 5 minutes: without a request, then the connection is drained */
    int64_t header_timeout_ms; /* 0: 10 s: from the first byte to the end of the headers */
    int64_t body_timeout_ms;   /* 0: 60 s without any byte of an awaited body */
    size_t arena_bytes_max;    /* of one exchange; 0: 16 MiB */
    struct text server_name;   /* the `server` header; empty: none is sent */
    /* The `cache-control` of what GET and HEAD are answered with, unless the reply says itself how
     * long it may be kept, and by whom. Empty: none is sent. */
    struct text cache_control;
    /* An HTTP/2 peer that has sent nothing for keepalive_time_ms is pinged; without anything from
     * it for keepalive_timeout_ms more, it has vanished: the connection is closed, what runs for it
     * is cancelled. 0: HTTP_KEEPALIVE_TIME_MS, HTTP_KEEPALIVE_TIMEOUT_MS. */
    int64_t keepalive_time_ms;
    int64_t keepalive_timeout_ms;
    /* HTTP/2 pings of a client that come sooner after each other, with nothing sent to it in
     * between, count against it, as do those without a request under way that come sooner than two
     * hours, unless they are permitted. The third that counts ends the connection with
     * ENHANCE_YOUR_CALM, "too_many_pings". 0: HTTP_PING_INTERVAL_MIN_MS. */
    int64_t ping_interval_min_ms;
    bool pings_without_calls;
    /* A connection that has been open for so long, give or take
     * HTTP_CONNECTION_AGE_JITTER_PERCENT, is drained, so that clients spread over new instances;
     * what still runs after the grace is cancelled. 0: for ever; HTTP_CONNECTION_AGE_GRACE_MS. */
    int64_t connection_age_max_ms;
    int64_t connection_age_grace_ms;
    double (*age_fraction)(void); /* draws the jitter, in [0, 1); NULL: random_fraction() */
    /* Handlers running at once, and how far into a turn of the loop requests are begun when it is
     * late over and over. Past them, requests are refused: http/http_overload.h. 0:
     * HTTP_EXCHANGES_MAX, HTTP_DELAY_MAX_MS. */
    unsigned calls_max;
    int64_t delay_max_ms;
    /* Asked for each request that is refused, where its route is known and not a fiber: it must not
     * wait. NULL: all get a problem. */
    enum http_overload_answer (*overloaded)(void *state, struct http_exchange *exchange,
                                            const struct http_overload *overload);
    void *overloaded_state;
};

/* STATUS_RESOURCE_EXHAUSTED: no memory. STATUS_INVALID_ARGUMENT: two rows with the same method and
 * path. *ret_server is owned by the caller. */
MUST_USE enum status http_server_create(struct loop *loop,
                                        const struct http_server_options *options,
                                        struct http_server **ret_server);

/* Every connection is closed at once, every running exchange's call cancelled and waited for: in a
 * fiber, or with no exchange running. NULL is accepted. */
void http_server_destroy(struct http_server *server);

/* Opens a listening socket, close-on-exec, without SO_REUSEPORT, that several servers may accept
 * from. address: "127.0.0.1:8081"; port 0 lets the kernel choose. STATUS_FAILED_PRECONDITION: in
 * use, or not permitted: the call's error says which in one line. *ret_fd is owned by the caller;
 * ret_address: the bound "host:port", with NUL. */
MUST_USE enum status http_listen(struct call *call, struct text address, int *ret_fd,
                                 char ret_address[static HTTP_ADDRESS_BYTES_MAX]);

/* Accepts from the socket (a duplicate is made; `fd` stays the caller's) until drained or
 * destroyed. STATUS_RESOURCE_EXHAUSTED: no descriptors or memory. */
MUST_USE enum status http_server_accept_from(struct http_server *server, int fd);

/* Serves the other end of a transport as if it had been accepted: with TLS, if the server has it.
 * The transport is consumed, also on failure. STATUS_RESOURCE_EXHAUSTED: no memory,
 * HTTP_CONNECTIONS_MAX or HTTP_HANDSHAKES_MAX. */
MUST_USE enum status http_server_take(struct http_server *server, struct http_transport *transport);

/* A plaintext connection to this server without sockets, for a client on the same loop. Owned by
 * the client that it is given to. STATUS_RESOURCE_EXHAUSTED: no memory, or HTTP_CONNECTIONS_MAX. */
MUST_USE enum status http_server_connect_loopback(struct http_server *server,
                                                  struct http_transport **ret_transport);

/* Takes the connections that have been made already, and accepts no others; tells HTTP/2 peers by
 * GOAWAY in two steps, with a ping between them that they answer within HTTP_DRAIN_ACK_MS or not at
 * all, and HTTP/1.1 peers by `Connection: close`; waits until all are told, all exchanges have
 * ended, and HTTP/2 peers have read the last of it (http_parting.h). Requests that were under way
 * to us when the first GOAWAY went out are served, and so is the first one of a new connection.
 * STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED: the call was over first; http_server_destroy() then
 * cancels what runs. In a fiber. */
MUST_USE enum status http_server_drain(struct http_server *server, struct call *call);

unsigned http_server_exchange_count(const struct http_server *server);
unsigned http_server_connection_count(const struct http_server *server);

/* Requests that were refused for overload, since it was made. */
uint64_t http_server_refused_count(const struct http_server *server);

/* The request, valid until the handler returns. */
struct http_request {
    struct text method; /* "GET" */
    struct text path;   /* raw, without query */
    struct text query;  /* raw, without '?' */
    struct text authority;
    const struct http_header *headers;
    size_t header_count;
    /* The value of `idempotency-key`; {NULL, 0}: there is none; of no length: several, or empty. */
    struct text idempotency_key;
    int64_t content_length; /* -1: not said */
    int version;            /* 1 or 2 */
};

const struct http_request *http_exchange_request(const struct http_exchange *exchange);

/* The call of the exchange: cancelled when the peer resets the stream or goes away; deadline
 * CALL_NO_DEADLINE until the handler sets one; trace from `traceparent`; the arena lives until the
 * reply has left. */
struct call *http_exchange_call(struct http_exchange *exchange);

/* What the route's '*' stood for, raw; empty when the route has none. */
struct text http_exchange_rest(const struct http_exchange *exchange);

/* Where the request was routed to; NULL: nowhere. */
const struct http_route *http_exchange_route(const struct http_exchange *exchange);

/* Why it is refused, while the options' overloaded() is asked; else NULL. */
const struct http_overload *http_exchange_overload(const struct http_exchange *exchange);

struct loop *http_exchange_loop(const struct http_exchange *exchange);

/* clock_monotonic_ns() when the request's headers were complete. */
int64_t http_exchange_started_ns(const struct http_exchange *exchange);

/* A place for the observer and the handler to agree on something: lib/grpc leaves its status there,
 * plus one, when it has told its own observer. Starts as 0. */
int *http_exchange_note(struct http_exchange *exchange);

/* The next part of the body, as it comes; parks until there is one. Empty at the end of the body.
 * Borrowed until the next part is read; the last one, as long as the arena. `100 Continue` is sent
 * first where the client expects it. STATUS_CANCELLED, STATUS_DEADLINE_EXCEEDED: the call is over,
 * or the body's peer was too slow. STATUS_INVALID_ARGUMENT: malformed (chunks, or less than
 * content-length). */
MUST_USE enum status http_read(struct http_exchange *exchange, struct text *ret_part);

/* Waits until `part`, what is left of the part read last, is at least `bytes` long, or the body
 * ends before that: *part is then that, elsewhere, borrowed as before. The peer may send on, so
 * that it can be longer than a window: bounded by who asks. Statuses as http_read(), and
 * STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status http_read_more(struct http_exchange *exchange, size_t bytes,
                                    struct text *part);

/* The whole body; valid in the arena. It must be there after body_timeout_ms, and a second for each
 * HTTP_BODY_RATE_MIN bytes of it. STATUS_RESOURCE_EXHAUSTED: over `bytes_max` (answer 413). */
MUST_USE enum status http_read_all(struct http_exchange *exchange, size_t bytes_max,
                                   struct text *ret_body);

/* The same, but the body is there once more for who reads it next. */
MUST_USE enum status http_read_ahead(struct http_exchange *exchange, size_t bytes_max,
                                     struct text *ret_body);

/* From now on the call goes on though the peer goes away: what it does is to be finished, and its
 * outcome is of use to others than the peer. It is cancelled by http_server_destroy() alone. */
void http_exchange_outlast_peer(struct http_exchange *exchange);

/* Has the next whole reply shown to `show` before it is sent, with what the handler gave, borrowed;
 * not what is sent in parts. NULL: to nobody any more. */
void http_exchange_show_reply(struct http_exchange *exchange,
                              void (*show)(void *state, struct http_exchange *exchange,
                                           const struct http_reply *reply),
                              void *state);

/* An empty buffer for the body of a whole reply, up to `bytes_max`: its content lives until the
 * reply has left, its memory serves later exchanges. The same each time. */
struct buffer *http_exchange_body(struct http_exchange *exchange, size_t bytes_max);

struct http_reply {
    int status;
    const struct http_header *headers; /* besides content-length, date and server */
    size_t header_count;
    struct text body;
    /* Behind the body, over HTTP/2 alone: they end the reply, and content-length is not sent. */
    const struct http_header *trailers;
    size_t trailer_count;
    /* All headers and trailers are constants: nothing of an outsider's could be in them, for which
     * they are searched otherwise. */
    bool is_constant;
};

/* A whole reply. Every text and the array of trailers must be valid in the exchange's arena or
 * body, or static. Only once; a handler that returns without any reply gets 500. Without body for
 * HEAD, 204 and 304. Never parks.
 */
void http_reply(struct http_exchange *exchange, const struct http_reply *reply);

/* What a problem's `type` begins with; then comes the status's name ("not_found"), or that of the
 * HTTP status. Stable, for programs; a person who follows it finds what it means. */
#define HTTP_PROBLEM_TYPES "/api#"

/* application/problem+json (RFC 9457) with the status's HTTP code and the call's error as `detail`.
 * 429 and 503 get a `retry-after` of HTTP_RETRY_AFTER_MS if `headers` has none; 405 with `allow` is
 * the caller's to make by http_reply_problem_with(). */
void http_reply_problem(struct http_exchange *exchange, enum status status);
void http_reply_problem_with(struct http_exchange *exchange, int http_status, struct text detail,
                             const struct http_header *headers, size_t header_count);

/* A reply in parts. Headers are sent with the first part, or by http_flush(). Texts as in
 * http_reply(). */
void http_reply_start(struct http_exchange *exchange, int status, const struct http_header *headers,
                      size_t header_count);

/* Copies the part to the connection's output, to be sent in this turn of the loop. Parks while
 * HTTP_OUTPUT_BYTES_MAX wait, or the HTTP/2 window is closed and something waits for it.
 * STATUS_CANCELLED, STATUS_DEADLINE_EXCEEDED: the call is over. */
MUST_USE enum status http_write(struct http_exchange *exchange, struct text part);

/* Sends the headers now although no part is there yet. */
MUST_USE enum status http_flush(struct http_exchange *exchange);

/* Ends the reply. trailers: valid in the arena or static; sent over HTTP/2 and with chunked
 * HTTP/1.1. Before any http_write() or http_flush(), over HTTP/2, headers and trailers go in one
 * block with END_STREAM (gRPC's Trailers-Only). Never parks. */
void http_finish(struct http_exchange *exchange, const struct http_header *trailers,
                 size_t trailer_count);

/* Breaks the reply off: RST_STREAM with the HTTP/2 code, or closing the HTTP/1.1 connection. */
void http_abort(struct http_exchange *exchange, uint32_t http2_error_code);
