/* http_parting.h: connections on which all has been said, until the peer has ended them too.
 *
 * Closing a TCP socket on which something unread has come (a ping, a window update) resets it, and
 * a reset makes the peer lose what it has not read yet: the end of the last reply
 * (RFC 9112 section 9.6). */
#pragma once

#include "base/list.h"
#include "http/http_transport.h"

struct http_server;

enum {
    HTTP_PARTING_MS = 1000,   /* for the peer to read the last bytes and to close */
    HTTP_PARTINGS_MAX = 1000, /* of one server; further ones are closed at once */
};

/* Ends our side of the transport, which is consumed, and closes it when the peer has ended its own,
 * or HTTP_PARTING_MS later. */
void http_parting_begin(struct http_server *server, struct http_transport *transport);

/* Closes all of them at once. */
void http_partings_close(struct http_server *server);
