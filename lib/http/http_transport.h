/* http_transport.h: a byte stream to a peer, whatever it runs over: TCP, TLS (http/tls.h), or a
 * loopback pair within the loop. What HTTP/1.1, HTTP/2 server and client sessions are written
 * against. */
#pragma once

#include <sys/types.h>

#include "http/http_message.h"

struct loop;
struct http_transport;

/* How the owner is called, on the loop's thread. Never from within a function of the transport. */
struct http_transport_events {
    /* Bytes that came; borrowed for the call. */
    void (*received)(void *state, struct text bytes);
    /* All that was written has been taken by the kernel (or the other side): write again. */
    void (*drained)(void *state);
    /* The peer ended or broke the stream; nothing comes any more. */
    void (*ended)(void *state);
    void *state;
};

struct http_transport_ops {
    /* Takes as much as goes without waiting and returns how much; the rest is to be written again,
     * unchanged, after `drained`. -1: the stream is broken, `ended` will be or was called. */
    ssize_t (*write)(void *state, struct text bytes);
    /* Stops and restarts `received`: back-pressure. */
    void (*pause)(void *state);
    void (*resume)(void *state);
    /* Half-closes after all that was written: the peer knows that it has everything. */
    void (*shutdown)(void *state);
    /* Closes and frees; no event comes after. Without shutdown() before it, the stream breaks off,
     * which the peer can tell when it runs over TLS. */
    void (*close)(void *state);
};

/* What a handshake has shown. */
struct http_transport_security {
    struct text protocol; /* by ALPN: "h2", "http/1.1"; empty: none was selected */
    const char *subject; /* of the peer's verified certificate, as in RFC 2253; NULL: it has none */
    /* The stream ended without the peer having said so: what ran up to its end may have been cut
     * off by someone in between. Valid in `ended`. */
    bool truncated;
    const char *failure; /* what broke the stream, in static words; NULL: nothing that has words */
};

struct http_transport {
    const struct http_transport_ops *ops;
    void *state;
    struct http_transport_events events; /* set by the owner before the first turn of the loop */
    char peer[HTTP_ADDRESS_BYTES_MAX];   /* "127.0.0.1:40312"; "" within the process */
    const struct http_transport_security *security; /* NULL: not protected. Lives as this does */
};

/* Two ends joined in memory; bytes arrive in the same turn of the loop, by a deferred task. At most
 * HTTP_LOOPBACK_BYTES_MAX wait in each direction. STATUS_RESOURCE_EXHAUSTED: no memory. */
enum { HTTP_LOOPBACK_BYTES_MAX = 256 * 1024 };
MUST_USE enum status http_transport_pair(struct loop *loop, struct http_transport **ret_first,
                                         struct http_transport **ret_second);
