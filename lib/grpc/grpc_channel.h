/* grpc_channel.h: a client's way to a service: connections that stay open, over which calls are
 * multiplexed and balanced.
 *
 * A channel belongs to one loop. It is given the addresses of the service's instances, and again
 * whenever they change; it keeps one connection to each (connecting again with backoff: 1 s,
 * factor 1.6, at most 120 s, jitter 0.2: grpc/grpc doc/connection-backoff.md), picks one of them
 * for each call (grpc_balancing), and opens further connections to an instance whose stream limit
 * is reached. Of more than GRPC_CHANNEL_SUBSET_MAX instances it connects to some (grpc_subset.h).
 *
 * A call waits for a connection while one is on its way: until the first addresses come, and while
 * an instance is connected to that has not failed since it was last reached or named. When all have
 * failed, it fails at once with UNAVAILABLE, unless it is to wait until one is ready
 * (grpc/grpc doc/wait-for-ready.md). A call that surely reached nobody is tried again, and others
 * by policy: grpc_retry.h. */
#pragma once

#include "grpc/grpc_codec.h"
#include "grpc/grpc_endpoint.h"
#include "grpc/grpc_method.h"
#include "grpc/grpc_outlier.h"
#include "grpc/grpc_retry.h"

struct access_tokens;
struct loop;
struct http_server;
struct proto_pool;
struct grpc_channel;
struct grpc_service_config;
struct grpc_stream;
struct http_header;
struct tls_context;

enum {
    GRPC_CHANNEL_ADDRESSES_MAX = 1000,
    GRPC_CHANNEL_CONNECTIONS_MAX = 8, /* to one instance */
    GRPC_CHANNEL_SUBSET_MAX = 50,     /* instances that are connected to, unless said otherwise */
    GRPC_ZONE_LOOK_MS = 100,          /* so often it is counted who is ready in the own zone */
    GRPC_DEADLINE_MARGIN_MS = 10,
    GRPC_DEADLINE_MARGIN_SHARE = 10, /* at most one part in so many of the time that is left */
    GRPC_KEEPALIVE_TIME_MIN_MS = 10000,
    GRPC_KEEPALIVE_TIMEOUT_MS = 20000,
    GRPC_REPLAY_BYTES_MAX = 64 * 1024, /* of what a stream has sent, kept for the next attempt */
};

/* How calls are spread over the instances that are ready, by their weights.
 *
 * Where some are near, calls stay with them while enough of them are ready: of those calls, the
 * share that is ready times GRPC_ZONE_OVERPROVISION goes to them, at most all, and the rest to the
 * others (as Envoy's priority levels: below 72 % ready, the zone sheds some). */
enum grpc_balancing {
    GRPC_BALANCE_LEAST_OF_TWO, /* of two by chance, the one with fewer of this channel's calls */
    GRPC_BALANCE_ROUND_ROBIN, /* each in turn; by a static stride (gRFC A58) where weights differ */
};

#define GRPC_ZONE_OVERPROVISION 1.4

/* Everything pointed to is borrowed for the channel's life. */
struct grpc_channel_options {
    const struct proto_pool *pool; /* has the type of every reply; CHECKed */
    struct text authority;         /* sent as :authority; empty: the instance's address */
    /* Of clients (http/tls.h). NULL: plaintext. An instance that cannot be verified, or does not
     * select h2, is UNAVAILABLE. */
    struct tls_context *tls;
    /* Whose first secret (access/access_tokens.h) every call shows, as `authorization: Bearer …`;
     * NULL: none is shown. With it goes `marquee-acting-for`, where the call was made for somebody
     * (call->identity.user). */
    struct access_tokens *tokens;
    /* Told once a call; NULL: nobody is. target: the channel's name below. */
    void (*observe)(void *state, const char *target, const char *path, enum status status,
                    int64_t duration_ns);
    void *observe_state;
    /* Told when an instance could not be connected to, or its last connection has ended: where
     * addresses are not told by themselves, it is time to ask for them. In a callback, which must
     * not use the channel. NULL: nobody is. */
    void (*lost)(void *state);
    void *lost_state;
    const char *target;         /* "rating": in messages and observations */
    int64_t connect_timeout_ms; /* 0: 5 s */
    /* A call made for one that came from a peer (call->identity) ends so much sooner than that, so
     * that there is time to answer it. 0: GRPC_DEADLINE_MARGIN_MS; negative: none; never more than
     * GRPC_DEADLINE_MARGIN_SHARE allows. */
    int64_t deadline_margin_ms;
    size_t message_bytes_max; /* 0: 4 MiB */
    /* What messages are written in: protobuf, or JSON, for which the pool also has the type of
     * every request (CHECKed). */
    enum grpc_codec codec;
    enum grpc_balancing balancing;
    size_t subset_max; /* 0: GRPC_CHANNEL_SUBSET_MAX */
    /* Which subset: clients with different keys spread. 0: one by chance. */
    uint64_t subset_key;
    /* Each instance is asked over its connection whether this service of it (empty: it as a whole)
     * wants calls, and gets none before it says so (gRFC A17). One that does not know
     * grpc.health.v1.Health is taken to. NULL: nobody is asked. */
    const char *health_service;
    /* Which instances calls had better not go to for a time; NULL: nobody is ejected. */
    const struct grpc_outlier_options *outlier;
    /* Connections on which nothing came for keepalive_time_ms are tested by PING, and are lost when
     * nothing comes for keepalive_timeout_ms more (gRFC A8, grpc/grpc doc/keepalive.md). */
    int64_t keepalive_time_ms;    /* 0: never; else at least GRPC_KEEPALIVE_TIME_MIN_MS, and doubled
                                     each time a server finds it too often */
    int64_t keepalive_timeout_ms; /* 0: GRPC_KEEPALIVE_TIMEOUT_MS */
    bool keepalive_without_calls; /* also connections without a call */
    const struct grpc_service_config *config; /* of the methods that it names; NULL: none */
    const struct grpc_retry_policy *retry;    /* where the config names none; NULL: none */
};

