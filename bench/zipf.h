/* zipf.h: numbers at random, and ranks by Zipf's law: each with a chance of one over its rank. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The next of a xorshift sequence; *state is not 0. */
static inline uint64_t xorshift(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

struct zipf {
    double *chances; /* summed up */
    size_t count;
};

void zipf_init(struct zipf *zipf, size_t count);
void zipf_deinit(struct zipf *zipf);

/* The rank, from 0, that `share` (0 to under 1, drawn evenly) falls on. */
size_t zipf_rank(const struct zipf *zipf, double share);
