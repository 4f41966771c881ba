/* digest.h: 128 bits that stand for a content: SipHash-2-4-128 (Aumasson, Bernstein 2012) under a
 * fixed key. Two contents with the same digest do not occur by chance. They could be looked for, so
 * that nothing of security may rest on it. */
#pragma once

#include "base/text.h"

struct digest {
    uint64_t high;
    uint64_t low;
};

enum {
    DIGEST_TEXT_BYTES = 33, /* 32 hexadecimal digits and NUL */
    DIGEST_KEY_BYTES = 16,
};

struct digest digest_of(struct text content);

void digest_write(struct digest digest, char text[static DIGEST_TEXT_BYTES]);
/* false: not 32 lower-case hexadecimal digits; *ret_digest is then untouched. */
MUST_USE bool digest_parse(struct text text, struct digest *ret_digest);

static inline bool digest_equal(struct digest a, struct digest b)
{
    return a.high == b.high && a.low == b.low;
}

/* The same under a key of one's own: one that is secret keeps others from aiming. */
struct digest digest_with(const unsigned char key[static DIGEST_KEY_BYTES], struct text content);
