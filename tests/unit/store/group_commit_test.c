#include "store/group_commit.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "unit/store/fake_store.h"

enum { ARENA_BYTES_MAX = 64 * 1024, TIMEOUT_MS = 20 * 1000, SHORT_MS = 200 };

struct fixture {
    struct fake_store store;
    struct group_commit *group;
    struct group_commit_stats stats; /* at the end */
    void (*run)(struct fixture *self);
};

static void run_fixture(void *argument)
{
    struct fixture *self = argument;
    assert_int_equal(group_commit_create("writer", &fake_store_ops, &self->store, &self->group),
                     STATUS_OK);
    self->run(self);
    group_commit_read_stats(self->group, &self->stats);
    assert_true(group_commit_destroy(self->group));
}

/* Everything that was made is released, once the loop has run what was posted to it. */
static void run_with_store(void (*run)(struct fixture *self))
{
    struct fixture *self = calloc(1, sizeof(*self));
    assert_non_null(self);
    fake_store_init(&self->store);
    self->run = run;
    in_fiber(run_fixture, self);
    assert_int_equal(fake_store_job_count(), 0);
    fake_store_deinit(&self->store);
    free(self);
}

/* A fiber that hands one job in. */
struct writer {
    struct fixture *self;
    int value;
    enum status given; /* what its apply answers */
    size_t bytes;
    int64_t timeout_ms;
    struct cancellation *cancellation;
    enum status status; /* what came back */
    struct text message;
    int64_t left_ns; /* until the deadline, when it came back */
};

static void write_value(void *argument)
{
    struct writer *writer = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, writer->timeout_ms);
    call.cancellation = writer->cancellation;
    struct group_commit_job *job = fake_store_job(writer->value, writer->given, writer->bytes);
    writer->status = group_commit_run(writer->self->group, &call, job);
    writer->left_ns = call_remaining_ns(&call);
    writer->message = call.error.message.length > 0 ? TEXT("said") : TEXT("");
    if (writer->status == STATUS_OK) {
        job->release(job);
    }
    arena_deinit(&arena);
}

static void start_writers(struct fiber_group *group, struct writer *writers, size_t count)
{
    fiber_group_init(group);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(fiber_group_start(group, write_value, &writers[i]), STATUS_OK);
    }
    fiber_yield(); /* each is in the queue now */
}

static void init_writers(struct fixture *self, struct writer *writers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        writers[i] = (struct writer){
            .self = self, .value = (int)i, .given = STATUS_OK, .timeout_ms = TIMEOUT_MS};
    }
}

/* Hands all in at once, so that they make one group. */
static void run_as_group(struct fixture *self, struct writer *writers, size_t count)
{
    struct fiber_group group;
    fake_store_close_gate(&self->store, &self->store.begin);
    start_writers(&group, writers, count);
    fake_store_open_gate(&self->store, &self->store.begin);
    fiber_group_join(&group);
}

static void share_commits(struct fixture *self)
{
    enum { WRITERS = 200 };
    struct writer writers[WRITERS];
    init_writers(self, writers, WRITERS);
    run_as_group(self, writers, WRITERS);
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(writers[i].status, STATUS_OK);
        assert_int_equal(fake_store_count(&self->store, i), 1);
        assert_int_equal(self->store.values[i], i); /* in the order of the queue */
    }
    assert_int_equal(self->store.commits, 1);
    struct group_commit_stats stats;
    group_commit_read_stats(self->group, &stats);
    assert_int_equal(stats.commits, 1);
    assert_int_equal(stats.jobs, WRITERS);
    assert_int_equal(stats.jobs_max, WRITERS);
    assert_int_equal(stats.sizes[8], 1); /* 129 to 256 */
    assert_true(stats.commit_ns_sum > 0 && stats.commit_ns_sum == stats.commit_ns_max);
}

static void test_writers_share_a_commit(void **state)
{
    (void)state;
    run_with_store(share_commits);
}

/* Nobody holds the writer up: that they come in one turn of the loop is enough. The writer is
 * mostly asleep when they do; now and then it is still on its way there, and takes some of them
 * alone. */
