/* Stores that are synced after their commits were acknowledged. */
#include <stdlib.h>

#include "base/arena.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "unit/store/fake_store.h"

enum {
    ARENA_BYTES_MAX = 64 * 1024,
    TIMEOUT_MS = 20 * 1000,
    SOON_MS = 5,
    NEVER_MS = 60 * 60 * 1000
};

struct fixture {
    struct fake_store store;
    struct group_commit *group;
    struct group_commit_ops ops;
    struct loop *loop;
    struct loop_task told;
    struct fiber_wait synced;
    unsigned syncs;    /* of the writer's thread, until it has told */
    unsigned failures; /* still to come */
    void (*run)(struct fixture *self);
    unsigned want_at_end;
};

static void wake(struct loop_task *task)
{
    fiber_wait_signal(&CONTAINER_OF(task, struct fixture, told)->synced);
}

/* Tells of each but those that fail. */
static enum status sync_store(void *state, struct store_error *error)
{
    struct fixture *self = CONTAINER_OF(state, struct fixture, store);
    self->syncs++;
    if (self->failures > 0) {
        self->failures--;
        return store_fail(error, STATUS_UNAVAILABLE, "no", "no");
    }
    loop_post(self->loop, &self->told);
    return STATUS_OK;
}

static void write_one(struct fixture *self)
{
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    struct group_commit_job *job = fake_store_job(1, STATUS_OK, 0);
    assert_int_equal(group_commit_run(self->group, &call, job), STATUS_OK);
    job->release(job);
    arena_deinit(&arena);
}

static void await_sync(struct fixture *self)
{
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    assert_int_equal(fiber_wait(&call, &self->synced), STATUS_OK);
    arena_deinit(&arena);
}

static void nothing_follows(struct fixture *self)
{
    self->ops.sync_ms = SOON_MS;
    assert_int_equal(group_commit_create("writer", &self->ops, &self->store, &self->group),
                     STATUS_OK);
    for (unsigned i = 0; i < 3; i++) {
        write_one(self);
        await_sync(self);
    }
    self->want_at_end = 3; /* and none for nothing */
}

static void failed_syncs_are_tried_again(struct fixture *self)
{
    struct group_commit_stats stats;
    self->ops.sync_ms = SOON_MS;
    self->failures = 2;
    assert_int_equal(group_commit_create("writer", &self->ops, &self->store, &self->group),
                     STATUS_OK);
    write_one(self);
    await_sync(self);
    group_commit_read_stats(self->group, &stats);
    assert_int_equal(stats.syncs_failed, 2);
    self->want_at_end = 3;
}

static void the_end_syncs(struct fixture *self)
{
    self->ops.sync_ms = NEVER_MS;
    assert_int_equal(group_commit_create("writer", &self->ops, &self->store, &self->group),
                     STATUS_OK);
    write_one(self);
    write_one(self);
    self->want_at_end = 1;
}

static void nothing_was_written(struct fixture *self)
{
    self->ops.sync_ms = SOON_MS;
    assert_int_equal(group_commit_create("writer", &self->ops, &self->store, &self->group),
                     STATUS_OK);
}

static void run_fixture(void *argument)
{
    struct fixture *self = argument;
    self->loop = loop_current();
    self->told.run = wake;
    fiber_wait_init(&self->synced);
    self->ops = fake_store_ops;
    self->ops.sync = sync_store;
    self->run(self);
    assert_true(group_commit_destroy(self->group));
    assert_int_equal(self->syncs, self->want_at_end);
}

static void test_fixture(void **state)
{
    void (*const *run)(struct fixture * self) = *state;
    struct fixture *self = calloc(1, sizeof(*self));
    assert_non_null(self);
    fake_store_init(&self->store);
    self->run = *run;
    in_fiber(run_fixture, self);
    fake_store_deinit(&self->store);
    free(self);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(struct fixture *self);
    } cases[] = {
        {"nothing_follows", nothing_follows},
        {"failed_syncs_are_tried_again", failed_syncs_are_tried_again},
        {"the_end_syncs", the_end_syncs},
        {"nothing_was_written", nothing_was_written},
    };
    struct CMUnitTest tests[ARRAY_LENGTH(cases)];
    void (*runs[ARRAY_LENGTH(cases)])(struct fixture * self);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        runs[i] = cases[i].run;
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = test_fixture, .initial_state = &runs[i]};
    }
    return cmocka_run_group_tests_name("syncs", tests, NULL, NULL);
}
