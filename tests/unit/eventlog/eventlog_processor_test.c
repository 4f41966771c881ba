/* Consume, process, produce, commit: what is in the log after failures and restarts, over the
 * memory log. */
#include "eventlog/eventlog_processor.h"

#include "base/arena.h"
#include "eventlog/eventlog_scan.h"
#include "eventlog/memory_eventlog.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 20000, ARENA_BYTES_MAX = 64 * 1024 * 1024, IDLE_MS = 20, SEEN_MAX = 64 };

#define FROM TEXT("from")
#define GROUP TEXT("group")

struct fixture {
    struct arena arena;
    struct call call;
    struct memory_eventlog *log;
    struct eventlog_processor processor;
    enum status process_status;
    unsigned batches;
    unsigned troubles;
    enum status trouble;
    size_t outputs_of_each; /* messages for each record */
    void (*body)(struct fixture *fixture);
};

/* Each record goes to the topic that its value names. */
static enum status process(void *state, struct call *call, const struct eventlog_batch *batch,
                           struct eventlog_outputs *outputs)
{
    struct fixture *fixture = state;
    enum status status = fixture->process_status;
    fixture->batches++;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        struct eventlog_message message = {.key = batch->records[i].key,
                                           .value = batch->records[i].key};
        for (size_t j = 0; j < fixture->outputs_of_each && status == STATUS_OK; j++) {
            status = eventlog_outputs_add(outputs, call, batch->records[i].value, &message);
        }
    }
    return status;
}

static void troubled(void *state, const struct call *call, enum status status)
{
    struct fixture *fixture = state;
    (void)call;
    fixture->troubles++;
    fixture->trouble = status;
}

static void open_processor(struct fixture *fixture)
{
    struct eventlog_processor *processor = &fixture->processor;
    *processor = (struct eventlog_processor){.batch_max = 2,
                                             .idle_ms = IDLE_MS,
                                             .process = process,
                                             .state = fixture,
                                             .troubled = troubled,
                                             .troubled_state = fixture};
    assert_int_equal(
        memory_eventlog_producer_open(fixture->log, &fixture->call, &processor->producer),
        STATUS_OK);
    assert_int_equal(memory_eventlog_consumer_open(fixture->log, &fixture->call, GROUP, FROM,
                                                   (struct eventlog_positions){.get = NULL},
                                                   &processor->consumer),
                     STATUS_OK);
}

static void close_processor(struct fixture *fixture)
{
    struct eventlog_processor *processor = &fixture->processor;
    processor->consumer.ops->close(processor->consumer.state);
    processor->producer.ops->close(processor->producer.state);
}

static enum status run_once(struct fixture *fixture)
{
    open_processor(fixture);
    call_clear_error(&fixture->call);
    enum status status = eventlog_processor_run(&fixture->processor, &fixture->call);
    close_processor(fixture);
    return status;
}

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    fixture->outputs_of_each = 1;
    fixture->log = memory_eventlog_create(1);
    assert_non_null(fixture->log);
    fixture->body(fixture);
    memory_eventlog_destroy(fixture->log);
    arena_deinit(&fixture->arena);
}

#define PROCESSOR_TEST(name)                                                                       \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

/* key=value for each word of "a=x b=y". */
static void produce(struct fixture *fixture, const char *words)
{
    struct eventlog_producer producer;
    struct text rest = text_of(words);
    assert_int_equal(memory_eventlog_producer_open(fixture->log, &fixture->call, &producer),
                     STATUS_OK);
    while (rest.length > 0) {
        size_t delivered;
        struct text value = text_next(&rest, ' ');
        struct text key = text_next(&value, '=');
        const struct eventlog_message message = {.key = key, .value = value};
        assert_int_equal(
            producer.ops->produce(producer.state, &fixture->call, FROM, &message, 1, &delivered),
            STATUS_OK);
    }
    producer.ops->close(producer.state);
}

struct seen {
    char keys[SEEN_MAX];
    size_t length;
};

