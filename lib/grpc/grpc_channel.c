#include "grpc/grpc_channel.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "grpc/grpc_channel_private.h"
#include "grpc/grpc_descriptor_sets.h"
#include "grpc/grpc_service_config.h"
#include "health.pb-c.h"
#include "proto/proto.h"

/* A call that waits for a connection, on its fiber's stack. */
struct channel_waiter {
    struct list link; /* in none once it was woken */
    struct fiber_wait wait;
};

static struct http2_keepalive keepalive_of(const struct grpc_channel_options *options)
{
    int64_t time_ms = options->keepalive_time_ms;
    int64_t timeout_ms = options->keepalive_timeout_ms;
    if (time_ms > 0 && time_ms < GRPC_KEEPALIVE_TIME_MIN_MS) {
        time_ms = GRPC_KEEPALIVE_TIME_MIN_MS;
    }
    return (struct http2_keepalive){
        .time_ns = time_ms * CLOCK_NS_PER_MS,
        .timeout_ns = (timeout_ms > 0 ? timeout_ms : GRPC_KEEPALIVE_TIMEOUT_MS) * CLOCK_NS_PER_MS,
        .without_requests = options->keepalive_without_calls,
    };
}

void grpc_channel_ask_less(struct grpc_channel *channel)
{
    int64_t *time_ns = &channel->keepalive.time_ns;
    *time_ns = *time_ns > INT64_MAX / 2 ? INT64_MAX : *time_ns * 2;
}

static bool start_sweep_timer(struct grpc_channel *channel)
{
    int64_t interval_ns = channel->outlier.options.interval_ms * CLOCK_NS_PER_MS;
    return loop_timer_start(channel->loop, &channel->outlier_timer,
                            clock_monotonic_ns() + interval_ns) == STATUS_OK;
}

static void sweep_outliers(struct loop_timer *timer)
{
    struct grpc_channel *channel = CONTAINER_OF(timer, struct grpc_channel, outlier_timer);
    grpc_outlier_sweep(&channel->outlier, clock_monotonic_ns());
    CHECK(start_sweep_timer(channel)); /* its place in the heap has just become free */
}

/* Of what servers say of themselves. false: no memory. */
static bool create_health_type(struct grpc_channel *channel)
{
    static const ProtobufCMessageDescriptor *const root =
        &grpc__health__v1__health_check_response__descriptor;
    const struct proto_descriptor_set set = {marquee_health_proto_descriptor_set,
                                             marquee_health_proto_descriptor_set_size};
    if (channel->options.health_service == NULL) {
        return true;
    }
    if (proto_pool_create(&set, 1, &root, 1, &channel->health_pool) != STATUS_OK) {
        return false;
    }
    channel->health_type = proto_pool_type(channel->health_pool, root);
    return true;
}

static void free_channel(struct grpc_channel *channel)
{
    proto_pool_destroy(channel->health_pool);
    free(channel);
}

