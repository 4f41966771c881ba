/* DNS over TCP (RFC 7766): queries follow each other on a connection, each behind its length. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "http/tcp_transport.h"
#include "loop/loop_poll.h"
#include "registry/handler/registry_dns_private.h"

enum {
    LENGTH_BYTES = 2,
    INPUT_BYTES_MAX =
        4 * (LENGTH_BYTES + DNS_MESSAGE_BYTES_MAX), /* a query, and what one read brings */
    ACCEPT_AGAIN_MS = 100,
};

struct dns_stream {
    struct registry_dns *dns;
    struct http_transport *transport;
    struct loop_timer idle;
    struct buffer input;
    struct buffer output;
    struct list link;
    bool paused;
};

static void close_stream(struct dns_stream *stream)
{
    loop_timer_stop(stream->dns->loop, &stream->idle);
    list_remove(&stream->link);
    stream->dns->stream_count--;
    stream->transport->ops->close(stream->transport->state);
    buffer_deinit(&stream->input);
    buffer_deinit(&stream->output);
    free(stream);
}

static void on_idle(struct loop_timer *timer)
{
    close_stream(CONTAINER_OF(timer, struct dns_stream, idle));
}

static bool restart_idle(struct dns_stream *stream)
{
    int64_t due_ns = loop_now_ns(stream->dns->loop) + REGISTRY_DNS_STREAM_IDLE_MS * CLOCK_NS_PER_MS;
    return loop_timer_start(stream->dns->loop, &stream->idle, due_ns) == STATUS_OK;
}

static void pause_reading(struct dns_stream *stream, bool paused)
{
    if (stream->paused != paused) {
        stream->paused = paused;
        (paused ? stream->transport->ops->pause
                : stream->transport->ops->resume)(stream->transport->state);
    }
}

static size_t number_at(const char *bytes)
{
    return ((size_t)(uint8_t)bytes[0] << 8) | (uint8_t)bytes[1];
}

static bool append_reply(struct dns_stream *stream, size_t length)
{
    const uint8_t prefix[LENGTH_BYTES] = {(uint8_t)(length >> 8), (uint8_t)length};
    return buffer_append(&stream->output, text_of_bytes(prefix, sizeof(prefix))) &&
           buffer_append(&stream->output, text_of_bytes(stream->dns->reply, length));
}

/* Answers whole queries, as long as their replies find room. false: the connection cannot go on. */
static bool answer_queries(struct dns_stream *stream)
{
    while (stream->input.length >= LENGTH_BYTES &&
           stream->output.length < REGISTRY_DNS_STREAM_OUTPUT_MAX) {
        size_t length = number_at(stream->input.data);
        if (stream->input.length < LENGTH_BYTES + length) {
            break;
        }
        size_t reply = registry_dns_reply(
            stream->dns, text_of_bytes(stream->input.data + LENGTH_BYTES, length), false);
        if (reply == 0 || !append_reply(stream, reply) || !restart_idle(stream)) {
            return false;
        }
        buffer_consume(&stream->input, LENGTH_BYTES + length);
    }
    return true;
}

/* false: the connection is broken. */
static bool write_replies(struct dns_stream *stream)
{
    if (stream->output.length == 0) {
        return true;
    }
    ssize_t written =
        stream->transport->ops->write(stream->transport->state, buffer_text(&stream->output));
    if (written < 0) {
        return false;
    }
    buffer_consume(&stream->output, (size_t)written);
    return true;
}

/* Answers and writes in turn, until there is nothing left to answer or to write to. */
static void proceed(struct dns_stream *stream)
{
    size_t before;
    do {
        before = stream->input.length;
        if (!answer_queries(stream) || !write_replies(stream)) {
            close_stream(stream);
            return;
        }
    } while (stream->output.length == 0 && stream->input.length < before);
    pause_reading(stream, stream->output.length > 0);
}

static void on_received(void *state, struct text bytes)
{
    struct dns_stream *stream = state;
    if (!buffer_append(&stream->input, bytes)) {
        close_stream(stream);
        return;
    }
    proceed(stream);
}

static void on_drained(void *state)
{
    proceed(state);
}

static void on_ended(void *state)
{
    close_stream(state);
}

static void open_stream(struct registry_dns *dns, int fd)
{
    struct dns_stream *stream = calloc(1, sizeof(*stream));
    if (stream == NULL || dns->stream_count >= REGISTRY_DNS_STREAMS_MAX) {
        free(stream);
        (void)close(fd); /* the client sees it, and asks elsewhere */
        return;
    }
    if (tcp_transport_create(dns->loop, fd, &stream->transport) != STATUS_OK) {
        free(stream);
        return;
    }
    stream->dns = dns;
    stream->idle.expire = on_idle;
    buffer_init(&stream->input, INPUT_BYTES_MAX);
    buffer_init(&stream->output,
                REGISTRY_DNS_STREAM_OUTPUT_MAX + LENGTH_BYTES + DNS_MESSAGE_BYTES_MAX);
    list_append(&dns->streams, &stream->link);
    dns->stream_count++;
    stream->transport->events = (struct http_transport_events){
        .received = on_received, .drained = on_drained, .ended = on_ended, .state = stream};
    if (!restart_idle(stream)) {
        close_stream(stream);
    }
}

static void on_acceptable(void *argument)
{
    struct registry_dns *dns = argument;
    int fd = accept4(dns->stream_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        open_stream(dns, fd);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        /* The socket stays readable: looking again only later keeps the loop from spinning. */
        int64_t due_ns = loop_now_ns(dns->loop) + ACCEPT_AGAIN_MS * CLOCK_NS_PER_MS;
        if (loop_timer_start(dns->loop, &dns->accept_again, due_ns) == STATUS_OK) {
            loop_poll_close(dns->stream_poll);
            dns->stream_poll = NULL;
        }
    }
}

static void accept_again(struct loop_timer *timer)
{
    struct registry_dns *dns = CONTAINER_OF(timer, struct registry_dns, accept_again);
    if (registry_dns_accept_streams(dns) != STATUS_OK) {
        int64_t due_ns = loop_now_ns(dns->loop) + ACCEPT_AGAIN_MS * CLOCK_NS_PER_MS;
        status_ignore(loop_timer_start(dns->loop, timer, due_ns)); /* a place that it just had */
    }
}

enum status registry_dns_accept_streams(struct registry_dns *dns)
{
    dns->accept_again.expire = accept_again;
    return loop_poll_open(dns->loop, dns->stream_fd, on_acceptable, dns, &dns->stream_poll);
}

void registry_dns_close_streams(struct registry_dns *dns)
{
    loop_timer_stop(dns->loop, &dns->accept_again);
    loop_poll_close(dns->stream_poll);
    while (!list_is_empty(&dns->streams)) {
        close_stream(CONTAINER_OF(dns->streams.next, struct dns_stream, link));
    }
}
