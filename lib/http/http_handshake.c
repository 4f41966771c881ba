#include "http/http_handshake.h"

#include <stdlib.h>

#include "base/clock.h"
#include "http/http_server_private.h"
#include "http/tls.h"

/* Lets the transport go to whoever has it now, if it is not NULL. */
static void forget(struct http_handshake *self)
{
    struct http_server *server = self->server;
    loop_timer_stop(server->loop, &self->timer);
    list_remove(&self->link);
    server->handshake_count--;
    free(self);
}

static void give_up(struct http_handshake *self)
{
    self->transport->ops->close(self->transport->state);
    forget(self);
}

static void on_established(void *state)
{
    struct http_handshake *self = state;
    struct http_server *server = self->server;
    struct http_transport *transport = self->transport;
    if (server->draining) {
        give_up(self);
        return;
    }
    forget(self);
    /* Without memory for it, the connection is closed: the client sees that. */
    (void)!http_connection_open(server, transport);
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
    give_up(state);
}

static void on_expire(struct loop_timer *timer)
{
    give_up(CONTAINER_OF(timer, struct http_handshake, timer));
}

/* Closing at once could make the peer lose the alert, if something that it sent is unread. */
static void on_failed(void *state, const char *reason)
{
    struct http_handshake *self = state;
    struct http_server *server = self->server;
    struct http_transport *transport = self->transport;
    http_server_refused(server, transport, reason);
    transport->events = (struct http_transport_events){on_received, on_drained, on_ended, self};
    transport->ops->shutdown(transport->state);
    int64_t due_ns = loop_now_ns(server->loop) + HTTP_REFUSED_LINGER_MS * CLOCK_NS_PER_MS;
    if (loop_timer_start(server->loop, &self->timer, due_ns) != STATUS_OK) {
        give_up(self);
    }
}

enum status http_handshake_begin(struct http_server *server, struct http_transport *inner)
{
    struct http_handshake *self = NULL;
    if (server->handshake_count < HTTP_HANDSHAKES_MAX) {
        self = calloc(1, sizeof(*self));
    }
    if (self == NULL) {
        inner->ops->close(inner->state);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    const struct tls_handshake_events events = {on_established, on_failed, self};
    enum status status =
        tls_accept(server->loop, server->options.tls, inner, &events, &self->transport);
    if (status != STATUS_OK) {
        free(self);
        return status;
    }
    self->server = server;
    self->timer.expire = on_expire;
    list_append(&server->handshakes, &self->link);
    server->handshake_count++;
    return STATUS_OK;
}

void http_handshakes_close(struct http_server *server)
{
    while (!list_is_empty(&server->handshakes)) {
        give_up(CONTAINER_OF(server->handshakes.next, struct http_handshake, link));
    }
}
