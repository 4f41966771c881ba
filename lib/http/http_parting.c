#include "http/http_parting.h"

#include <stdlib.h>

#include "base/clock.h"
#include "http/http_server_private.h"

struct http_parting {
    struct list link; /* in the server's partings */
    struct http_server *server;
    struct http_transport *transport;
    struct loop_timer timer;
};

static void end(struct http_parting *self)
{
    struct http_server *server = self->server;
    loop_timer_stop(server->loop, &self->timer);
    self->transport->ops->close(self->transport->state);
    list_remove(&self->link);
    server->parting_count--;
    free(self);
    http_server_look_idle(server);
}

static void on_received(void *state, struct text bytes)
{
    (void)state;
    (void)bytes;
}

static void on_drained(void *state)
{
    (void)state;
}

static void on_ended(void *state)
{
    end(state);
}

static void on_expire(struct loop_timer *timer)
{
    end(CONTAINER_OF(timer, struct http_parting, timer));
}

void http_parting_begin(struct http_server *server, struct http_transport *transport)
{
    struct http_parting *self =
        server->parting_count < HTTP_PARTINGS_MAX ? calloc(1, sizeof(*self)) : NULL;
    int64_t due_ns = loop_now_ns(server->loop) + HTTP_PARTING_MS * CLOCK_NS_PER_MS;
    transport->ops->shutdown(transport->state);
    if (self != NULL) {
        self->timer.expire = on_expire;
    }
    if (self == NULL || loop_timer_start(server->loop, &self->timer, due_ns) != STATUS_OK) {
        transport->ops->close(transport->state);
        free(self);
        return;
    }
    self->server = server;
    self->transport = transport;
    transport->events = (struct http_transport_events){on_received, on_drained, on_ended, self};
    transport->ops->resume(transport->state);
    list_append(&server->partings, &self->link);
    server->parting_count++;
}

void http_partings_close(struct http_server *server)
{
    while (!list_is_empty(&server->partings)) {
        end(CONTAINER_OF(server->partings.next, struct http_parting, link));
    }
}