static void share_a_turn(struct fixture *self)
{
    enum { WRITERS = 64, TURNS = 50, COMMITS_MAX = TURNS * 3 / 2 };
    struct writer writers[WRITERS];
    struct group_commit_stats stats;
    for (unsigned turn = 0; turn < TURNS; turn++) {
        struct fiber_group group;
        init_writers(self, writers, WRITERS);
        start_writers(&group, writers, WRITERS);
        fiber_group_join(&group);
    }
    group_commit_read_stats(self->group, &stats);
    assert_int_equal(stats.jobs, WRITERS * TURNS);
    assert_true(stats.commits >= TURNS && stats.commits <= COMMITS_MAX);
}

static void test_writers_of_a_turn_share_a_commit(void **state)
{
    (void)state;
    run_with_store(share_a_turn);
}

/* The first is being applied when the others come. */
static void come_late(struct fixture *self, struct writer *writers, size_t count)
{
    struct fiber_group first;
    struct fiber_group late;
    fake_store_close_gate(&self->store, &self->store.apply);
    start_writers(&first, writers, 1);
    fiber_yield(); /* the turn is over, and the writer knows of it */
    fake_store_await_writer(&self->store, &self->store.apply);
    start_writers(&late, &writers[1], count - 1);
    fake_store_open_gate(&self->store, &self->store.apply);
    fiber_group_join(&first);
    fiber_group_join(&late);
}

static void join_while_applied(struct fixture *self)
{
    struct writer writers[5];
    init_writers(self, writers, ARRAY_LENGTH(writers));
    come_late(self, writers, ARRAY_LENGTH(writers));
    for (int i = 0; i < (int)ARRAY_LENGTH(writers); i++) {
        assert_int_equal(writers[i].status, STATUS_OK);
        assert_int_equal(self->store.values[i], i);
    }
    assert_int_equal(self->store.commits, 1);
}

static void test_those_who_come_while_others_are_applied_join(void **state)
{
    (void)state;
    run_with_store(join_while_applied);
}

/* A transaction of many bytes takes long: it is not made longer. */
static void stay_out_of_large(struct fixture *self)
{
    struct writer writers[5];
    init_writers(self, writers, ARRAY_LENGTH(writers));
    writers[0].bytes = GROUP_COMMIT_OPEN_BYTES_MAX;
    come_late(self, writers, ARRAY_LENGTH(writers));
    for (int i = 0; i < (int)ARRAY_LENGTH(writers); i++) {
        assert_int_equal(writers[i].status, STATUS_OK);
        assert_int_equal(fake_store_count(&self->store, i), 1);
    }
    assert_int_equal(self->store.commits, 2);
}

static void test_large_groups_take_no_more(void **state)
{
    (void)state;
    run_with_store(stay_out_of_large);
}

/* Not even where one that came late is what failed. */
static void fail_late(struct fixture *self)
{
    struct writer writers[5];
    init_writers(self, writers, ARRAY_LENGTH(writers));
    writers[3].given = STATUS_INTERNAL;
    come_late(self, writers, ARRAY_LENGTH(writers));
    for (size_t i = 0; i < ARRAY_LENGTH(writers); i++) {
        assert_int_equal(writers[i].status, i == 3 ? STATUS_INTERNAL : STATUS_OK);
        assert_int_equal(fake_store_count(&self->store, (int)i), i == 3 ? 0 : 1);
    }
}

static void test_failure_of_a_late_one_takes_no_other_along(void **state)
{
    (void)state;
    run_with_store(fail_late);
}

static void fail_alone(struct fixture *self)
{
    struct writer writers[5];
    init_writers(self, writers, ARRAY_LENGTH(writers));
    writers[2].given = STATUS_INTERNAL;
    run_as_group(self, writers, ARRAY_LENGTH(writers));
    for (size_t i = 0; i < ARRAY_LENGTH(writers); i++) {
        assert_int_equal(writers[i].status, i == 2 ? STATUS_INTERNAL : STATUS_OK);
        assert_int_equal(fake_store_count(&self->store, (int)i), i == 2 ? 0 : 1);
    }
    assert_int_equal(writers[2].message.length, 4);
    assert_int_equal(self->store.commits, 4);
}

