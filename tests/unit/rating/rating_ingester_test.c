#include "rating/ingester/rating_ingester.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "eventlog/memory_eventlog.h"
#include "loop/fiber.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "telemetry/telemetry.h"
#include "unit/rating/planned_rating_repository.h"

enum { TIMEOUT_MS = 20000, PAGE_BYTES_MAX = 64 * 1024 };

struct fixture {
    struct arena arena;
    struct call call;
    struct planned_rating_repository planned;
    struct rating_repository repository;
    struct memory_eventlog *log;
    struct eventlog_producer producer;
    struct rating_ingester *ingester;
    struct telemetry *telemetry;
    void (*body)(struct fixture *fixture);
};

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, 64 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    assert_int_equal(
        planned_rating_repository_open(&fixture->planned, &fixture->call, &fixture->repository),
        STATUS_OK);
    fixture->log = memory_eventlog_create(1);
    assert_non_null(fixture->log);
    assert_int_equal(
        memory_eventlog_producer_open(fixture->log, &fixture->call, &fixture->producer), STATUS_OK);
    fixture->body(fixture);
    rating_ingester_stop(fixture->ingester);
    telemetry_destroy(fixture->telemetry);
    rating_ingester_destroy(fixture->ingester);
    fixture->producer.ops->close(fixture->producer.state);
    memory_eventlog_destroy(fixture->log);
    fixture->repository.ops->close(fixture->repository.state);
    arena_deinit(&fixture->arena);
}

#define INGESTER_TEST(name)                                                                        \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

static void start(struct fixture *fixture, size_t batch_max)
{
    const struct rating_ingester_options options = {.repository = fixture->repository,
                                                    .batch_max = batch_max};
    struct eventlog_consumer consumer;
    assert_int_equal(rating_ingester_create(&options, &fixture->ingester), STATUS_OK);
    assert_int_equal(telemetry_create(1, &fixture->telemetry), STATUS_OK);
    telemetry_add_source(fixture->telemetry, rating_ingester_write_metrics, fixture->ingester);
    assert_int_equal(
        memory_eventlog_consumer_open(fixture->log, &fixture->call, TEXT("rating"), TEXT("ratings"),
                                      rating_ingester_positions(fixture->ingester), &consumer),
        STATUS_OK);
    assert_int_equal(rating_ingester_start(fixture->ingester, consumer), STATUS_OK);
}

static void produce(struct fixture *fixture, struct text event)
{
    const struct eventlog_message message = {.key = TEXT("k"), .value = event};
    size_t delivered;
    assert_int_equal(fixture->producer.ops->produce(fixture->producer.state, &fixture->call,
                                                    TEXT("ratings"), &message, 1, &delivered),
                     STATUS_OK);
}

/* Each of another user, so that a vote lost or counted twice shows in the aggregate. */
static void produce_votes(struct fixture *fixture, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        produce(fixture,
                arena_format(&fixture->arena,
                             "{\"userId\":\"u%u\",\"recordId\":\"tt1\",\"recordType\":\"movie\","
                             "\"value\":%u,\"providerId\":\"p\",\"eventType\":\"put\"}",
                             i, i % 11));
    }
}

static int64_t position(struct fixture *fixture)
{
    struct call call = call_within(&fixture->call, 0);
    int64_t next_offset = 0;
    enum status status = fixture->repository.ops->get_position(fixture->repository.state, &call,
                                                               TEXT("ratings"), 0, &next_offset);
    return status == STATUS_OK ? next_offset : 0;
}

static void pause_a_little(struct fixture *fixture)
{
    if (fiber_sleep(&fixture->call, CLOCK_NS_PER_MS) != STATUS_OK) {
        fail_msg("waited in vain");
    }
}

static void await_position(struct fixture *fixture, int64_t wanted)
{
    while (position(fixture) != wanted) {
        pause_a_little(fixture);
    }
}

static struct text await_stopped(struct fixture *fixture)
{
    struct text reason;
    while (rating_ingester_is_running(fixture->ingester, &reason)) {
        pause_a_little(fixture);
    }
    return reason;
}

static void assert_votes(struct fixture *fixture, unsigned count)
{
    const struct record_key record = {RECORD_TYPE_MOVIE, TEXT("tt1")};
    struct rating_aggregate aggregate = {.count = 0};
    uint64_t sum = 0;
    for (unsigned i = 0; i < count; i++) {
        sum += (i % 11) * RATING_HUNDREDTHS_PER_POINT;
    }
    enum status status = fixture->repository.ops->get_aggregate(fixture->repository.state,
                                                                &fixture->call, record, &aggregate);
    assert_int_equal(status, count > 0 ? STATUS_OK : STATUS_NOT_FOUND);
    assert_int_equal(aggregate.count, count);
    assert_int_equal(aggregate.sum_hundredths, sum);
}

