/* The follower: reads all aggregates, then goes after the change log. */
#include "base/arena.h"
#include "base/clock.h"
#include "rating/model/record_keys.h"
#include "rating/repository/indexed_rating_private.h"

enum {
    STEP_BYTES_MAX = 64 * 1024 * 1024, /* of a turn: its changes, with the longest ids */
    READS_AT_ONCE = 256,               /* on the loop's thread, before others have their turn */
};

/* One turn, with memory of its own. */
struct step {
    struct arena arena;
    struct call call;
};

/* What the thread is to do, and what came of it. */
struct job {
    struct indexed_rating_ranking *self;
    const struct rating_stored_aggregate *aggregates;
    size_t count;
    bool is_first; /* of parameters: published whatever they were */
    enum status status;
};

static void begin_step(struct indexed_rating_ranking *self, struct step *step)
{
    arena_init(&step->arena, STEP_BYTES_MAX);
    call_init(&step->call, &step->arena, INDEXED_RANKING_TIMEOUT_MS);
    step->call.cancellation = &self->cancellation;
}

/* Says once what fails. */
static enum status end_step(struct indexed_rating_ranking *self, struct step *step,
                            enum status status)
{
    if (status != STATUS_OK && status != STATUS_CANCELLED) {
        atomic_fetch_add(&self->failures, 1);
        if (!self->is_failing) {
            self->is_failing = true;
            log_call(self->options.log, LOG_WARNING, &step->call,
                     "the ranking cannot follow the store; trying again", NULL);
        }
    }
    arena_deinit(&step->arena);
    return status;
}

static enum status on_thread(struct indexed_rating_ranking *self, struct call *call,
                             void (*run)(void *argument), struct job *job)
{
    job->self = self;
    job->status = STATUS_OK;
    enum status status = worker_call(self->changes, call, run, job);
    if (status == STATUS_OK && job->status != STATUS_OK) {
        status = call_fail(call, job->status, "no memory for the ranking");
    }
    return status;
}

/* On the thread */

static void apply_aggregates(void *argument)
{
    struct job *job = argument;
    for (size_t i = 0; i < job->count && job->status == STATUS_OK; i++) {
        const struct rating_stored_aggregate *stored = &job->aggregates[i];
        const struct rank_change change = {.id = stored->record.id,
                                           .part = RANK_VOTES,
                                           .count = stored->aggregate.count,
                                           .sum_hundredths = stored->aggregate.sum_hundredths};
        job->status =
            rank_apply(job->self->indexes[ranking_type_of(stored->record.type)], &change, 1);
    }
}

static void begin_refill(void *argument)
{
    struct job *job = argument;
    for (unsigned i = 0; i < RANKING_TYPES; i++) {
        rank_begin_refill(job->self->indexes[i], RANK_VOTES);
    }
}

static void end_refill(void *argument)
{
    struct job *job = argument;
    for (unsigned i = 0; i < RANKING_TYPES; i++) {
        rank_end_refill(job->self->indexes[i], RANK_VOTES);
    }
}

/* The mean as it is now, or false: what is published stands. */
static bool find_parameters(const struct job *job, struct rank_index *index,
                            struct rank_parameters *ret_next)
{
    const struct rank_parameters published = rank_index_parameters(index);
    const struct rank_totals totals = rank_index_stats(index).totals;
    if (job->is_first && totals.count > 0) {
        *ret_next = rank_parameters_make(published.minimum_votes,
                                         rank_mean(totals.count, totals.sum_hundredths));
        return !rank_parameters_equal(ret_next, &published);
    }
    return rank_parameters_moved(&published, totals, ret_next);
}

static void publish_parameters(void *argument)
{
    struct job *job = argument;
    struct indexed_rating_ranking *self = job->self;
    for (unsigned i = 0; i < RANKING_TYPES && job->status == STATUS_OK; i++) {
        struct rank_parameters next;
        if (!self->options.has_mean && find_parameters(job, self->indexes[i], &next)) {
            job->status = rank_resort(self->indexes[i], &next);
            log_write(
                self->options.log, LOG_INFO, "scores have other parameters",
                LOG_FIELDS(log_text("type", text_of(record_type_name(ranking_record_type(i)))),
                           log_text("version", text_of(next.version))));
        }
    }
}

/* Everything */

static enum status read_last(struct indexed_rating_ranking *self, int64_t *ret_last)
{
    struct rating_repository repository = self->options.repository;
    struct rating_change_range range;
    struct step step;
    struct job job;
    begin_step(self, &step);
    enum status status = repository.ops->get_change_range(repository.state, &step.call, &range);
    if (status == STATUS_OK) {
        *ret_last = range.last;
        status = on_thread(self, &step.call, begin_refill, &job);
    }
    return end_step(self, &step, status);
}

