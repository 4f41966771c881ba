/* http2_session.h: one HTTP/2 connection (RFC 9113), server or client, without its I/O: bytes of
 * the peer go in, events and bytes for the peer come out.
 *
 * What the peer says is checked in full: frames, stream states, flow control, header blocks, and
 * messages (section 8), so that events tell of well-formed requests and replies only. What breaks
 * the rules of a stream resets it; what breaks those of the connection ends it by GOAWAY. A
 * server's peer is charged for what it makes the server do in vain (http2_budget.h).
 *
 * Sending is by turns: a stream that has something to send waits for its turn (http2_stream_wake),
 * and is told by `write` when it is there; then it sends headers, one frame of data, trailers, or
 * what of these there is. So frames of streams alternate, a small reply does not wait for a large
 * one, and nothing of a message is kept here. The peer's priorities (RFC 9218) are not followed.
 *
 * A stream is a struct of the caller's, within what it keeps of the request. A session that
 * exchanges messages takes no memory but while HPACK's tables grow, or when a frame was cut, or
 * there are more streams than ever; that is kept. One thread at a time. */
#pragma once

#include "base/buffer.h"
#include "base/list.h"
#include "http2/hpack_decoder.h"
#include "http2/hpack_encoder.h"
#include "http2/http2_budget.h"
#include "http2/http2_history.h"
#include "http2/http2_wire.h"

enum {
    /* No more turns are given once that much is to be written. */
    HTTP2_GATHER_BYTES = 64 * 1024,
    HTTP2_CONNECTION_WINDOW_BYTES = 1024 * 1024, /* what our servers and clients have */
    HTTP2_CONTINUATIONS_MAX = 8, /* of one header block; one more is a flood (CVE-2024-28182) */
    HTTP2_WINDOW_STEP_MIN = 64,  /* bytes: a WINDOW_UPDATE of less is charged */
    /* Sizes of a block's fields (section 6.5.2's sum) after which even decoding it goes too far. */
    HTTP2_HEADER_BLOCK_BYTES_MAX = 1024 * 1024,
    HTTP2_SETTINGS_ENTRIES_MAX = 32,       /* of one frame */
    HTTP2_CONTROL_BYTES_MAX = 64 * 1024,   /* of frames about the connection that wait to be sent */
    HTTP2_STREAMS_MAX_UNTOLD = 100,        /* of a client, until the server's SETTINGS come */
    HTTP2_SESSION_PLACES = 16,             /* for streams, before a table is allocated */
    HTTP2_SHUTDOWN_REASON_BYTES_MAX = 128, /* of GOAWAY's debug data, cut there */
};

struct http2_session;

struct http2_stream {
    uint32_t id; /* read only; 0: of a client, and no frame of it has been sent */
    /* read only */
    bool has_headers;  /* the peer's, not informational, have come */
    bool remote_ended; /* the peer's END_STREAM has come */
    bool local_ended;  /* ours was sent */
    /* private */
    bool resetting;            /* RST_STREAM waits for its turn: nothing more is told or sent */
    bool known;                /* by the session */
    bool has_place;            /* in the session's table, by its id */
    bool is_head;              /* of a client: the reply has no body whatever its length says */
    int32_t send_window;       /* may be negative (section 6.9.2) */
    int32_t receive_window;    /* what the peer may send still */
    uint32_t consumed;         /* and not given back yet */
    uint32_t reset_code;       /* if `resetting` */
    int64_t length_left;       /* of the body that the peer announced; -1: it did not */
    struct list turn_link;     /* in the session's turns, or those that wait for its window */
    struct http2_stream *next; /* at the same place of the table */
};

/* Which of a message's header blocks it was (section 8.1). */
enum http2_block {
    HTTP2_BLOCK_HEADERS,
    HTTP2_BLOCK_INFORMATIONAL, /* 1xx; of a client only */
    HTTP2_BLOCK_TRAILERS,
};

/* Called from http2_session_receive(), but `write` and `closed` also from http2_session_fill(). All
 * are mandatory unless it says otherwise. In them anything may be called but receive, fill and
 * deinit; a stream that is let go of must stay where it is until the event returns. */
