/* wire_http.h: HTTP/1.1 to a program, byte for byte: each request on a connection of its own, by a
 * client that shares nothing with ours but the socket. */
#pragma once

#include "http/http_message.h"

struct wire_reply {
    int status;       /* 0: the connection ended without a whole reply */
    struct text head; /* status line and headers, each with its line's end */
    struct text body; /* as content-length says, or what is left when there is none */
};

/* Sends the bytes as they are and reads until the other side ends the connection. In a fiber.
 * Valid in the call's arena; fails the test when no connection can be had. */
struct wire_reply wire_http_send(struct call *call, const char *address, struct text request);

/* The same for a well-formed request. headers: whole lines, or "". body: NULL for none. */
struct wire_reply wire_http_ask(struct call *call, const char *address, const char *method,
                                const char *target, const char *headers, const char *body);
struct wire_reply wire_http_get(struct call *call, const char *address, const char *target);

/* The header's value, name in lower case; {NULL, 0}: absent. */
struct text wire_http_header(const struct wire_reply *reply, const char *name);

/* Whether the text holds the words. */
bool wire_http_holds(struct text text, const char *words);
