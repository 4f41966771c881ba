/* Ingestion over a log and a store in memory, both failing on demand. */
#include "rating/ingester/rating_ingester.h"

#include "base/arena.h"
#include "base/clock.h"
#include "eventlog/memory_eventlog.h"
#include "loop/fiber.h"
#include "rating/repository/memory_rating_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 20000, ARENA_BYTES_MAX = 16 * 1024 * 1024 };

#define TOPIC TEXT("ratings")

struct fixture {
    struct arena arena;
    struct call call;
    struct memory_eventlog *log;
    struct eventlog_producer producer;
    struct rating_repository whole; /* the memory repository behind the faults */
    struct rating_ingester *ingester;
    enum status fault; /* of the next `fault_times` applications */
    unsigned fault_times;
    bool fault_loses_answers; /* they are done, and nobody hears of it */
    unsigned applications;    /* also those that failed */
    struct fiber_wait applied;
    void (*body)(struct fixture *fixture);
};

static enum status apply(void *state, struct call *call, const struct rating_batch *batch)
{
    struct fixture *fixture = state;
    fixture->applications++;
    fiber_wait_signal(&fixture->applied);
    if (fixture->fault_times > 0) {
        fixture->fault_times--;
        if (fixture->fault_loses_answers) {
            assert_int_equal(fixture->whole.ops->apply(fixture->whole.state, call, batch),
                             STATUS_OK);
        }
        return call_fail(call, fixture->fault, "planted");
    }
    return fixture->whole.ops->apply(fixture->whole.state, call, batch);
}

static enum status get_position(void *state, struct call *call, struct text topic,
                                int32_t partition, int64_t *ret_next_offset)
{
    struct fixture *fixture = state;
    return fixture->whole.ops->get_position(fixture->whole.state, call, topic, partition,
                                            ret_next_offset);
}

/* The ingester asks for nothing else. */
static const struct rating_repository_ops faulty_ops = {.apply = apply,
                                                        .get_position = get_position};

static void start(struct fixture *fixture, size_t batch_max)
{
    struct eventlog_consumer consumer;
    const struct rating_ingester_options options = {.repository = {&faulty_ops, fixture},
                                                    .batch_max = batch_max};
    assert_int_equal(rating_ingester_create(&options, &fixture->ingester), STATUS_OK);
    assert_int_equal(
        memory_eventlog_consumer_open(fixture->log, &fixture->call, TEXT("group"), TOPIC,
                                      rating_ingester_positions(fixture->ingester), &consumer),
        STATUS_OK);
    assert_int_equal(rating_ingester_start(fixture->ingester, consumer), STATUS_OK);
}

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    fiber_wait_init(&fixture->applied);
    fixture->log = memory_eventlog_create(1);
    assert_non_null(fixture->log);
    assert_int_equal(
        memory_eventlog_producer_open(fixture->log, &fixture->call, &fixture->producer), STATUS_OK);
    assert_int_equal(memory_rating_repository_open(&fixture->call, &fixture->whole), STATUS_OK);
    fixture->body(fixture);
    rating_ingester_stop(fixture->ingester);
    rating_ingester_destroy(fixture->ingester);
    fixture->producer.ops->close(fixture->producer.state);
    memory_eventlog_destroy(fixture->log);
    fixture->whole.ops->close(fixture->whole.state);
    arena_deinit(&fixture->arena);
}

#define INGESTER_TEST(name)                                                                        \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

static void produce(struct fixture *fixture, struct text value)
{
    const struct eventlog_message message = {.key = TEXT("k"), .value = value};
    size_t delivered;
    assert_int_equal(fixture->producer.ops->produce(fixture->producer.state, &fixture->call, TOPIC,
                                                    &message, 1, &delivered),
                     STATUS_OK);
}

/* Votes of 8 points, each by another user. */
static void produce_votes(struct fixture *fixture, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        produce(fixture, arena_format(&fixture->arena,
                                      "{\"userId\":\"u%u\",\"recordId\":\"tt1\",\"recordType\":"
                                      "\"movie\",\"value\":8,\"providerId\":\"p\",\"eventType\":"
                                      "\"put\"}",
                                      i));
    }
}

static uint64_t vote_count(struct fixture *fixture)
{
    struct rating_aggregate aggregate;
    const struct record_key record = {RECORD_TYPE_MOVIE, TEXT("tt1")};
    return fixture->whole.ops->get_aggregate(fixture->whole.state, &fixture->call, record,
                                             &aggregate) == STATUS_OK
               ? aggregate.count
               : 0;
}