static enum status visit(void *state, struct call *call, const struct eventlog_batch *batch)
{
    struct seen *seen = state;
    (void)call;
    for (size_t i = 0; i < batch->count; i++) {
        assert_true(seen->length + batch->records[i].value.length < SEEN_MAX);
        memcpy(seen->keys + seen->length, batch->records[i].value.data,
               batch->records[i].value.length);
        seen->length += batch->records[i].value.length;
    }
    return STATUS_OK;
}

/* What is in the topic: the values, one behind the other. */
static void check_topic(struct fixture *fixture, const char *topic, const char *want)
{
    struct seen seen = {.length = 0};
    struct eventlog_consumer consumer;
    assert_int_equal(
        memory_eventlog_consumer_open(fixture->log, &fixture->call, TEXT(""), text_of(topic),
                                      (struct eventlog_positions){.get = NULL}, &consumer),
        STATUS_OK);
    enum status status = eventlog_scan(consumer, &fixture->call, visit, &seen);
    call_clear_error(&fixture->call);
    consumer.ops->close(consumer.state);
    assert_int_equal(status, want[0] != '\0' ? STATUS_OK : STATUS_NOT_FOUND);
    seen.keys[seen.length] = '\0';
    assert_string_equal(seen.keys, want);
}

static void goes_on_where_it_was(struct fixture *fixture)
{
    produce(fixture, "a=x b=y c=x d=x e=y");
    assert_int_equal(run_once(fixture), STATUS_OK);
    assert_int_equal(fixture->processor.consumed, 5);
    assert_int_equal(fixture->processor.produced, 5);
    assert_int_equal(fixture->batches, 3);
    check_topic(fixture, "x", "acd");
    check_topic(fixture, "y", "be");
    produce(fixture, "f=x");
    assert_int_equal(run_once(fixture), STATUS_OK);
    assert_int_equal(fixture->processor.consumed, 1);
    check_topic(fixture, "x", "acdf");
    check_topic(fixture, "y", "be");
}
PROCESSOR_TEST(goes_on_where_it_was)

/* What fails is not committed: the batch comes again, all of it. */
static void a_failed_batch_comes_again(struct fixture *fixture)
{
    produce(fixture, "a=x b=x");
    fixture->process_status = STATUS_DATA_LOSS;
    assert_int_equal(run_once(fixture), STATUS_DATA_LOSS);
    assert_string_equal(fixture->call.error.message.data, "DATA_LOSS");
    check_topic(fixture, "x", "");
    fixture->process_status = STATUS_OK;
    memory_eventlog_fail(fixture->log, MEMORY_EVENTLOG_PRODUCE, STATUS_INVALID_ARGUMENT, 1);
    assert_int_equal(run_once(fixture), STATUS_INVALID_ARGUMENT);
    check_topic(fixture, "x", "");
    assert_int_equal(run_once(fixture), STATUS_OK);
    check_topic(fixture, "x", "ab");
}
PROCESSOR_TEST(a_failed_batch_comes_again)

/* The second topic's produce fails for good after the first one's: at least once. */
static void what_was_produced_comes_twice(struct fixture *fixture)
{
    produce(fixture, "a=x b=");
    assert_int_equal(run_once(fixture), STATUS_INVALID_ARGUMENT); /* of the empty topic */
    check_topic(fixture, "x", "a");
    assert_int_equal(run_once(fixture), STATUS_INVALID_ARGUMENT);
    check_topic(fixture, "x", "aa");
}
PROCESSOR_TEST(what_was_produced_comes_twice)

static void troubles_are_waited_out(struct fixture *fixture)
{
    static const struct {
        enum memory_eventlog_operation operation;
        enum status status;
    } cases[] = {{MEMORY_EVENTLOG_POLL, STATUS_UNAVAILABLE},
                 {MEMORY_EVENTLOG_PRODUCE, STATUS_UNAVAILABLE},
                 {MEMORY_EVENTLOG_PRODUCE, STATUS_DEADLINE_EXCEEDED}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        fixture->troubles = 0;
        produce(fixture, "a=x");
        memory_eventlog_fail(fixture->log, cases[i].operation, cases[i].status, 2);
        assert_int_equal(run_once(fixture), STATUS_OK);
        assert_int_equal(fixture->troubles, 2);
        assert_int_equal(fixture->trouble, cases[i].status);
        assert_int_equal(fixture->processor.consumed, 1);
    }
    check_topic(fixture, "x", "aaa");
}
PROCESSOR_TEST(troubles_are_waited_out)

