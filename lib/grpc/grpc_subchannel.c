#include "grpc/grpc_subchannel.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "grpc/grpc_backoff.h"
#include "grpc/grpc_channel_private.h"
#include "grpc/grpc_health_watch.h"
#include "http/http_server.h"

#define CONNECT_TIMEOUT_DEFAULT_MS INT64_C(5000)
/* A connection that lived this long, or carried a reply, was a good one. */
#define PROVED_AFTER_NS (1 * CLOCK_NS_PER_S)

enum { ATTEMPT_ARENA_BYTES_MAX = 64 * 1024 };

const struct grpc_backoff grpc_connect_backoff = {
    .first_ns = 1 * CLOCK_NS_PER_S,
    .most_ns = 120 * CLOCK_NS_PER_S,
    .factor = 1.6,
    .jitter = 0.2,
};

static void begin_attempt(struct grpc_subchannel *self);

/* Frees it when it is out of use and nothing refers to it. */
static void free_if_ended(struct grpc_subchannel *self)
{
    if (self->removed && self->connection_count == 0 && !self->connecting) {
        struct grpc_channel *channel = self->channel;
        loop_timer_stop(channel->loop, &self->timer);
        free(self);
        grpc_channel_subchannel_ended(channel);
    }
}

static void back_off_ended(struct loop_timer *timer)
{
    struct grpc_subchannel *self = CONTAINER_OF(timer, struct grpc_subchannel, timer);
    self->backing_off = false;
    if (self->usable_count == 0) {
        begin_attempt(self);
    } else {
        grpc_channel_wake_one(self->channel); /* it may want a further connection */
    }
}

static void back_off(struct grpc_subchannel *self)
{
    self->failures++;
    int64_t due_ns = self->attempt_ns +
                     grpc_backoff_ns(&grpc_connect_backoff, self->failures, random_fraction());
    /* Without memory for the timer, the next call begins the attempt. */
    self->backing_off = loop_timer_start(self->channel->loop, &self->timer, due_ns) == STATUS_OK;
}

static void dispose_run(struct loop_task *task)
{
    struct grpc_connection *connection = CONTAINER_OF(task, struct grpc_connection, dispose);
    struct grpc_subchannel *subchannel = connection->subchannel;
    http2_client_destroy(connection->client);
    list_remove(&connection->link);
    free(connection);
    subchannel->connection_count--;
    free_if_ended(subchannel);
}

/* Ends a connection that no call is on and none will be, after whoever watches it. Not at once: its
 * client may be calling. */
static void dispose_if_idle(struct grpc_connection *connection)
{
    bool wanted = !connection->unusable && !connection->subchannel->removed;
    if (!wanted && connection->watching) {
        cancellation_request(&connection->watch_cancellation);
    } else if (!wanted && connection->calls == 0 && !connection->disposed) {
        connection->disposed = true;
        connection->dispose.run = dispose_run;
        loop_defer(connection->subchannel->channel->loop, &connection->dispose);
    }
}

static void note_complaint(const struct grpc_connection *connection)
{
    if (connection->client != NULL && http2_client_asked_too_often(connection->client)) {
        grpc_channel_ask_less(connection->subchannel->channel);
    }
}

static void tell_lost(const struct grpc_subchannel *self)
{
    const struct grpc_channel_options *options = &self->channel->options;
    if (options->lost != NULL && !self->removed) {
        options->lost(options->lost_state);
    }
}

/* Nothing more can be started on the connection. Told by its client, once or twice. */
static void connection_refuses(void *state)
{
    struct grpc_connection *connection = state;
    struct grpc_subchannel *subchannel = connection->subchannel;
    if (!connection->opened) {
        fiber_wait_signal(&connection->opening); /* the attempt looks */
        return;
    }
    if (connection->unusable) {
        return;
    }
    connection->unusable = true;
    subchannel->usable_count--;
    note_complaint(connection);
    if (subchannel->usable_count == 0 && !subchannel->removed && !subchannel->connecting &&
        !subchannel->backing_off) {
        bool proved =
            connection->proved || clock_monotonic_ns() - connection->opened_ns >= PROVED_AFTER_NS;
        if (proved) {
            subchannel->failures = 0;
            begin_attempt(subchannel);
        } else {
            (void)snprintf(subchannel->error, sizeof(subchannel->error),
                           "the connection was closed at once"); /* fits */
            back_off(subchannel);
        }
    }
    if (subchannel->usable_count == 0) {
        tell_lost(subchannel);
    }
    dispose_if_idle(connection);
    grpc_channel_wake_all(subchannel->channel);
}

