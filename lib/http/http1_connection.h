/* http1_connection.h: the server's side of HTTP/1.1 (RFC 9112): one request at a time, in order. */
#pragma once

struct http_protocol;

extern const struct http_protocol http1_protocol;
