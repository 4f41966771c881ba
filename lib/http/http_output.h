/* http_output.h: what goes to a peer: gathered in one buffer during a turn of the loop and written
 * at its end, or when all is there that one read has brought about.
 *
 * Belongs to a connection (server or client). The owner is freed from `retired` only, so that no
 * task that waits for its turn outlives what it points to. */
#pragma once

#include "base/buffer.h"
#include "http/http_transport.h"
#include "loop/loop.h"

struct http_output_events {
    /* The buffer is empty: append what there is to send. Appending nothing ends the flush. */
    void (*fill)(void *owner);
    /* A flush is over: all was taken, or the peer takes no more now. */
    void (*flushed)(void *owner);
    /* Nothing of the output will be touched any more. */
    void (*retired)(void *owner);
};

enum {
    HTTP_OUTPUT_BUFFER_BYTES_MAX = 4 * 1024 * 1024, /* past it, appending fails */
    HTTP_OUTPUT_KEPT_BYTES_MAX = 64 * 1024,         /* of a buffer that is kept while it is empty */
    /* A peer that takes less of what waits for it makes no progress: bytes a second, on average
     * over the server's body timeout. */
    HTTP_OUTPUT_RATE_MIN = 1024,
};

struct http_output {
    struct buffer bytes; /* append here, then http_output_schedule() */
    bool blocked;        /* read only: the peer takes no more until `drained` */
    bool broken;         /* read only: it will never take any more */
    /* read only: until when, on loop_now_ns(), the peer has kept up with HTTP_OUTPUT_RATE_MIN */
    int64_t progress_ns;
    /* private */
    size_t sent;
    struct loop *loop;
    struct http_transport *transport;
    const struct http_output_events *events;
    void *owner;
    struct loop_task task;
    bool behind;    /* something waited when a write was over */
    bool scheduled; /* the task is in the loop's queue */
    bool wanted;    /* since the last flush, one was asked for */
    bool retired;
};

void http_output_init(struct http_output *output, struct loop *loop,
                      struct http_transport *transport, const struct http_output_events *events,
                      void *owner);

/* Where progress stands when a peer that stood at `progress_ns` takes so much: past now never. */
int64_t http_output_progress(int64_t progress_ns, size_t length, int64_t now_ns);

/* Has what is there flushed at the end of this turn. */
void http_output_schedule(struct http_output *output);

/* Does now what was scheduled, if anything was. Not from the events. */
void http_output_flush(struct http_output *output);

/* The transport drained: goes on writing. */
void http_output_drained(struct http_output *output);

/* Bytes that the transport has not taken yet. */
size_t http_output_waiting(const struct http_output *output);

/* The transport is gone: nothing is written any more; `retired` is called at the end of this turn.
 */
void http_output_retire(struct http_output *output);