/* Where the next page begins. */
struct cursor {
    bool is_first;
    enum record_type type;
    size_t length;
    char id[RATING_RECORD_BYTES_MAX];
};

static enum status read_page(struct indexed_rating_ranking *self, struct cursor *cursor,
                             size_t *ret_count)
{
    struct rating_repository repository = self->options.repository;
    struct rating_stored_aggregate *aggregates;
    struct step step;
    const struct record_key after = {.type = cursor->type,
                                     .id = text_of_bytes(cursor->id, cursor->length)};
    begin_step(self, &step);
    enum status status = repository.ops->list_aggregates(
        repository.state, &step.call, cursor->is_first ? NULL : &after, RATING_PAGE_SIZE_MAX,
        &aggregates, ret_count);
    if (status == STATUS_OK && *ret_count > 0) {
        struct record_key last = aggregates[*ret_count - 1].record;
        struct job job = {.aggregates = aggregates, .count = *ret_count};
        CHECK(last.id.length <= sizeof(cursor->id));
        memcpy(cursor->id, last.id.data, last.id.length);
        cursor->length = last.id.length;
        cursor->type = last.type;
        cursor->is_first = false;
        status = on_thread(self, &step.call, apply_aggregates, &job);
        atomic_fetch_add(&self->read, *ret_count);
    }
    return end_step(self, &step, status);
}

static enum status finish(struct indexed_rating_ranking *self)
{
    struct step step;
    struct job job = {.is_first = true};
    begin_step(self, &step);
    enum status status = on_thread(self, &step.call, end_refill, &job);
    if (status == STATUS_OK) {
        status = on_thread(self, &step.call, publish_parameters, &job);
    }
    return end_step(self, &step, status);
}

static enum status read_all(struct indexed_rating_ranking *self)
{
    struct cursor cursor = {.is_first = true};
    int64_t began_ns = clock_monotonic_ns();
    int64_t last = 0;
    size_t count = RATING_PAGE_SIZE_MAX;
    atomic_store(&self->read, 0);
    enum status status = read_last(self, &last); /* first: what changes meanwhile is followed */
    while (status == STATUS_OK && count == RATING_PAGE_SIZE_MAX) {
        status = read_page(self, &cursor, &count);
        fiber_give_way();
    }
    if (status == STATUS_OK) {
        status = finish(self);
    }
    if (status == STATUS_OK) {
        self->wants_all = false;
        atomic_store(&self->sequence, last);
        atomic_fetch_add(&self->builds, 1);
        atomic_store(&self->is_built, true);
        log_write(
            self->options.log, LOG_INFO, "the ranking is built",
            LOG_FIELDS(log_integer("records", (int64_t)atomic_load(&self->read)),
                       log_integer("ms", (clock_monotonic_ns() - began_ns) / CLOCK_NS_PER_MS)));
    }
    return status;
}

/* What has changed */

struct change_set {
    struct record_key *records;
    size_t count;
    int64_t last; /* a sequence */
    bool is_full; /* there may be further changes */
};

static void add_records(struct change_set *set, const struct rating_change_record *records,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (records[i].kind != RATING_RECORD_DEAD_LETTER) {
            set->records[set->count++] = records[i].vote.key.record;
        }
        set->last = records[i].sequence;
    }
}

static enum status read_changes(struct indexed_rating_ranking *self, struct call *call,
                                struct change_set *set)
{
    struct rating_repository repository = self->options.repository;
    size_t read = 0;
    size_t count = RATING_PAGE_SIZE_MAX;
    enum status status = STATUS_OK;
    set->records = arena_calloc(call->arena, INDEXED_RANKING_CHANGES_MAX, sizeof(*set->records));
    if (set->records == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the ranking");
    }
    set->last = atomic_load(&self->sequence);
    while (status == STATUS_OK && count == RATING_PAGE_SIZE_MAX &&
           read + RATING_PAGE_SIZE_MAX <= INDEXED_RANKING_CHANGES_MAX) {
        struct rating_change_record *records;
        status = repository.ops->list_changes(repository.state, call, set->last,
                                              RATING_PAGE_SIZE_MAX, &records, &count);
        if (status == STATUS_OK) {
            add_records(set, records, count);
            read += count;
            fiber_give_way();
        }
    }
    set->is_full = count == RATING_PAGE_SIZE_MAX;
    set->count = record_keys_make_set(set->records, set->count);
    return status;
}

