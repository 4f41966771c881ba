/* store_error.h: what went wrong, in words, where there is no call: on a store's writer thread.
 *
 * Owns nothing; texts that are too long are cut. */
#pragma once

#include "base/call.h"
#include "base/status.h"

enum { STORE_ERROR_BYTES = 512 };

struct store_error {
    char message[128];              /* for the client; "" for none */
    char detail[STORE_ERROR_BYTES]; /* for the log only: paths, the library's own words */
};

/* Replaces both texts and returns `status`. message: a literal. */
enum status store_fail(struct store_error *error, enum status status, const char *message,
                       const char *detail_format, ...) PRINTF_LIKE(4, 5);

/* Hands the words on to the call and returns `status`. */
enum status store_error_report(const struct store_error *error, struct call *call,
                               enum status status);
