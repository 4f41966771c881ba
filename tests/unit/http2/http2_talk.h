/* http2_talk.h: random but repeatable HTTP/2 exchanges between a session of ours and one of
 * nghttp2's, in memory: both sides keep what they see, so that it can be held to what was said. */
#pragma once

#include "base/buffer.h"

enum {
    TALK_EXCHANGES = 60, /* of one connection */
    TALK_FIELDS_MAX = 12,
    TALK_WORD_BYTES_MAX = 60,
};

/* One of the two messages of an exchange: made anew from its seed wherever it is needed. */
struct talk_message {
    uint64_t seed;
    bool is_request;
    size_t field_count;
    size_t body_length;
    size_t trailer_count;
};

struct talk_field {
    char name[TALK_WORD_BYTES_MAX];
    char value[TALK_WORD_BYTES_MAX];
    size_t name_length;
    size_t value_length;
};

/* What one side has to say in an exchange, and hears. */
struct talk_side {
    struct talk_message message;
    size_t available; /* bytes of the body that may be sent */
    size_t sent;
    struct buffer heard; /* fields, body and trailers, as talk_write() puts them */
    bool has_begun;      /* a server: may reply */
    bool ended;          /* the other's message has come whole */
    bool closed;
    uint32_t error_code; /* if closed */
};

struct talk_exchange {
    struct talk_side client;
    struct talk_side server;
    bool is_early;  /* the reply does not wait for the request's end */
    bool was_reset; /* by the client */
};

struct talk {
    uint64_t state; /* of the generator */
    struct talk_exchange exchanges[TALK_EXCHANGES];
    size_t begun; /* exchanges that the client has opened */
};

/* A number below `bound`, of xorshift64: the same in every run. */
uint64_t talk_draw(struct talk *talk, uint64_t bound);

void talk_init(struct talk *talk, uint64_t seed);
void talk_deinit(struct talk *talk);

/* A field of the message's head (0 .. field_count), or of its trailers. */
void talk_field(const struct talk_message *message, bool is_trailer, size_t i,
                struct talk_field *ret_field);
char talk_byte(const struct talk_message *message, size_t offset);

/* Fields as they are heard. */
void talk_hear_field(struct talk_side *side, struct text name, struct text value);

/* The whole message as the other side hears it. */
void talk_write(const struct talk_message *message, struct buffer *to);

/* Fails the test unless each side has heard what the other said: all of it, or, if the exchange was
 * reset, a beginning. */
void talk_check(struct talk *talk);

/* One side of the connection. */
struct talk_party {
    const struct talk_party_ops *ops;
    struct talk *talk;
    struct buffer output; /* for the other; it takes from the front */
};

struct talk_party_ops {
    /* Client: opens the exchange of the next number. */
    void (*begin)(struct talk_party *party);
    /* Client: resets one that runs. */
    void (*reset)(struct talk_party *party, size_t i);
    /* More of the body may be sent, or a server may reply. */
    void (*resume)(struct talk_party *party, size_t i);
    /* Something else that is allowed: a ping, other windows, priorities. */
    void (*fidget)(struct talk_party *party);
    void (*receive)(struct talk_party *party, struct text bytes);
    /* Appends to the output. */
    void (*fill)(struct talk_party *party);
    void (*destroy)(struct talk_party *party);
};

struct talk_party *talk_create_ours(struct talk *talk, bool is_client);
struct talk_party *talk_create_nghttp2(struct talk *talk, bool is_client);