static void a_topic_that_is_not_there_is_waited_for(struct fixture *fixture)
{
    assert_int_equal(run_once(fixture), STATUS_OK);
    assert_int_equal(fixture->troubles, 1);
    assert_int_equal(fixture->trouble, STATUS_NOT_FOUND);
    assert_int_equal(fixture->processor.consumed, 0);
}
PROCESSOR_TEST(a_topic_that_is_not_there_is_waited_for)

static void stop(void *argument)
{
    cancellation_request(argument);
}

/* Also while the log does not take what is produced. */
static void ends_when_it_is_cancelled(struct fixture *fixture)
{
    struct cancellation cancellation;
    cancellation_init(&cancellation);
    produce(fixture, "a=x");
    memory_eventlog_fail(fixture->log, MEMORY_EVENTLOG_PRODUCE, STATUS_UNAVAILABLE, 1000);
    open_processor(fixture);
    fixture->call.cancellation = &cancellation;
    assert_int_equal(fiber_start(loop_current(), stop, &cancellation), STATUS_OK);
    assert_int_equal(eventlog_processor_run(&fixture->processor, &fixture->call), STATUS_CANCELLED);
    fixture->call.cancellation = NULL;
    close_processor(fixture);
    memory_eventlog_fail(fixture->log, MEMORY_EVENTLOG_PRODUCE, STATUS_OK, 0);
    assert_int_equal(run_once(fixture), STATUS_OK);
    check_topic(fixture, "x", "a");
}
PROCESSOR_TEST(ends_when_it_is_cancelled)

static void limits_hold(struct fixture *fixture)
{
    produce(fixture, "a=x");
    fixture->outputs_of_each = EVENTLOG_BATCH_MAX + 1;
    assert_int_equal(run_once(fixture), STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(fixture->call.error.message.data,
                        "a batch gives more than 100000 messages or 67108864 bytes: use smaller "
                        "batches");
    fixture->outputs_of_each = EVENTLOG_BATCH_MAX;
    assert_int_equal(run_once(fixture), STATUS_OK);
    assert_int_equal(fixture->processor.produced, EVENTLOG_BATCH_MAX);
}
PROCESSOR_TEST(limits_hold)

static enum status to_many_topics(void *state, struct call *call,
                                  const struct eventlog_batch *batch,
                                  struct eventlog_outputs *outputs)
{
    struct fixture *fixture = state;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < fixture->outputs_of_each && status == STATUS_OK; i++) {
        struct text topic = arena_format(call->arena, "t%zu", i);
        status = eventlog_outputs_add(outputs, call, topic,
                                      &(struct eventlog_message){.key = batch->records[0].key});
    }
    return status;
}

static void topics_are_limited(struct fixture *fixture)
{
    produce(fixture, "a=x");
    for (unsigned more = 2; more-- > 0;) {
        open_processor(fixture);
        fixture->processor.process = to_many_topics;
        fixture->outputs_of_each = EVENTLOG_PROCESSOR_TOPICS_MAX + more;
        call_clear_error(&fixture->call);
        assert_int_equal(eventlog_processor_run(&fixture->processor, &fixture->call),
                         more > 0 ? STATUS_RESOURCE_EXHAUSTED : STATUS_OK);
        assert_true(more == 0 || text_equal(fixture->call.error.message,
                                            TEXT("a batch is for more than 16 topics")));
        close_processor(fixture);
    }
}
PROCESSOR_TEST(topics_are_limited)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on_where_it_was_test),
        cmocka_unit_test(a_failed_batch_comes_again_test),
        cmocka_unit_test(what_was_produced_comes_twice_test),
        cmocka_unit_test(troubles_are_waited_out_test),
        cmocka_unit_test(a_topic_that_is_not_there_is_waited_for_test),
        cmocka_unit_test(ends_when_it_is_cancelled_test),
        cmocka_unit_test(limits_hold_test),
        cmocka_unit_test(topics_are_limited_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