static enum status read_aggregates(struct indexed_rating_ranking *self, struct call *call,
                                   const struct change_set *set,
                                   struct rating_stored_aggregate *aggregates)
{
    struct rating_repository repository = self->options.repository;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < set->count; i++) {
        aggregates[i].record = set->records[i];
    }
    for (size_t at = 0; at < set->count && status == STATUS_OK; at += READS_AT_ONCE) {
        size_t left = set->count - at;
        status = repository.ops->get_aggregates(repository.state, call, aggregates + at,
                                                left < READS_AT_ONCE ? left : READS_AT_ONCE);
        fiber_give_way();
    }
    return status;
}

static enum status apply_changes(struct indexed_rating_ranking *self, struct call *call,
                                 const struct change_set *set)
{
    struct rating_stored_aggregate *aggregates =
        arena_calloc(call->arena, set->count + 1, sizeof(*aggregates));
    if (aggregates == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the ranking");
    }
    struct job job = {.aggregates = aggregates, .count = set->count};
    enum status status = read_aggregates(self, call, set, aggregates);
    if (status == STATUS_OK) {
        status = on_thread(self, call, apply_aggregates, &job);
    }
    if (status == STATUS_OK) {
        status = on_thread(self, call, publish_parameters, &job);
    }
    return status;
}

/* Whether reading everything is less than what the log has left. */
static enum status look_ahead(struct indexed_rating_ranking *self, struct call *call,
                              const struct change_set *set)
{
    struct rating_repository repository = self->options.repository;
    struct rating_change_range range;
    enum status status = repository.ops->get_change_range(repository.state, call, &range);
    if (status == STATUS_OK) {
        size_t records = atomic_load(&self->read);
        self->wants_all = range.last - set->last > INDEXED_RANKING_CHANGES_MAX &&
                          (uint64_t)(range.last - set->last) > records;
    }
    return status;
}

/* Parks until there is a change. *ret_began_ns: when it was there. */
static enum status take_changes(struct indexed_rating_ranking *self, int64_t *ret_began_ns)
{
    struct rating_repository repository = self->options.repository;
    struct change_set set = {.count = 0};
    struct step step;
    begin_step(self, &step);
    enum status status =
        repository.ops->await_change(repository.state, &step.call, atomic_load(&self->sequence));
    *ret_began_ns = clock_monotonic_ns();
    if (status == STATUS_DEADLINE_EXCEEDED) {
        arena_deinit(&step.arena);
        return STATUS_OK;
    }
    if (status == STATUS_OK) {
        status = read_changes(self, &step.call, &set);
    }
    if (status == STATUS_OUT_OF_RANGE) {
        self->wants_all = true;
        arena_deinit(&step.arena);
        return STATUS_OK;
    }
    if (status == STATUS_OK && set.count > 0) {
        status = apply_changes(self, &step.call, &set);
    }
    if (status == STATUS_OK) {
        atomic_store(&self->sequence, set.last);
    }
    if (status == STATUS_OK && set.is_full) {
        status = look_ahead(self, &step.call, &set);
    }
    return end_step(self, &step, status);
}

static enum status pause(struct indexed_rating_ranking *self, int64_t pause_ms)
{
    struct step step;
    begin_step(self, &step);
    enum status status = fiber_sleep(&step.call, pause_ms * CLOCK_NS_PER_MS);
    arena_deinit(&step.arena);
    return status;
}

static int64_t pause_after(int64_t began_ns)
{
    int64_t pause_ms =
        INDEXED_RANKING_PAUSE_TIMES * (clock_monotonic_ns() - began_ns) / CLOCK_NS_PER_MS;
    pause_ms = pause_ms > INDEXED_RANKING_PAUSE_MS_MIN ? pause_ms : INDEXED_RANKING_PAUSE_MS_MIN;
    return pause_ms < INDEXED_RANKING_PAUSE_MS_MAX ? pause_ms : INDEXED_RANKING_PAUSE_MS_MAX;
}

void ranking_follow(void *argument)
{
    struct indexed_rating_ranking *self = argument;
    enum status status = STATUS_OK;
    while (status != STATUS_CANCELLED) {
        int64_t began_ns = clock_monotonic_ns();
        status = self->wants_all ? read_all(self) : take_changes(self, &began_ns);
        if (status == STATUS_OK) {
            self->is_failing = false;
            status = pause(self, pause_after(began_ns));
        } else if (status != STATUS_CANCELLED) {
            status = pause(self, INDEXED_RANKING_RETRY_MS);
        }
    }
}
