#include "access/access_limit.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"

struct bucket {
    _Atomic uint64_t client; /* hash of the name; 0: nobody's */
    _Atomic int64_t full_ns; /* when it will be full again; in the past: it is */
};

struct access_limit {
    unsigned char key[DIGEST_KEY_BYTES]; /* so that nobody can aim at another's bucket */
    int64_t cost_ns;                     /* that one thing puts this off */
    int64_t depth_ns;                    /* and how far it may be off */
    struct bucket buckets[ACCESS_LIMIT_SETS][ACCESS_LIMIT_WAYS];
};

enum status access_limit_create(unsigned rate, unsigned burst, struct access_limit **ret_limit)
{
    if (rate == 0 || rate > ACCESS_LIMIT_RATE_MAX || burst == 0 || burst > ACCESS_LIMIT_BURST_MAX) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct access_limit *limit = calloc(1, sizeof(*limit));
    if (limit == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    random_secret(limit->key, sizeof(limit->key));
    limit->cost_ns = CLOCK_NS_PER_S / rate;
    limit->depth_ns = limit->cost_ns * burst;
    *ret_limit = limit;
    return STATUS_OK;
}

void access_limit_destroy(struct access_limit *limit)
{
    free(limit);
}

/* The client's bucket, or the one that it takes over. Two threads may take the same over at once:
 * one client then counts against the other's for once. */
static struct bucket *find_bucket(struct access_limit *limit, struct text client, int64_t now_ns)
{
    uint64_t hash = digest_with(limit->key, client).low | 1;
    struct bucket *set = limit->buckets[hash / 2 % ACCESS_LIMIT_SETS];
    struct bucket *fullest = &set[0];
    int64_t fullest_ns = INT64_MAX;
    for (size_t i = 0; i < ACCESS_LIMIT_WAYS; i++) {
        if (atomic_load_explicit(&set[i].client, memory_order_acquire) == hash) {
            return &set[i];
        }
        int64_t full_ns = atomic_load_explicit(&set[i].full_ns, memory_order_relaxed);
        if (full_ns < fullest_ns) {
            fullest = &set[i];
            fullest_ns = full_ns;
        }
    }
    atomic_store_explicit(&fullest->full_ns, now_ns, memory_order_relaxed);
    atomic_store_explicit(&fullest->client, hash, memory_order_release);
    return fullest;
}

bool access_limit_take(struct access_limit *limit, struct text client, int64_t now_ns,
                       int64_t *ret_wait_ns)
{
    struct bucket *bucket = find_bucket(limit, client, now_ns);
    int64_t seen = atomic_load_explicit(&bucket->full_ns, memory_order_relaxed);
    int64_t next;
    do {
        next = (seen > now_ns ? seen : now_ns) + limit->cost_ns;
        if (next - now_ns > limit->depth_ns) {
            *ret_wait_ns = next - now_ns - limit->depth_ns;
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(&bucket->full_ns, &seen, next,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}
