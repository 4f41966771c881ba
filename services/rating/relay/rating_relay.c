#include "rating/relay/rating_relay.h"

#include <stdlib.h>

#include "base/clock.h"
#include "rating/relay/rating_relay_position.h"
#include "rating/relay/rating_relay_private.h"

#define LEASE_NAME TEXT("relay")
#define PAUSE_FIRST_NS (50 * CLOCK_NS_PER_MS)
#define PAUSE_MAX_NS (RATING_RELAY_PAUSE_MS_MAX * CLOCK_NS_PER_MS)

enum { LETTER_ARENA_BYTES_MAX = 2 * RATING_RELAY_LETTERS_MAX * EVENTLOG_VALUE_BYTES_MAX };

static struct text keep_name(char **at, struct text name)
{
    char *start = *at;
    if (name.length > 0) {
        memcpy(start, name.data, name.length);
    }
    *at += name.length;
    return text_of_bytes(start, name.length);
}

static bool is_sound(const struct rating_relay_options *options)
{
    return options->changes_topic.length <= EVENTLOG_TOPIC_BYTES_MAX &&
           options->aggregates_topic.length <= EVENTLOG_TOPIC_BYTES_MAX &&
           options->dead_letters_topic.length <= EVENTLOG_TOPIC_BYTES_MAX &&
           options->owner.length > 0 && options->owner.length <= RATING_REPOSITORY_NAME_BYTES_MAX &&
           options->batch_max <= RATING_RELAY_BATCH_MAX &&
           (options->lease_ms == 0 || (options->lease_ms >= RATING_RELAY_LEASE_MS_MIN &&
                                       options->lease_ms <= RATING_RELAY_LEASE_MS_MAX));
}

enum status rating_relay_create(const struct rating_relay_options *options,
                                struct rating_relay **ret_relay)
{
    if (!is_sound(options)) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct rating_relay *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    char *at = self->names;
    self->options = *options;
    self->options.changes_topic = keep_name(&at, options->changes_topic);
    self->options.aggregates_topic = keep_name(&at, options->aggregates_topic);
    self->options.dead_letters_topic = keep_name(&at, options->dead_letters_topic);
    self->options.owner = keep_name(&at, options->owner);
    if (self->options.batch_max == 0) {
        self->options.batch_max = RATING_RELAY_BATCH_DEFAULT;
    }
    if (self->options.lease_ms == 0) {
        self->options.lease_ms = RATING_RELAY_LEASE_MS_DEFAULT;
    }
    self->unconfirmed = -1;
    arena_init(&self->arena, RATING_RELAY_ARENA_BYTES_MAX);
    arena_init(&self->letter_arena, LETTER_ARENA_BYTES_MAX);
    buffer_init(&self->buffer, RATING_RELAY_VALUE_BYTES_MAX);
    cancellation_init(&self->stop);
    fiber_group_init(&self->fibers);
    *ret_relay = self;
    return STATUS_OK;
}

void rating_relay_destroy(struct rating_relay *relay)
{
    if (relay == NULL) {
        return;
    }
    arena_deinit(&relay->arena);
    arena_deinit(&relay->letter_arena);
    buffer_deinit(&relay->buffer);
    free(relay);
}

static void begin_step(struct rating_relay *self)
{
    arena_reset(&self->arena);
    call_init(&self->call, &self->arena, RATING_RELAY_STEP_MS);
    self->call.cancellation = &self->stop;
}

/* false: relaying is being stopped. */
static bool pause_for(struct rating_relay *self, int64_t duration_ns)
{
    struct call call;
    call_init(&call, &self->arena, 0);
    call.cancellation = &self->stop;
    return fiber_sleep(&call, duration_ns) == STATUS_OK;
}

/* Says what failed and waits, longer each time. */
static void survive(struct rating_relay *self, enum status status)
{
    if (self->stop.requested) {
        return;
    }
    log_call(self->options.log, LOG_WARNING, &self->call, "changes not relayed; trying again",
             LOG_FIELDS(log_string("status", status_name(status))));
    int64_t pause_ns = self->pause_ns > 0 ? self->pause_ns * 2 : PAUSE_FIRST_NS;
    self->pause_ns = pause_ns < PAUSE_MAX_NS ? pause_ns : PAUSE_MAX_NS;
    (void)pause_for(self, self->pause_ns); /* whoever stops it is seen by the caller */
}

static int64_t renew_ns(const struct rating_relay *self)
{
    return self->options.lease_ms * CLOCK_NS_PER_MS / 3;
}

/* STATUS_ABORTED: it is another instance's. */
static enum status hold_lease(struct rating_relay *self)
{
    struct rating_repository repository = self->options.repository;
    bool held = false;
    int64_t asked_ns = clock_monotonic_ns();
    enum status status =
        repository.ops->hold_lease(repository.state, &self->call, LEASE_NAME, self->options.owner,
                                   self->options.lease_ms, &held);
    if (status == STATUS_OK && held) {
        self->lease_until_ns = asked_ns + self->options.lease_ms * CLOCK_NS_PER_MS;
        self->lease_due_ns = asked_ns + renew_ns(self);
        return STATUS_OK;
    }
    return status == STATUS_OK ? STATUS_ABORTED : status;
}

