#include "discovery/discovery_snapshot.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"

static int compare_addresses(const void *first, const void *second)
{
    const struct discovery_instance *one = first;
    const struct discovery_instance *other = second;
    int order = text_compare(one->address, other->address);
    /* Of several at one address, the same one is kept whatever order they came in. */
    return order != 0 ? order : (int)other->weight - (int)one->weight;
}

static uint64_t fold(uint64_t version, uint64_t value)
{
    const uint64_t prime = UINT64_C(1099511628211);
    return (version * prime) ^ value;
}

/* Position counts, so that the lists {a, b} and {b, a} of two services never meet by folding. */
static uint64_t version_of(const struct discovery_instance *instances, size_t count, uint64_t ids)
{
    uint64_t version = UINT64_C(14695981039346656037) ^ ids;
    for (size_t i = 0; i < count; i++) {
        version = fold(version, text_hash(instances[i].address));
        version = fold(version, text_hash(instances[i].zone));
        version = fold(version, instances[i].weight);
    }
    return version != 0 ? version : 1;
}

struct discovery_snapshot discovery_snapshot_of(struct discovery_instance *instances, size_t count,
                                                uint64_t ids)
{
    size_t kept = 0;
    if (count > 0) {
        qsort(instances, count, sizeof(*instances), compare_addresses);
    }
    for (size_t i = 0; i < count && kept < DISCOVERY_INSTANCES_MAX; i++) {
        if (kept == 0 || !text_equal(instances[kept - 1].address, instances[i].address)) {
            instances[kept] = instances[i];
            instances[kept].weight = instances[i].weight > 0 ? instances[i].weight : 1;
            kept++;
        }
    }
    return (struct discovery_snapshot){
        .version = version_of(instances, kept, ids), .instances = instances, .count = kept};
}

struct text discovery_address(struct arena *arena, struct text host, uint16_t port)
{
    bool is_ipv6 = text_find(host, 0, ':') < host.length;
    return arena_format(arena, is_ipv6 ? "[%.*s]:%u" : "%.*s:%u", TEXT_ARGUMENTS(host), port);
}

int64_t discovery_backoff_ns(unsigned failures)
{
    int64_t backoff_ms = DISCOVERY_BACKOFF_MIN_MS;
    for (unsigned i = 1; i < failures && backoff_ms < DISCOVERY_BACKOFF_MAX_MS; i++) {
        backoff_ms *= 2;
    }
    if (backoff_ms > DISCOVERY_BACKOFF_MAX_MS) {
        backoff_ms = DISCOVERY_BACKOFF_MAX_MS;
    }
    return (int64_t)((double)(backoff_ms * CLOCK_NS_PER_MS) * (1.0 - random_fraction() / 2));
}
