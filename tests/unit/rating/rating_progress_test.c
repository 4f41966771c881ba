/* Who waits for ingestion is woken when it has come by, here or in another process. */
#include "rating/repository/rating_progress.h"

#include <stdatomic.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 20000, SHORT_MS = 30, CROWD = 100, THREADS = 2, ARENA_BYTES_MAX = 1024 * 1024 };

#define TOPIC TEXT("ratings")

/* The positions of another process, as the store tells them. */
struct fixture {
    struct arena arena;
    struct call call;
    struct rating_progress *progress;
    enum status position_status;
    int64_t next_offset;
    unsigned looks;
    unsigned looks_until_passed; /* 0: the store stays where it is */
    struct fiber_wait looked;
    struct fiber_group fibers;
    void (*body)(struct fixture *fixture);
};

static enum status get_position(void *state, struct call *call, struct text topic,
                                int32_t partition, int64_t *ret_next_offset)
{
    struct fixture *fixture = state;
    (void)call;
    assert_true(text_equal(topic, TOPIC));
    assert_int_equal(partition, 1);
    fixture->looks++;
    if (fixture->looks == fixture->looks_until_passed) {
        fixture->next_offset = INT64_MAX;
    }
    fiber_wait_signal(&fixture->looked);
    if (fixture->position_status == STATUS_OK) {
        *ret_next_offset = fixture->next_offset;
    }
    return fixture->position_status;
}

static const struct rating_repository_ops ops = {.get_position = get_position};

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    fiber_wait_init(&fixture->looked);
    fiber_group_init(&fixture->fibers);
    fixture->position_status = STATUS_NOT_FOUND;
    assert_int_equal(rating_progress_create((struct rating_repository){&ops, fixture}, TOPIC,
                                            &fixture->progress),
                     STATUS_OK);
    fixture->body(fixture);
    fiber_group_join(&fixture->fibers);
    assert_int_equal(rating_progress_waiting(fixture->progress), 0);
    rating_progress_destroy(fixture->progress);
    arena_deinit(&fixture->arena);
}

#define PROGRESS_TEST(name)                                                                        \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        static struct fixture fixture;                                                             \
        (void)state;                                                                               \
        fixture = (struct fixture){.body = name};                                                  \
        in_fiber(run_body, &fixture);                                                              \
    }

/* One that waits for partition 1. */
struct reader {
    struct fixture *fixture;
    int64_t offset;
    int64_t timeout_ms;
    struct cancellation *cancellation;
    bool ended;
    enum status status;
};

static void wait_for_it(void *argument)
{
    struct reader *reader = argument;
    struct call call = call_within(&reader->fixture->call, reader->timeout_ms);
    call.cancellation = reader->cancellation;
    reader->status = rating_progress_await(reader->fixture->progress, &call, 1, reader->offset);
    reader->ended = true;
}

static void start(struct reader *reader)
{
    assert_int_equal(fiber_group_start(&reader->fixture->fibers, wait_for_it, reader), STATUS_OK);
    fiber_yield();
}

static enum status await(struct fixture *fixture, int64_t timeout_ms, int32_t partition,
                         int64_t offset)
{
    struct call call = call_within(&fixture->call, timeout_ms);
    enum status status = rating_progress_await(fixture->progress, &call, partition, offset);
    fixture->call.error = call.error;
    return status;
}

static void what_has_passed_is_not_waited_for(struct fixture *fixture)
{
    rating_progress_note(fixture->progress, TOPIC, 1, 18);
    assert_int_equal(await(fixture, SHORT_MS, 1, 17), STATUS_OK);
    assert_int_equal(await(fixture, SHORT_MS, 1, 0), STATUS_OK);
    assert_int_equal(fixture->looks, 0);
    assert_int_equal(await(fixture, SHORT_MS, 1, 18), STATUS_DEADLINE_EXCEEDED);
    assert_true(fixture->looks > 0);
}
PROGRESS_TEST(what_has_passed_is_not_waited_for)