enum status grpc_channel_create(struct loop *loop, const struct grpc_channel_options *options,
                                struct grpc_channel **ret_channel)
{
    CHECK(options->pool != NULL && options->target != NULL);
    struct grpc_channel *channel = calloc(1, sizeof(*channel));
    if (channel == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    channel->loop = loop;
    channel->options = *options;
    if (options->config == NULL ||
        !grpc_service_config_throttle(options->config, &channel->throttle)) {
        grpc_retry_throttle_init(&channel->throttle, GRPC_RETRY_TOKENS_DEFAULT,
                                 GRPC_RETRY_TOKEN_RATIO_DEFAULT);
    }
    if (options->subset_max == 0) {
        channel->options.subset_max = GRPC_CHANNEL_SUBSET_MAX;
    }
    if (options->subset_key == 0) {
        random_fill(&channel->options.subset_key, sizeof(channel->options.subset_key));
    }
    channel->keepalive = keepalive_of(options);
    grpc_outlier_init(&channel->outlier, options->outlier);
    channel->outlier_timer.expire = sweep_outliers;
    fiber_wait_init(&channel->emptied);
    list_init(&channel->waiters);
    if (!create_health_type(channel) || (options->outlier != NULL && !start_sweep_timer(channel))) {
        free_channel(channel);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_channel = channel;
    return STATUS_OK;
}

enum status grpc_channel_create_loopback(struct loop *loop, struct http_server *server,
                                         const struct grpc_channel_options *options,
                                         struct grpc_channel **ret_channel)
{
    struct grpc_channel *channel;
    enum status status = grpc_channel_create(loop, options, &channel);
    if (status != STATUS_OK) {
        return status;
    }
    channel->loopback = server;
    channel->options.tls = NULL; /* within the process */
    status = grpc_channel_update(channel, &TEXT("loopback"), 1);
    if (status != STATUS_OK) {
        grpc_channel_destroy(channel);
        return status;
    }
    *ret_channel = channel;
    return STATUS_OK;
}

static void remove_subchannels(struct grpc_channel *channel)
{
    for (size_t i = 0; i < channel->subchannel_count; i++) {
        grpc_subchannel_remove(channel->subchannels[i]);
    }
    channel->subchannel_count = 0;
}

void grpc_channel_destroy(struct grpc_channel *channel)
{
    if (channel == NULL) {
        return;
    }
    CHECK(list_is_empty(&channel->waiters));
    loop_timer_stop(channel->loop, &channel->outlier_timer);
    remove_subchannels(channel);
    free(channel->subchannels);
    channel->subchannels = NULL;
    if (channel->subchannels_alive > 0 && fiber_current() == NULL) {
        channel->destroyed = true; /* the last of them frees it */
        return;
    }
    while (channel->subchannels_alive > 0) {
        CHECK(fiber_wait(NULL, &channel->emptied) == STATUS_OK);
    }
    free_channel(channel);
}

void grpc_channel_subchannel_ended(struct grpc_channel *channel)
{
    channel->subchannels_alive--;
    if (channel->subchannels_alive == 0) {
        if (channel->destroyed) {
            free_channel(channel);
        } else {
            fiber_wait_signal(&channel->emptied);
        }
    }
}

/* Begins whatever may make a connection ready. Whether there is anything to wait for. */
static bool expect_connection(struct grpc_channel *channel)
{
    bool expected = !channel->addresses_known;
    for (size_t i = 0; i < channel->subchannel_count; i++) {
        expected = grpc_subchannel_expect(channel->subchannels[i]) || expected;
    }
    return expected;
}

static enum status fail_unreachable(const struct grpc_channel *channel, struct call *call)
{
    const char *target = channel->options.target;
    if (channel->subchannel_count == 0) {
        return call_fail(call, STATUS_UNAVAILABLE, "%s: there is no instance", target);
    }
    const struct grpc_subchannel *one = channel->subchannels[0];
    (void)call_fail_detail(call, STATUS_UNAVAILABLE, "%s: %zu instances; %s: %s", target,
                           channel->subchannel_count, one->address, one->error);
    return call_fail(call, STATUS_UNAVAILABLE, "%s: no instance can be reached", target);
}

/* Parks until something has changed. First in the queue if the call has waited before. */
static enum status wait_for_change(struct grpc_channel *channel, struct call *call, bool first)
{
    struct channel_waiter waiter;
    fiber_wait_init(&waiter.wait);
    /* Appending to the first link's list puts it before that link. */
    list_append(first ? channel->waiters.next : &channel->waiters, &waiter.link);
    enum status status = fiber_wait(call, &waiter.wait);
    bool woken = list_is_empty(&waiter.link);
    list_remove(&waiter.link);
    if (status != STATUS_OK && woken) {
        grpc_channel_wake_one(channel); /* what woke it is for the next */
    }
    return status;
}

enum status grpc_channel_pick(struct grpc_channel *channel, struct call *call,
                              const struct grpc_subchannel *avoid, bool wait_for_ready,
                              struct grpc_connection **ret_connection)
{
    bool waited = false;
    for (;;) {
        struct grpc_connection *connection = grpc_channel_choose(channel, avoid);
        if (connection != NULL) {
            grpc_connection_hold(connection);
            *ret_connection = connection;
            return STATUS_OK;
        }
        if (!expect_connection(channel) && !wait_for_ready) {
            return fail_unreachable(channel, call);
        }
        enum status status = wait_for_change(channel, call, waited);
        if (status != STATUS_OK) {
            return call_fail(call, status, "%s: no connection in time", channel->options.target);
        }
        waited = true;
    }
}

void grpc_channel_wake_one(struct grpc_channel *channel)
{
    struct list *link = list_take_first(&channel->waiters);
    if (link != NULL) {
        fiber_wait_signal(&CONTAINER_OF(link, struct channel_waiter, link)->wait);
    }
}

void grpc_channel_wake_all(struct grpc_channel *channel)
{
    while (!list_is_empty(&channel->waiters)) {
        grpc_channel_wake_one(channel);
    }
}