static void connection_settled(void *state)
{
    struct grpc_connection *connection = state;
    fiber_wait_signal(&connection->opening);
}

/* A waiting call looks again; it runs later in the turn. */
static void connection_freed(void *state)
{
    struct grpc_connection *connection = state;
    grpc_channel_wake_one(connection->subchannel->channel);
}

static enum status open_client(struct grpc_subchannel *self, struct call *call,
                               struct grpc_connection *connection)
{
    struct grpc_channel *channel = self->channel;
    const struct http2_client_events events = {
        .refusing = connection_refuses,
        .settled = connection_settled,
        .freed = connection_freed,
        .closed = connection_refuses,
        .state = connection,
    };
    if (channel->loopback == NULL) {
        return http2_client_connect_tls(channel->loop, call, text_of(self->address),
                                        channel->options.tls, &events, &connection->client);
    }
    struct http_transport *transport;
    enum status status = http_server_connect_loopback(channel->loopback, &transport);
    return status == STATUS_OK
               ? http2_client_over(channel->loop, transport, &events, &connection->client)
               : status;
}

/* Whoever accepts may still not speak HTTP/2, and how many streams it takes is in its SETTINGS. */
static enum status await_settings(struct grpc_subchannel *self, struct call *call,
                                  struct grpc_connection *connection)
{
    enum status status = fiber_wait(call, &connection->opening);
    if (status != STATUS_OK) {
        return call_fail(call, status, "no HTTP/2 settings came");
    }
    const char *failure = http2_client_failure(connection->client);
    if (failure != NULL) {
        return call_fail(call, STATUS_UNAVAILABLE, "TLS: the peer refuses: %s", failure);
    }
    if (self->removed || !http2_client_is_usable(connection->client)) {
        return call_fail(call, STATUS_UNAVAILABLE, "the connection was closed at once");
    }
    return STATUS_OK;
}

static enum status open_connection(struct grpc_subchannel *self, struct call *call)
{
    struct grpc_connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory");
    }
    connection->subchannel = self;
    cancellation_init(&connection->watch_cancellation);
    fiber_wait_init(&connection->ask_again);
    fiber_wait_init(&connection->opening);
    enum status status = open_client(self, call, connection);
    if (status == STATUS_OK) {
        status = await_settings(self, call, connection);
    }
    if (status == STATUS_OK && self->channel->options.health_service != NULL) {
        status = grpc_health_watch_start(connection);
    }
    if (status != STATUS_OK) {
        note_complaint(connection);
        http2_client_destroy(connection->client);
        free(connection);
        return status;
    }
    http2_client_keep_alive(connection->client, &self->channel->keepalive);
    connection->opened = true;
    connection->opened_ns = clock_monotonic_ns();
    list_append(&self->connections, &connection->link);
    self->connection_count++;
    self->usable_count++;
    return STATUS_OK;
}

static void attempt(void *argument)
{
    struct grpc_subchannel *self = argument;
    const struct grpc_channel_options *options = &self->channel->options;
    struct arena arena;
    struct call call;
    arena_init(&arena, ATTEMPT_ARENA_BYTES_MAX);
    call_init(&call, &arena,
              options->connect_timeout_ms > 0 ? options->connect_timeout_ms
                                              : CONNECT_TIMEOUT_DEFAULT_MS);
    call.cancellation = &self->cancellation;
    enum status status = open_connection(self, &call);
    self->connecting = false;
    if (self->removed) {
        arena_deinit(&arena);
        free_if_ended(self);
        return;
    }
    if (status != STATUS_OK) {
        struct text words = call.error.message;
        (void)snprintf(self->error, sizeof(self->error), "%s%s%.*s", status_name(status),
                       words.length > 0 ? ": " : "", TEXT_ARGUMENTS(words)); /* may be cut */
        back_off(self);
        tell_lost(self);
    }
    arena_deinit(&arena);
    grpc_channel_wake_all(self->channel);
}

static void begin_attempt(struct grpc_subchannel *self)
{
    self->attempt_ns = clock_monotonic_ns();
    self->connecting = true;
    if (fiber_start(self->channel->loop, attempt, self) != STATUS_OK) {
        self->connecting = false;
        (void)snprintf(self->error, sizeof(self->error), "no memory"); /* fits */
        back_off(self);
    }
}