static void test_failure_takes_no_other_along(void **state)
{
    (void)state;
    run_with_store(fail_alone);
}

static void refuse_one(struct fixture *self)
{
    struct writer writers[5];
    init_writers(self, writers, ARRAY_LENGTH(writers));
    writers[2].given = STATUS_NOT_FOUND;
    run_as_group(self, writers, ARRAY_LENGTH(writers));
    for (size_t i = 0; i < ARRAY_LENGTH(writers); i++) {
        assert_int_equal(writers[i].status, i == 2 ? STATUS_NOT_FOUND : STATUS_OK);
    }
    assert_int_equal(self->store.commits, 1);
    assert_int_equal(self->store.begins, 1);
}

static void test_refusal_is_an_answer(void **state)
{
    (void)state;
    run_with_store(refuse_one);
}

static void grow_and_retry(struct fixture *self)
{
    struct writer writers[3];
    init_writers(self, writers, ARRAY_LENGTH(writers));
    self->store.commit_failures = 2;
    self->store.abort_removes_cause = true;
    run_as_group(self, writers, ARRAY_LENGTH(writers));
    for (size_t i = 0; i < ARRAY_LENGTH(writers); i++) {
        assert_int_equal(writers[i].status, STATUS_OK);
        assert_int_equal(fake_store_count(&self->store, (int)i), 1);
    }
    assert_int_equal(self->store.commits, 1);
    assert_int_equal(self->store.begins, 3);
}

static void test_removed_cause_is_retried(void **state)
{
    (void)state;
    run_with_store(grow_and_retry);
}

static void fail_for_good(struct fixture *self)
{
    struct writer writers[3];
    init_writers(self, writers, ARRAY_LENGTH(writers));
    self->store.commit_failures = UINT32_MAX;
    self->store.abort_removes_cause = true;
    run_as_group(self, writers, ARRAY_LENGTH(writers));
    for (size_t i = 0; i < ARRAY_LENGTH(writers); i++) {
        assert_int_equal(writers[i].status, STATUS_UNAVAILABLE);
    }
    assert_int_equal(self->store.value_count, 0);
    assert_true(self->store.begins <= 4 * GROUP_COMMIT_TRIES_MAX);
}

static void test_tries_are_bounded(void **state)
{
    (void)state;
    run_with_store(fail_for_good);
}

static void fail_to_begin(struct fixture *self)
{
    struct writer writers[3];
    init_writers(self, writers, ARRAY_LENGTH(writers));
    self->store.begin_status = STATUS_UNAVAILABLE;
    run_as_group(self, writers, ARRAY_LENGTH(writers));
    for (size_t i = 0; i < ARRAY_LENGTH(writers); i++) {
        assert_int_equal(writers[i].status, STATUS_UNAVAILABLE);
        assert_int_equal(writers[i].message.length, 4);
    }
    assert_int_equal(self->store.commits, 0);
}

static void test_failed_begin_fails_all(void **state)
{
    (void)state;
    run_with_store(fail_to_begin);
}

static void wait_for_busy_store(struct fixture *self)
{
    struct writer writers[3];
    struct cancellation cancellation;
    struct fiber_group withdrawn;
    struct fiber_group patient;
    init_writers(self, writers, ARRAY_LENGTH(writers));
    cancellation_init(&cancellation);
    writers[0].timeout_ms =
        5 * SHORT_MS; /* the answer has the last twentieth of it, under any load */
    writers[1].cancellation = &cancellation;
    fake_store_close_gate(&self->store, &self->store.begin);
    start_writers(&withdrawn, writers, 2);
    start_writers(&patient, &writers[2], 1);
    fake_store_await_writer(&self->store, &self->store.begin);
    cancellation_request(&cancellation);
    fiber_group_join(&withdrawn);
    assert_int_equal(writers[0].status, STATUS_UNAVAILABLE);
    assert_true(writers[0].left_ns > 0); /* the answer can still arrive */
    assert_int_equal(writers[1].status, STATUS_CANCELLED);
    fake_store_open_gate(&self->store, &self->store.begin);
    fiber_group_join(&patient);
    assert_int_equal(writers[2].status, STATUS_OK);
    assert_int_equal(self->store.value_count, 1); /* those withdrawn were never applied */
    struct group_commit_stats stats;
    group_commit_read_stats(self->group, &stats);
    assert_int_equal(stats.dropped, 2);
}