/* The page holds the line. */
static void assert_metric(struct fixture *fixture, const char *line)
{
    struct buffer page;
    buffer_init(&page, PAGE_BYTES_MAX);
    assert_true(telemetry_write(fixture->telemetry, &page));
    struct text copy = arena_copy(&fixture->arena, buffer_text(&page));
    struct text wanted = arena_format(&fixture->arena, "\n%s\n", line);
    if (strstr(copy.data, wanted.data) == NULL) {
        fail_msg("'%s' is not in\n%s", line, copy.data);
    }
    buffer_deinit(&page);
}

static void votes_arrive(struct fixture *fixture)
{
    start(fixture, 0);
    produce_votes(fixture, 0, 5);
    await_position(fixture, 5);
    produce_votes(fixture, 5, 20);
    await_position(fixture, 25);
    assert_votes(fixture, 25);
    assert_metric(fixture, "marquee_ingested_events_total 25");
    assert_metric(fixture, "marquee_dead_letters_total 0");
    assert_metric(fixture, "marquee_ingestion_up 1");
    assert_metric(fixture, "marquee_consumer_lag_events{partition=\"0\"} 0");
}
INGESTER_TEST(votes_arrive)

static void bad_events_are_set_aside(struct fixture *fixture)
{
    static const struct text bad[] = {TEXT_INIT("{\"userId\":7}"), TEXT_INIT("\xff\0"),
                                      TEXT_INIT("")};
    static const char *const reasons[] = {"userId must be a string, not a number", "", ""};
    struct rating_dead_letter *letters;
    size_t count;
    produce_votes(fixture, 0, 1);
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        produce(fixture, bad[i]);
    }
    produce_votes(fixture, 1, 1);
    start(fixture, 0);
    await_position(fixture, 5);
    assert_votes(fixture, 2);
    assert_int_equal(fixture->repository.ops->list_dead_letters(
                         fixture->repository.state, &fixture->call, NULL, 10, &letters, &count),
                     STATUS_OK);
    assert_int_equal(count, ARRAY_LENGTH(bad));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(letters[i].offset, 1 + (int64_t)i);
        assert_true(text_equal(letters[i].topic, TEXT("ratings")));
        assert_true(text_equal(letters[i].payload, bad[i]));
        assert_true(letters[i].reason.length > 0);
        assert_true(text_starts_with(letters[i].reason, text_of(reasons[i])));
    }
    assert_metric(fixture, "marquee_ingested_events_total 2");
    assert_metric(fixture, "marquee_dead_letters_total 3");
}
INGESTER_TEST(bad_events_are_set_aside)

/* Whatever the store answers for a while, each vote is applied once. */
static void faults_lose_and_double_nothing(struct fixture *fixture)
{
    static const struct {
        enum status failure;
        unsigned failures;
        bool after;
    } cases[] = {
        {STATUS_UNAVAILABLE, 2, false},
        {STATUS_UNAVAILABLE, 1, true},
        {STATUS_RESOURCE_EXHAUSTED, 1, false},
        {STATUS_DEADLINE_EXCEEDED, 1, true},
        {STATUS_INTERNAL, 1, false},
        {STATUS_ABORTED, 1, false},
        {STATUS_ABORTED, 3, false},
        {STATUS_ABORTED, 1, true},
    };
    unsigned votes = 0;
    struct text reason;
    start(fixture, 2);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        fixture->planned.failure = cases[i].failure;
        fixture->planned.failures = cases[i].failures;
        fixture->planned.fails_after = cases[i].after;
        produce_votes(fixture, votes, 7);
        votes += 7;
        await_position(fixture, votes);
        assert_int_equal(fixture->planned.failures, 0);
        assert_votes(fixture, votes);
    }
    assert_true(rating_ingester_is_running(fixture->ingester, &reason));
}
INGESTER_TEST(faults_lose_and_double_nothing)

/* Another instance has applied what this one holds already. */
static void what_another_has_ingested_is_read_anew(struct fixture *fixture)
{
    const struct rating_position moved = {TEXT("ratings"), 0, 4};
    const struct rating_batch other = {.position = &moved, .from_offset = 3};
    start(fixture, 0);
    produce_votes(fixture, 0, 3);
    await_position(fixture, 3);
    assert_int_equal(
        fixture->repository.ops->apply(fixture->repository.state, &fixture->call, &other),
        STATUS_OK);
    produce_votes(fixture, 100, 1); /* the one that the other has taken */
    produce_votes(fixture, 3, 1);
    await_position(fixture, 5);
    assert_votes(fixture, 4);
}
INGESTER_TEST(what_another_has_ingested_is_read_anew)