static int64_t position(struct fixture *fixture)
{
    int64_t next_offset;
    return fixture->whole.ops->get_position(fixture->whole.state, &fixture->call, TOPIC, 0,
                                            &next_offset) == STATUS_OK
               ? next_offset
               : 0;
}

static void wait_for_position(struct fixture *fixture, int64_t want)
{
    while (position(fixture) < want) {
        assert_int_equal(fiber_wait(&fixture->call, &fixture->applied), STATUS_OK);
        fiber_yield();
    }
    assert_int_equal(position(fixture), want);
}

static struct text wait_for_stop(struct fixture *fixture)
{
    struct text reason;
    while (rating_ingester_is_running(fixture->ingester, &reason)) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    return reason;
}

static void assert_running(struct fixture *fixture)
{
    struct text reason;
    assert_true(rating_ingester_is_running(fixture->ingester, &reason));
}

static void topic_made_later_is_read(struct fixture *fixture)
{
    start(fixture, 0);
    fiber_yield(); /* the topic has been asked for, and is not there */
    produce_votes(fixture, 0, 3);
    wait_for_position(fixture, 3);
    assert_int_equal(vote_count(fixture), 3);
    assert_running(fixture);
}
INGESTER_TEST(topic_made_later_is_read)

static void small_batches_keep_their_order(struct fixture *fixture)
{
    produce_votes(fixture, 0, 7);
    start(fixture, 2);
    wait_for_position(fixture, 7);
    assert_int_equal(fixture->applications, 4);
    assert_int_equal(vote_count(fixture), 7);
}
INGESTER_TEST(small_batches_keep_their_order)

static void store_that_is_away_is_asked_again(struct fixture *fixture)
{
    static const enum status faults[] = {STATUS_UNAVAILABLE, STATUS_RESOURCE_EXHAUSTED,
                                         STATUS_DEADLINE_EXCEEDED};
    start(fixture, 0);
    for (unsigned i = 0; i < ARRAY_LENGTH(faults); i++) {
        fixture->fault = faults[i];
        fixture->fault_times = 2;
        produce_votes(fixture, i, i + 1);
        wait_for_position(fixture, (int64_t)i + 1);
        assert_int_equal(fixture->fault_times, 0);
        assert_int_equal(vote_count(fixture), i + 1);
        assert_running(fixture);
    }
}
INGESTER_TEST(store_that_is_away_is_asked_again)

/* The second attempt is refused for the position that the first has moved. */
static void lost_answers_double_nothing(struct fixture *fixture)
{
    static const enum status faults[] = {STATUS_UNAVAILABLE, STATUS_DEADLINE_EXCEEDED,
                                         STATUS_ABORTED};
    unsigned votes = 0;
    start(fixture, 2);
    for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
        fixture->fault = faults[i];
        fixture->fault_times = 1;
        fixture->fault_loses_answers = true;
        produce_votes(fixture, votes, votes + 5);
        votes += 5;
        wait_for_position(fixture, votes);
        assert_int_equal(fixture->fault_times, 0);
        assert_int_equal(vote_count(fixture), votes);
        assert_running(fixture);
    }
}
INGESTER_TEST(lost_answers_double_nothing)

/* Another instance has applied the first two: they are read and refused, then passed over. */
static void refused_batch_is_read_anew(struct fixture *fixture)
{
    start(fixture, 1);
    produce_votes(fixture, 0, 1);
    wait_for_position(fixture, 1);
    const struct rating_position moved = {.topic = TOPIC, .next_offset = 3};
    const struct rating_batch others = {.position = &moved, .from_offset = 1};
    assert_int_equal(fixture->whole.ops->apply(fixture->whole.state, &fixture->call, &others),
                     STATUS_OK);
    produce_votes(fixture, 1, 6);
    wait_for_position(fixture, 6);
    assert_int_equal(vote_count(fixture), 4); /* 0, 3, 4, 5: once each */
    assert_running(fixture);
}
INGESTER_TEST(refused_batch_is_read_anew)

static void aborted_without_cause_changes_nothing(struct fixture *fixture)
{
    fixture->fault = STATUS_ABORTED;
    fixture->fault_times = 3;
    produce_votes(fixture, 0, 5);
    start(fixture, 2);
    wait_for_position(fixture, 5);
    assert_int_equal(vote_count(fixture), 5);
    assert_int_equal(fixture->fault_times, 0);
}
INGESTER_TEST(aborted_without_cause_changes_nothing)

