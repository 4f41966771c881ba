#include "unit/http/narrow_transport.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "loop/loop.h"

struct narrow {
    struct http_transport transport;
    struct http_transport *inner;
    struct loop *loop;
    struct narrow_options options;
    struct buffer waiting; /* received, not passed on */
    size_t received;       /* in all */
    struct loop_task task;
    bool scheduled;
    bool paused;
    bool blocked;
    bool ended;
    bool told_ended;
    bool closed;
};

static void schedule(struct narrow *self)
{
    if (!self->scheduled) {
        self->scheduled = true;
        loop_defer(self->loop, &self->task);
    }
}

static void on_received(void *state, struct text bytes)
{
    struct narrow *self = state;
    size_t before = self->waiting.length;
    CHECK(buffer_append(&self->waiting, bytes));
    size_t spoil_at = self->options.spoil_at;
    if (spoil_at > self->received && spoil_at <= self->received + bytes.length) {
        self->waiting.data[before + spoil_at - self->received - 1] ^= 0x55;
    }
    self->received += bytes.length;
    schedule(self);
}

static void on_drained(void *state)
{
    struct narrow *self = state;
    schedule(self);
}

static void on_ended(void *state)
{
    struct narrow *self = state;
    self->ended = true;
    schedule(self);
}

static void pass_on(struct narrow *self)
{
    char part[4096];
    size_t step = self->options.step > 0 ? self->options.step : sizeof(part);
    struct text next = text_slice(buffer_text(&self->waiting), 0, step);
    memcpy(part, next.data, next.length);
    buffer_consume(&self->waiting, next.length);
    self->transport.events.received(self->transport.events.state, (struct text){part, next.length});
}

static void run(struct loop_task *task)
{
    struct narrow *self = CONTAINER_OF(task, struct narrow, task);
    self->scheduled = false;
    if (!self->closed && self->blocked) {
        self->blocked = false;
        self->transport.events.drained(self->transport.events.state);
    }
    if (!self->closed && !self->paused && self->waiting.length > 0) {
        pass_on(self);
        schedule(self);
    } else if (!self->closed && self->ended && !self->told_ended && self->waiting.length == 0) {
        self->told_ended = true;
        self->transport.events.ended(self->transport.events.state);
    }
    if (self->closed && !self->scheduled) {
        buffer_deinit(&self->waiting);
        free(self);
    }
}

static ssize_t write_bytes(void *state, struct text bytes)
{
    struct narrow *self = state;
    size_t most = self->options.write_max;
    if (most == 0) {
        ssize_t taken = self->inner->ops->write(self->inner->state, bytes);
        self->blocked = taken >= 0 && (size_t)taken < bytes.length;
        return taken;
    }
    if (self->blocked) {
        return 0;
    }
    ssize_t taken = self->inner->ops->write(self->inner->state, text_slice(bytes, 0, most));
    if (taken >= 0 && (size_t)taken < bytes.length) {
        self->blocked = true;
        schedule(self);
    }
    return taken;
}

static void pause_reading(void *state)
{
    struct narrow *self = state;
    self->paused = true;
}

static void resume_reading(void *state)
{
    struct narrow *self = state;
    self->paused = false;
    schedule(self);
}

static void shutdown_writing(void *state)
{
    struct narrow *self = state;
    self->inner->ops->shutdown(self->inner->state);
}

static void close_transport(void *state)
{
    struct narrow *self = state;
    self->closed = true;
    self->inner->ops->close(self->inner->state);
    schedule(self);
}

static const struct http_transport_ops operations = {
    .write = write_bytes,
    .pause = pause_reading,
    .resume = resume_reading,
    .shutdown = shutdown_writing,
    .close = close_transport,
};

struct http_transport *narrow_transport(struct loop *loop, struct http_transport *inner,
                                        const struct narrow_options *options)
{
    struct narrow *self = calloc(1, sizeof(*self));
    CHECK(self != NULL);
    *self = (struct narrow){
        .transport = {.ops = &operations, .state = self},
        .inner = inner,
        .loop = loop,
        .options = *options,
        .task = {.run = run},
    };
    buffer_init(&self->waiting, 64 * 1024 * 1024);
    inner->events = (struct http_transport_events){
        .received = on_received, .drained = on_drained, .ended = on_ended, .state = self};
    return &self->transport;
}
