#include "base/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/check.h"

/* One generator a thread, seeded from the operating system: xoshiro256++ (Blackman and Vigna,
 * 2019). */
static _Thread_local uint64_t generator[4];

static uint64_t rotate_left(uint64_t value, int count)
{
    return value << count | value >> (64 - count);
}

static uint64_t next(void)
{
    if ((generator[0] | generator[1] | generator[2] | generator[3]) == 0) {
        random_secret(generator, sizeof(generator));
    }
    uint64_t *s = generator;
    uint64_t result = rotate_left(s[0] + s[3], 23) + s[0];
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
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