/* A topic that was made anew begins at 0 again: what was noted before is no answer for long. */
static void a_topic_made_anew_is_noticed(struct fixture *fixture)
{
    rating_progress_note(fixture->progress, TOPIC, 1, 1000);
    rating_progress_note(fixture->progress, TOPIC, 1, 3);
    assert_int_equal(await(fixture, SHORT_MS, 1, 2), STATUS_OK);
    assert_int_equal(await(fixture, SHORT_MS, 1, 3), STATUS_DEADLINE_EXCEEDED);

    fixture->position_status = STATUS_OK; /* another process has begun anew, and got to 2 */
    fixture->next_offset = 2;
    fixture->looks = 0;
    assert_int_equal(await(fixture, SHORT_MS, 1, 3), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(fixture->looks, 1);
    assert_int_equal(await(fixture, SHORT_MS, 1, 2), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(await(fixture, SHORT_MS, 1, 1), STATUS_OK);
}
PROGRESS_TEST(a_topic_made_anew_is_noticed)

/* Nobody tells of it: it is asked for again when what is known is old. */
static void what_is_known_grows_old(struct fixture *fixture)
{
    rating_progress_note(fixture->progress, TOPIC, 1, 1000);
    fixture->position_status = STATUS_OK;
    fixture->next_offset = 2;
    int64_t noted_ns = clock_monotonic_ns();
    unsigned early = 0;
    while (await(fixture, SHORT_MS, 1, 999) == STATUS_OK) {
        early++;
        assert_true(clock_monotonic_ns() - noted_ns < TIMEOUT_MS * CLOCK_NS_PER_MS);
        fiber_yield();
    }
    assert_true(early > 0);
    assert_true(clock_monotonic_ns() - noted_ns >= RATING_PROGRESS_TRUST_MS * CLOCK_NS_PER_MS);
    assert_int_equal(fixture->looks, 1);
}
PROGRESS_TEST(what_is_known_grows_old)

static void ingestion_here_wakes_at_once(struct fixture *fixture)
{
    struct reader first = {.fixture = fixture, .offset = 4, .timeout_ms = TIMEOUT_MS};
    struct reader second = {.fixture = fixture, .offset = 5, .timeout_ms = TIMEOUT_MS};
    start(&first);
    start(&second);
    rating_progress_note(fixture->progress, TEXT("others"), 1, 100);
    rating_progress_note(fixture->progress, TOPIC, 2, 100);
    rating_progress_note(fixture->progress, TOPIC, -1, 100);
    rating_progress_note(fixture->progress, TOPIC, RATING_PROGRESS_PARTITIONS_MAX, 100);
    rating_progress_note(fixture->progress, TOPIC, 1, 4);
    fiber_give_way();
    assert_false(first.ended);
    unsigned looks = fixture->looks;
    rating_progress_note(fixture->progress, TOPIC, 1, 5);
    while (!first.ended) {
        assert_int_equal(call_check(&fixture->call), STATUS_OK);
        fiber_give_way();
    }
    assert_int_equal(first.status, STATUS_OK);
    assert_false(second.ended);
    assert_true(fixture->looks <= looks + 1); /* the second looks from now on */
    rating_progress_note(fixture->progress, TOPIC, 1, 6);
    fiber_group_join(&fixture->fibers);
    assert_int_equal(second.status, STATUS_OK);
}
PROGRESS_TEST(ingestion_here_wakes_at_once)

static void one_looks_for_all(struct fixture *fixture)
{
    static struct reader readers[CROWD];
    fixture->position_status = STATUS_OK;
    fixture->looks_until_passed = 3;
    for (int i = 0; i < CROWD; i++) {
        readers[i] = (struct reader){.fixture = fixture, .offset = i, .timeout_ms = TIMEOUT_MS};
        start(&readers[i]);
    }
    assert_int_equal(fixture->looks, 1);
    fiber_group_join(&fixture->fibers);
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(readers[i].status, STATUS_OK);
    }
    assert_int_equal(fixture->looks, 3);
}
PROGRESS_TEST(one_looks_for_all)

/* The one that looked gives up; the other is not forgotten. */
static void looking_is_handed_on(struct fixture *fixture)
{
    struct reader brief = {.fixture = fixture, .offset = 1, .timeout_ms = SHORT_MS};
    struct reader patient = {.fixture = fixture, .offset = 2, .timeout_ms = TIMEOUT_MS};
    start(&brief);
    start(&patient);
    while (!brief.ended) {
        assert_int_equal(call_check(&fixture->call), STATUS_OK);
        fiber_give_way();
    }
    assert_int_equal(brief.status, STATUS_DEADLINE_EXCEEDED);
    assert_false(patient.ended);
    fixture->position_status = STATUS_OK;
    fixture->next_offset = 3;
    fiber_group_join(&fixture->fibers);
    assert_int_equal(patient.status, STATUS_OK);
}
PROGRESS_TEST(looking_is_handed_on)

static void cancelled_is_told_as_such(struct fixture *fixture)
{
    struct cancellation cancellation;
    cancellation_init(&cancellation);
    struct reader reader = {.fixture = fixture, .offset = 1, .cancellation = &cancellation};
    start(&reader);
    cancellation_request(&cancellation);
    fiber_group_join(&fixture->fibers);
    assert_int_equal(reader.status, STATUS_CANCELLED);
}
PROGRESS_TEST(cancelled_is_told_as_such)

/* The answer comes while there is time to read it. */
static void in_vain_says_why(struct fixture *fixture)
{
    struct call call = call_within(&fixture->call, 4 * RATING_PROGRESS_REPLY_MS);
    assert_int_equal(rating_progress_await(fixture->progress, &call, 1, 17),
                     STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(call_check(&call), STATUS_OK);
    assert_string_equal(call.error.message.data,
                        "the event at 1:17 of topic ratings has not been applied yet: ingestion "
                        "has got to 0");
    fixture->position_status = STATUS_UNAVAILABLE;
    assert_int_equal(await(fixture, SHORT_MS, 1, 17), STATUS_DEADLINE_EXCEEDED);
    assert_string_equal(fixture->call.error.message.data,
                        "how far ingestion has got cannot be told: the store is UNAVAILABLE");
    rating_progress_note(fixture->progress, TOPIC, 1, 9);
    assert_int_equal(await(fixture, SHORT_MS, 1, 17), STATUS_DEADLINE_EXCEEDED);
    assert_string_equal(fixture->call.error.message.data,
                        "the event at 1:17 of topic ratings has not been applied yet: ingestion "
                        "has got to 9");
}
PROGRESS_TEST(in_vain_says_why)

static void what_is_no_position_is_refused(struct fixture *fixture)
{
    static const struct {
        int32_t partition;
        int64_t offset;
    } cases[] = {{-1, 0}, {RATING_PROGRESS_PARTITIONS_MAX, 0}, {0, -1}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(await(fixture, SHORT_MS, cases[i].partition, cases[i].offset),
                         STATUS_INVALID_ARGUMENT);
        assert_string_equal(fixture->call.error.message.data,
                            "a position is a partition of 0 to 255 and an offset from 0 on");
    }
}
PROGRESS_TEST(what_is_no_position_is_refused)

static void no_more_wait_than_may(struct fixture *fixture)
{
    static struct reader readers[RATING_PROGRESS_WAITERS_MAX];
    for (int i = 0; i < RATING_PROGRESS_WAITERS_MAX; i++) {
        readers[i] = (struct reader){.fixture = fixture, .offset = 1, .timeout_ms = TIMEOUT_MS};
        assert_int_equal(fiber_group_start(&fixture->fibers, wait_for_it, &readers[i]), STATUS_OK);
    }
    fiber_yield();
    assert_int_equal(rating_progress_waiting(fixture->progress), RATING_PROGRESS_WAITERS_MAX);
    assert_int_equal(await(fixture, SHORT_MS, 1, 1), STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(fixture->call.error.message.data,
                        "too many requests wait for ingestion already");
    rating_progress_note(fixture->progress, TOPIC, 1, 2);
    fiber_group_join(&fixture->fibers);
    for (int i = 0; i < RATING_PROGRESS_WAITERS_MAX; i++) {
        assert_int_equal(readers[i].status, STATUS_OK);
    }
}
PROGRESS_TEST(no_more_wait_than_may)

/* Waiters of two loops, told of each step by a third thread. */
struct crowd {
    struct rating_progress *progress;
    _Atomic unsigned failed;
};

static enum status unknown_position(void *state, struct call *call, struct text topic,
                                    int32_t partition, int64_t *ret_next_offset)
{
    (void)state;
    (void)call;
    (void)topic;
    (void)partition;
    (void)ret_next_offset;
    return STATUS_NOT_FOUND;
}

struct crowd_member {
    struct crowd *crowd;
    int64_t offset;
};

static void wait_among_many(void *argument)
{
    struct crowd_member *member = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, member->offset % 7 == 0 ? 1 : TIMEOUT_MS);
    enum status status = rating_progress_await(member->crowd->progress, &call, 1, member->offset);
    bool may_be_late = member->offset % 7 == 0 && status == STATUS_DEADLINE_EXCEEDED;
    if (status != STATUS_OK && !may_be_late) {
        atomic_fetch_add(&member->crowd->failed, 1);
    }
    arena_deinit(&arena);
}

static enum status wait_on_loop(void *argument, unsigned index)
{
    struct crowd *crowd = argument;
    struct crowd_member members[CROWD];
    struct fiber_group fibers;
    fiber_group_init(&fibers);
    for (int i = 0; i < CROWD; i++) {
        members[i] = (struct crowd_member){crowd, i};
        if (fiber_group_start(&fibers, wait_among_many, &members[i]) != STATUS_OK) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
    }
    if (index == THREADS - 1) {
        for (int i = 0; i <= CROWD; i++) {
            rating_progress_note(crowd->progress, TOPIC, 1, i);
            fiber_yield();
        }
    }
    fiber_group_join(&fibers);
    return STATUS_OK;
}

static void waiters_of_several_loops(void **state)
{
    static const struct rating_repository_ops unknown = {.get_position = unknown_position};
    struct crowd crowd = {.failed = 0};
    struct loop_threads *threads;
    (void)state;
    assert_int_equal(
        rating_progress_create((struct rating_repository){&unknown, NULL}, TOPIC, &crowd.progress),
        STATUS_OK);
    assert_int_equal(loop_threads_start(THREADS, &threads), STATUS_OK);
    assert_int_equal(loop_threads_each(threads, wait_on_loop, &crowd), STATUS_OK);
    loop_threads_destroy(threads);
    assert_int_equal(crowd.failed, 0);
    rating_progress_destroy(crowd.progress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_passed_is_not_waited_for_test),
        cmocka_unit_test(a_topic_made_anew_is_noticed_test),
        cmocka_unit_test(what_is_known_grows_old_test),
        cmocka_unit_test(ingestion_here_wakes_at_once_test),
        cmocka_unit_test(one_looks_for_all_test),
        cmocka_unit_test(looking_is_handed_on_test),
        cmocka_unit_test(cancelled_is_told_as_such_test),
        cmocka_unit_test(in_vain_says_why_test),
        cmocka_unit_test(what_is_no_position_is_refused_test),
        cmocka_unit_test(no_more_wait_than_may_test),
        cmocka_unit_test(waiters_of_several_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