struct http2_session_events {
    /* Server: the peer opens a stream. Returns one that http2_stream_init() was called on, which
     * the session knows until `closed` or http2_session_forget(); or NULL: it is refused
     * (REFUSED_STREAM). NULL for a client. */
    struct http2_stream *(*opened)(struct http2_session *session);
    /* A header block of a stream begins that is not its first: of a server, trailers; of a client,
     * any. Optional. */
    void (*block_begun)(struct http2_session *session, struct http2_stream *stream);
    /* A field of the block: valid by itself and in its place. Texts are borrowed for the call. */
    void (*field)(struct http2_session *session, struct http2_stream *stream,
                  const struct hpack_field *field);
    /* The block is complete, and valid as a whole. is_last: END_STREAM. */
    void (*headers)(struct http2_session *session, struct http2_stream *stream,
                    enum http2_block block, bool is_last);
    /* A part of the body, borrowed for the call; empty only when is_last. The stream's window is
     * opened again by http2_stream_consume(); the connection's is by itself, so that a stream that
     * is not read does not stop the others. */
    void (*data)(struct http2_session *session, struct http2_stream *stream, struct text part,
                 bool is_last);
    /* The stream's turn to send. */
    void (*write)(struct http2_session *session, struct http2_stream *stream);
    /* The session does not know the stream any more. error_code: HTTP2_NO_ERROR: both sides have
     * ended it; else that of RST_STREAM, whose ever it was; HTTP2_REFUSED_STREAM also when the
     * peer's GOAWAY says that it was not looked at. The streams that there are when the connection
     * ends are not told. */
    void (*closed)(struct http2_session *session, struct http2_stream *stream, uint32_t error_code);
    /* The peer's SETTINGS have come. Optional, as the following are. */
    void (*settings)(struct http2_session *session);
    /* PING of HTTP2_PING_BYTES. One that is no answer is answered already. */
    void (*ping)(struct http2_session *session, const uint8_t *opaque, bool is_answer);
    void (*goaway)(struct http2_session *session, uint32_t error_code, struct text debug);
};

struct http2_session_options {
    const struct http2_session_events *events; /* borrowed until deinit */
    bool is_client;
    uint32_t streams_max; /* server: at once; more are refused */
    /* What a stream may send before it is consumed; at least HTTP2_WINDOW_BYTES_DEFAULT. */
    uint32_t window_bytes;
    uint32_t connection_window_bytes; /* the same of all streams together */
    uint32_t header_list_bytes_max;   /* what the peer is told; the caller sees to it */
};

struct http2_session {
    /* read only */
    /* What the connection ended with, before which the session fails: it says GOAWAY, then neither
     * receives nor sends. HTTP2_NO_ERROR: it goes on, or ended in peace. */
    uint32_t failure;
    const char *failure_reason; /* in static words */
    bool settled;               /* the peer's SETTINGS have come */
    bool terminated;            /* http2_session_terminate(), or it has failed */
    uint32_t stream_count;
    uint32_t peer_streams_max; /* what the peer takes at once; of a client */
    int64_t block_since_ns;    /* when a header block began that is not complete; 0: none is open */

    /* private */
    struct http2_session_options options;
    int64_t now_ns;
    struct http2_budget budget;
    struct http2_history history;
    uint32_t last_processed; /* the highest stream of the peer that was told of */
    uint32_t next_id;        /* of a client */
    uint32_t unsent;         /* streams of a client without an id */

    /* Receiving. */
    struct hpack_decoder decoder;
    unsigned preface_left;
    uint32_t payload_left;   /* of a frame that is taken as it comes: DATA, or nobody's */
    uint32_t padding_left;   /* of that, behind the data */
    uint32_t data_stream_id; /* 0: the payload is skipped */
    bool data_is_last;
    struct buffer partial;    /* a frame whose end has not come */
    struct buffer block;      /* a header block whose end has not come */
    uint32_t block_stream_id; /* 0: none is open */
    bool block_is_last;
    unsigned continuations;
    int32_t receive_window;
    uint32_t consumed; /* and not given back yet */
    unsigned settings_unanswered;
    bool has_peer_goaway;
    uint32_t peer_last_stream_id;

    /* Sending. */
    struct hpack_encoder encoder;
    struct buffer *output; /* during http2_session_fill() */
    struct buffer control; /* frames about the connection, and WINDOW_UPDATE */
    struct list turns;
    struct list starved;  /* streams that wait for the connection's window */
    size_t headers_place; /* in the output, of the HEADERS being written */
    uint8_t *block_at;  /* the end of what is written of their block, beyond the output's length */
    uint8_t *block_end; /* of the room for it */
    int32_t send_window;
    int32_t peer_initial_window;
    bool has_begun; /* the preface and SETTINGS are written */
    bool has_shut_down;
    bool is_broken; /* no memory */

    struct http2_stream **places; /* a hash of the id; a chain each */
    uint32_t place_mask;
    struct http2_stream *first_places[HTTP2_SESSION_PLACES];
};