/* STATUS_ABORTED also when it could not be renewed for so long that it may be another's. */
static enum status renew_lease(struct rating_relay *self)
{
    int64_t now_ns = clock_monotonic_ns();
    if (now_ns < self->lease_due_ns) {
        return STATUS_OK;
    }
    enum status status = hold_lease(self);
    return status != STATUS_OK && now_ns >= self->lease_until_ns ? STATUS_ABORTED : status;
}

/* Fences whoever relayed before. What was sent and not confirmed may have come behind what another
 * instance sent meanwhile, and confirmed: the position is wound back, and all of it sent anew. */
static enum status claim(struct rating_relay *self)
{
    struct rating_repository repository = self->options.repository;
    enum status status = repository.ops->claim_position(
        repository.state, &self->call, TEXT(RATING_RELAY_POSITION_TOPIC), 0, &self->position);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t from = self->unconfirmed;
    if (from >= 0 && self->position.next_offset > from) {
        log_write(self->options.log, LOG_INFO, "relaying again what was not confirmed",
                  LOG_FIELDS(log_integer("position", from)));
        status = rating_relay_confirm(self, from);
    }
    if (status == STATUS_OK) {
        self->unconfirmed = -1;
        self->position_known = true;
        self->transfer.begun = false;
        self->transfer.wanted = self->transfer.wanted || self->position.next_offset == 0;
    }
    return status;
}

static enum status find_topics(struct rating_relay *self)
{
    bool is_new;
    enum status status = rating_relay_make_topics(self, &is_new);
    if (status == STATUS_OK) {
        self->topics_known = true;
        self->transfer.wanted = is_new;
    }
    return status;
}

static enum status step(struct rating_relay *self)
{
    enum status status = renew_lease(self);
    if (status != STATUS_OK) {
        return status;
    }
    if (!self->topics_known) {
        return find_topics(self);
    }
    if (!self->position_known) {
        return claim(self);
    }
    return self->transfer.wanted ? rating_relay_transfer_page(self) : rating_relay_batch(self);
}

/* Until the lease is lost, or relaying is being stopped. */
static void lead(struct rating_relay *self)
{
    enum status status = STATUS_OK;
    self->topics_known = false;
    self->position_known = false;
    self->transfer = (struct relay_transfer){.wanted = false};
    self->mark_due_ns = 0;
    atomic_store_explicit(&self->figures.leads, true, memory_order_relaxed);
    log_write(self->options.log, LOG_INFO, "relaying changes", NULL);
    while (!self->stop.requested && status != STATUS_ABORTED) {
        begin_step(self);
        status = step(self);
        if (status == STATUS_ABORTED && !self->position_known) {
            /* Fenced by one that saw to it that its own latecomers are sent again: the lease says
             * who goes on. */
            status = hold_lease(self);
        }
        if (status == STATUS_OK) {
            self->pause_ns = 0;
        } else if (status != STATUS_ABORTED) {
            survive(self, status);
        }
    }
    atomic_store_explicit(&self->figures.leads, false, memory_order_relaxed);
    log_write(self->options.log, LOG_INFO, "relays no more", NULL);
}

/* One that does not lead, and has sent what it could not confirm, sees to it that it is sent again.
 */
static void stand(struct rating_relay *self)
{
    begin_step(self);
    enum status status = hold_lease(self);
    if (status == STATUS_OK) {
        lead(self);
        return;
    }
    if (status == STATUS_ABORTED && self->unconfirmed >= 0) {
        call_clear_error(&self->call);
        status = claim(self);
    }
    if (status == STATUS_OK || status == STATUS_ABORTED) {
        (void)pause_for(self, renew_ns(self));
    } else {
        survive(self, status);
    }
}

static void give_lease_back(struct rating_relay *self)
{
    struct rating_repository repository = self->options.repository;
    bool held;
    begin_step(self);
    self->call.cancellation = NULL;
    /* If it fails, the lease ends by itself. */
    status_ignore(repository.ops->hold_lease(repository.state, &self->call, LEASE_NAME,
                                             self->options.owner, 0, &held));
}

static void close_log(struct rating_relay *self)
{
    self->producer.ops->close(self->producer.state);
    self->admin.ops->close(self->admin.state);
}

static void relay(void *argument)
{
    struct rating_relay *self = argument;
    while (!self->stop.requested) {
        stand(self);
    }
    give_lease_back(self);
    close_log(self);
}

enum status rating_relay_start(struct rating_relay *self, struct eventlog_producer producer,
                               struct eventlog_admin admin)
{
    self->producer = producer;
    self->admin = admin;
    enum status status = fiber_group_start(&self->fibers, relay, self);
    if (status != STATUS_OK) {
        close_log(self);
    }
    return status;
}

void rating_relay_stop(struct rating_relay *self)
{
    cancellation_request(&self->stop);
    fiber_group_join(&self->fibers);
}

bool rating_relay_is_leader(const struct rating_relay *relay)
{
    return atomic_load_explicit(&relay->figures.leads, memory_order_relaxed);
}
