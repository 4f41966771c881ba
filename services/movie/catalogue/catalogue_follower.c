#include "movie/catalogue/catalogue_follower.h"

#include "base/clock.h"
#include "loop/loop.h"

enum {
    PAUSE_FIRST_MS = 50,
    PAUSE_BETWEEN_MS = 20, /* so that many changes are taken together */
};

/* At a start the services come one after the other, which is no news. */
#define SAID_AFTER_NS (2 * CLOCK_NS_PER_S)

static void begin_call(struct catalogue_follower *self)
{
    arena_reset(&self->arena);
    call_init(&self->call, &self->arena, CATALOGUE_TIMEOUT_MS);
    self->call.cancellation = &self->stop;
}

static void pause(struct catalogue_follower *self, int64_t pause_ns)
{
    begin_call(self);
    status_ignore(fiber_sleep(&self->call, pause_ns)); /* or it is to end, which the loop sees */
}

/* Says once what goes on failing; the copy stays as it is. */
static void survive(struct catalogue_follower *self, enum status status)
{
    int64_t least_ns = PAUSE_FIRST_MS * CLOCK_NS_PER_MS;
    int64_t most_ns = CATALOGUE_PAUSE_MS_MAX * CLOCK_NS_PER_MS;
    if (self->stop.requested) {
        return;
    }
    atomic_fetch_add(&self->failures, 1);
    if (self->pause_ns == 0) {
        self->failing_since_ns = clock_monotonic_ns();
    }
    if (!self->is_failing && clock_monotonic_ns() - self->failing_since_ns >= SAID_AFTER_NS) {
        self->is_failing = true;
        log_call(self->options.log, LOG_WARNING, &self->call,
                 "the lists of movies cannot follow; trying again",
                 LOG_FIELDS(log_string("service", self->options.service),
                            log_string("status", status_name(status))));
    }
    int64_t pause_ns = self->pause_ns > 0 ? self->pause_ns * 2 : least_ns;
    self->pause_ns = pause_ns < most_ns ? pause_ns : most_ns;
    pause(self, self->pause_ns);
}

static void recover(struct catalogue_follower *self)
{
    self->pause_ns = 0;
    if (self->is_failing) {
        self->is_failing = false;
        log_write(self->options.log, LOG_INFO, "the lists of movies follow again",
                  LOG_FIELDS(log_string("service", self->options.service)));
    }
}

static void begin_filling(struct catalogue_follower *self)
{
    self->is_filling = true;
    self->token_length = 0;
    atomic_store(&self->entries, 0);
    atomic_fetch_add(&self->listings, 1);
    self->options.begin(self->options.state);
}

static void end_filling(struct catalogue_follower *self)
{
    self->options.end(self->options.state);
    self->is_filling = false;
    self->is_following = true;
    atomic_store(&self->as_of_ns, self->began_ns);
    log_write(
        self->options.log, LOG_INFO, "the lists of movies are complete",
        LOG_FIELDS(log_string("service", self->options.service),
                   log_integer("entries", (int64_t)atomic_load(&self->entries)),
                   log_integer("ms", (clock_monotonic_ns() - self->began_ns) / CLOCK_NS_PER_MS)));
}

/* One page of everything; one that fails is asked for again. */
static enum status fill(struct catalogue_follower *self)
{
    struct catalogue_step step;
    bool is_first = self->token_length == 0;
    self->began_ns = is_first ? clock_monotonic_ns() : self->began_ns;
    enum status status = self->options.fill(self->options.state, &self->call,
                                            text_of_bytes(self->token, self->token_length), &step);
    if (status != STATUS_OK) {
        return status;
    }
    if (step.next_page_token.length > sizeof(self->token)) {
        return call_fail(&self->call, STATUS_INTERNAL, "the page token is too long");
    }
    if (is_first) {
        self->sequence = step.sequence;
    }
    atomic_fetch_add(&self->entries, step.count);
    self->token_length = step.next_page_token.length;
    if (self->token_length > 0) {
        memcpy(self->token, step.next_page_token.data, self->token_length);
    } else {
        end_filling(self);
    }
    return STATUS_OK;
}

static enum status follow(struct catalogue_follower *self)
{
    struct catalogue_step step;
    int64_t asked_ns = clock_monotonic_ns();
    enum status status =
        self->options.follow(self->options.state, &self->call, self->sequence, &step);
    if (status == STATUS_OUT_OF_RANGE) {
        log_call(self->options.log, LOG_WARNING, &self->call, "the lists of movies are made anew",
                 LOG_FIELDS(log_string("service", self->options.service)));
        self->is_following = false;
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        return status;
    }
    self->sequence = step.sequence;
    atomic_fetch_add(&self->entries, step.count);
    if (!step.more) {
        atomic_store(&self->as_of_ns, asked_ns);
        pause(self, PAUSE_BETWEEN_MS * CLOCK_NS_PER_MS);
    }
    return STATUS_OK;
}

static void run(void *argument)
{
    struct catalogue_follower *self = argument;
    while (!self->stop.requested) {
        begin_call(self);
        if (!self->is_following && !self->is_filling) {
            begin_filling(self);
        }
        enum status status = self->is_filling ? fill(self) : follow(self);
        if (status == STATUS_OK) {
            recover(self);
        } else {
            survive(self, status);
        }
    }
}

enum status catalogue_follower_start(struct catalogue_follower *self,
                                     const struct catalogue_follower_options *options)
{
    self->options = *options;
    arena_init(&self->arena, CATALOGUE_ARENA_BYTES_MAX);
    cancellation_init(&self->stop);
    fiber_group_init(&self->running);
    enum status status = fiber_group_start(&self->running, run, self);
    self->is_running = status == STATUS_OK;
    return status;
}

void catalogue_follower_stop(struct catalogue_follower *self)
{
    if (!self->is_running) {
        return;
    }
    cancellation_request(&self->stop);
    fiber_group_join(&self->running);
    arena_deinit(&self->arena);
    self->is_running = false;
}

bool catalogue_follower_is_filled(const struct catalogue_follower *self)
{
    return atomic_load(&self->as_of_ns) != 0;
}

int64_t catalogue_follower_age_ms(const struct catalogue_follower *self)
{
    return (clock_monotonic_ns() - atomic_load(&self->as_of_ns)) / CLOCK_NS_PER_MS;
}
