/* raw_peer.h: the other end of a connection, byte for byte: a client that says what no honest
 * client would. In a fiber; every wait ends after RAW_PEER_WAIT_MS at the latest. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "http/http_transport.h"
#include "loop/fiber.h"

#define RAW_PEER_WAIT_MS INT64_C(20000)

struct raw_peer {
    struct http_transport *transport; /* NULL: closed */
    struct buffer received;
    struct fiber_wait changed;
    struct arena arena;
    struct call call;
    bool ended;
};

/* Takes the transport over. */
void raw_peer_open(struct raw_peer *peer, struct http_transport *transport);
void raw_peer_close(struct raw_peer *peer);

/* Sends all of it, however long the other side takes. */
void raw_peer_send(struct raw_peer *peer, struct text bytes);
void raw_peer_say(struct raw_peer *peer, const char *words);

/* Sends what is taken without waiting; returns how much. */
size_t raw_peer_send_some(struct raw_peer *peer, struct text bytes);

/* Waits until the words, or so many bytes, have come. false: it ended before, or in vain. */
bool raw_peer_await(struct raw_peer *peer, const char *words);
bool raw_peer_await_bytes(struct raw_peer *peer, size_t count);

/* Waits until `count` places hold the words. */
bool raw_peer_await_times(struct raw_peer *peer, const char *words, unsigned count);

/* Waits until the other side sends no more. */
bool raw_peer_await_end(struct raw_peer *peer);

bool raw_peer_has(const struct raw_peer *peer, const char *words);
unsigned raw_peer_count(const struct raw_peer *peer, const char *words);
void raw_peer_forget(struct raw_peer *peer);
