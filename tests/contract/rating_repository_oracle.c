#include "contract/rating_repository_oracle.h"

#include <stdlib.h>

#include "base/arena.h"
#include "contract/rating_oracle_model.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "support/scratch_directory.h"

enum { ROUNDS = 60, BATCH_MAX = 12 };

static const struct text topic = TEXT_INIT("ratings");

static void check_slot(struct oracle_actor *actor, struct call *call, size_t slot)
{
    struct oracle *oracle = actor->oracle;
    struct vote_key key = oracle_slot_key(actor, slot);
    const struct oracle_slot *want = &actor->slots[slot];
    struct vote vote;
    enum status status =
        oracle->repository.ops->get_vote(oracle->repository.state, call, &key, &vote);
    call_clear_error(call);
    if (status != (want->voted ? STATUS_OK : STATUS_NOT_FOUND)) {
        oracle_differ(oracle, "vote of %s: %s", key.user.data, status_name(status));
    } else if (want->voted &&
               (vote.hundredths != want->hundredths ||
                (want->time_ms != ORACLE_ARRIVAL_MS && vote.time_ms != want->time_ms))) {
        oracle_differ(oracle, "vote of %s: %d, not %d", key.user.data, vote.hundredths,
                      want->hundredths);
    }
}

/* Acting */

/* Of one who is out of date: an epoch that is over, or an offset that was passed. */
static void try_out_of_date(struct oracle_actor *actor, struct call *call,
                            const struct rating_batch *given)
{
    struct oracle *oracle = actor->oracle;
    struct rating_position position = *given->position;
    struct rating_batch batch = *given;
    batch.position = &position;
    if (oracle_draw(actor, 2) == 0) {
        position.epoch--;
    } else {
        batch.from_offset--;
    }
    enum status status = oracle->repository.ops->apply(oracle->repository.state, call, &batch);
    call_clear_error(call);
    if (status != STATUS_ABORTED) {
        oracle_differ(oracle, "apply, out of date: %s", status_name(status));
    }
}

static void claim(struct oracle_actor *actor, struct call *call)
{
    struct oracle *oracle = actor->oracle;
    struct rating_position position = {.next_offset = -1};
    enum status status = oracle->repository.ops->claim_position(oracle->repository.state, call,
                                                                topic, actor->partition, &position);
    if (status != STATUS_OK || position.next_offset != actor->position.next_offset ||
        position.epoch != actor->position.epoch + 1) {
        oracle_differ(oracle, "claim: %s, at %lld", status_name(status),
                      (long long)position.next_offset);
    }
    actor->position.epoch++;
}

/* A batch from the log moves the actor's position; now and then somebody out of date tries. */
static enum status apply(struct oracle_actor *actor, struct call *call, struct rating_batch *batch)
{
    struct oracle *oracle = actor->oracle;
    const struct rating_source source = {topic, actor->partition};
    struct rating_position position = {.topic = topic, .partition = actor->partition};
    if (oracle_draw(actor, 2) == 0) {
        return oracle->repository.ops->apply(oracle->repository.state, call, batch);
    }
    if (oracle_draw(actor, 8) == 0) {
        claim(actor, call);
    }
    position.next_offset = actor->position.next_offset + (int64_t)batch->change_count;
    position.epoch = actor->position.epoch;
    batch->source = &source;
    batch->position = &position;
    batch->from_offset = actor->position.next_offset;
    if (oracle_draw(actor, 3) == 0) {
        try_out_of_date(actor, call, batch);
    }
    enum status status = oracle->repository.ops->apply(oracle->repository.state, call, batch);
    actor->position.next_offset = position.next_offset;
    return status;
}

static void act_once(struct oracle_actor *actor, struct call *call)
{
    struct rating_change changes[BATCH_MAX];
    enum rating_outcome want[BATCH_MAX];
    enum rating_outcome outcomes[BATCH_MAX];
    size_t count = 1 + oracle_draw(actor, BATCH_MAX);
    size_t slot = 0;
    for (size_t i = 0; i < count; i++) {
        changes[i] = oracle_random_change(actor, &slot);
        changes[i].offset = actor->position.next_offset + (int64_t)i;
        want[i] = oracle_change(actor, slot, &changes[i]);
    }
    struct rating_batch batch = {.changes = changes, .change_count = count, .outcomes = outcomes};
    enum status status = apply(actor, call, &batch);
    if (status != STATUS_OK) {
        oracle_differ(actor->oracle, "apply: %s", status_name(status));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (outcomes[i] != want[i]) {
            oracle_differ(actor->oracle, "outcome %d, not %d", (int)outcomes[i], (int)want[i]);
        }
    }
    check_slot(actor, call, slot);
}