/* Without addresses yet: calls wait for the first ones until their deadline.
 * STATUS_RESOURCE_EXHAUSTED: no memory. *ret_channel is owned by the caller. */
MUST_USE enum status grpc_channel_create(struct loop *loop,
                                         const struct grpc_channel_options *options,
                                         struct grpc_channel **ret_channel);

/* A channel to a server of the same loop, without sockets. The server must outlive it. */
MUST_USE enum status grpc_channel_create_loopback(struct loop *loop, struct http_server *server,
                                                  const struct grpc_channel_options *options,
                                                  struct grpc_channel **ret_channel);

/* No call may be running. In a fiber: waits for attempts to connect to have ended; elsewhere they
 * end, and free what is theirs, in later turns of the loop. NULL is accepted. */
void grpc_channel_destroy(struct grpc_channel *channel);

/* The instances from now on ("host:port"; copied). Connections to those that stay are kept; those
 * of the others end when their calls have. To be named again is news as well: an instance that
 * could not be reached, or asked, is tried at once, whatever its backoff, which begins anew.
 * An empty list makes calls fail at once with UNAVAILABLE.
 * On the loop's thread. STATUS_RESOURCE_EXHAUSTED: more than GRPC_CHANNEL_ADDRESSES_MAX, an address
 * of HTTP_ADDRESS_BYTES_MAX bytes, or no memory: the earlier list stays. */
MUST_USE enum status grpc_channel_update(struct grpc_channel *channel, const struct text *addresses,
                                         size_t count);

/* The same, with what else is known of the instances. An address that is named twice counts once,
 * with what came first. */
MUST_USE enum status grpc_channel_update_endpoints(struct grpc_channel *channel,
                                                   const struct grpc_endpoint *endpoints,
                                                   size_t count);

/* What comes with a reply besides its message; texts valid in the call's arena. */
struct grpc_reply {
    const struct http_header *headers; /* as they came, in their order */
    size_t header_count;
    const struct http_header *trailers; /* of a reply that is one block of headers: that one */
    size_t trailer_count;
    bool compressed; /* the message came compressed */
};

/* Of a call. Zero for the defaults. */
struct grpc_call_options {
    bool idempotent; /* where nothing else says how: retried as grpc_retry_idempotent has it */
    const struct grpc_retry_policy *retry; /* goes before the channel's; NULL: that one */
    /* Of a unary call: several attempts at once, in place of retries; NULL: as the config says. */
    const struct grpc_hedging_policy *hedging;
    /* While no instance can be reached, waits for one instead of failing at once. */
    bool wait_for_ready;
    bool compress; /* gzip the request */
    /* The server waits until something happens (long polling): it is no load where instances are
     * compared by their calls under way. */
    bool long_poll;
    /* Of a streaming call: the server sends exactly one message (client streaming). grpc_receive()
     * then also waits for the end, so that the status is known with the message. */
    bool one_reply;
    const struct grpc_metadata *metadata; /* sent with the request */
    size_t metadata_count;
    /* Of a unary call: filled in whatever its status; NULL: not wanted. */
    struct grpc_reply *ret_reply;
};

/* One request, one response; parks. The call's deadline is sent as grpc-timeout, its trace as
 * traceparent. response: of `response_type`; valid in the call's arena.
 * STATUS_OK, or whatever the server said (its message becomes the call's error), or what happened
 * here: UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, INTERNAL (malformed reply), RESOURCE_EXHAUSTED
 * (too large), UNIMPLEMENTED (not exactly one message). */
MUST_USE enum status grpc_call_unary(struct grpc_channel *channel, struct call *call,
                                     const char *path, const struct grpc_call_options *options,
                                     const ProtobufCMessage *request,
                                     const ProtobufCMessageDescriptor *response_type,
                                     ProtobufCMessage **ret_response);

/* A streaming call of any kind. The stream must be finished. It is tried again as a unary one is,
 * until the reply's headers have come, and as long as it has sent GRPC_REPLAY_BYTES_MAX at most.
 * options may be NULL. */
MUST_USE enum status grpc_client_open(struct grpc_channel *channel, struct call *call,
                                      const char *path, const struct grpc_call_options *options,
                                      const ProtobufCMessageDescriptor *response_type,
                                      struct grpc_stream **ret_stream);

/* Whether the messages sent from now on are compressed. true is for streams that were opened with
 * `compress` (CHECKed), as the server has been told so. */
void grpc_client_compress(struct grpc_stream *stream, bool compress);

/* No more messages from here: half-closes. */
MUST_USE enum status grpc_client_close_send(struct grpc_stream *stream);

/* Ends the call and gives its status: the server's, when all was received (grpc_receive() gave
 * NULL, or `one_reply` its message) or the server has ended it; else what failed here; else the
 * call is cancelled, and CANCELLED returned. Frees the stream. The call's error holds the words. */
enum status grpc_client_finish(struct grpc_stream *stream);

/* The reply's metadata so far, valid until finish; {NULL, 0}: absent. */
struct text grpc_client_initial_metadata(struct grpc_stream *stream, struct text name);
struct text grpc_client_trailing_metadata(struct grpc_stream *stream, struct text name);

/* The same as a whole, as it came; valid until finish. */
struct grpc_reply grpc_client_reply(struct grpc_stream *stream);
