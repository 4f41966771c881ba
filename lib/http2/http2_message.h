/* http2_message.h: whether the fields of a header block make a request, a reply or trailers (RFC
 * 9113 sections 8.1.1, 8.2, 8.3). What does not is malformed: a stream error, PROTOCOL_ERROR. */
#pragma once

#include "http2/hpack_field.h"

enum http2_message_kind {
    HTTP2_MESSAGE_REQUEST,
    HTTP2_MESSAGE_RESPONSE,
    HTTP2_MESSAGE_TRAILERS,
};

struct http2_message {
    int64_t content_length; /* read only, once it has ended; -1: none */
    /* private */
    enum http2_message_kind kind;
    unsigned status;
    uint64_t seen;    /* by token, of those that may come once */
    bool has_regular; /* after which no pseudo-header field may come */
    bool is_connect;
    bool is_options;
    bool is_http;     /* the scheme is http or https */
    bool is_absolute; /* the path begins with '/' */
    bool is_asterisk; /* the path is "*" */
};

/* A header block begins. */
void http2_message_begin(struct http2_message *message, enum http2_message_kind kind);

/* The block's next field. false: the message is malformed, and must not be asked again. */
MUST_USE bool http2_message_take(struct http2_message *message, const struct hpack_field *field);

/* The block is complete. is_last: with END_STREAM. false: malformed. */
MUST_USE bool http2_message_end(const struct http2_message *message, bool is_last);

/* A reply of status 1xx: another block follows. */
static inline bool http2_message_is_informational(const struct http2_message *message)
{
    return message->kind == HTTP2_MESSAGE_RESPONSE && message->status < 200;
}

/* Not so with status 204 and 304, whatever content-length says (RFC 9110 section 6.4.1). */
static inline bool http2_message_has_body(const struct http2_message *message)
{
    return message->status != 204 && message->status != 304;
}
