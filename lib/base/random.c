#include "base/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/check.h"

typedef unsigned int uint128 __attribute__((mode(TI))); /* what ISO C has no name for */

/* One generator a thread, seeded from the operating system: Lehmer's, of 128 bits, whose upper half
 * is the number (L'Ecuyer, "Tables of linear congruential generators", 1999). Odd, so never 0 once
 * it is seeded. */
static _Thread_local uint128 generator;

static uint64_t next(void)
{
    if (generator == 0) {
        random_secret(&generator, sizeof(generator));
        generator |= 1;
    }
    generator *= UINT64_C(0xda942042e4dd58b5);
    return (uint64_t)(generator >> 64);
}

void random_fill(void *bytes, size_t count)
{
    char *at = bytes;
    for (; count >= sizeof(uint64_t); count -= sizeof(uint64_t)) {
        uint64_t word = next();
        memcpy(at, &word, sizeof(word));
        at += sizeof(word);
    }
    if (count > 0) {
        uint64_t word = next();
        memcpy(at, &word, count);
    }
}

uint64_t random_below(uint64_t bound)
{
    CHECK(bound > 0);
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    uint64_t value;
    do {
        value = next();
    } while (value >= limit);
    return value % bound;
}

double random_fraction(void)
{
    return (double)(next() >> 11) * 0x1.0p-53;
}

void random_secret(void *bytes, size_t count)
{
    char *at = bytes;
    while (count > 0) {
        ssize_t got = getrandom(at, count, 0);
        CHECK(got > 0 || errno == EINTR);
        if (got > 0) {
            at += got;
            count -= (size_t)got;
        }
    }
}
