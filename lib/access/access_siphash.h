/* access_siphash.h: SipHash-2-4 (Aumasson, Bernstein 2012): a hash that nobody can aim who does not
 * know the key. */
#pragma once

#include <stdint.h>

#include "base/text.h"

struct access_siphash_key {
    uint64_t halves[2]; /* each the little-endian number of 8 bytes */
};

uint64_t access_siphash(const struct access_siphash_key *key, struct text bytes);
