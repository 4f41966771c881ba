/* registry_filter_regexp.h: regular expressions in Go's syntax (RE2's: github.com/google/re2/wiki/
 * Syntax), told in PCRE2's. What only one of them has is refused, in Go's words, or told in another
 * way; backreferences and assertions about what is around a match are thus not there. */
#pragma once

#include "base/buffer.h"
#include "base/call.h"

enum {
    REGISTRY_REGEXP_REPEAT_MAX = 1000, /* as Go */
    REGISTRY_REGEXP_DEPTH_MAX = 100,
};

/* Appends the translation. STATUS_INVALID_ARGUMENT: the call's error is Go's, or it is no longer
 * than the buffer takes. */
MUST_USE enum status registry_regexp_translate(struct call *call, struct text source,
                                               struct buffer *target);
