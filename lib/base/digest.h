/* digest.h: 128 bits that stand for a content: SipHash-2-4-128 (Aumasson, Bernstein 2012) under a
 * fixed key. Two contents with the same digest do not occur by chance. They could be looked for, so
 * that nothing of security may rest on it. */
#pragma once

#include "base/text.h"

struct digest {
    uint64_t high;
    uint64_t low;
};

struct digest digest_of(struct text content);

/* The same under a key of one's own, 16 bytes. */
struct digest digest_with(const unsigned char key[static 16], struct text content);
