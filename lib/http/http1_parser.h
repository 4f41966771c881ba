/* http1_parser.h: the head of an HTTP/1.1 request (RFC 9112), strictly: whatever two programs could
 * read differently is refused.
 *
 * Two steps: http1_scan() finds where the head ends, over bytes that arrive in any pieces;
 * http1_parse() reads a whole head. No input or output, no memory but the arena's. */
#pragma once

#include "base/arena.h"
#include "http/http_message.h"

enum {
    HTTP1_METHOD_BYTES_MAX = 32,
    HTTP1_HEAD_BYTES_MAX = /* of a whole head */
    HTTP_TARGET_BYTES_MAX + HTTP_HEADER_LIST_BYTES_MAX + 64,
};

enum http1_result {
    HTTP1_MORE, /* the head is not there yet */
    HTTP1_DONE,
    HTTP1_REFUSED, /* see the status: the connection cannot go on */
    HTTP1_FOREIGN, /* another protocol, whose peer could not read a reply */
};

/* How far a head has been looked through. Zero for a new one. */
struct http1_scan {
    /* private */
    size_t offset;
    size_t line;       /* offset of the line that `offset` is in */
    size_t target;     /* offset of the target; 0: not seen */
    size_t headers;    /* offset of the first header line; 0: not seen */
    bool after_return; /* the byte before was CR */
};

struct http1_refusal {
    int status; /* 400, 414, 417, 431, 501, 505 */
    const char *reason;
};

/* bytes: the head from its first byte on, as far as it is there; those of the earlier calls again.
 * HTTP1_DONE: *ret_length bytes of it are the head, with the empty line. */
enum http1_result http1_scan(struct http1_scan *scan, struct text bytes, size_t *ret_length,
                             struct http1_refusal *ret_refusal);

/* A request's head. */
struct http1_head {
    struct text method;
    struct text target;    /* origin form, or "*"; of CONNECT as it came */
    struct text authority; /* of the absolute form, else the Host header's */
    int minor_version;     /* 0 or 1 */
    struct http_header headers[HTTP_HEADER_COUNT_MAX];
    size_t header_count;
    int64_t content_length; /* 0 without the header */
    bool is_chunked;
    bool keep_alive;
    bool expects_continue;
};

/* head: what http1_scan() found, in memory that the result points into; names are made lower case
 * in place. Never HTTP1_MORE. */
enum http1_result http1_parse(char *head, size_t length, struct http1_head *ret_head,
                              struct http1_refusal *ret_refusal);
