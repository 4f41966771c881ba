/* The ceiling: an epoll loop around nghttp2 that answers every request with the same message, as
 * gRPC does: headers, one message, trailers. It looks at nothing it is sent: no paths, no messages,
 * no deadlines, no limits. What it shares with Marquee is the batching: what has come is read at
 * once, and what there is to send leaves in one call.
 *
 * Usage: nghttp2_bare_server PORT BYTES. BYTES: the length of a reply's message. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

enum {
    READ_BYTES = 64 * 1024,
    OUTPUT_BYTES = 256 * 1024, /* gathered before a send */
    FRAME_BYTES_MAX = 16 * 1024 + 9,
    EVENTS_MAX = 256,
    PREFIX_BYTES = 5,
    WINDOW_BYTES = 1024 * 1024,
};

struct reply {
    uint8_t *bytes; /* prefix and message */
    size_t length;
};

struct peer {
    int fd;
    nghttp2_session *session;
    const struct reply *reply;
    size_t sent; /* of output */
    size_t length;
    bool blocked;
    uint8_t output[OUTPUT_BYTES];
};

#define FIELD(name, value)                                                                         \
    {                                                                                              \
        (uint8_t *)(uintptr_t)(name), (uint8_t *)(uintptr_t)(value), sizeof(name) - 1,             \
            sizeof(value) - 1, NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE        \
    }

static const nghttp2_nv headers[] = {
    FIELD(":status", "200"),
    FIELD("content-type", "application/grpc"),
};
static const nghttp2_nv trailers[] = {FIELD("grpc-status", "0")};

/* How much of the reply a stream has sent stands in its user data. */
static ssize_t read_reply(nghttp2_session *session, int32_t stream_id, uint8_t *buffer,
                          size_t length_max, uint32_t *flags, nghttp2_data_source *source,
                          void *user_data)
{
    (void)user_data;
    const struct reply *reply = source->ptr;
    uintptr_t sent = (uintptr_t)nghttp2_session_get_stream_user_data(session, stream_id);
    size_t length = reply->length - sent < length_max ? reply->length - sent : length_max;
    memcpy(buffer, reply->bytes + sent, length);
    sent += length;
    (void)nghttp2_session_set_stream_user_data(session, stream_id, (void *)sent);
    if (sent == reply->length) {
        *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
        CHECK(nghttp2_submit_trailer(session, stream_id, trailers, ARRAY_LENGTH(trailers)) == 0);
    }
    return (ssize_t)length;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    const struct peer *peer = user_data;
    if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        nghttp2_data_provider provider = {{.ptr = (void *)(uintptr_t)peer->reply}, read_reply};
        return nghttp2_submit_response(session, frame->hd.stream_id, headers, ARRAY_LENGTH(headers),
                                       &provider);
    }
    return 0;
}

static nghttp2_session *create_session(struct peer *peer)
{
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES},
    };
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;
    nghttp2_session *session;
    CHECK(nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_option_set_no_closed_streams(option, 1);
    CHECK(nghttp2_session_server_new2(&session, callbacks, peer, option) == 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    CHECK(nghttp2_submit_settings(session, 0, settings, ARRAY_LENGTH(settings)) == 0);
    CHECK(nghttp2_session_set_local_window_size(session, 0, 0, WINDOW_BYTES) == 0);
    return session;
}

static void watch(int epoll, int operation, int fd, uint32_t events, void *data)
{
    struct epoll_event event = {.events = events, .data.ptr = data};
    CHECK(epoll_ctl(epoll, operation, fd, &event) == 0);
}

static void close_peer(struct peer *peer)
{
    nghttp2_session_del(peer->session);
    (void)close(peer->fd);
    free(peer);
}

/* false: the peer takes no more now (blocked), or is gone. */
static bool write_out(struct peer *peer)
{
    while (peer->sent < peer->length) {
        ssize_t length =
            send(peer->fd, peer->output + peer->sent, peer->length - peer->sent, MSG_NOSIGNAL);
        if (length < 0) {
            peer->blocked = errno == EAGAIN;
            return false;
        }
        peer->sent += (size_t)length;
    }
    peer->sent = peer->length = 0;
    return true;
}

static bool gather(struct peer *peer)
{
    while (peer->length + FRAME_BYTES_MAX <= OUTPUT_BYTES) {
        const uint8_t *bytes;
        ssize_t length = nghttp2_session_mem_send(peer->session, &bytes);
        CHECK(length >= 0 && (size_t)length <= OUTPUT_BYTES - peer->length);
        if (length == 0) {
            return false;
        }
        memcpy(peer->output + peer->length, bytes, (size_t)length);
        peer->length += (size_t)length;
    }
    return true;
}

static bool flush(struct peer *peer)
{
    bool more = true;
    while (more || peer->length > 0) {
        if (peer->length == 0) {
            more = gather(peer);
        }
        if (!write_out(peer)) {
            return peer->blocked;
        }
    }
    return true;
}

/* false: the connection is over. */
static bool turn(int epoll, struct peer *peer, uint32_t events)
{
    uint8_t input[READ_BYTES];
    bool was_blocked = peer->blocked;
    if ((events & EPOLLOUT) != 0) {
        peer->blocked = false;
    }
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        ssize_t length = recv(peer->fd, input, sizeof(input), 0);
        if (length == 0 || (length < 0 && errno != EAGAIN)) {
            return false;
        }
        if (length > 0 && nghttp2_session_mem_recv(peer->session, input, (size_t)length) < 0) {
            return false;
        }
    }
    if (!peer->blocked && !flush(peer)) {
        return false;
    }
    if (peer->blocked != was_blocked) {
        watch(epoll, EPOLL_CTL_MOD, peer->fd, EPOLLIN | (peer->blocked ? (uint32_t)EPOLLOUT : 0),
              peer);
    }
    return true;
}

static void accept_peer(int epoll, int listener, const struct reply *reply)
{
    int on = 1;
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    struct peer *peer = malloc(sizeof(*peer));
    CHECK(peer != NULL);
    peer->fd = fd;
    peer->reply = reply;
    peer->sent = peer->length = 0;
    peer->blocked = false;
    peer->session = create_session(peer);
    CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
    watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, peer);
}

/* -1: the port cannot be had. */
static int listen_at(uint64_t port)
{
    int on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 1024) != 0) {
        perror("nghttp2_bare_server");
        (void)close(fd);
        return -1;
    }
    return fd;
}

static struct reply make_reply(size_t bytes)
{
    struct reply reply = {calloc(1, PREFIX_BYTES + bytes), PREFIX_BYTES + bytes};
    CHECK(reply.bytes != NULL);
    for (int i = 0; i < 4; i++) {
        reply.bytes[1 + i] = (uint8_t)(bytes >> (24 - 8 * i));
    }
    return reply;
}

int main(int argc, char **argv)
{
    uint64_t port;
    uint64_t bytes;
    if (argc != 3 || !text_to_u64(text_of(argv[1]), &port) ||
        !text_to_u64(text_of(argv[2]), &bytes)) {
        (void)fprintf(stderr, "usage: nghttp2_bare_server PORT BYTES\n");
        return 2;
    }
    struct reply reply = make_reply(bytes);
    int listener = listen_at(port);
    if (listener < 0) {
        return EXIT_FAILURE;
    }
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    CHECK(epoll >= 0);
    watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
    for (;;) {
        struct epoll_event events[EVENTS_MAX];
        int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            struct peer *peer = events[i].data.ptr;
            if (peer == NULL) {
                accept_peer(epoll, listener, &reply);
            } else if (!turn(epoll, peer, events[i].events)) {
                close_peer(peer);
            }
        }
    }
}
