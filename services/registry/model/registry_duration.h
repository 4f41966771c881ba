/* registry_duration.h: times as Consul's interface writes them, which is Go's form: "10s", "1m30s",
 * "150ms", "1.5h" (pkg.go.dev/time: ParseDuration, Duration.String). */
#pragma once

#include <stdint.h>

#include "base/text.h"

enum { REGISTRY_DURATION_TEXT_BYTES = 40 };

/* Whole text; a sign is allowed, a unit is needed except for "0". false: no duration, or over 292
 * years; *ret_duration_ns is untouched. */
MUST_USE bool registry_duration_parse(struct text text, int64_t *ret_duration_ns);

/* "1m30s", "150ms", "0s"; with NUL. Returns the text in `buffer`. */
struct text registry_duration_format(int64_t duration_ns,
                                     char buffer[static REGISTRY_DURATION_TEXT_BYTES]);
