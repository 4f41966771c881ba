/* Accepting connections. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "http/http_server_private.h"
#include "http/tcp_transport.h"

enum {
    /* One a turn: several loops that accept from one socket share a burst evenly. */
    ACCEPTS_A_TURN_MAX = 1,
    /* Without descriptors, the socket stays readable: looking again only later keeps the loop from
     * spinning. */
    RETRY_MS = 100,
};

struct http_listener {
    struct http_server *server;
    uv_poll_t poll;
    struct loop_timer retry;
    int fd;
};

static void on_ready(uv_poll_t *poll, int status, int events);

static void listen_again(struct loop_timer *timer)
{
    struct http_listener *listener = CONTAINER_OF(timer, struct http_listener, retry);
    (void)uv_poll_start(&listener->poll, UV_READABLE,
                        on_ready); /* fails on a closing handle only */
}

static void rest(struct http_listener *listener)
{
    int64_t due_ns = clock_monotonic_ns() + RETRY_MS * CLOCK_NS_PER_MS;
    if (loop_timer_start(listener->server->loop, &listener->retry, due_ns) == STATUS_OK) {
        (void)uv_poll_stop(&listener->poll);
    }
}

static void take_over(struct http_server *server, int fd)
{
    struct http_transport *transport;
    if (tcp_transport_create(server->loop, fd, &transport) == STATUS_OK) {
        /* Without memory for it, the connection is closed: the client sees that. */
        (void)!http_server_take(server, transport);
    }
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct http_listener *listener = poll->data;
    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN_MAX; i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take_over(listener->server, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            rest(listener);
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct http_listener *listener = handle->data;
    (void)close(listener->fd); /* only listened on */
    free(listener);
}

enum status http_listener_open(struct http_server *server, int fd,
                               struct http_listener **ret_listener)
{
    struct http_listener *listener = calloc(1, sizeof(*listener));
    if (listener == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    listener->server = server;
    listener->retry.expire = listen_again;
    listener->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (listener->fd < 0 ||
        uv_poll_init(loop_uv(server->loop), &listener->poll, listener->fd) != 0) {
        if (listener->fd >= 0) {
            (void)close(listener->fd);
        }
        free(listener);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    listener->poll.data = listener;
    listen_again(&listener->retry);
    *ret_listener = listener;
    return STATUS_OK;
}

void http_listener_finish(struct http_listener *listener)
{
    if (listener == NULL) {
        return;
    }
    for (int i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take_over(listener->server, fd);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            break;
        }
    }
    http_listener_close(listener);
}

void http_listener_close(struct http_listener *listener)
{
    if (listener != NULL) {
        loop_timer_stop(listener->server->loop, &listener->retry);
        uv_close((uv_handle_t *)&listener->poll, on_closed);
    }
}
