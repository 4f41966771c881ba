/* http2_server.h: the server's side of HTTP/2 (RFC 9113), on nghttp2. */
#pragma once

struct http_protocol;

extern const struct http_protocol http2_protocol;
