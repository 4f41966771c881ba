/* http_loopback.h: one request to a server of the same loop, over HTTP/1.1, without sockets: what a
 * handler answers, byte for byte. */
#pragma once

#include "http/http_server.h"

struct http_loopback_reply {
    int status;
    struct text head; /* status line and headers */
    struct text body; /* as content-length says: no chunks */
};

/* In a fiber; fails the test unless a whole reply comes before the call is over. Valid in the
 * call's arena. body: NULL for none. */
struct http_loopback_reply http_loopback_send(struct http_server *server, struct call *call,
                                              const char *method, const char *target,
                                              const char *body);

/* The same with more headers: "name: value\r\n", one after another; NULL for none. */
struct http_loopback_reply http_loopback_send_with(struct http_server *server, struct call *call,
                                                   const char *method, const char *target,
                                                   const char *headers, const char *body);

/* The header's value, name in lower case; {NULL, 0}: absent. */
struct text http_loopback_header(const struct http_loopback_reply *reply, const char *name);
