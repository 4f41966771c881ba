/* load_connection.h: the load generator's side of HTTP/1.1: one request under way at a time, its
 * reply looked at just so far that its status, its index and its end are known. */
#pragma once

#include "base/text.h"

enum {
    LOAD_REPLY_BYTES_MAX = 1024 * 1024, /* of one reply with its head */
    LOAD_REPLY_BYTES_FIRST = 4 * 1024,
};

/* All zero but for fd. */
struct load_connection {
    int fd;
    bool is_busy;    /* a request is under way */
    int64_t sent_ns; /* when it was sent, or was due */
    uint64_t status; /* of the last reply */
    uint64_t index;  /* its X-Consul-Index; 0: it had none */
    char *bytes;     /* of the reply under way */
    size_t length;
    size_t capacity;
};

/* Connects to 127.0.0.1:port. The process ends if it cannot. The connection is destroyed by the
 * process's end: its buffer is kept from request to request. */
void load_connect(struct load_connection *connection, uint16_t port);

/* Sends `request`, which must fit into the socket. due_ns: what its latency counts from. */
void load_send(struct load_connection *connection, struct text request, int64_t due_ns);

/* Reads what has come. true: the reply is complete, and `status` and `index` are its own. The
 * process ends if the peer has closed, or sends what is no reply. */
bool load_receive(struct load_connection *connection);

/* Prints to standard error, and ends the process. */
_Noreturn void load_fail(const char *what);
