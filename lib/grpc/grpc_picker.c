/* Which of the instances that are ready gets a call. */
#include "base/clock.h"
#include "base/random.h"
#include "grpc/grpc_channel_private.h"

/* What is asked of an instance besides being ready. */
struct wish {
    const struct grpc_subchannel *avoid; /* not this one; NULL: any */
    bool outliers;                       /* also those that are ejected */
};

static bool is_wished(const struct grpc_channel *channel, const struct grpc_subchannel *subchannel,
                      struct wish wish)
{
    return subchannel != wish.avoid &&
           (wish.outliers || !grpc_outlier_avoids(&channel->outlier, &subchannel->outlier));
}

static struct grpc_connection *ready_at(const struct grpc_channel *channel, size_t place,
                                        struct wish wish)
{
    const struct grpc_subchannel *subchannel = channel->subchannels[place];
    return is_wished(channel, subchannel, wish) ? grpc_subchannel_ready(subchannel) : NULL;
}

/* The first subchannel of the zone, at or after a place in it, that a call may start on now; how
 * many were passed over in *ret_passed. */
static struct grpc_connection *ready_from(const struct grpc_channel *channel,
                                          const struct grpc_zone *zone, size_t start,
                                          struct wish wish, size_t *ret_passed)
{
    for (size_t i = 0; i < zone->count; i++) {
        struct grpc_connection *connection =
            ready_at(channel, zone->first + (start + i) % zone->count, wish);
        if (connection != NULL) {
            *ret_passed = i;
            return connection;
        }
    }
    return NULL;
}

/* Each place gets as many of UINT16_MAX rounds as its weight is of the greatest, evenly spread
 * (gRFC A58, static stride scheduler). */
static bool has_turn(const struct grpc_channel *channel, const struct grpc_zone *zone,
                     uint64_t turn)
{
    size_t place = (size_t)(turn % zone->count);
    uint64_t round = turn / zone->count;
    uint64_t share =
        (uint64_t)channel->subchannels[zone->first + place]->weight * UINT16_MAX / zone->weight_max;
    /* Those of equal weights do not all pass in the same rounds. */
    uint64_t offset = (uint64_t)place * (UINT16_MAX / 2);
    return (round * share + offset) % UINT16_MAX >= UINT16_MAX - share;
}

static struct grpc_connection *next_of_round(const struct grpc_channel *channel,
                                             struct grpc_zone *zone, struct wish wish)
{
    size_t passed;
    /* The greatest has its turn in each round. */
    while (!zone->is_even && !has_turn(channel, zone, zone->turn)) {
        zone->turn++;
    }
    struct grpc_connection *connection =
        ready_from(channel, zone, (size_t)(zone->turn % zone->count), wish, &passed);
    if (connection != NULL) {
        zone->turn += passed + 1;
    }
    return connection;
}

/* A place in the zone, by chance and weight. */
static size_t random_place(const struct grpc_channel *channel, const struct grpc_zone *zone)
{
    if (zone->is_even) {
        return zone->count > 1 ? (size_t)random_below(zone->count) : 0;
    }
    uint64_t at = random_below(zone->weight);
    size_t low = 0;
    size_t high = zone->count - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (at < channel->subchannels[zone->first + middle]->weight_end) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static struct grpc_connection *random_ready(const struct grpc_channel *channel,
                                            const struct grpc_zone *zone, struct wish wish)
{
    size_t passed;
    return ready_from(channel, zone, random_place(channel, zone), wish, &passed);
}

static uint64_t load_of(const struct grpc_subchannel *subchannel)
{
    return subchannel->calls - subchannel->long_polls;
}

/* The less loaded of two, for its weight (Mitzenmacher, "The Power of Two Choices"). */
static struct grpc_connection *less_of_two(const struct grpc_channel *channel,
                                           const struct grpc_zone *zone, struct wish wish)
{
    struct grpc_connection *first = random_ready(channel, zone, wish);
    if (first == NULL || zone->count == 1) {
        return first;
    }
    struct grpc_connection *second = random_ready(channel, zone, wish);
    const struct grpc_subchannel *one = first->subchannel;
    const struct grpc_subchannel *other = second->subchannel;
    return load_of(other) * one->weight < load_of(one) * other->weight ? second : first;
}

static struct grpc_connection *choose_of(struct grpc_channel *channel, struct grpc_zone *zone,
                                         struct wish wish)
{
    if (zone->count == 0) {
        return NULL;
    }
    switch (channel->options.balancing) {
    case GRPC_BALANCE_ROUND_ROBIN:
        return next_of_round(channel, zone, wish);
    case GRPC_BALANCE_LEAST_OF_TWO:
    default:
        return less_of_two(channel, zone, wish);
    }
}

/* Counts at most each GRPC_ZONE_LOOK_MS who is ready in the own zone. */
static double near_share(struct grpc_channel *channel)
{
    const struct grpc_zone *near = &channel->near;
    const struct wish any = {.avoid = NULL};
    int64_t now_ns = loop_now_ns(channel->loop);
    if (channel->zone_looked_ns != 0 &&
        now_ns - channel->zone_looked_ns < GRPC_ZONE_LOOK_MS * CLOCK_NS_PER_MS) {
        return channel->near_share;
    }
    size_t ready = 0;
    for (size_t i = 0; i < near->count; i++) {
        ready += ready_at(channel, near->first + i, any) != NULL;
    }
    channel->zone_looked_ns = now_ns;
    channel->near_share = (double)ready / (double)near->count * GRPC_ZONE_OVERPROVISION;
    return channel->near_share;
}

/* Whether a call goes to those that are near, if any of them is ready. */
static bool is_for_near(struct grpc_channel *channel)
{
    if (channel->near.count == 0 || channel->far.count == 0) {
        return channel->far.count == 0;
    }
    double share = near_share(channel);
    return share >= 1 || random_fraction() < share;
}

static struct grpc_connection *choose(struct grpc_channel *channel, struct wish wish)
{
    bool is_near = is_for_near(channel);
    struct grpc_connection *connection =
        choose_of(channel, is_near ? &channel->near : &channel->far, wish);
    if (connection == NULL) {
        connection = choose_of(channel, is_near ? &channel->far : &channel->near, wish);
    }
    return connection;
}

/* Rather one that is better avoided than none. */
struct grpc_connection *grpc_channel_choose(struct grpc_channel *channel,
                                            const struct grpc_subchannel *avoid)
{
    struct grpc_connection *connection = choose(channel, (struct wish){.avoid = avoid});
    if (connection == NULL && avoid != NULL) {
        connection = choose(channel, (struct wish){.avoid = NULL});
    }
    if (connection == NULL && channel->outlier.ejected > 0) {
        connection = choose(channel, (struct wish){.outliers = true});
    }
    return connection;
}
