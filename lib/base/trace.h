/* trace.h: the W3C trace context of a call: taken over from the caller, passed on to whom it calls
 * (www.w3.org/TR/trace-context-1, section 3.2). */
#pragma once

#include <stdint.h>

#include "base/text.h"

enum {
    TRACE_ID_BYTES = 16,
    TRACE_SPAN_BYTES = 8,
    TRACE_PARENT_LENGTH = 55, /* "00-<32>-<16>-<2>" */
    TRACE_ID_TEXT_BYTES = 2 * TRACE_ID_BYTES + 1,
};

struct trace {
    uint8_t id[TRACE_ID_BYTES];
    uint8_t span[TRACE_SPAN_BYTES];
    uint8_t flags;
};

/* A new trace, or a new span of `parent`. Random, not secret. */
struct trace trace_start(void);
struct trace trace_child(const struct trace *parent);

/* A `traceparent` header value. false: malformed or all zero; *ret_trace is untouched. */
MUST_USE bool trace_parse(struct text traceparent, struct trace *ret_trace);

/* The `traceparent` value, without NUL. */
void trace_format(const struct trace *trace, char buffer[static TRACE_PARENT_LENGTH]);

/* The trace id in hexadecimal, with NUL. */
struct text trace_id_text(const struct trace *trace, char buffer[static TRACE_ID_TEXT_BYTES]);
