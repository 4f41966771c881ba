/* grpc_script.h: a server that answers calls as a script says, and a channel to it. */
#pragma once

#include "unit/grpc/grpc_fixture.h"

enum { REQUESTS_MAX = 20, ANSWERS_MAX = 3, PREVIOUS_BYTES = 8 };

/* How one request is answered. */
enum answer {
    ANSWER_OK,
    ANSWER_UNAVAILABLE,
    ANSWER_ABORTED,
    ANSWER_INTERNAL,
    ANSWER_HEADERS_FIRST, /* UNAVAILABLE, but after headers */
    ANSWER_PUSHBACK,      /* UNAVAILABLE, with `pushback` */
    ANSWER_REFUSED,
    ANSWER_NONE, /* until the call is over */
};

struct script {
    enum answer answers[ANSWERS_MAX]; /* the last one goes on */
    size_t count;
    const char *path; /* NULL: "/x" */
    struct text pushback;
    struct http_server *http;
    struct grpc_channel *channel;
    unsigned requests;
    char previous[REQUESTS_MAX][PREVIOUS_BYTES]; /* grpc-previous-rpc-attempts of each */
    size_t body_bytes;                           /* of the last request */
    unsigned answered;
    unsigned cancelled; /* of ANSWER_NONE */
};

#define ANSWERS(...)                                                                               \
    .answers = {__VA_ARGS__}, .count = sizeof((enum answer[]){__VA_ARGS__}) / sizeof(enum answer)

/* What the script has but its answers is filled in. The channel is a loopback. */
void script_open(struct grpc_fixture *fixture, struct script *script,
                 const struct grpc_channel_options *options);
void script_close(struct script *script);

/* Makes a unary call; the counts begin anew. */
enum status script_call(struct script *script, struct call *call,
                        const struct grpc_call_options *options);
