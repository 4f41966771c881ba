/* peer_server.h: a program that serves foreign clients until it is told to end. */
#pragma once

#include "grpc/grpc_server.h"
#include "loop/loop.h"

struct peer_server_options {
    struct text address;         /* "127.0.0.1:0" */
    struct grpc_service service; /* none: without methods */
    struct grpc_service second;  /* one more, likewise */
    struct proto_descriptor_set descriptor_set;
    http_handler_fn fallback; /* of what is no call; NULL: grpc_server_fallback() */
    size_t message_bytes_max; /* 0: the default */
    struct tls_context *tls;  /* NULL: plaintext */
    /* Called when it listens, with its "host:port". */
    void (*ready)(void *state, struct text address);
    void *state;
};

/* Serves on a loop of its own until SIGTERM or SIGINT. What cannot be set up ends the program with
 * a line that says so. */
void peer_server_run(const struct peer_server_options *options);
