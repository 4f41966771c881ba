#include "contract/rating_repository_oracle.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "support/scratch_directory.h"

enum {
    LOOPS = 3,
    FIBERS = 4, /* of each loop */
    USERS = 3,  /* of each fiber: no other touches their votes */
    RECORDS = 12,
    TYPES = 3,
    PROVIDERS = 2,
    SLOTS = USERS * RECORDS * TYPES * PROVIDERS,
    ROUNDS = 60,
    BATCH_MAX = 12,
    ARENA_BYTES_MAX = 4 * 1024 * 1024,
    TIMEOUT_MS = 60 * 1000,
};

/* A time that no event here has: what a change without a time gets, whatever the clock says. */
static const int64_t ARRIVAL_MS = INT64_MAX;

struct slot {
    bool known; /* a vote or a tombstone */
    bool voted;
    int32_t hundredths;
    int64_t time_ms;
};

struct names {
    char users[USERS][16];
    char records[RECORDS][16];
};

struct actor {
    struct oracle *oracle;
    uint64_t random;
    struct names names;
    struct slot slots[SLOTS];
};

struct oracle {
    struct rating_repository repository;
    pthread_mutex_t lock; /* of the report */
    struct rating_oracle_report report;
    struct actor actors[LOOPS][FIBERS];
};

static void differ(struct oracle *oracle, const char *format, ...) PRINTF_LIKE(2, 3);

static void differ(struct oracle *oracle, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&oracle->lock);
    if (oracle->report.differences++ == 0) {
        (void)vsnprintf(oracle->report.first, sizeof(oracle->report.first), format, arguments);
    }
    pthread_mutex_unlock(&oracle->lock);
    va_end(arguments);
}

/* Seeded, so that a failure comes again (xorshift64). */
static uint64_t draw(struct actor *actor, uint64_t bound)
{
    actor->random ^= actor->random << 13;
    actor->random ^= actor->random >> 7;
    actor->random ^= actor->random << 17;
    return actor->random % bound;
}

static struct vote_key slot_key(const struct actor *actor, size_t slot)
{
    size_t record = slot / USERS % RECORDS;
    return (struct vote_key){
        .user = text_of(actor->names.users[slot % USERS]),
        .record = {.type = (enum record_type)(1 + slot / USERS / RECORDS % TYPES),
                   .id = text_of(actor->names.records[record])},
        .provider = slot / USERS / RECORDS / TYPES == 0 ? TEXT("") : TEXT("provider"),
    };
}

/* The rule, said again in the plainest way. */
static enum rating_outcome model_change(struct slot *slot, const struct rating_change *change)
{
    if (change->has_time && slot->known && slot->time_ms > change->time_ms) {
        return RATING_STALE;
    }
    bool had = slot->voted;
    if (change->kind == RATING_DELETE && !change->has_time && !slot->known) {
        return RATING_ABSENT;
    }
    slot->known = true;
    slot->voted = change->kind == RATING_PUT;
    slot->hundredths = change->hundredths;
    slot->time_ms = change->has_time ? change->time_ms : ARRIVAL_MS;
    return change->kind == RATING_PUT || had ? RATING_APPLIED : RATING_ABSENT;
}

static struct rating_change random_change(struct actor *actor, size_t *ret_slot)
{
    *ret_slot = draw(actor, SLOTS);
    struct rating_change change = {
        .kind = draw(actor, 4) == 0 ? RATING_DELETE : RATING_PUT,
        .key = slot_key(actor, *ret_slot),
        .has_time = draw(actor, 10) != 0,
        .time_ms = (int64_t)(1000 + draw(actor, 1000)),
    };
    change.hundredths = change.kind == RATING_PUT ? (int32_t)draw(actor, 1001) : 0;
    return change;
}

