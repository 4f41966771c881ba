#include "grpc/grpc_subset.h"

#include <math.h>
#include <stdlib.h>

/* Spreads the bits of a number over all of it (the finalizer of MurmurHash3). */
static uint64_t mix(uint64_t bits)
{
    bits = (bits ^ (bits >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    bits = (bits ^ (bits >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return bits ^ (bits >> 33);
}

/* -weight / ln(u) for a u in (0, 1) that is the pair's own: so the chance to have the highest score
 * goes by the weight. */
static double score(const struct grpc_endpoint *endpoint, uint64_t key)
{
    uint64_t bits = mix(text_hash(endpoint->address) ^ key);
    double fraction = ((double)(bits >> 11) + 0.5) * 0x1p-53;
    return -(endpoint->weight > 0 ? endpoint->weight : 1) / log(fraction);
}

/* Whether the first is chosen before the second. */
static bool is_before(const struct grpc_endpoint *first, const struct grpc_endpoint *second,
                      uint64_t key)
{
    if (first->is_near != second->is_near) {
        return first->is_near;
    }
    double one = score(first, key);
    double other = score(second, key);
    return one != other ? one > other : text_compare(first->address, second->address) < 0;
}

static void sift_down(struct grpc_endpoint *heap, size_t count, size_t parent, uint64_t key)
{
    for (size_t child = 2 * parent + 1; child < count; child = 2 * parent + 1) {
        if (child + 1 < count && is_before(&heap[child], &heap[child + 1], key)) {
            child++;
        }
        if (!is_before(&heap[parent], &heap[child], key)) {
            return;
        }
        struct grpc_endpoint lower = heap[parent];
        heap[parent] = heap[child];
        heap[child] = lower;
        parent = child;
    }
}

/* The front is a heap with the last to be chosen on top: what is chosen before it takes its place.
 */
size_t grpc_subset(struct grpc_endpoint *endpoints, size_t count, size_t subset_max, uint64_t key)
{
    if (count <= subset_max || subset_max == 0) {
        return count;
    }
    for (size_t parent = subset_max / 2; parent-- > 0;) {
        sift_down(endpoints, subset_max, parent, key);
    }
    for (size_t i = subset_max; i < count; i++) {
        if (is_before(&endpoints[i], &endpoints[0], key)) {
            struct grpc_endpoint last = endpoints[0];
            endpoints[0] = endpoints[i];
            endpoints[i] = last;
            sift_down(endpoints, subset_max, 0, key);
        }
    }
    return subset_max;
}
