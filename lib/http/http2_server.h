/* http2_server.h: the server's side of HTTP/2 (RFC 9113), on lib/http2. */
#pragma once

struct http_protocol;

enum {
    HTTP2_SERVER_WINDOW_BYTES = 128 * 1024, /* of a request's body that nobody has read */
};

extern const struct http_protocol http2_protocol;
