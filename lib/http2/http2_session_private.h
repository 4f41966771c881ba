/* http2_session_private.h: how the session's files call each other. http2_session.c is its life,
 * http2_stream.c the streams and their table; http2_receive.c cuts the input into frames,
 * http2_receive_headers.c and http2_receive_control.c look at them; http2_send.c sends what streams
 * have, http2_control.c what the connection has. */
#pragma once

#include "http2/http2_session.h"

/* A frame whose payload is there. */
struct http2_frame_in {
    uint32_t length;
    unsigned type;
    unsigned flags;
    uint32_t stream_id;
    const uint8_t *payload;
};

/* The stream of that number; NULL: the session knows none. */
struct http2_stream *http2_stream_find(const struct http2_session *session, uint32_t stream_id);

/* The session knows the stream from now on, by its id. */
void http2_stream_place(struct http2_session *session, struct http2_stream *stream);

/* Forgets the stream, and says so. */
void http2_stream_close(struct http2_session *session, struct http2_stream *stream,
                        uint32_t error_code);

/* The peer's END_STREAM has come. */
void http2_stream_end_remote(struct http2_session *session, struct http2_stream *stream);

/* Closes the stream if both sides have ended it, unless it waits to be reset. */
void http2_stream_close_if_over(struct http2_session *session, struct http2_stream *stream);

/* Streams that waited for a window which is open now get a turn. */
void http2_session_unstarve(struct http2_session *session);

/* For a client's stream, with its first HEADERS. */
void http2_stream_number(struct http2_session *session, struct http2_stream *stream);

/* HEADERS and CONTINUATION. */
void http2_receive_headers(struct http2_session *session, const struct http2_frame_in *frame);
void http2_receive_continuation(struct http2_session *session, const struct http2_frame_in *frame);

/* All others but DATA. */
void http2_receive_control(struct http2_session *session, const struct http2_frame_in *frame);

/* A frame about the connection. */
void http2_control_append(struct http2_session *session, enum http2_frame_type type, unsigned flags,
                          uint32_t stream_id, struct text payload);
void http2_control_append_number(struct http2_session *session, enum http2_frame_type type,
                                 uint32_t stream_id, uint32_t number);

/* The client's preface, SETTINGS, and the connection's window. */
void http2_control_begin(struct http2_session *session);

/* So many bytes of the connection's window are free again. */
void http2_session_consume(struct http2_session *session, uint32_t length);