static void check_slot(struct actor *actor, struct call *call, size_t slot)
{
    struct oracle *oracle = actor->oracle;
    struct vote_key key = slot_key(actor, slot);
    const struct slot *want = &actor->slots[slot];
    struct vote vote;
    enum status status =
        oracle->repository.ops->get_vote(oracle->repository.state, call, &key, &vote);
    call_clear_error(call);
    if (status != (want->voted ? STATUS_OK : STATUS_NOT_FOUND)) {
        differ(oracle, "vote of %s: %s", key.user.data, status_name(status));
    } else if (want->voted && (vote.hundredths != want->hundredths ||
                               (want->time_ms != ARRIVAL_MS && vote.time_ms != want->time_ms))) {
        differ(oracle, "vote of %s: %d, not %d", key.user.data, vote.hundredths, want->hundredths);
    }
}

static void act_once(struct actor *actor, struct call *call)
{
    struct rating_change changes[BATCH_MAX];
    enum rating_outcome want[BATCH_MAX];
    enum rating_outcome outcomes[BATCH_MAX];
    struct oracle *oracle = actor->oracle;
    size_t count = 1 + draw(actor, BATCH_MAX);
    size_t slot = 0;
    for (size_t i = 0; i < count; i++) {
        changes[i] = random_change(actor, &slot);
        want[i] = model_change(&actor->slots[slot], &changes[i]);
    }
    const struct rating_batch batch = {
        .changes = changes, .change_count = count, .outcomes = outcomes};
    enum status status = oracle->repository.ops->apply(oracle->repository.state, call, &batch);
    if (status != STATUS_OK) {
        differ(oracle, "apply: %s", status_name(status));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (outcomes[i] != want[i]) {
            differ(oracle, "outcome %d, not %d", (int)outcomes[i], (int)want[i]);
        }
    }
    check_slot(actor, call, slot);
}

static void act(void *argument)
{
    struct actor *actor = argument;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES_MAX);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct call call;
        call_init(&call, &arena, TIMEOUT_MS);
        act_once(actor, &call);
        arena_reset(&arena);
    }
    arena_deinit(&arena);
    pthread_mutex_lock(&actor->oracle->lock);
    actor->oracle->report.operations += ROUNDS;
    pthread_mutex_unlock(&actor->oracle->lock);
}

static enum status act_on_loop(void *argument, unsigned index)
{
    struct oracle *oracle = argument;
    struct fiber_group group;
    enum status status = STATUS_OK;
    fiber_group_init(&group);
    for (unsigned i = 0; i < FIBERS && status == STATUS_OK; i++) {
        status = fiber_group_start(&group, act, &oracle->actors[index][i]);
    }
    fiber_group_join(&group);
    return status;
}

/* Comparing the whole */

static struct rating_aggregate model_aggregate(const struct oracle *oracle, size_t type,
                                               size_t record)
{
    struct rating_aggregate aggregate = {.count = 0};
    for (size_t i = 0; i < LOOPS * FIBERS * SLOTS; i++) {
        const struct actor *actor = &oracle->actors[i / SLOTS / FIBERS][i / SLOTS % FIBERS];
        const struct slot *slot = &actor->slots[i % SLOTS];
        if (slot->voted && i % SLOTS / USERS % RECORDS == record &&
            i % SLOTS / USERS / RECORDS % TYPES == type) {
            aggregate.count++;
            aggregate.sum_hundredths += (uint64_t)slot->hundredths;
            aggregate.histogram[slot->hundredths / 50]++;
        }
    }
    return aggregate;
}

static void check_aggregates(struct oracle *oracle, struct call *call)
{
    for (size_t i = 0; i < TYPES * RECORDS; i++) {
        struct rating_aggregate want = model_aggregate(oracle, i % TYPES, i / TYPES);
        struct rating_aggregate got = {.count = 0};
        const struct record_key key = {
            .type = (enum record_type)(1 + i % TYPES),
            .id = text_of(oracle->actors[0][0].names.records[i / TYPES]),
        };
        enum status status =
            oracle->repository.ops->get_aggregate(oracle->repository.state, call, key, &got);
        call_clear_error(call);
        if (status != (want.count > 0 ? STATUS_OK : STATUS_NOT_FOUND)) {
            differ(oracle, "aggregate of %s: %s", key.id.data, status_name(status));
        } else if (got.count != want.count || got.sum_hundredths != want.sum_hundredths ||
                   memcmp(got.histogram, want.histogram, sizeof(got.histogram)) != 0) {
            differ(oracle, "aggregate of %s: %llu votes, not %llu", key.id.data,
                   (unsigned long long)got.count, (unsigned long long)want.count);
        }
    }
}

