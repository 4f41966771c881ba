/* The socket is polled by the loop and read and written here: what is written goes out at once or
 * is the owner's to keep, so that nothing is copied or queued in between. */
#include "http/tcp_transport.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "http/socket_address.h"
#include "loop/loop.h"

enum {
    READ_BYTES = 64 * 1024,
    READS_A_TURN_MAX = 4, /* then the other connections have their turn */
};

/* What is received is borrowed for the call only, and one call runs at a time on a thread. */
static _Thread_local char read_buffer[READ_BYTES];

struct tcp_transport {
    struct http_transport transport;
    uv_poll_t poll;
    int fd;
    bool paused;
    bool blocked; /* a write was not taken whole */
    bool ended;
    bool closed;
};

static void on_ready(uv_poll_t *poll, int status, int events);

static void update_poll(struct tcp_transport *tcp)
{
    int events = (tcp->paused || tcp->ended ? 0 : UV_READABLE) | (tcp->blocked ? UV_WRITABLE : 0);
    if (events != 0) {
        (void)uv_poll_start(&tcp->poll, events, on_ready); /* fails on a closing handle only */
    } else {
        (void)uv_poll_stop(&tcp->poll);
    }
}

static void end(struct tcp_transport *tcp)
{
    if (!tcp->ended) {
        tcp->ended = true;
        tcp->transport.events.ended(tcp->transport.events.state);
        if (!tcp->closed) {
            update_poll(tcp);
        }
    }
}

static void read_some(struct tcp_transport *tcp)
{
    for (int i = 0; i < READS_A_TURN_MAX && !tcp->paused && !tcp->closed; i++) {
        ssize_t length = recv(tcp->fd, read_buffer, sizeof(read_buffer), 0);
        if (length < 0 && errno == EINTR) {
            continue;
        }
        if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        }
        if (length <= 0) {
            end(tcp);
            return;
        }
        tcp->transport.events.received(tcp->transport.events.state,
                                       (struct text){read_buffer, (size_t)length});
        if ((size_t)length < sizeof(read_buffer)) {
            return; /* nothing more, most likely: save the call that would say so */
        }
    }
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct tcp_transport *tcp = poll->data;
    if (status < 0) {
        end(tcp);
        if (!tcp->closed && tcp->blocked) {
            /* Nothing will be taken any more, which writing again will tell. */
            tcp->blocked = false;
            tcp->transport.events.drained(tcp->transport.events.state);
        }
        return;
    }
    if ((events & UV_WRITABLE) != 0 && tcp->blocked) {
        tcp->blocked = false;
        update_poll(tcp);
        tcp->transport.events.drained(tcp->transport.events.state);
    }
    if ((events & UV_READABLE) != 0 && !tcp->closed && !tcp->ended) {
        read_some(tcp);
    }
}

static ssize_t write_bytes(void *state, struct text bytes)
{
    struct tcp_transport *tcp = state;
    size_t sent = 0;
    while (sent < bytes.length) {
        ssize_t length = send(tcp->fd, bytes.data + sent, bytes.length - sent, MSG_NOSIGNAL);
        if (length >= 0) {
            sent += (size_t)length;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break;
        } else if (errno != EINTR) {
            /* Reading finds the socket broken too, and tells. */
            tcp->paused = false;
            update_poll(tcp);
            return -1;
        }
    }
    if (sent < bytes.length && !tcp->blocked) {
        tcp->blocked = true;
        update_poll(tcp);
    }
    return (ssize_t)sent;
}

static void pause_reading(void *state)
{
    struct tcp_transport *tcp = state;
    if (!tcp->paused) {
        tcp->paused = true;
        update_poll(tcp);
    }
}

static void resume_reading(void *state)
{
    struct tcp_transport *tcp = state;
    if (tcp->paused) {
        tcp->paused = false;
        update_poll(tcp);
    }
}

static void shutdown_writing(void *state)
{
    struct tcp_transport *tcp = state;
    (void)shutdown(tcp->fd, SHUT_WR); /* fails when the peer is gone, which reading tells */
}

static void on_closed(uv_handle_t *handle)
{
    struct tcp_transport *tcp = handle->data;
    (void)close(tcp->fd); /* nothing is buffered in it that could be lost here */
    free(tcp);
}

static void close_transport(void *state)
{
    struct tcp_transport *tcp = state;
    tcp->closed = true;
    uv_close((uv_handle_t *)&tcp->poll, on_closed);
}

static const struct http_transport_ops operations = {
    .write = write_bytes,
    .pause = pause_reading,
    .resume = resume_reading,
    .shutdown = shutdown_writing,
    .close = close_transport,
};

/* Without any of it, replies wait a little longer, and who has vanished is found out later. */
static void set_options(int fd)
{
    const struct {
        int level;
        int name;
        int value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, TCP_KEEPALIVE_AFTER_S},
        {IPPROTO_TCP, TCP_KEEPINTVL, TCP_KEEPALIVE_INTERVAL_S},
        {IPPROTO_TCP, TCP_KEEPCNT, TCP_KEEPALIVE_PROBES},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        (void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
                         sizeof(options[i].value));
    }
}

static void name_peer(struct tcp_transport *tcp)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof(address);
    if (getpeername(tcp->fd, (struct sockaddr *)&address, &length) == 0) {
        socket_address_format(&address, tcp->transport.peer);
    }
}

enum status tcp_transport_create(struct loop *loop, int fd, struct http_transport **ret_transport)
{
    struct tcp_transport *tcp = calloc(1, sizeof(*tcp));
    if (tcp == NULL || uv_poll_init(loop_uv(loop), &tcp->poll, fd) != 0) {
        free(tcp);
        (void)close(fd); /* nothing was sent on it */
        return STATUS_RESOURCE_EXHAUSTED;
    }
    tcp->fd = fd;
    tcp->poll.data = tcp;
    tcp->transport.ops = &operations;
    tcp->transport.state = tcp;
    set_options(fd);
    name_peer(tcp);
    update_poll(tcp);
    *ret_transport = &tcp->transport;
    return STATUS_OK;
}
