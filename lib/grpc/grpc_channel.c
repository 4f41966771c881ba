#include "grpc/grpc_channel.h"

#include <stdlib.h>

#include "base/random.h"
#include "grpc/grpc_channel_private.h"

enum {
    RETRY_TOKENS_MAX = 1000, /* in tenths of a token */
    RETRY_TOKENS_OF_FAILURE = 10,
    RETRY_TOKENS_OF_SUCCESS = 1,
};

/* A call that waits for a connection, on its fiber's stack. */
struct channel_waiter {
    struct list link; /* in none once it was woken */
    struct fiber_wait wait;
};

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
    channel->retry_tokens = RETRY_TOKENS_MAX;
    fiber_wait_init(&channel->emptied);
    list_init(&channel->waiters);
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
    free(channel);
}

void grpc_channel_subchannel_ended(struct grpc_channel *channel)
{
    channel->subchannels_alive--;
    if (channel->subchannels_alive == 0) {
        if (channel->destroyed) {
            free(channel);
        } else {
            fiber_wait_signal(&channel->emptied);
        }
    }
}

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

/* Fills `next` with a subchannel for each address: those there are, which are marked as kept, and
 * new ones. false: no memory for them all. */
static bool fill_subchannels(struct grpc_channel *channel, const struct text *addresses,
                             size_t count, struct grpc_subchannel **next, size_t *ret_count)
{
    *ret_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (find_subchannel(next, *ret_count, addresses[i]) != NULL) {
            continue;
        }
        struct grpc_subchannel *subchannel =
            find_subchannel(channel->subchannels, channel->subchannel_count, addresses[i]);
        if (subchannel != NULL) {
            subchannel->kept = true;
        } else {
            subchannel = grpc_subchannel_create(channel, addresses[i]);
        }
        if (subchannel == NULL) {
            return false;
        }
        next[(*ret_count)++] = subchannel;
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

enum status grpc_channel_update(struct grpc_channel *channel, const struct text *addresses,
                                size_t count)
{
    size_t next_count;
    if (count > GRPC_CHANNEL_ADDRESSES_MAX) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    struct grpc_subchannel **next = calloc(count + 1, sizeof(struct grpc_subchannel *));
    if (next == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (!fill_subchannels(channel, addresses, count, next, &next_count)) {
        remove_others(next, next_count); /* the new ones */
        free(next);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    remove_others(channel->subchannels, channel->subchannel_count);
    free(channel->subchannels);
    channel->subchannels = next;
    channel->subchannel_count = next_count;
    channel->addresses_known = true;
    grpc_channel_wake_all(channel);
    return STATUS_OK;
}

/* The first subchannel at or after a random place that a call may start on now. */
static struct grpc_subchannel *random_ready(const struct grpc_channel *channel,
                                            const struct grpc_subchannel *avoid)
{
    size_t count = channel->subchannel_count;
    size_t start = count > 1 ? (size_t)random_below(count) : 0;
    for (size_t i = 0; i < count; i++) {
        struct grpc_subchannel *subchannel = channel->subchannels[(start + i) % count];
        if (subchannel != avoid && grpc_subchannel_ready(subchannel) != NULL) {
            return subchannel;
        }
    }
    return NULL;
}

/* The less loaded of two that are ready (Mitzenmacher, "The Power of Two Choices"). */
static struct grpc_connection *choose(const struct grpc_channel *channel,
                                      const struct grpc_subchannel *avoid)
{
    struct grpc_subchannel *first = random_ready(channel, avoid);
    if (first == NULL && avoid != NULL) {
        first = random_ready(channel, NULL);
    }
    if (first == NULL) {
        return NULL;
    }
    if (channel->subchannel_count > 1) {
        struct grpc_subchannel *second = random_ready(channel, avoid);
        if (second != NULL && second->calls < first->calls) {
            first = second;
        }
    }
    return grpc_subchannel_ready(first);
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
                              const struct grpc_subchannel *avoid,
                              struct grpc_connection **ret_connection)
{
    bool waited = false;
    for (;;) {
        struct grpc_connection *connection = choose(channel, avoid);
        if (connection != NULL) {
            grpc_connection_hold(connection);
            *ret_connection = connection;
            return STATUS_OK;
        }
        if (!expect_connection(channel)) {
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

bool grpc_channel_may_retry(const struct grpc_channel *channel)
{
    return channel->retry_tokens > RETRY_TOKENS_MAX / 2;
}

void grpc_channel_note_outcome(struct grpc_channel *channel, bool success)
{
    if (success) {
        channel->retry_tokens += RETRY_TOKENS_OF_SUCCESS;
        if (channel->retry_tokens > RETRY_TOKENS_MAX) {
            channel->retry_tokens = RETRY_TOKENS_MAX;
        }
    } else {
        channel->retry_tokens -= channel->retry_tokens < RETRY_TOKENS_OF_FAILURE
                                     ? channel->retry_tokens
                                     : RETRY_TOKENS_OF_FAILURE;
    }
}
