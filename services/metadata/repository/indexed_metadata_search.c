#include "metadata/repository/indexed_metadata_search.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "metadata/repository/indexed_metadata_private.h"

_Static_assert((int)METADATA_MATCHES_MAX <= (int)SEARCH_RESULTS_MAX, "as many as are asked for");

enum { WORKER_QUEUE = 4 };

/* What one segment answers. */
struct answer {
    const struct search_part *part;
    size_t taken;
};

static float score_of(const struct answer *answer)
{
    return answer->part->results[answer->taken].score;
}

/* The better of what is next in both; NULL: there is no more. */
static struct answer *find_better(struct answer *first, struct answer *second)
{
    if (first->taken == first->part->count) {
        return second->taken < second->part->count ? second : NULL;
    }
    return second->taken < second->part->count && score_of(second) > score_of(first) ? second
                                                                                     : first;
}

/* Ids are copied: the snapshot goes. */
static enum status join(struct call *call, struct answer *first, struct answer *second,
                        size_t limit, struct metadata_match **ret_matches, size_t *ret_count)
{
    size_t count = 0;
    struct metadata_match *matches = arena_calloc(call->arena, limit + 1, sizeof(*matches));
    bool fits = matches != NULL;
    while (fits && count < limit) {
        struct answer *better = find_better(first, second);
        if (better == NULL) {
            break;
        }
        const struct search_result *result = &better->part->results[better->taken++];
        struct text id = search_segment_id(better->part->segment, result->document);
        matches[count] = (struct metadata_match){arena_copy(call->arena, id), result->score};
        fits = matches[count++].id.data != NULL;
    }
    if (!fits) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the answer is too large");
    }
    *ret_matches = matches;
    *ret_count = count;
    return STATUS_OK;
}

static enum status search(void *state, struct call *call, struct text query, size_t limit,
                          struct metadata_match **ret_matches, size_t *ret_count)
{
    struct indexed_metadata_search *self = state;
    CHECK(limit <= METADATA_MATCHES_MAX);
    struct index_snapshot *snapshot = index_snapshot_take(self);
    if (snapshot == NULL) {
        return call_fail(call, STATUS_UNAVAILABLE,
                         "the search index is being built: %zu movies so far",
                         atomic_load(&self->listed));
    }
    struct search_result main_results[METADATA_MATCHES_MAX];
    struct search_result delta_results[METADATA_MATCHES_MAX];
    struct search_part parts[] = {
        {.segment = snapshot->main->segment,
         .dead = snapshot->dead_count > 0 ? snapshot->dead : NULL,
         .results = main_results},
        {.segment = snapshot->delta, .results = delta_results},
    };
    const struct search_question question = {.text = query, .limit = limit};
    int64_t began_ns = clock_monotonic_ns();
    search_parts_ask(parts, snapshot->delta != NULL ? 2 : 1, call->arena, &question);
    struct answer main = {.part = &parts[0]};
    struct answer delta = {.part = &parts[1]};
    enum status status = join(call, &main, &delta, limit, ret_matches, ret_count);
    index_snapshot_release(snapshot);
    index_count_question(self, clock_monotonic_ns() - began_ns);
    return status;
}

/* Waking */

static void wake(struct loop_task *task)
{
    struct indexed_metadata_search *self =
        CONTAINER_OF(task, struct indexed_metadata_search, wake_task);
    atomic_store(&self->is_wake_posted, false);
    fiber_wait_signal(&self->wake);
}

static void note_change(void *state)
{
    struct indexed_metadata_search *self = state;
    if (atomic_load(&self->is_running) && !atomic_exchange(&self->is_wake_posted, true)) {
        loop_post(self->loop, &self->wake_task);
    }
}

static const struct metadata_search_ops indexed_ops = {
    .search = search,
    .note_change = note_change,
};

struct metadata_search indexed_metadata_search_port(struct indexed_metadata_search *search_state)
{
    return (struct metadata_search){.ops = &indexed_ops, .state = search_state};
}

/* The life of an index */

enum status indexed_metadata_search_create(struct call *call, struct metadata_repository repository,
                                           const struct log *log,
                                           struct indexed_metadata_search **ret_search)
{
    struct indexed_metadata_search *self = calloc(1, sizeof(*self));
    if (self == NULL || worker_pool_create("search", 1, WORKER_QUEUE, &self->worker) != STATUS_OK) {
        free(self);
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the search index");
    }
    pthread_mutex_init(&self->lock, NULL);
    self->repository = repository;
    self->log = log;
    self->wake_task.run = wake;
    *ret_search = self;
    return STATUS_OK;
}

enum status indexed_metadata_search_start(struct indexed_metadata_search *self)
{
    self->loop = loop_current();
    cancellation_init(&self->cancellation);
    fiber_wait_init(&self->wake);
    fiber_group_init(&self->running);
    enum status status = fiber_group_start(&self->running, index_follow, self);
    atomic_store(&self->is_running, status == STATUS_OK);
    return status;
}

void indexed_metadata_search_stop(struct indexed_metadata_search *self)
{
    if (!atomic_exchange(&self->is_running, false)) {
        return;
    }
    cancellation_request(&self->cancellation);
    fiber_group_join(&self->running);
    while (atomic_load(&self->is_wake_posted)) { /* the task is ours until it has come */
        fiber_give_way();
    }
}

void indexed_metadata_search_destroy(struct indexed_metadata_search *self)
{
    if (self == NULL) {
        return;
    }
    worker_pool_destroy(self->worker);
    index_snapshot_release(self->snapshot);
    pthread_mutex_destroy(&self->lock);
    free(self);
}
