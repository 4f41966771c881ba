/* Two ends joined in memory: what one writes, the other receives later in the same turn. */
#include <stdlib.h>

#include "base/buffer.h"
#include "http/http_transport.h"
#include "loop/loop.h"

struct pair;

struct end {
    struct http_transport transport;
    struct pair *pair;
    struct end *other;
    struct buffer inbound;   /* written by the other end, not delivered yet */
    struct buffer delivered; /* borrowed by `received` */
    struct loop_task task;
    bool scheduled;
    bool paused;
    bool blocked;  /* this end's write was not taken whole */
    bool finished; /* the other end writes no more */
    bool told_ended;
    bool closed;
};

struct pair {
    struct loop *loop;
    struct end ends[2];
};

static void schedule(struct end *end)
{
    if (!end->scheduled) {
        end->scheduled = true;
        loop_defer(end->pair->loop, &end->task);
    }
}

static void release_when_over(struct pair *pair)
{
    for (size_t i = 0; i < 2; i++) {
        if (!pair->ends[i].closed || pair->ends[i].scheduled) {
            return;
        }
    }
    for (size_t i = 0; i < 2; i++) {
        buffer_deinit(&pair->ends[i].inbound);
        buffer_deinit(&pair->ends[i].delivered);
    }
    free(pair);
}

static void deliver(struct end *end)
{
    if (end->paused || end->inbound.length == 0) {
        return;
    }
    struct buffer swapped = end->inbound;
    end->inbound = end->delivered;
    end->delivered = swapped;
    end->transport.events.received(end->transport.events.state, buffer_text(&end->delivered));
    buffer_clear(&end->delivered);
    if (end->other->blocked) {
        schedule(end->other);
    }
}

static void run(struct loop_task *task)
{
    struct end *end = CONTAINER_OF(task, struct end, task);
    end->scheduled = false;
    if (!end->closed) {
        deliver(end);
    }
    if (!end->closed && end->blocked && end->other->inbound.length < HTTP_LOOPBACK_BYTES_MAX) {
        end->blocked = false;
        end->transport.events.drained(end->transport.events.state);
    }
    if (!end->closed && end->finished && end->inbound.length == 0 && !end->told_ended) {
        end->told_ended = true;
        end->transport.events.ended(end->transport.events.state);
    }
    release_when_over(end->pair);
}

static ssize_t write_bytes(void *state, struct text bytes)
{
    struct end *end = state;
    struct end *other = end->other;
    if (other->closed || other->finished) {
        return -1;
    }
    size_t room = HTTP_LOOPBACK_BYTES_MAX - other->inbound.length;
    struct text part = text_slice(bytes, 0, room);
    if (part.length > 0 && !buffer_append(&other->inbound, part)) {
        part.length = 0; /* no memory: the same as no room */
    }
    end->blocked = part.length < bytes.length;
    if (other->inbound.length > 0) {
        schedule(other);
    }
    return (ssize_t)part.length;
}

static void pause_end(void *state)
{
    struct end *end = state;
    end->paused = true;
}

static void resume_end(void *state)
{
    struct end *end = state;
    if (end->paused) {
        end->paused = false;
        schedule(end);
    }
}

static void shutdown_end(void *state)
{
    struct end *end = state;
    end->other->finished = true;
    schedule(end->other);
}

static void close_end(void *state)
{
    struct end *end = state;
    end->closed = true;
    buffer_clear(&end->inbound);
    end->other->finished = true;
    schedule(end); /* releases the pair, from a task of its own */
    schedule(end->other);
}

static const struct http_transport_ops operations = {
    .write = write_bytes,
    .pause = pause_end,
    .resume = resume_end,
    .shutdown = shutdown_end,
    .close = close_end,
};

enum status http_transport_pair(struct loop *loop, struct http_transport **ret_first,
                                struct http_transport **ret_second)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    if (pair == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    pair->loop = loop;
    for (size_t i = 0; i < 2; i++) {
        struct end *end = &pair->ends[i];
        end->pair = pair;
        end->other = &pair->ends[1 - i];
        end->task.run = run;
        end->transport = (struct http_transport){.ops = &operations, .state = end};
        buffer_init(&end->inbound, HTTP_LOOPBACK_BYTES_MAX);
        buffer_init(&end->delivered, HTTP_LOOPBACK_BYTES_MAX);
    }
    *ret_first = &pair->ends[0].transport;
    *ret_second = &pair->ends[1].transport;
    return STATUS_OK;
}
