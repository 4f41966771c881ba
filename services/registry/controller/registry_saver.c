#include "registry/controller/registry_saver.h"

#include "base/arena.h"
#include "base/clock.h"

enum { SAVE_ARENA_BYTES_MAX = 64 * 1024 };

/* A write that waits. */
struct waiting_write {
    struct list link;
    struct fiber_wait wait;
    uint64_t changes; /* by the time that it had made its own */
    enum status status;
};

static void on_unsaved(void *argument)
{
    struct registry_saver *saver = argument;
    fiber_wait_signal(&saver->changed);
}

static enum status read_records(struct registry_saver *saver, struct call *call,
                                struct registry_restoring *restoring)
{
    const struct registry_repository *repository = &saver->repository;
    enum status status =
        repository->ops->load(repository->state, call, registry_state_restore, restoring);
    if (status == STATUS_OK) {
        /* What the end of it changes is news. */
        registry_state_keep_unsaved(saver->state, on_unsaved, saver);
        status = registry_state_restored(restoring);
    }
    return status == STATUS_DATA_LOSS ? call_fail(call, status, "the kept state is damaged")
                                      : status;
}

/* All that wait, or those whose changes were saved. */
static void wake_writes(struct registry_saver *saver, enum status status)
{
    struct list *link = saver->waiters.next;
    while (link != &saver->waiters) {
        struct waiting_write *write = CONTAINER_OF(link, struct waiting_write, link);
        link = link->next;
        if (status != STATUS_OK || write->changes <= saver->saved) {
            list_remove(&write->link);
            write->status = status;
            fiber_wait_signal(&write->wait);
        }
    }
}

static void tell(struct registry_saver *saver, bool works, const struct call *call)
{
    int64_t now_ns = clock_monotonic_ns();
    bool is_news = works ? saver->told_ns != 0
                         : saver->told_ns == 0 ||
                               now_ns - saver->told_ns > REGISTRY_SAVE_REMIND_MS * CLOCK_NS_PER_MS;
    if (!is_news) {
        return;
    }
    saver->told_ns = works ? 0 : now_ns;
    if (saver->events.saving != NULL) {
        saver->events.saving(saver->events.state, works, call);
    }
}

static enum status save_once(struct registry_saver *saver, struct call *call)
{
    struct registry_unsaved unsaved;
    uint64_t changes = registry_state_changes(saver->state);
    enum status status =
        registry_state_take_unsaved(saver->state, clock_monotonic_ns(), clock_wall_ms(), &unsaved);
    if (status != STATUS_OK) {
        return call_fail(call, status, "no memory to save the registry's state");
    }
    status = saver->repository.ops->save(saver->repository.state, call, &unsaved.batch);
    if (status == STATUS_OK) {
        registry_unsaved_release(&unsaved);
        saver->saved = changes;
    } else {
        registry_state_give_back(saver->state, &unsaved);
    }
    return status;
}

/* false: the saver is to end. */
static bool save_and_tell(struct registry_saver *saver, struct arena *arena)
{
    struct call call;
    call_init(&call, arena, 0);
    enum status status = save_once(saver, &call);
    tell(saver, status == STATUS_OK, &call);
    wake_writes(saver, status);
    if (status != STATUS_OK) {
        call.cancellation = &saver->stopped;
        return fiber_sleep(&call, REGISTRY_SAVE_RETRY_MS * CLOCK_NS_PER_MS) == STATUS_OK;
    }
    return true;
}

static void run_saver(void *argument)
{
    struct registry_saver *saver = argument;
    struct arena arena;
    bool goes_on = true;
    arena_init(&arena, SAVE_ARENA_BYTES_MAX);
    while (goes_on) {
        if (registry_state_changes(saver->state) > saver->saved) {
            goes_on = save_and_tell(saver, &arena);
            arena_reset(&arena);
        } else {
            struct call call = {.deadline_ns = CALL_NO_DEADLINE, .cancellation = &saver->stopped};
            goes_on = fiber_wait(&call, &saver->changed) == STATUS_OK;
        }
    }
    arena_deinit(&arena);
    fiber_wait_signal(&saver->ended);
}

enum status registry_saver_open(struct registry_saver *saver, struct call *call, struct loop *loop,
                                struct registry_state *state,
                                struct registry_controller_loaded *ret_loaded)
{
    struct registry_restoring restoring = {
        .state = state, .now_ns = clock_monotonic_ns(), .wall_ms = clock_wall_ms()};
    saver->state = state;
    list_init(&saver->waiters);
    *ret_loaded = (struct registry_controller_loaded){.any = false};
    if (saver->repository.ops == NULL) {
        return STATUS_OK;
    }
    fiber_wait_init(&saver->changed);
    fiber_wait_init(&saver->ended);
    cancellation_init(&saver->stopped);
    enum status status = read_records(saver, call, &restoring);
    if (status == STATUS_OK) {
        status = fiber_start(loop, run_saver, saver);
    }
    if (status != STATUS_OK) {
        return status;
    }
    saver->is_running = true;
    *ret_loaded = (struct registry_controller_loaded){
        .any = restoring.any,
        .saved_ms = restoring.saved_ms,
        .instances = registry_state_instance_count(state),
        .checks = registry_state_check_count(state),
        .unconfirmed = registry_state_unconfirmed_count(state),
    };
    return STATUS_OK;
}

void registry_saver_close(struct registry_saver *saver)
{
    if (!saver->is_running) {
        return;
    }
    cancellation_request(&saver->stopped);
    CHECK(fiber_wait(NULL, &saver->ended) == STATUS_OK);
    saver->is_running = false;
}

enum status registry_saver_settle(struct registry_saver *saver, struct call *call,
                                  enum status status)
{
    /* That something is not there (any more) is an answer that must last, too. */
    if (!saver->is_running || (status != STATUS_OK && status != STATUS_NOT_FOUND) ||
        registry_state_changes(saver->state) == saver->saved) {
        return status;
    }
    struct call step = call_within(call, REGISTRY_SAVE_WAIT_MS);
    struct waiting_write write = {.changes = registry_state_changes(saver->state)};
    fiber_wait_init(&write.wait);
    list_append(&saver->waiters, &write.link);
    enum status waited = fiber_wait(&step, &write.wait);
    list_remove(&write.link);
    if (waited == STATUS_CANCELLED) {
        return waited;
    }
    if (waited != STATUS_OK || write.status != STATUS_OK) {
        call_clear_error(call);
        return call_fail(call, STATUS_UNAVAILABLE,
                         "the change holds but is not saved: a crash of the registry would undo "
                         "it; try again");
    }
    return status;
}