static void lasting_failures_stop_with_their_reason(struct fixture *fixture)
{
    fixture->fault = STATUS_DATA_LOSS;
    fixture->fault_times = 1;
    produce_votes(fixture, 0, 4);
    start(fixture, 2);
    assert_true(text_equal(wait_for_stop(fixture), TEXT("planted")));
    assert_int_equal(fixture->applications, 1); /* not the batch behind it */
    assert_int_equal(position(fixture), 0);
}
INGESTER_TEST(lasting_failures_stop_with_their_reason)

static void gap_in_the_log_stops(struct fixture *fixture)
{
    produce_votes(fixture, 0, 4);
    memory_eventlog_lose(fixture->log, TOPIC, 0, 2);
    start(fixture, 0);
    assert_true(wait_for_stop(fixture).length > 0);
    assert_true(position(fixture) <= 2); /* nothing behind the gap */
    assert_true(vote_count(fixture) <= 2);
}
INGESTER_TEST(gap_in_the_log_stops)

static void log_that_is_away_is_read_again(struct fixture *fixture)
{
    produce_votes(fixture, 0, 2);
    memory_eventlog_fail(fixture->log, MEMORY_EVENTLOG_POLL, STATUS_UNAVAILABLE, 2);
    start(fixture, 0);
    wait_for_position(fixture, 2);
    assert_int_equal(vote_count(fixture), 2);
}
INGESTER_TEST(log_that_is_away_is_read_again)

static void unreadable_events_become_dead_letters(struct fixture *fixture)
{
    struct rating_dead_letter *letters;
    size_t count;
    produce_votes(fixture, 0, 1);
    produce(fixture, TEXT("{"));
    produce(fixture, TEXT("\xff\0"));
    produce(fixture, TEXT("[]"));
    produce_votes(fixture, 1, 2);
    start(fixture, 0);
    wait_for_position(fixture, 5);
    assert_int_equal(vote_count(fixture), 2);
    assert_int_equal(fixture->whole.ops->list_dead_letters(fixture->whole.state, &fixture->call,
                                                           NULL, 10, &letters, &count),
                     STATUS_OK);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(letters[i].offset, i + 1);
        assert_true(text_equal(letters[i].topic, TOPIC));
        assert_true(letters[i].reason.length > 0);
        assert_true(letters[i].time_ms > 0);
    }
    assert_true(text_equal(letters[1].payload, TEXT("\xff\0")));
    assert_true(text_equal(letters[2].reason, TEXT("an event is an object, not an array")));
}
INGESTER_TEST(unreadable_events_become_dead_letters)

/* run_body() stops it: here while it waits for events. */
static void stops_while_waiting_for_events(struct fixture *fixture)
{
    produce_votes(fixture, 0, 1);
    start(fixture, 0);
    wait_for_position(fixture, 1);
}
INGESTER_TEST(stops_while_waiting_for_events)

/* And here while it waits for the store. */
static void stops_while_waiting_for_the_store(struct fixture *fixture)
{
    fixture->fault = STATUS_UNAVAILABLE;
    fixture->fault_times = 1000000;
    produce_votes(fixture, 0, 1);
    start(fixture, 0);
    while (fixture->applications < 2) {
        assert_int_equal(fiber_wait(&fixture->call, &fixture->applied), STATUS_OK);
    }
    rating_ingester_stop(fixture->ingester);
    assert_running(fixture); /* it did not fail: it was stopped */
    assert_int_equal(position(fixture), 0);
}
INGESTER_TEST(stops_while_waiting_for_the_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topic_made_later_is_read_test),
        cmocka_unit_test(small_batches_keep_their_order_test),
        cmocka_unit_test(store_that_is_away_is_asked_again_test),
        cmocka_unit_test(lost_answers_double_nothing_test),
        cmocka_unit_test(refused_batch_is_read_anew_test),
        cmocka_unit_test(aborted_without_cause_changes_nothing_test),
        cmocka_unit_test(lasting_failures_stop_with_their_reason_test),
        cmocka_unit_test(gap_in_the_log_stops_test),
        cmocka_unit_test(log_that_is_away_is_read_again_test),
        cmocka_unit_test(unreadable_events_become_dead_letters_test),
        cmocka_unit_test(stops_while_waiting_for_events_test),
        cmocka_unit_test(stops_while_waiting_for_the_store_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
