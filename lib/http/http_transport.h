/* http_transport.h: a byte stream to a peer, whatever it runs over: TCP, or a loopback pair within
 * the loop. What HTTP/1.1, HTTP/2 server and client sessions are written against. */
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
    /* Takes as much as goes without waiting and returns how much; the rest is to be written again
     * after `drained`. -1: the stream is broken, `ended` will be or was called. */
    ssize_t (*write)(void *state, struct text bytes);
    /* Stops and restarts `received`: back-pressure. */
    void (*pause)(void *state);
    void (*resume)(void *state);
    /* Half-closes after all that was written. Optional. */
    void (*shutdown)(void *state);
    /* Closes and frees; no event comes after. */
    void (*close)(void *state);
};

struct http_transport {
    const struct http_transport_ops *ops;
    void *state;
    struct http_transport_events events; /* set by the owner before the first turn of the loop */
    char peer[HTTP_ADDRESS_BYTES_MAX];   /* "127.0.0.1:40312"; "" within the process */
};

/* Two ends joined in memory; bytes arrive in the same turn of the loop, by a deferred task. At most
 * HTTP_LOOPBACK_BYTES_MAX wait in each direction. STATUS_RESOURCE_EXHAUSTED: no memory. */
enum { HTTP_LOOPBACK_BYTES_MAX = 256 * 1024 };
MUST_USE enum status http_transport_pair(struct loop *loop, struct http_transport **ret_first,
                                         struct http_transport **ret_second);