static void act(void *argument)
{
    struct oracle_actor *actor = argument;
    struct arena arena;
    arena_init(&arena, ORACLE_ARENA_BYTES_MAX);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct call call;
        call_init(&call, &arena, ORACLE_TIMEOUT_MS);
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
    for (unsigned i = 0; i < ORACLE_FIBERS && status == STATUS_OK; i++) {
        status = fiber_group_start(&group, act, &oracle->actors[index * ORACLE_FIBERS + i]);
    }
    fiber_group_join(&group);
    return status;
}

/* Comparing */

static void check_aggregate(struct oracle *oracle, struct call *call, struct record_key record)
{
    struct rating_aggregate want = oracle_aggregate(oracle, record);
    struct rating_aggregate got = {.count = 0};
    enum status status =
        oracle->repository.ops->get_aggregate(oracle->repository.state, call, record, &got);
    call_clear_error(call);
    if (status != (want.count > 0 ? STATUS_OK : STATUS_NOT_FOUND)) {
        oracle_differ(oracle, "aggregate of %s: %s", record.id.data, status_name(status));
    } else if (got.count != want.count || got.sum_hundredths != want.sum_hundredths ||
               memcmp(got.histogram, want.histogram, sizeof(got.histogram)) != 0) {
        oracle_differ(oracle, "aggregate of %s: %llu votes, not %llu", record.id.data,
                      (unsigned long long)got.count, (unsigned long long)want.count);
    }
}

static void check_user_votes(struct oracle *oracle, struct call *call, struct oracle_actor *actor)
{
    for (size_t user = 0; user < ORACLE_USERS; user++) {
        size_t want = 0;
        for (size_t i = user; i < ORACLE_SLOTS; i += ORACLE_USERS) {
            want += actor->slots[i].voted ? 1 : 0;
        }
        struct vote *votes;
        size_t count = 0;
        enum status status = oracle->repository.ops->list_user_votes(
            oracle->repository.state, call, text_of(actor->users[user]), NULL, ORACLE_SLOTS, &votes,
            &count);
        if (status != STATUS_OK || count != want) {
            oracle_differ(oracle, "list of %s: %zu votes, not %zu", actor->users[user], count,
                          want);
        }
    }
}

static void check_position(struct oracle *oracle, struct call *call,
                           const struct oracle_actor *actor)
{
    int64_t next_offset = 0;
    enum status status = oracle->repository.ops->get_position(oracle->repository.state, call, topic,
                                                              actor->partition, &next_offset);
    call_clear_error(call);
    if (status != STATUS_OK || next_offset != actor->position.next_offset) {
        oracle_differ(oracle, "position: %s, at %lld", status_name(status), (long long)next_offset);
    }
}

static enum status check_all(void *argument, unsigned index)
{
    struct oracle *oracle = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, ORACLE_ARENA_BYTES_MAX);
    call_init(&call, &arena, ORACLE_TIMEOUT_MS);
    for (size_t i = 0; i < ORACLE_FIBERS; i++) {
        struct oracle_actor *actor = &oracle->actors[index * ORACLE_FIBERS + i];
        for (size_t slot = 0; slot < ORACLE_SLOTS; slot++) {
            check_slot(actor, &call, slot);
        }
        check_user_votes(oracle, &call, actor);
        check_position(oracle, &call, actor);
        arena_reset(&arena);
    }
    call_init(&call, &arena, ORACLE_TIMEOUT_MS);
    for (size_t i = 0; i < ORACLE_TYPES * ORACLE_RECORDS; i++) {
        check_aggregate(oracle, &call,
                        (struct record_key){(enum record_type)(1 + i % ORACLE_TYPES),
                                            text_of(oracle->actors[0].records[i / ORACLE_TYPES])});
    }
    if (index == 0) {
        oracle_check_whole(oracle, &call);
    }
    arena_deinit(&arena);
    return STATUS_OK;
}

/* Running */

static void open_repository(struct oracle *oracle,
                            const struct rating_implementation *implementation,
                            struct text directory)
{
    struct arena arena;
    struct call call;
    arena_init(&arena, ORACLE_ARENA_BYTES_MAX);
    call_init(&call, &arena, ORACLE_TIMEOUT_MS);
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
    oracle_name_actors(oracle);
    scratch_directory_make(directory);
    assert_int_equal(loop_threads_start(ORACLE_LOOPS, &threads), STATUS_OK);
    run_on_loops(oracle, threads, implementation, text_of(directory));
    loop_threads_destroy(threads);
    scratch_directory_remove(directory);
    *ret_report = oracle->report;
    pthread_mutex_destroy(&oracle->lock);
    free(oracle);
}