static void test_busy_store_is_unavailable_in_time(void **state)
{
    (void)state;
    run_with_store(wait_for_busy_store);
}

static void leave_begun_job(struct fixture *self)
{
    struct writer writer;
    struct fiber_group group;
    init_writers(self, &writer, 1);
    writer.timeout_ms = SHORT_MS;
    fake_store_close_gate(&self->store, &self->store.apply);
    start_writers(&group, &writer, 1);
    fiber_group_join(&group);
    assert_int_equal(writer.status, STATUS_DEADLINE_EXCEEDED);
    fake_store_await_writer(&self->store, &self->store.apply);
    fake_store_open_gate(&self->store, &self->store.apply);
    /* The fixture stops the writer, which finishes first; the loop then releases the job. */
}

static void test_begun_job_may_be_left(void **state)
{
    (void)state;
    run_with_store(leave_begun_job);
}

static void overfill_by_count(struct fixture *self)
{
    enum { WRITERS = GROUP_COMMIT_JOBS_MAX + 1 };
    struct writer *writers = calloc(WRITERS, sizeof(*writers));
    assert_non_null(writers);
    init_writers(self, writers, WRITERS);
    run_as_group(self, writers, WRITERS);
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(writers[i].status,
                         i < GROUP_COMMIT_JOBS_MAX ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED);
    }
    assert_int_equal(self->store.commits, GROUP_COMMIT_JOBS_MAX / GROUP_COMMIT_GROUP_MAX);
    free(writers);
}

static void test_queue_is_bounded_by_count(void **state)
{
    (void)state;
    run_with_store(overfill_by_count);
}

static void overfill_by_bytes(struct fixture *self)
{
    struct writer writers[4];
    init_writers(self, writers, ARRAY_LENGTH(writers));
    writers[0].bytes = GROUP_COMMIT_BYTES_MAX - 10;
    writers[1].bytes = 10;
    writers[2].bytes = 1;
    writers[3].bytes = 0;
    run_as_group(self, writers, ARRAY_LENGTH(writers));
    for (size_t i = 0; i < ARRAY_LENGTH(writers); i++) {
        assert_int_equal(writers[i].status, i == 2 ? STATUS_RESOURCE_EXHAUSTED : STATUS_OK);
    }
    struct writer largest;
    init_writers(self, &largest, 1);
    largest.bytes = GROUP_COMMIT_BYTES_MAX + 1U;
    write_value(&largest);
    assert_int_equal(largest.status, STATUS_RESOURCE_EXHAUSTED);
}

static void test_queue_is_bounded_by_bytes(void **state)
{
    (void)state;
    run_with_store(overfill_by_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writers_share_a_commit),
        cmocka_unit_test(test_writers_of_a_turn_share_a_commit),
        cmocka_unit_test(test_those_who_come_while_others_are_applied_join),
        cmocka_unit_test(test_large_groups_take_no_more),
        cmocka_unit_test(test_failure_of_a_late_one_takes_no_other_along),
        cmocka_unit_test(test_failure_takes_no_other_along),
        cmocka_unit_test(test_refusal_is_an_answer),
        cmocka_unit_test(test_removed_cause_is_retried),
        cmocka_unit_test(test_tries_are_bounded),
        cmocka_unit_test(test_failed_begin_fails_all),
        cmocka_unit_test(test_busy_store_is_unavailable_in_time),
        cmocka_unit_test(test_begun_job_may_be_left),
        cmocka_unit_test(test_queue_is_bounded_by_count),
        cmocka_unit_test(test_queue_is_bounded_by_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
