/* grpc_subchannel.h: one instance of a service: its connections, made again when they end.
 *
 * On the loop's thread. A subchannel connects by itself as soon as it exists, and again, after a
 * backoff, whenever nothing is left to start a request on. */
#pragma once

#include "base/call.h"
#include "base/list.h"
#include "grpc/grpc_backoff.h"
#include "grpc/grpc_outlier.h"
#include "http/http2_client.h"
#include "loop/fiber.h"
#include "loop/loop.h"

struct grpc_channel;

enum { GRPC_CONNECT_ERROR_BYTES = 256, GRPC_COMMON_FIELDS = 6 };

/* Between attempts that fail (grpc/grpc doc/connection-backoff.md). */
extern const struct grpc_backoff grpc_connect_backoff;

/* What a server says of itself (gRFC A17). */
enum grpc_serves {
    GRPC_SERVES,         /* or is not asked */
    GRPC_SERVES_UNKNOWN, /* was asked, has not answered */
    GRPC_SERVES_NOT,
};

struct grpc_connection {
    struct list link; /* in its subchannel */
    struct grpc_subchannel *subchannel;
    struct http2_client *client;
    struct loop_task dispose;
    struct fiber_wait opening; /* until the peer's limits are known, or it has gone */
    bool opened;               /* in use; before, only its attempt knows it */
    int64_t opened_ns;
    unsigned calls;
    bool proved;   /* a reply has come over it */
    bool unusable; /* refuses or is closed */
    bool disposed; /* its end is queued */
    enum grpc_serves serving;
    bool watching; /* a fiber follows `serving` */
    struct cancellation watch_cancellation;
    struct fiber_wait ask_again; /* ends the fiber's backoff */
};

struct grpc_subchannel {
    struct grpc_channel *channel;
    char address[HTTP_ADDRESS_BYTES_MAX];
    uint64_t address_hash;
    struct hpack_field common_fields[GRPC_COMMON_FIELDS]; /* of all calls */
    bool kept;                                            /* during an update: it stays */
    uint16_t weight;
    uint64_t weight_end; /* of its zone's, up to and with this one */
    struct list connections;
    unsigned connection_count;
    unsigned usable_count;
    unsigned calls;
    unsigned long_polls; /* of them, that wait for something to happen */
    bool connecting;
    bool backing_off;
    bool removed;      /* no new calls; freed with its last connection */
    unsigned failures; /* to connect, in a row */
    int64_t attempt_ns;
    struct loop_timer timer;
    struct grpc_outlier_host outlier;
    struct cancellation cancellation;     /* of the attempt */
    char error[GRPC_CONNECT_ERROR_BYTES]; /* of the last attempt that failed */
};

/* Begins to connect. NULL: no memory, or the address is too long. */
struct grpc_subchannel *grpc_subchannel_create(struct grpc_channel *channel, struct text address);

/* Takes it out of use: it frees itself when its calls and its attempt to connect have ended. */
void grpc_subchannel_remove(struct grpc_subchannel *self);

/* The connection that a request may be started on now, the one with the fewest; NULL: none. */
struct grpc_connection *grpc_subchannel_ready(const struct grpc_subchannel *self);

/* When nothing is ready: begins what may change that, unless the instance was tried in vain just
 * now. Whether there is something to wait for: an attempt after one that failed is not. */
bool grpc_subchannel_expect(struct grpc_subchannel *self);

/* There is news of the instance: forgets that it could not be reached, and tries it. */
void grpc_subchannel_reset_backoff(struct grpc_subchannel *self);

/* For who follows what the server says. */
void grpc_connection_set_serving(struct grpc_connection *connection, enum grpc_serves serving);
void grpc_connection_watch_ended(struct grpc_connection *connection);

/* Counts a call on the connection, which stays while there are any. */
void grpc_connection_hold(struct grpc_connection *connection);
void grpc_connection_release(struct grpc_connection *connection);