static void check_lists(struct oracle *oracle, struct call *call, struct actor *actor)
{
    for (size_t user = 0; user < USERS; user++) {
        size_t want = 0;
        for (size_t i = user; i < SLOTS; i += USERS) {
            want += actor->slots[i].voted ? 1 : 0;
        }
        struct vote *votes;
        size_t count = 0;
        enum status status = oracle->repository.ops->list_user_votes(
            oracle->repository.state, call, text_of(actor->names.users[user]), NULL, SLOTS, &votes,
            &count);
        if (status != STATUS_OK || count != want) {
            differ(oracle, "list of %s: %zu votes, not %zu", actor->names.users[user], count, want);
        }
    }
}

static enum status check_all(void *argument, unsigned index)
{
    struct oracle *oracle = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    for (size_t i = 0; i < FIBERS; i++) {
        for (size_t slot = 0; slot < SLOTS; slot++) {
            check_slot(&oracle->actors[index][i], &call, slot);
        }
        check_lists(oracle, &call, &oracle->actors[index][i]);
        arena_reset(&arena);
    }
    call_init(&call, &arena, TIMEOUT_MS);
    check_aggregates(oracle, &call);
    arena_deinit(&arena);
    return STATUS_OK;
}

/* Running */

static void name_actors(struct oracle *oracle)
{
    for (size_t i = 0; i < LOOPS * FIBERS; i++) {
        struct actor *actor = &oracle->actors[i / FIBERS][i % FIBERS];
        actor->oracle = oracle;
        actor->random = 88172645463325252ULL + i;
        for (size_t user = 0; user < USERS; user++) {
            (void)snprintf(actor->names.users[user], sizeof(actor->names.users[user]), "u%zu-%zu",
                           i, user);
        }
        for (size_t record = 0; record < RECORDS; record++) {
            (void)snprintf(actor->names.records[record], sizeof(actor->names.records[record]),
                           "r%zu", record);
        }
    }
}

static void open_repository(struct oracle *oracle,
                            const struct rating_implementation *implementation,
                            struct text directory)
{
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    assert_int_equal(implementation->open(&call, directory, (struct rating_retention){0, 0},
                                          &oracle->repository),
                     STATUS_OK);
    arena_deinit(&arena);
}

static void run_on_loops(struct oracle *oracle, struct loop_threads *threads,
                         const struct rating_implementation *implementation, struct text directory)
{
    open_repository(oracle, implementation, directory);
    assert_int_equal(loop_threads_each(threads, act_on_loop, oracle), STATUS_OK);
    assert_int_equal(loop_threads_each(threads, check_all, oracle), STATUS_OK);
    oracle->repository.ops->close(oracle->repository.state);
    if (implementation->durable) {
        open_repository(oracle, implementation, directory);
        assert_int_equal(loop_threads_each(threads, check_all, oracle), STATUS_OK);
        oracle->repository.ops->close(oracle->repository.state);
    }
}

void rating_oracle_run(const struct rating_implementation *implementation,
                       struct rating_oracle_report *ret_report)
{
    struct oracle *oracle = calloc(1, sizeof(*oracle));
    char directory[SCRATCH_PATH_BYTES];
    struct loop_threads *threads;
    assert_non_null(oracle);
    pthread_mutex_init(&oracle->lock, NULL);
    name_actors(oracle);
    scratch_directory_make(directory);
    assert_int_equal(loop_threads_start(LOOPS, &threads), STATUS_OK);
    run_on_loops(oracle, threads, implementation, text_of(directory));
    loop_threads_destroy(threads);
    scratch_directory_remove(directory);
    *ret_report = oracle->report;
    pthread_mutex_destroy(&oracle->lock);
    free(oracle);
}
