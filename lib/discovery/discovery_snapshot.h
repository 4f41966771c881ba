/* discovery_snapshot.h: brings a list of addresses into the form that resolvers promise. */
#pragma once

#include "discovery/discovery.h"

/* Sorts the addresses in place, drops duplicates and what is over DISCOVERY_INSTANCES_MAX, and
 * names the content by a version. The array and its texts are borrowed by the snapshot.
 * instances: the sum of text_hash() over the ids of those at the addresses, so that one which was
 * started again at its old address makes another version; 0: they have none. */
struct discovery_snapshot discovery_snapshot_of(struct text *addresses, size_t count,
                                                uint64_t instances);

/* "host:port", brackets around an IPv6 address, in the arena; data is NULL: no room. */
struct text discovery_address(struct arena *arena, struct text host, uint16_t port);

/* How long to wait after the n-th failure in a row (from 1): doubling from
 * DISCOVERY_BACKOFF_MIN_MS, at most DISCOVERY_BACKOFF_MAX_MS, less up to half by chance. */
int64_t discovery_backoff_ns(unsigned failures);
