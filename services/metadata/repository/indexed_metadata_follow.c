/* The follower: builds the index, then goes after the repository's changes. */
#include "base/arena.h"
#include "base/clock.h"
#include "metadata/repository/indexed_metadata_private.h"

enum {
    /* A page of the largest entries. */
    STEP_BYTES_MAX = INDEXED_SEARCH_CHANGES_MAX * 24 * 1024,
    READS_IN_A_ROW = 32, /* on the loop's thread, before others have their turn */
    PAUSE_MS_MAX = 1000,
};

/* One question to the repository, with memory of its own. */
struct step {
    struct arena arena;
    struct call call;
};

static void begin_step(struct indexed_metadata_search *self, struct step *step)
{
    arena_init(&step->arena, STEP_BYTES_MAX);
    call_init(&step->call, &step->arena, INDEXED_SEARCH_TIMEOUT_MS);
    step->call.cancellation = &self->cancellation;
}

/* Says once what fails. */
static enum status end_step(struct indexed_metadata_search *self, struct step *step,
                            enum status status)
{
    if (status != STATUS_OK && status != STATUS_CANCELLED) {
        atomic_fetch_add(&self->counters.failures, 1);
        if (!self->is_failing) {
            self->is_failing = true;
            log_call(self->log, LOG_WARNING, &step->call,
                     "the search index cannot follow the store; trying again", NULL);
        }
    }
    arena_deinit(&step->arena);
    return status;
}

static enum status fail_memory(struct call *call, enum status status)
{
    return status == STATUS_OK ? status : call_fail(call, status, "no memory for the search index");
}

/* Building */

static enum status find_last(struct indexed_metadata_search *self)
{
    struct step step;
    struct metadata_changes changes;
    begin_step(self, &step);
    enum status status =
        self->repository.ops->list_changes(self->repository.state, &step.call, 0, 0, &changes);
    if (status == STATUS_OK) {
        self->sequence = changes.last;
    }
    return end_step(self, &step, status);
}

/* after: of the page before; set to this one's. */
static enum status add_page(struct indexed_metadata_search *self, struct index_listing *listing,
                            char after[static METADATA_ID_BYTES_MAX], size_t *after_length)
{
    struct step step;
    struct metadata *entries;
    begin_step(self, &step);
    enum status status = self->repository.ops->list(self->repository.state, &step.call,
                                                    text_of_bytes(after, *after_length),
                                                    INDEXED_SEARCH_PAGE, &entries, &listing->count);
    if (status == STATUS_OK) {
        listing->entries = entries;
        status = worker_call(self->worker, &step.call, index_add_page, listing);
    }
    if (status == STATUS_OK) {
        status = fail_memory(&step.call, listing->status);
    }
    if (status == STATUS_OK && listing->count > 0) {
        struct text last = entries[listing->count - 1].id;
        memcpy(after, last.data, last.length);
        *after_length = last.length;
    }
    return end_step(self, &step, status);
}

static enum status finish(struct indexed_metadata_search *self, struct index_listing *listing)
{
    struct step step;
    begin_step(self, &step);
    enum status status = worker_call(self->worker, &step.call, index_finish, listing);
    if (status == STATUS_OK) {
        status = fail_memory(&step.call, listing->status);
    }
    return end_step(self, &step, status);
}