/* For a connection from its first byte on. Takes no memory. */
void http2_session_init(struct http2_session *session, const struct http2_session_options *options);

/* The streams that there are get no event. */
void http2_session_deinit(struct http2_session *session);

/* Bytes of the peer, cut anywhere. now_ns: on the loop's clock. Look at `failure` afterwards;
 * what comes after it is ignored. Then fill. */
void http2_session_receive(struct http2_session *session, struct text bytes, int64_t now_ns);

/* Appends frames, until HTTP2_GATHER_BYTES are in the output or there is no more to send now.
 * false: no memory, or the output is full: the connection must be closed. */
MUST_USE bool http2_session_fill(struct http2_session *session, struct buffer *output,
                                 int64_t now_ns);

/* Whether filling would append something. */
bool http2_session_wants_write(const struct http2_session *session);

/* Nothing more is to be received: it was terminated, or one side has shut down and no stream is
 * left. Once it does not want to write either, the connection can be closed. */
bool http2_session_is_over(const struct http2_session *session);

/* PING of HTTP2_PING_BYTES, behind what waits to be sent about the connection. */
void http2_session_ping(struct http2_session *session, const uint8_t *opaque);

/* The two steps in which a server shuts down (section 6.8): a GOAWAY that excludes no stream, and
 * when the peer can have read it, one that does: later streams are ignored, running ones go on. The
 * reason is cut at HTTP2_SHUTDOWN_REASON_BYTES_MAX. */
void http2_session_announce_shutdown(struct http2_session *session);
void http2_session_shut_down(struct http2_session *session, uint32_t error_code,
                             struct text reason);

/* GOAWAY, then nothing: streams are not told. With an error, `failure` is set. reason: in static
 * words, or "". Again does nothing. */
void http2_session_terminate(struct http2_session *session, uint32_t error_code,
                             const char *reason);

/* Charges the peer of a server for one thing that was done in vain; what is overdrawn terminates
 * the session. */
void http2_session_charge(struct http2_session *session, enum http2_cost cost);

/* Before a stream is given to a session. */
void http2_stream_init(struct http2_stream *stream);

/* Client: a stream whose first turn it will be. is_head: its method is HEAD. false: no more can be
 * opened: the peer or we have shut down, or the numbers are used up. The limit of
 * `peer_streams_max` is the caller's to keep. */
MUST_USE bool http2_session_open(struct http2_session *session, struct http2_stream *stream,
                                 bool is_head);

/* Whether http2_session_open() would be true. */
bool http2_session_can_open(const struct http2_session *session);

/* The caller lets go of a stream without a word to the peer. */
void http2_session_forget(struct http2_session *session, struct http2_stream *stream);

/* Has `write` called when it is the stream's turn: when something is there to send, and in `write`
 * itself when more is. Again, or while it waits for a window, does nothing. */
void http2_stream_wake(struct http2_session *session, struct http2_stream *stream);

/* In `write` only: a header block. The fields' texts are borrowed for the call; pseudo-header
 * fields come first. is_last: END_STREAM. */
void http2_stream_begin_headers(struct http2_session *session, struct http2_stream *stream);
void http2_stream_add_field(struct http2_session *session, const struct hpack_field *field,
                            enum hpack_indexing indexing);
/* All fields of the preset, which is of this session alone. */
void http2_stream_add_preset(struct http2_session *session, struct hpack_preset *preset);
void http2_stream_end_headers(struct http2_session *session, struct http2_stream *stream,
                              bool is_last);

/* In `write` only, once a turn: one frame of the body's next part; returns how much of it was
 * taken. is_last: END_STREAM goes with the part's end. If not all is taken, the stream gets another
 * turn when the windows let it. */
MUST_USE size_t http2_stream_send_data(struct http2_session *session, struct http2_stream *stream,
                                       struct text part, bool is_last);

/* RST_STREAM at the stream's next turn, then `closed`; what else it has to send is dropped, and
 * nothing more is told of it. With NO_ERROR, CANCEL or INTERNAL_ERROR the fault is ours; for
 * others the peer is charged. */
void http2_stream_reset(struct http2_session *session, struct http2_stream *stream,
                        uint32_t error_code);

/* So much of the body was read: the peer may send as much again, and is told so in steps. */
void http2_stream_consume(struct http2_session *session, struct http2_stream *stream,
                          size_t length);

/* Whether the peer's windows, the stream's and the connection's, let data pass. */
bool http2_stream_can_send(const struct http2_session *session, const struct http2_stream *stream);
