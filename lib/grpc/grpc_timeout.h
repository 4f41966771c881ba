/* grpc_timeout.h: the value of the grpc-timeout header: 1 to 8 digits and a unit
 * (grpc/grpc doc/PROTOCOL-HTTP2.md, "Timeout"). */
#pragma once

#include <stdint.h>

#include "base/text.h"

enum {
    GRPC_TIMEOUT_DIGITS_MAX = 8,
    GRPC_TIMEOUT_TEXT_BYTES = GRPC_TIMEOUT_DIGITS_MAX + 2, /* the unit and NUL */
};

/* false: malformed; *ret_timeout_ns is untouched. What int64_t cannot hold becomes INT64_MAX. */
MUST_USE bool grpc_timeout_parse(struct text value, int64_t *ret_timeout_ns);

/* Rounds up to the finest unit that has room, so that the peer never gives up first by rounding.
 * timeout_ns: at least 0. Returns the text in `buffer`. */
struct text grpc_timeout_format(int64_t timeout_ns, char buffer[static GRPC_TIMEOUT_TEXT_BYTES]);

/* The moment `timeout_ns` after `now_ns`, never past CALL_NO_DEADLINE. */
int64_t grpc_timeout_deadline(int64_t now_ns, int64_t timeout_ns);