static enum status build(struct indexed_metadata_search *self)
{
    char after[METADATA_ID_BYTES_MAX];
    size_t after_length = 0;
    struct index_listing listing = {.self = self, .count = INDEXED_SEARCH_PAGE};
    int64_t began_ns = clock_monotonic_ns();
    atomic_store(&self->listed, 0);
    enum status status = find_last(self); /* first: what changes meanwhile is followed */
    listing.builder = search_builder_create();
    if (listing.builder == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    while (status == STATUS_OK && listing.count == INDEXED_SEARCH_PAGE) {
        status = add_page(self, &listing, after, &after_length);
    }
    if (status == STATUS_OK) {
        status = finish(self, &listing);
    }
    search_builder_destroy(listing.builder);
    if (status == STATUS_OK) {
        log_write(
            self->log, LOG_INFO, "the search index is built",
            LOG_FIELDS(log_integer("documents", (int64_t)atomic_load(&self->listed)),
                       log_integer("ms", (clock_monotonic_ns() - began_ns) / CLOCK_NS_PER_MS)));
    }
    return status;
}

/* Following */

/* What stands under the ids now. */
static enum status read_entries(struct indexed_metadata_search *self, struct call *call,
                                struct index_change_set *set)
{
    struct metadata *entries = arena_calloc(call->arena, set->count, sizeof(*entries));
    set->entries = arena_calloc(call->arena, set->count, sizeof(struct metadata *));
    if (entries == NULL || set->entries == NULL) {
        return fail_memory(call, STATUS_RESOURCE_EXHAUSTED);
    }
    for (size_t i = 0; i < set->count; i++) {
        enum status status = self->repository.ops->get(self->repository.state, call,
                                                       set->changes[i].id, &entries[i]);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            return status;
        }
        set->entries[i] = status == STATUS_OK ? &entries[i] : NULL;
        if ((i + 1) % READS_IN_A_ROW == 0) {
            fiber_give_way();
        }
    }
    return STATUS_OK;
}

/* ret_more: there may be further ones. */
static enum status take_changes(struct indexed_metadata_search *self, bool *ret_more)
{
    struct step step;
    struct metadata_changes changes = {.count = 0};
    struct index_change_set set = {.self = self};
    begin_step(self, &step);
    enum status status = self->repository.ops->list_changes(
        self->repository.state, &step.call, self->sequence, INDEXED_SEARCH_CHANGES_MAX, &changes);
    set.changes = changes.changes;
    set.count = changes.count;
    *ret_more = changes.count == INDEXED_SEARCH_CHANGES_MAX;
    if (status == STATUS_OK && changes.count > 0) {
        status = read_entries(self, &step.call, &set);
    }
    if (status == STATUS_OK && changes.count > 0) {
        status = worker_call(self->worker, &step.call, index_apply, &set);
        status = status == STATUS_OK ? fail_memory(&step.call, set.status) : status;
    }
    if (status == STATUS_OK && changes.count > 0) {
        self->sequence = changes.changes[changes.count - 1].sequence;
    }
    return end_step(self, &step, status);
}

/* Half of the worker's time at most goes into changes. STATUS_CANCELLED: it is to end. */
static enum status pause(struct indexed_metadata_search *self, int64_t pause_ns)
{
    struct step step;
    begin_step(self, &step);
    enum status status = fiber_sleep(&step.call, pause_ns);
    arena_deinit(&step.arena);
    return status;
}

static int64_t pause_ns_of(const struct indexed_metadata_search *self)
{
    int64_t least = INDEXED_SEARCH_PAUSE_MS * CLOCK_NS_PER_MS;
    int64_t most = PAUSE_MS_MAX * CLOCK_NS_PER_MS;
    int64_t pause_ns = self->took_ns > least ? self->took_ns : least;
    return pause_ns < most ? pause_ns : most;
}

static enum status await_change(struct indexed_metadata_search *self)
{
    struct step step;
    begin_step(self, &step);
    step.call.deadline_ns = clock_monotonic_ns() + INDEXED_SEARCH_LOOK_MS * CLOCK_NS_PER_MS;
    enum status status = fiber_wait(&step.call, &self->wake);
    arena_deinit(&step.arena);
    return status == STATUS_CANCELLED ? status : STATUS_OK;
}

void index_follow(void *argument)
{
    struct indexed_metadata_search *self = argument;
    enum status status = STATUS_OK;
    while (status != STATUS_CANCELLED) {
        bool more = false;
        status = self->snapshot == NULL ? build(self) : take_changes(self, &more);
        if (status == STATUS_OK) {
            self->is_failing = false;
            status = pause(self, pause_ns_of(self));
        } else if (status != STATUS_CANCELLED) {
            status = pause(self, INDEXED_SEARCH_LOOK_MS * CLOCK_NS_PER_MS);
        }
        if (status == STATUS_OK && !more) {
            status = await_change(self);
        }
    }
}
