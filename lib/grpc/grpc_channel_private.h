/* grpc_channel_private.h: a channel, as its calls and its subchannels see it. */
#pragma once

#include "grpc/grpc_channel.h"
#include "grpc/grpc_subchannel.h"
#include "loop/fiber.h"

/* Some of a channel's subchannels, next to each other. */
struct grpc_zone {
    size_t first;
    size_t count;
    uint64_t weight;     /* of all */
    uint16_t weight_max; /* of one */
    bool is_even;        /* all weigh the same */
    uint64_t turn;       /* of the round; goes on for ever */
};

struct grpc_channel {
    struct loop *loop;
    struct http_server *loopback; /* NULL: over TCP */
    struct grpc_channel_options options;
    struct grpc_subchannel **subchannels; /* those that are near first */
    size_t subchannel_count;
    struct grpc_zone near;      /* of subchannels, from the first on */
    struct grpc_zone far;       /* the others */
    double near_share;          /* of the calls, that near ones get */
    int64_t zone_looked_ns;     /* when that was reckoned; 0: not yet */
    unsigned subchannels_alive; /* also those taken out of use */
    bool addresses_known;
    bool destroyed;
    struct fiber_wait emptied; /* no subchannel is alive */
    struct list waiters;       /* calls that wait for a connection */
    struct grpc_retry_throttle throttle;
    struct proto_pool *health_pool; /* NULL: nobody is asked */
    const struct proto_type *health_type;
    struct grpc_outlier outlier;
    struct loop_timer outlier_timer;  /* runs while there are options for it */
    struct http2_keepalive keepalive; /* of connections that are opened from now on */
};

/* A connection for a call, held; parks while one is on its way, or `wait_for_ready`. `avoid` is
 * taken only when there is no other; NULL: none. STATUS_UNAVAILABLE: no instance can be reached.
 * STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED: the call is over. */
MUST_USE enum status grpc_channel_pick(struct grpc_channel *channel, struct call *call,
                                       const struct grpc_subchannel *avoid, bool wait_for_ready,
                                       struct grpc_connection **ret_connection);

/* One that a call may start on now, by the channel's way of balancing; NULL: none. `avoid` as
 * above. */
struct grpc_connection *grpc_channel_choose(struct grpc_channel *channel,
                                            const struct grpc_subchannel *avoid);

/* Lets all who wait look again, or one of them. */
void grpc_channel_wake_all(struct grpc_channel *channel);
void grpc_channel_wake_one(struct grpc_channel *channel);

/* A server has found that it was asked too often. */
void grpc_channel_ask_less(struct grpc_channel *channel);

/* A subchannel has freed itself. */
void grpc_channel_subchannel_ended(struct grpc_channel *channel);