static void gap_in_the_log_stops(struct fixture *fixture)
{
    struct text reason;
    produce_votes(fixture, 0, 4);
    memory_eventlog_lose(fixture->log, TEXT("ratings"), 0, 2);
    start(fixture, 0);
    reason = await_stopped(fixture);
    assert_true(
        text_equal(reason, TEXT("the log does not hold the records at the stored position")));
    assert_int_equal(position(fixture), 2);
    assert_votes(fixture, 2);
    assert_metric(fixture, "marquee_ingestion_up 0");
    assert_metric(fixture, "marquee_ingested_events_total 2");
}
INGESTER_TEST(gap_in_the_log_stops)

static void lasting_failures_of_the_store_stop(struct fixture *fixture)
{
    fixture->planned.failure = STATUS_DATA_LOSS;
    fixture->planned.failures = 1;
    produce_votes(fixture, 0, 4);
    start(fixture, 2);
    assert_true(text_equal(await_stopped(fixture), TEXT("as planned")));
    assert_int_equal(position(fixture), 0);
    assert_votes(fixture, 0);
    assert_int_equal(fixture->planned.writes, 1);
}
INGESTER_TEST(lasting_failures_of_the_store_stop)

static void log_that_is_away_is_awaited(struct fixture *fixture)
{
    struct text reason;
    memory_eventlog_fail(fixture->log, MEMORY_EVENTLOG_POLL, STATUS_UNAVAILABLE, 2);
    produce_votes(fixture, 0, 2);
    start(fixture, 0);
    await_position(fixture, 2);
    assert_votes(fixture, 2);
    assert_true(rating_ingester_is_running(fixture->ingester, &reason));
}
INGESTER_TEST(log_that_is_away_is_awaited)

static void topic_may_come_later(struct fixture *fixture)
{
    struct text reason;
    start(fixture, 0);
    for (unsigned i = 0; i < 3; i++) {
        pause_a_little(fixture);
    }
    assert_true(rating_ingester_is_running(fixture->ingester, &reason));
    produce_votes(fixture, 0, 3);
    await_position(fixture, 3);
    assert_votes(fixture, 3);
}
INGESTER_TEST(topic_may_come_later)

static void assert_stops_soon(struct fixture *fixture)
{
    struct text reason;
    int64_t before_ns = clock_monotonic_ns();
    rating_ingester_stop(fixture->ingester);
    assert_true(clock_monotonic_ns() - before_ns < CLOCK_NS_PER_S);
    /* Being told to stop is no failure. */
    assert_true(rating_ingester_is_running(fixture->ingester, &reason));
}

static void stop_while_waiting(struct fixture *fixture)
{
    start(fixture, 0);
    produce_votes(fixture, 0, 1);
    await_position(fixture, 1);
    assert_stops_soon(fixture);
}
INGESTER_TEST(stop_while_waiting)

static void stop_while_the_store_is_away(struct fixture *fixture)
{
    fixture->planned.failure = STATUS_UNAVAILABLE;
    fixture->planned.failures = 1000000;
    produce_votes(fixture, 0, 3);
    start(fixture, 1);
    while (fixture->planned.writes < 3) {
        pause_a_little(fixture);
    }
    assert_stops_soon(fixture);
    assert_int_equal(position(fixture), 0);
    assert_votes(fixture, 0);
}
INGESTER_TEST(stop_while_the_store_is_away)

static void stop_while_the_log_is_away(struct fixture *fixture)
{
    memory_eventlog_fail(fixture->log, MEMORY_EVENTLOG_POLL, STATUS_UNAVAILABLE, 1000000);
    start(fixture, 1);
    pause_a_little(fixture);
    assert_stops_soon(fixture);
}
INGESTER_TEST(stop_while_the_log_is_away)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(votes_arrive_test),
        cmocka_unit_test(bad_events_are_set_aside_test),
        cmocka_unit_test(faults_lose_and_double_nothing_test),
        cmocka_unit_test(what_another_has_ingested_is_read_anew_test),
        cmocka_unit_test(gap_in_the_log_stops_test),
        cmocka_unit_test(lasting_failures_of_the_store_stop_test),
        cmocka_unit_test(log_that_is_away_is_awaited_test),
        cmocka_unit_test(topic_may_come_later_test),
        cmocka_unit_test(stop_while_waiting_test),
        cmocka_unit_test(stop_while_the_store_is_away_test),
        cmocka_unit_test(stop_while_the_log_is_away_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
