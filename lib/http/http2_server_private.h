/* http2_server_private.h: one HTTP/2 connection of a server: http2_server.c receives,
 * http2_exchange.c replies. */
#pragma once

#include "http/http2_session.h"
#include "http/http2_watch.h"
#include "http/http_connection.h"
#include "http/http_exchange.h"

struct http2_connection {
    struct http_connection *connection;
    nghttp2_session *session;
    struct http_exchange *block; /* whose headers are being received; NULL: nobody's */
    struct list streams;         /* exchanges that are attached */
    struct list ready;           /* of those: complete requests that wait to be started */
    struct list writers;         /* of those: handlers that wait for room */
    size_t waiting_bytes;        /* of replies in parts, that the session has not taken */
    struct http2_strikes strikes;
    struct http2_watch watch;
    int64_t idle_since_ns;
    int64_t block_since_ns; /* when a header block began that is not complete; 0: none is open */
    int64_t notice_ns;      /* when the first GOAWAY of a drain was sent; 0: none was */
    bool settled;           /* the peer's SETTINGS have come */
    bool terminated;        /* the last GOAWAY was sent */
    bool blamed;            /* the peer is at fault, and is not watched any more */
};

extern const struct http_exchange_ops http2_exchange_ops;

/* For nghttp2's callbacks. */
int http2_send_reply_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *frame_head,
                          size_t length, nghttp2_data_source *source, void *user_data);

/* Wakes handlers that have room again. */
void http2_wake_writers(struct http2_connection *http2);
