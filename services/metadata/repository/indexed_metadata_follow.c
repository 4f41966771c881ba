/* The follower: builds the index, then goes after the repository's changes. */
#include "base/arena.h"
#include "base/clock.h"
#include "metadata/repository/indexed_metadata_private.h"

enum {
    /* A page of the largest entries. */
    STEP_BYTES_MAX = INDEXED_SEARCH_CHANGES_MAX * 24 * 1024,
    READS_IN_A_ROW = 32, /* on the loop's thread, before others have their turn */
    PAUSES = 4,          /* as long as making a segment took, before the next is begun */
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

/* What stands under the ids now, into the set, until it is full. */
static enum status read_entries(struct call *call, const struct metadata_changes *changes,
                                struct index_change_set *set)
{
    const struct metadata_repository *repository = &set->self->repository;
    for (size_t i = 0; i < changes->count; i++) {
        struct metadata entry;
        const struct metadata_change *change = &changes->changes[i];
        enum status status = repository->ops->get(repository->state, call, change->id, &entry);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            return status;
        }
        if (!index_change_set_add(set, change, status == STATUS_OK ? &entry : NULL)) {
            return set->count > 0 ? STATUS_OK : fail_memory(call, STATUS_RESOURCE_EXHAUSTED);
        }
        if ((i + 1) % READS_IN_A_ROW == 0) {
            fiber_give_way();
        }
    }
    return STATUS_OK;
}

/* ret_more: there may be further ones, and there is room for them. */
static enum status gather_page(struct index_change_set *set, bool *ret_more)
{
    struct indexed_metadata_search *self = set->self;
    struct step step;
    struct metadata_changes changes = {.count = 0};
    begin_step(self, &step);
    enum status status = self->repository.ops->list_changes(
        self->repository.state, &step.call, set->sequence, INDEXED_SEARCH_CHANGES_MAX, &changes);
    if (status == STATUS_OK) {
        status = read_entries(&step.call, &changes, set);
    }
    *ret_more = changes.count == INDEXED_SEARCH_CHANGES_MAX && !set->is_full;
    return end_step(self, &step, status);
}

static enum status apply(struct index_change_set *set)
{
    struct step step;
    begin_step(set->self, &step);
    enum status status = worker_call(set->self->worker, &step.call, index_apply, set);
    status = status == STATUS_OK ? fail_memory(&step.call, set->status) : status;
    return end_step(set->self, &step, status);
}

/* All that have come, as far as there is room: making a segment takes as long for one as for a
 * thousand. ret_more: there may be further ones. */
static enum status take_changes(struct indexed_metadata_search *self, bool *ret_more)
{
    struct index_change_set set;
    enum status status = STATUS_OK;
    bool more = true;
    index_change_set_init(&set, self);
    while (status == STATUS_OK && more) {
        status = gather_page(&set, &more);
    }
    if (status == STATUS_OK && set.count > 0) {
        status = apply(&set);
    }
    if (status == STATUS_OK) {
        self->sequence = set.sequence;
    }
    *ret_more = set.is_full;
    index_change_set_deinit(&set);
    return status;
}

/* STATUS_CANCELLED: it is to end. */
static enum status pause(struct indexed_metadata_search *self, int64_t pause_ns)
{
    struct step step;
    begin_step(self, &step);
    enum status status = fiber_sleep(&step.call, pause_ns);
    arena_deinit(&step.arena);
    return status;
}

/* A fifth of the worker's time at most goes into changes: while many come, as in an import, they
 * gather meanwhile, and few segments are made. */
static int64_t pause_ns_of(const struct indexed_metadata_search *self)
{
    int64_t least = INDEXED_SEARCH_PAUSE_MS * CLOCK_NS_PER_MS;
    int64_t most = INDEXED_SEARCH_PAUSE_MS_MAX * CLOCK_NS_PER_MS;
    int64_t pause_ns = PAUSES * self->took_ns;
    pause_ns = pause_ns > least ? pause_ns : least;
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
