#include "eventlog/memory_eventlog.h"

#include "base/arena.h"
#include "contract/eventlog_reader.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { ARENA_BYTES = 65536, WAIT_MS = 10000, KEYS = 4 };

struct fixture {
    struct memory_eventlog *log;
    struct arena arena;
    struct call call;
    struct reader_store store;
    struct eventlog_producer producer;
    struct eventlog_consumer consumer;
};

static void set_up(struct fixture *fixture)
{
    fixture->log = memory_eventlog_create(1);
    assert_non_null(fixture->log);
    arena_init(&fixture->arena, ARENA_BYTES);
    call_init(&fixture->call, &fixture->arena, WAIT_MS);
    reader_store_init(&fixture->store);
    assert_int_equal(
        memory_eventlog_producer_open(fixture->log, &fixture->call, &fixture->producer), STATUS_OK);
    reader_produce(fixture->producer, &fixture->call, TEXT("t"), KEYS, 0, 5);
    assert_int_equal(
        memory_eventlog_consumer_open(fixture->log, &fixture->call, TEXT("g"), TEXT("t"),
                                      reader_store_positions(&fixture->store), &fixture->consumer),
        STATUS_OK);
}

static void tear_down(struct fixture *fixture)
{
    fixture->consumer.ops->close(fixture->consumer.state);
    fixture->producer.ops->close(fixture->producer.state);
    memory_eventlog_destroy(fixture->log);
    arena_deinit(&fixture->arena);
}

static enum status poll_once(struct fixture *fixture, struct eventlog_batch *batch)
{
    struct call call = call_within(&fixture->call, 0);
    return fixture->consumer.ops->poll(fixture->consumer.state, &call, 100, batch);
}

static void fail_on_demand(void *argument)
{
    struct fixture fixture;
    (void)argument;
    set_up(&fixture);
    struct eventlog_batch batch;
    memory_eventlog_fail(fixture.log, MEMORY_EVENTLOG_POLL, STATUS_UNAVAILABLE, 2);
    assert_int_equal(poll_once(&fixture, &batch), STATUS_UNAVAILABLE);
    assert_int_equal(poll_once(&fixture, &batch), STATUS_UNAVAILABLE);
    assert_int_equal(poll_once(&fixture, &batch), STATUS_OK);
    memory_eventlog_fail(fixture.log, MEMORY_EVENTLOG_PRODUCE, STATUS_UNAVAILABLE, 1);
    const struct eventlog_message message = {.key = TEXT("k0"), .value = TEXT("v0-5")};
    size_t delivered = 1;
    struct call call = call_within(&fixture.call, 0);
    assert_int_equal(fixture.producer.ops->produce(fixture.producer.state, &call, TEXT("t"),
                                                   &message, 1, &delivered),
                     STATUS_UNAVAILABLE);
    assert_int_equal(delivered, 0);
    tear_down(&fixture);
}

static void lose_on_demand(void *argument)
{
    struct fixture fixture;
    (void)argument;
    set_up(&fixture);
    memory_eventlog_lose(fixture.log, TEXT("t"), 0, 3);
    struct eventlog_batch batch;
    assert_int_equal(poll_once(&fixture, &batch), STATUS_OK);
    assert_int_equal(batch.next_offset, 3);
    assert_int_equal(poll_once(&fixture, &batch), STATUS_DATA_LOSS);
    assert_int_equal(poll_once(&fixture, &batch), STATUS_DATA_LOSS);
    tear_down(&fixture);
}

/* From the beginning, wherever that is: the position to compare with is still none. */
static void trim_without_position(void *argument)
{
    struct fixture fixture;
    (void)argument;
    set_up(&fixture);
    memory_eventlog_trim(fixture.log, TEXT("t"), 0, 8);
    struct eventlog_batch batch;
    assert_int_equal(poll_once(&fixture, &batch), STATUS_OK);
    assert_int_equal(batch.from_offset, 0);
    assert_int_equal(batch.records[0].offset, 8);
    assert_int_equal(batch.next_offset, KEYS * 5);
    tear_down(&fixture);
}

static void trim_past_position(void *argument)
{
    struct fixture fixture;
    (void)argument;
    set_up(&fixture);
    fixture.store.has_position[0] = true;
    fixture.store.next_offset[0] = 2;
    memory_eventlog_trim(fixture.log, TEXT("t"), 0, 8);
    struct eventlog_batch batch;
    assert_int_equal(poll_once(&fixture, &batch), STATUS_DATA_LOSS);
    tear_down(&fixture);
}

static void run(void **state)
{
    const fiber_fn *body = *state;
    in_fiber(*body, NULL);
}

int main(void)
{
    static fiber_fn bodies[] = {fail_on_demand, lose_on_demand, trim_without_position,
                                trim_past_position};
    const struct CMUnitTest tests[] = {
        {.name = "fail_on_demand", .test_func = run, .initial_state = &bodies[0]},
        {.name = "lose_on_demand", .test_func = run, .initial_state = &bodies[1]},
        {.name = "trim_without_position", .test_func = run, .initial_state = &bodies[2]},
        {.name = "trim_past_position", .test_func = run, .initial_state = &bodies[3]},
    };
    return cmocka_run_group_tests_name("memory event log", tests, NULL, NULL);
}
