/* discovery_snapshot.h: brings a list of instances into the form that resolvers promise. */
#pragma once

#include "discovery/discovery.h"

/* Sorts the instances in place, drops duplicates and what is over DISCOVERY_INSTANCES_MAX, makes
 * weights at least 1, and names the content by a version. The array and its texts are borrowed by
 * the snapshot.
 * ids: the sum of text_hash() over the instances' ids, so that one which was started again at its
 * old address makes another version; 0: they have none. */
struct discovery_snapshot discovery_snapshot_of(struct discovery_instance *instances, size_t count,
                                                uint64_t ids);

/* "host:port", brackets around an IPv6 address, in the arena; data is NULL: no room. */
struct text discovery_address(struct arena *arena, struct text host, uint16_t port);

/* How long to wait after the n-th failure in a row (from 1): doubling from
 * DISCOVERY_BACKOFF_MIN_MS, at most DISCOVERY_BACKOFF_MAX_MS, less up to half by chance. */
int64_t discovery_backoff_ns(unsigned failures);
