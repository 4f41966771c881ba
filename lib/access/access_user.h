/* access_user.h: a user's id as a word of printable ASCII, for files and headers: whatever is not a
 * letter, a digit or one of `-._~@` is percent-encoded (RFC 3986). */
#pragma once

#include "base/text.h"

enum {
    ACCESS_USER_BYTES_MAX = 128,
    ACCESS_USER_WORD_BYTES = 3 * ACCESS_USER_BYTES_MAX + 1, /* with its NUL */
};

/* Whether it can be a user's id: 1 to ACCESS_USER_BYTES_MAX bytes of UTF-8 without control
 * characters. */
MUST_USE bool access_user_is_valid(struct text user);

/* user: valid. Returns the word in `buffer`. */
struct text access_user_encode(struct text user, char buffer[static ACCESS_USER_WORD_BYTES]);

/* The reverse. false: what no user's id encodes to. */
MUST_USE bool access_user_decode(struct text word, char ret_user[static ACCESS_USER_BYTES_MAX + 1]);
