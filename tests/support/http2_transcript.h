/* http2_transcript.h: a session of lib/http2 and a caller that keeps, in words, what it is told and
 * what it writes, so that a test compares one text with another. What goes wrong is CHECKed. */
#pragma once

#include "http2/http2_session.h"

enum { HTTP2_TRANSCRIPT_STREAMS = 64 };

/* A message to be sent, or being sent. */
struct http2_transcript_stream {
    struct http2_stream stream;
    struct http2_transcript *transcript;
    bool in_use;
    bool has_message; /* `write` has something to do */
    bool head_sent;
    bool has_trailers;
    bool is_open_ended; /* more of the body comes later */
    const char *path;   /* of a request; NULL: a reply */
    const char *body;
    size_t body_length;
    size_t body_sent;
};

struct http2_transcript {
    struct http2_session session;
    /* A line each, as "1 opened", "1 :method=GET", "1 headers end", "1 data abc end", "1 closed 8",
     * "settings", "ping 12345678", "goaway 0 why". Parts of a body that follow each other are one.
     */
    struct buffer events;
    struct buffer output; /* bytes that the session has written */
    struct buffer part;   /* of one filling */
    struct http2_transcript_stream streams[HTTP2_TRANSCRIPT_STREAMS];
    uint32_t data_of; /* the stream whose data was told last; 0: something else was */
    bool is_broken;   /* the session could not be filled: it had no memory */
    bool refuses;     /* streams of the peer */
    bool consumes;    /* bodies as they come */
    bool replies;     /* to a request that is complete, with its body's length in digits */
};

/* The options' events are the transcript's own; replies and the like may be set afterwards. */
void http2_transcript_init(struct http2_transcript *transcript, bool is_client);
void http2_transcript_deinit(struct http2_transcript *transcript);

/* Has the session receive the bytes, then fill the output as often as it wants to write. */
void http2_transcript_receive(struct http2_transcript *transcript, struct text bytes);
void http2_transcript_fill(struct http2_transcript *transcript);

/* Has each say to the other what it has to, until both are silent; output is taken. */
void http2_transcript_converse(struct http2_transcript *first, struct http2_transcript *second);

/* Takes memory now for what will be written and kept. */
void http2_transcript_reserve(struct http2_transcript *transcript, size_t bytes);

/* The stream of that number; NULL: there is none. */
struct http2_transcript_stream *http2_transcript_stream(struct http2_transcript *transcript,
                                                        uint32_t stream_id);

/* Server: answers with status 200, that body (borrowed), and the trailer "x-end: 1" or none. */
void http2_transcript_reply(struct http2_transcript *transcript, uint32_t stream_id,
                            struct text body, bool has_trailers);

/* Client: asks, by POST, or GET without a body. NULL: the session opens no stream now. */
struct http2_transcript_stream *http2_transcript_ask(struct http2_transcript *transcript,
                                                     const char *path, struct text body);

/* Frames in words, a line each: "HEADERS 1 end", "DATA 1 5", "RST_STREAM 1 7", "SETTINGS",
 * "SETTINGS ack", "PING 12345678 ack", "GOAWAY 1 11", "WINDOW_UPDATE 0 100". They must be whole. */
void http2_transcript_name_frames(struct text frames, struct buffer *words);
