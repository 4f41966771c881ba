#include "unit/http/raw_peer.h"

static void on_received(void *state, struct text bytes)
{
    struct raw_peer *peer = state;
    CHECK(buffer_append(&peer->received, bytes));
    fiber_wait_signal(&peer->changed);
}

static void on_drained(void *state)
{
    struct raw_peer *peer = state;
    fiber_wait_signal(&peer->changed);
}

static void on_ended(void *state)
{
    struct raw_peer *peer = state;
    peer->ended = true;
    fiber_wait_signal(&peer->changed);
}

void raw_peer_open(struct raw_peer *peer, struct http_transport *transport)
{
    *peer = (struct raw_peer){.transport = transport};
    buffer_init(&peer->received, 256 * 1024 * 1024);
    fiber_wait_init(&peer->changed);
    arena_init(&peer->arena, 1024 * 1024);
    call_init(&peer->call, &peer->arena, RAW_PEER_WAIT_MS);
    transport->events = (struct http_transport_events){
        .received = on_received,
        .drained = on_drained,
        .ended = on_ended,
        .state = peer,
    };
}

void raw_peer_close(struct raw_peer *peer)
{
    if (peer->transport != NULL) {
        peer->transport->ops->close(peer->transport->state);
        peer->transport = NULL;
        buffer_deinit(&peer->received);
        arena_deinit(&peer->arena);
    }
}

size_t raw_peer_send_some(struct raw_peer *peer, struct text bytes)
{
    ssize_t taken = peer->transport->ops->write(peer->transport->state, bytes);
    return taken > 0 ? (size_t)taken : 0;
}

void raw_peer_send(struct raw_peer *peer, struct text bytes)
{
    while (bytes.length > 0) {
        size_t taken = raw_peer_send_some(peer, bytes);
        bytes = text_slice(bytes, taken, bytes.length);
        if (peer->ended ||
            (bytes.length > 0 && fiber_wait(&peer->call, &peer->changed) != STATUS_OK)) {
            return;
        }
    }
}

void raw_peer_say(struct raw_peer *peer, const char *words)
{
    raw_peer_send(peer, text_of(words));
}

unsigned raw_peer_count(const struct raw_peer *peer, const char *words)
{
    struct text received = buffer_text(&peer->received);
    unsigned count = 0;
    while (received.length > 0) {
        const char *found = memmem(received.data, received.length, words, strlen(words));
        if (found == NULL) {
            break;
        }
        size_t behind = (size_t)(found - received.data) + strlen(words);
        received = text_slice(received, behind, received.length);
        count++;
    }
    return count;
}

bool raw_peer_has(const struct raw_peer *peer, const char *words)
{
    return raw_peer_count(peer, words) > 0;
}

bool raw_peer_await_times(struct raw_peer *peer, const char *words, unsigned count)
{
    while (raw_peer_count(peer, words) < count) {
        if (peer->ended || fiber_wait(&peer->call, &peer->changed) != STATUS_OK) {
            return raw_peer_count(peer, words) >= count;
        }
    }
    return true;
}

bool raw_peer_await(struct raw_peer *peer, const char *words)
{
    return raw_peer_await_times(peer, words, 1);
}

bool raw_peer_await_bytes(struct raw_peer *peer, size_t count)
{
    while (peer->received.length < count) {
        if (peer->ended || fiber_wait(&peer->call, &peer->changed) != STATUS_OK) {
            return peer->received.length >= count;
        }
    }
    return true;
}

bool raw_peer_await_end(struct raw_peer *peer)
{
    while (!peer->ended) {
        if (fiber_wait(&peer->call, &peer->changed) != STATUS_OK) {
            return peer->ended;
        }
    }
    return true;
}

void raw_peer_forget(struct raw_peer *peer)
{
    buffer_clear(&peer->received);
}
