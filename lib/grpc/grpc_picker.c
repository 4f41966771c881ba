/* Which of the instances that are ready gets a call. */
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

/* The first subchannel at or after a place that a call may start on now; its own in *ret_place. */
static struct grpc_connection *ready_from(const struct grpc_channel *channel, size_t start,
                                          struct wish wish, size_t *ret_place)
{
    size_t count = channel->subchannel_count;
    for (size_t i = 0; i < count; i++) {
        size_t place = (start + i) % count;
        const struct grpc_subchannel *subchannel = channel->subchannels[place];
        struct grpc_connection *connection =
            is_wished(channel, subchannel, wish) ? grpc_subchannel_ready(subchannel) : NULL;
        if (connection != NULL) {
            *ret_place = place;
            return connection;
        }
    }
    return NULL;
}

static struct grpc_connection *next_of_round(struct grpc_channel *channel, struct wish wish)
{
    size_t place;
    struct grpc_connection *connection = ready_from(channel, channel->turn, wish, &place);
    if (connection != NULL) {
        channel->turn = place + 1;
    }
    return connection;
}

static struct grpc_connection *random_ready(const struct grpc_channel *channel, struct wish wish)
{
    size_t count = channel->subchannel_count;
    size_t place;
    return ready_from(channel, count > 1 ? (size_t)random_below(count) : 0, wish, &place);
}

/* The less loaded of two (Mitzenmacher, "The Power of Two Choices"). */
static struct grpc_connection *less_of_two(const struct grpc_channel *channel, struct wish wish)
{
    struct grpc_connection *first = random_ready(channel, wish);
    if (first == NULL || channel->subchannel_count == 1) {
        return first;
    }
    struct grpc_connection *second = random_ready(channel, wish);
    return second->subchannel->calls < first->subchannel->calls ? second : first;
}

static struct grpc_connection *choose(struct grpc_channel *channel, struct wish wish)
{
    switch (channel->options.balancing) {
    case GRPC_BALANCE_ROUND_ROBIN:
        return next_of_round(channel, wish);
    case GRPC_BALANCE_LEAST_OF_TWO:
    default:
        return less_of_two(channel, wish);
    }
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
