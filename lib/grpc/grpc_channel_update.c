/* A channel is told of its instances. */
#include <stdlib.h>

#include "base/random.h"
#include "grpc/grpc_channel_private.h"
#include "grpc/grpc_subset.h"

static struct grpc_subchannel *find_subchannel(struct grpc_subchannel *const *subchannels,
                                               size_t count, struct text address)
{
    uint64_t hash = text_hash(address);
    for (size_t i = 0; i < count; i++) {
        if (subchannels[i]->address_hash == hash &&
            text_equal(text_of(subchannels[i]->address), address)) {
            return subchannels[i];
        }
    }
    return NULL;
}

static struct grpc_subchannel *subchannel_for(struct grpc_channel *channel,
                                              const struct grpc_endpoint *endpoint)
{
    struct grpc_subchannel *subchannel =
        find_subchannel(channel->subchannels, channel->subchannel_count, endpoint->address);
    if (subchannel != NULL) {
        subchannel->kept = true;
        grpc_subchannel_reset_backoff(subchannel);
    } else {
        subchannel = grpc_subchannel_create(channel, endpoint->address);
    }
    return subchannel;
}

/* Adds a subchannel for each endpoint that is near, or is not: those there are, which are marked as
 * kept, and new ones. false: no memory for them all. */
static bool add_subchannels(struct grpc_channel *channel, const struct grpc_endpoint *endpoints,
                            size_t count, bool near, struct grpc_subchannel **next,
                            size_t *next_count)
{
    for (size_t i = 0; i < count; i++) {
        if (endpoints[i].is_near != near ||
            find_subchannel(next, *next_count, endpoints[i].address) != NULL) {
            continue;
        }
        struct grpc_subchannel *subchannel = subchannel_for(channel, &endpoints[i]);
        if (subchannel == NULL) {
            return false;
        }
        subchannel->weight = endpoints[i].weight > 0 ? endpoints[i].weight : 1;
        next[(*next_count)++] = subchannel;
    }
    return true;
}

/* Of the subchannels, takes those out of use that are not kept, and forgets the marks. */
static void remove_others(struct grpc_subchannel *const *subchannels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (subchannels[i]->kept) {
            subchannels[i]->kept = false;
        } else {
            grpc_subchannel_remove(subchannels[i]);
        }
    }
}

static struct grpc_zone zone_of(struct grpc_subchannel *const *subchannels, size_t first,
                                size_t end)
{
    struct grpc_zone zone = {.first = first, .count = end - first, .is_even = true};
    for (size_t i = first; i < end; i++) {
        uint16_t weight = subchannels[i]->weight;
        zone.weight += weight;
        zone.weight_max = weight > zone.weight_max ? weight : zone.weight_max;
        zone.is_even = zone.is_even && weight == subchannels[first]->weight;
        subchannels[i]->weight_end = zone.weight;
    }
    /* Many channels that hear of a list at once do not all begin with its first. */
    zone.turn = zone.count > 0 ? random_below(zone.count) : 0;
    return zone;
}

static void take_subchannels(struct grpc_channel *channel, struct grpc_subchannel **subchannels,
                             size_t near_count, size_t count)
{
    free(channel->subchannels);
    channel->subchannels = subchannels;
    channel->subchannel_count = count;
    channel->near = zone_of(subchannels, 0, near_count);
    channel->far = zone_of(subchannels, near_count, count);
    channel->zone_looked_ns = 0;
}

/* endpoints: of those that were chosen. */
static enum status update_chosen(struct grpc_channel *channel,
                                 const struct grpc_endpoint *endpoints, size_t count)
{
    size_t next_count = 0;
    size_t near_count;
    struct grpc_subchannel **next = calloc(count + 1, sizeof(struct grpc_subchannel *));
    if (next == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    bool done = add_subchannels(channel, endpoints, count, true, next, &next_count);
    near_count = next_count;
    if (!done || !add_subchannels(channel, endpoints, count, false, next, &next_count)) {
        remove_others(next, next_count); /* the new ones */
        free(next);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    remove_others(channel->subchannels, channel->subchannel_count);
    take_subchannels(channel, next, near_count, next_count);
    channel->addresses_known = true;
    grpc_channel_wake_all(channel);
    return STATUS_OK;
}

enum status grpc_channel_update_endpoints(struct grpc_channel *channel,
                                          const struct grpc_endpoint *endpoints, size_t count)
{
    if (count > GRPC_CHANNEL_ADDRESSES_MAX) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    struct grpc_endpoint *chosen = calloc(count + 1, sizeof(*chosen));
    if (chosen == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (count > 0) {
        memcpy(chosen, endpoints, count * sizeof(*chosen));
    }
    size_t chosen_count =
        grpc_subset(chosen, count, channel->options.subset_max, channel->options.subset_key);
    enum status status = update_chosen(channel, chosen, chosen_count);
    free(chosen);
    return status;
}

enum status grpc_channel_update(struct grpc_channel *channel, const struct text *addresses,
                                size_t count)
{
    if (count > GRPC_CHANNEL_ADDRESSES_MAX) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    struct grpc_endpoint *endpoints = calloc(count + 1, sizeof(*endpoints));
    if (endpoints == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < count; i++) {
        endpoints[i] = (struct grpc_endpoint){.address = addresses[i]};
    }
    enum status status = grpc_channel_update_endpoints(channel, endpoints, count);
    free(endpoints);
    return status;
}
