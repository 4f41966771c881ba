/* access_digest.h: SHA-256 and HMAC-SHA-256 (RFC 2104), without asking for memory. From any thread.
 */
#pragma once

#include "base/status.h"
#include "base/text.h"

enum {
    ACCESS_DIGEST_BYTES = 32,
    ACCESS_DIGEST_TEXT_BYTES = 2 * ACCESS_DIGEST_BYTES, /* in hexadecimal, without NUL */
};

void access_digest(struct text bytes, unsigned char ret_digest[static ACCESS_DIGEST_BYTES]);

/* Of a key of 32 bytes. */
void access_digest_keyed(const unsigned char key[static ACCESS_DIGEST_BYTES], struct text bytes,
                         unsigned char ret_digest[static ACCESS_DIGEST_BYTES]);

/* Lower-case hexadecimal of `count` bytes, two characters each, without NUL. */
void access_hex_format(const void *bytes, size_t count, char *ret_text);

/* The reverse, of exactly `count` bytes; either case. false: it is not that; what was written is
 * of no use. */
MUST_USE bool access_hex_parse(struct text text, void *ret_bytes, size_t count);
