/* access_limit.h: how often each of many clients may do something: a token bucket a client, in
 * memory that does not grow.
 *
 * A client may do `burst` things at once, and `rate` a second for ever. Buckets are in
 * ACCESS_LIMIT_SETS sets of ACCESS_LIMIT_WAYS; a client's set is drawn from its name by a keyed
 * hash (SipHash-2-4), which nobody can aim. A new client takes the place of one whose bucket is
 * full again, which forgets nothing; only when all of a set are in use, of the one that has most
 * left: so that who comes with ever more names gets no more than fresh buckets, which names of
 * their own would give anyway.
 *
 * May be used from any thread: a bucket is one number, when it will be full again, that is changed
 * by compare and swap (the "generic cell rate algorithm"). */
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

struct access_limit;

enum {
    ACCESS_LIMIT_SETS = 2048,
    ACCESS_LIMIT_WAYS = 4,
    ACCESS_LIMIT_RATE_MAX = 1000000, /* a second */
    ACCESS_LIMIT_BURST_MAX = 1000000,
};

/* STATUS_INVALID_ARGUMENT: a rate or burst of 0, or above the maximum. STATUS_RESOURCE_EXHAUSTED:
 * no memory. *ret_limit is owned by the caller. */
MUST_USE enum status access_limit_create(unsigned rate, unsigned burst,
                                         struct access_limit **ret_limit);

/* NULL is accepted. */
void access_limit_destroy(struct access_limit *limit);

/* Whether the client may, now; counted if so. now_ns: clock_monotonic_ns(). *ret_wait_ns: if not,
 * how long until it may. */
MUST_USE bool access_limit_take(struct access_limit *limit, struct text client, int64_t now_ns,
                                int64_t *ret_wait_ns);