struct grpc_subchannel *grpc_subchannel_create(struct grpc_channel *channel, struct text address)
{
    struct grpc_subchannel *self = calloc(1, sizeof(*self));
    if (self == NULL || !text_to_c_string(address, self->address, sizeof(self->address))) {
        free(self);
        return NULL;
    }
    self->channel = channel;
    self->address_hash = text_hash(address);
    self->timer.expire = back_off_ended;
    list_init(&self->connections);
    cancellation_init(&self->cancellation);
    channel->subchannels_alive++;
    grpc_outlier_add(&channel->outlier, &self->outlier);
    begin_attempt(self);
    return self;
}

void grpc_subchannel_remove(struct grpc_subchannel *self)
{
    self->removed = true;
    grpc_outlier_remove(&self->channel->outlier, &self->outlier);
    loop_timer_stop(self->channel->loop, &self->timer);
    self->backing_off = false;
    cancellation_request(&self->cancellation);
    for (struct list *link = self->connections.next; link != &self->connections;
         link = link->next) {
        dispose_if_idle(CONTAINER_OF(link, struct grpc_connection, link));
    }
    free_if_ended(self);
}

struct grpc_connection *grpc_subchannel_ready(const struct grpc_subchannel *self)
{
    struct grpc_connection *least = NULL;
    for (const struct list *link = self->connections.next; link != &self->connections;
         link = link->next) {
        struct grpc_connection *connection =
            CONTAINER_OF((struct list *)(uintptr_t)link, struct grpc_connection, link);
        if (!connection->unusable && connection->serving == GRPC_SERVES &&
            http2_client_is_ready(connection->client) &&
            (least == NULL || connection->calls < least->calls)) {
            least = connection;
        }
    }
    return least;
}

/* How many of the usable connections are so. */
static unsigned count_serving(const struct grpc_subchannel *self, enum grpc_serves serving)
{
    unsigned count = 0;
    for (const struct list *link = self->connections.next; link != &self->connections;
         link = link->next) {
        const struct grpc_connection *connection =
            CONTAINER_OF((struct list *)(uintptr_t)link, struct grpc_connection, link);
        count += !connection->unusable && connection->serving == serving;
    }
    return count;
}

bool grpc_subchannel_expect(struct grpc_subchannel *self)
{
    unsigned serving = count_serving(self, GRPC_SERVES);
    /* A further connection to a server that wants no calls would be of no use. */
    if (!self->connecting && !self->backing_off && self->usable_count == serving &&
        self->connection_count < GRPC_CHANNEL_CONNECTIONS_MAX) {
        begin_attempt(self);
    }
    /* While some connection serves, a running call's end makes room on it. */
    return (self->connecting && self->failures == 0) || serving > 0 ||
           count_serving(self, GRPC_SERVES_UNKNOWN) > 0;
}

void grpc_subchannel_reset_backoff(struct grpc_subchannel *self)
{
    self->failures = 0;
    for (struct list *link = self->connections.next; link != &self->connections;
         link = link->next) {
        struct grpc_connection *connection = CONTAINER_OF(link, struct grpc_connection, link);
        if (connection->serving == GRPC_SERVES_NOT) {
            fiber_wait_signal(&connection->ask_again);
        }
    }
    if (self->backing_off) {
        loop_timer_stop(self->channel->loop, &self->timer);
        back_off_ended(&self->timer);
    }
}

void grpc_connection_set_serving(struct grpc_connection *connection, enum grpc_serves serving)
{
    struct grpc_subchannel *subchannel = connection->subchannel;
    if (connection->serving == serving) {
        return;
    }
    connection->serving = serving;
    if (serving == GRPC_SERVES_NOT) {
        (void)snprintf(subchannel->error, sizeof(subchannel->error),
                       "it says that it does not serve"); /* fits */
    }
    if (!subchannel->removed) {
        grpc_channel_wake_all(subchannel->channel);
    }
}

void grpc_connection_watch_ended(struct grpc_connection *connection)
{
    connection->watching = false;
    dispose_if_idle(connection);
}

void grpc_connection_hold(struct grpc_connection *connection)
{
    connection->calls++;
    connection->subchannel->calls++;
}

void grpc_connection_release(struct grpc_connection *connection)
{
    connection->calls--;
    connection->subchannel->calls--;
    dispose_if_idle(connection);
}
