/* access_digest.h: SHA-256 and HMAC-SHA-256 (RFC 2104), over and over without asking for memory.
 *
 * A digester is for one thread at a time. */
#pragma once

#include "base/status.h"
#include "base/text.h"

struct access_digester;

enum {
    ACCESS_DIGEST_BYTES = 32,
    ACCESS_DIGEST_TEXT_BYTES = 2 * ACCESS_DIGEST_BYTES, /* in hexadecimal, without NUL */
};

/* STATUS_RESOURCE_EXHAUSTED: no memory. *ret_digester is owned by the caller. */
MUST_USE enum status access_digester_create(struct access_digester **ret_digester);

/* NULL is accepted. */
void access_digester_destroy(struct access_digester *digester);

/* false: the library would not; nothing was written. */
MUST_USE bool access_digest(struct access_digester *digester, struct text bytes,
                            unsigned char ret_digest[static ACCESS_DIGEST_BYTES]);

/* Of a key of 32 bytes. false: as above. */
MUST_USE bool access_digest_keyed(struct access_digester *digester,
                                  const unsigned char key[static ACCESS_DIGEST_BYTES],
                                  struct text bytes,
                                  unsigned char ret_digest[static ACCESS_DIGEST_BYTES]);

/* Lower-case hexadecimal of `count` bytes, two characters each, without NUL. */
void access_hex_format(const void *bytes, size_t count, char *ret_text);

/* The reverse, of exactly `count` bytes; either case. false: it is not that; what was written is
 * of no use. */
MUST_USE bool access_hex_parse(struct text text, void *ret_bytes, size_t count);
