#include "rating/rating_upkeep.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "store/lmdb_store.h"
#include "store/lmdb_watch.h"

enum { ARENA_BYTES_MAX = 256 * 1024 };

struct rating_upkeep {
    const struct log *log;
    struct rating_store store;
    struct cancellation cancellation;
    struct fiber_group running;
    bool failing;         /* as the last turn was: said once */
    pid_t told_of_reader; /* 0: none is behind */
    atomic_uint_least64_t expired;
    atomic_uint_least64_t failures;
};

/* Fewer than asked for: no more are due. */
static enum status expire(struct rating_upkeep *self, struct call *call)
{
    const struct rating_repository *repository = &self->store.repository;
    enum status status = STATUS_OK;
    size_t count = RATING_UPKEEP_EXPIRE_MAX;
    for (int i = 0;
         i < RATING_UPKEEP_EXPIRES_MAX && status == STATUS_OK && count == RATING_UPKEEP_EXPIRE_MAX;
         i++) {
        status = repository->ops->expire(repository->state, call, RATING_UPKEEP_EXPIRE_MAX, &count);
        if (status == STATUS_OK) {
            atomic_fetch_add(&self->expired, count);
        }
    }
    return status;
}

static void tell_of_reader(struct rating_upkeep *self, const struct lmdb_watch_report *report)
{
    if (report->cleared > 0) {
        log_write(self->log, LOG_INFO, "readers of dead processes are cleared away",
                  LOG_FIELDS(log_integer("readers", report->cleared)));
    }
    if (report->oldest_pid == 0 || report->oldest_ms < LMDB_WATCH_READER_MS_MAX) {
        self->told_of_reader = 0;
    } else if (self->told_of_reader != report->oldest_pid) {
        self->told_of_reader = report->oldest_pid;
        log_write(self->log, LOG_WARNING,
                  "a reader keeps the store's pages from being used again: the file grows",
                  LOG_FIELDS(log_integer("process", report->oldest_pid),
                             log_integer("since_ms", report->oldest_ms),
                             log_integer("commits", (int64_t)report->oldest_behind)));
    }
}

static enum status keep_lmdb(struct rating_upkeep *self, struct call *call)
{
    struct store_error error;
    struct lmdb_watch_report report;
    if (self->store.lmdb == NULL) {
        return STATUS_OK;
    }
    enum status status = lmdb_watch_look(self->store.lmdb, &error, &report);
    if (status != STATUS_OK) {
        return store_error_report(&error, call, status);
    }
    tell_of_reader(self, &report);
    return STATUS_OK;
}

static enum status end_stopped(struct rating_upkeep *self, struct call *call)
{
    size_t count = 0;
    enum status status = rating_store_end_stopped(&self->store, call, &count);
    if (status == STATUS_OK && count > 0) {
        log_write(self->log, LOG_WARNING,
                  "a stopped process held records that others write: its transaction was ended",
                  LOG_FIELDS(log_integer("sessions", (int64_t)count)));
    }
    return status;
}

static void run_turn(struct rating_upkeep *self, struct call *call)
{
    enum status status = expire(self, call);
    enum status lmdb = keep_lmdb(self, call);
    enum status stopped = end_stopped(self, call);
    status = status == STATUS_OK ? lmdb : status;
    status = status == STATUS_OK ? stopped : status;
    if (status == STATUS_OK || status == STATUS_CANCELLED) {
        self->failing = false;
        return;
    }
    atomic_fetch_add(&self->failures, 1);
    if (!self->failing) {
        self->failing = true;
        log_call(self->log, LOG_WARNING, call, "the store's upkeep fails; trying again", NULL);
    }
}

static void run(void *argument)
{
    struct rating_upkeep *self = argument;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        struct arena arena;
        struct call call;
        arena_init(&arena, ARENA_BYTES_MAX);
        call_init(&call, &arena, RATING_UPKEEP_TIMEOUT_MS);
        call.cancellation = &self->cancellation;
        run_turn(self, &call);
        call_init(&call, &arena, 0);
        call.cancellation = &self->cancellation;
        status = fiber_sleep(&call, RATING_UPKEEP_MS * CLOCK_NS_PER_MS);
        arena_deinit(&arena);
    }
}

static void write_counter(struct telemetry_page *page, const char *name, const char *help,
                          const atomic_uint_least64_t *count)
{
    telemetry_write_family(page, name, "counter", help);
    telemetry_write_sample(page, name, "", (double)atomic_load(count));
}

static void write_metrics(void *state, struct telemetry_page *page)
{
    const struct rating_upkeep *self = state;
    write_counter(page, "marquee_rating_expired_total",
                  "Event ids and tombstones forgotten because their time was over.",
                  &self->expired);
    write_counter(page, "marquee_rating_upkeep_failures_total",
                  "Turns of the store's upkeep that failed.", &self->failures);
}

enum status rating_upkeep_create(struct process *process, struct call *call,
                                 const struct rating_store *store,
                                 struct rating_upkeep **ret_upkeep)
{
    struct rating_upkeep *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the store's upkeep");
    }
    self->log = process_log(process);
    self->store = *store;
    telemetry_add_source(process_telemetry(process), write_metrics, self);
    *ret_upkeep = self;
    return STATUS_OK;
}

enum status rating_upkeep_start(struct rating_upkeep *upkeep)
{
    cancellation_init(&upkeep->cancellation);
    fiber_group_init(&upkeep->running);
    return fiber_group_start(&upkeep->running, run, upkeep);
}

void rating_upkeep_stop(struct rating_upkeep *upkeep)
{
    cancellation_request(&upkeep->cancellation);
    fiber_group_join(&upkeep->running);
}

void rating_upkeep_destroy(struct rating_upkeep *upkeep)
{
    free(upkeep);
}
