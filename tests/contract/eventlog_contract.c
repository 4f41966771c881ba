#include "contract/eventlog_contract.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "contract/eventlog_reader.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { ARENA_BYTES = 1024 * 1024, TOPIC_BYTES = 40, KEYS = 20 };

/* One test: a log, a topic of its own, a call with time enough. */
struct trial {
    const struct eventlog_contract *contract;
    void (*body)(struct trial *trial);
    void *log;
    char topic_name[TOPIC_BYTES];
    struct text topic;
    struct arena arena;
    struct call call;
    struct eventlog_producer producer;
    struct reader_store store;
};

static void run_trial(void *argument)
{
    struct trial *trial = argument;
    trial->log = trial->contract->open(loop_current(), trial->contract->options);
    arena_init(&trial->arena, ARENA_BYTES);
    call_init(&trial->call, &trial->arena, CONTRACT_WAIT_MS);
    (void)snprintf(trial->topic_name, sizeof(trial->topic_name), "topic-%016llx",
                   (unsigned long long)random_below(UINT64_MAX));
    trial->topic = text_of(trial->topic_name);
    reader_store_init(&trial->store);
    assert_int_equal(trial->contract->open_producer(trial->log, &trial->call, &trial->producer),
                     STATUS_OK);
    trial->body(trial);
    trial->producer.ops->close(trial->producer.state);
    trial->contract->close(trial->log);
    arena_deinit(&trial->arena);
}

static struct eventlog_consumer open_member(struct trial *trial, const char *group,
                                            struct reader_store *store)
{
    struct eventlog_consumer consumer;
    enum status status =
        trial->contract->open_consumer(trial->log, &trial->call, text_of(group), trial->topic,
                                       reader_store_positions(store), &consumer);
    assert_int_equal(status, STATUS_OK);
    return consumer;
}

static void close_member(struct eventlog_consumer consumer)
{
    consumer.ops->close(consumer.state);
}

static void keeps_order(struct trial *trial)
{
    for (unsigned i = 0; i < 5; i++) {
        reader_produce(trial->producer, &trial->call, trial->topic, KEYS, i * 10, 10);
    }
    struct eventlog_consumer consumer = open_member(trial, "order", &trial->store);
    reader_consume(consumer, &trial->store, &trial->call, 1000, KEYS * 50);
    for (unsigned key = 0; key < KEYS; key++) {
        assert_int_equal(trial->store.applied[key], 50);
    }
    close_member(consumer);
}

static void limits_batches(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 20);
    struct eventlog_consumer consumer = open_member(trial, "limits", &trial->store);
    reader_consume(consumer, &trial->store, &trial->call, 7, KEYS * 20);
    close_member(consumer);
}

static void restarts_at_stored_position(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    struct eventlog_consumer consumer = open_member(trial, "restart", &trial->store);
    struct eventlog_batch batch;
    assert_int_equal(consumer.ops->poll(consumer.state, &trial->call, 10, &batch), STATUS_OK);
    assert_true(reader_store_apply(&trial->store, &batch));
    /* Given but not applied: it comes again after the restart. */
    assert_int_equal(consumer.ops->poll(consumer.state, &trial->call, 10, &batch), STATUS_OK);
    close_member(consumer);
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 10, 10);
    consumer = open_member(trial, "restart", &trial->store);
    reader_consume(consumer, &trial->store, &trial->call, 1000, KEYS * 20);
    close_member(consumer);
}

static void rewinds(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    struct eventlog_consumer consumer = open_member(trial, "rewind", &trial->store);
    struct eventlog_batch first;
    assert_int_equal(consumer.ops->poll(consumer.state, &trial->call, 5, &first), STATUS_OK);
    consumer.ops->rewind(consumer.state, first.partition);
    reader_consume(consumer, &trial->store, &trial->call, 5, KEYS * 10);
    assert_int_equal(trial->store.refused, 0);
    close_member(consumer);
}

static void waits_for_a_topic(struct trial *trial)
{
    struct eventlog_consumer consumer = open_member(trial, "early", &trial->store);
    struct eventlog_batch batch;
    struct call call = call_within(&trial->call, 0);
    if (!trial->contract->creates_topics_at_sight) {
        assert_int_equal(consumer.ops->poll(consumer.state, &call, 10, &batch), STATUS_NOT_FOUND);
    }
    call = call_within(&trial->call, CONTRACT_QUIET_MS);
    assert_int_equal(consumer.ops->poll(consumer.state, &call, 10, &batch),
                     STATUS_DEADLINE_EXCEEDED);
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 3);
    reader_consume(consumer, &trial->store, &trial->call, 100, KEYS * 3);
    close_member(consumer);
}

static void expires_polls(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, 1, 0, 1);
    struct eventlog_consumer consumer = open_member(trial, "expiry", &trial->store);
    reader_consume(consumer, &trial->store, &trial->call, 100, 1);
    struct eventlog_batch batch;
    struct call call = call_within(&trial->call, CONTRACT_QUIET_MS);
    int64_t before_ns = clock_monotonic_ns();
    assert_int_equal(consumer.ops->poll(consumer.state, &call, 10, &batch),
                     STATUS_DEADLINE_EXCEEDED);
    int64_t waited_ms = (clock_monotonic_ns() - before_ns) / CLOCK_NS_PER_MS;
    assert_in_range(waited_ms, CONTRACT_QUIET_MS - 10, CONTRACT_QUIET_MS + 2000);
    assert_true(call.error.message.length > 0);
    /* The consumer is as good as before. */
    reader_produce(trial->producer, &trial->call, trial->topic, 1, 1, 1);
    reader_consume(consumer, &trial->store, &trial->call, 100, 2);
    close_member(consumer);
}

struct canceller {
    struct call *call;
    struct cancellation cancellation;
};

static void cancel_soon(void *argument)
{
    struct canceller *canceller = argument;
    assert_int_equal(fiber_sleep(canceller->call, 20 * CLOCK_NS_PER_MS), STATUS_OK);
    cancellation_request(&canceller->cancellation);
}

static void cancels_polls(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, 1, 0, 1);
    struct eventlog_consumer consumer = open_member(trial, "cancel", &trial->store);
    reader_consume(consumer, &trial->store, &trial->call, 100, 1);
    struct canceller canceller = {.call = &trial->call};
    cancellation_init(&canceller.cancellation);
    struct call call = call_within(&trial->call, 0);
    call.cancellation = &canceller.cancellation;
    struct fiber_group group;
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, cancel_soon, &canceller), STATUS_OK);
    struct eventlog_batch batch;
    assert_int_equal(consumer.ops->poll(consumer.state, &call, 10, &batch), STATUS_CANCELLED);
    fiber_group_join(&group);
    /* Over before it began. */
    size_t delivered = 1;
    struct eventlog_message message = {.key = TEXT("k"), .value = TEXT("v")};
    assert_int_equal(trial->producer.ops->produce(trial->producer.state, &call, trial->topic,
                                                  &message, 1, &delivered),
                     STATUS_CANCELLED);
    assert_int_equal(delivered, 0);
    close_member(consumer);
}

static void refuses_what_is_too_large(struct trial *trial)
{
    static char bytes[EVENTLOG_VALUE_BYTES_MAX + 1];
    const struct {
        const char *name;
        struct text topic;
        size_t key_bytes;
        size_t value_bytes;
    } cases[] = {
        {"no topic", TEXT(""), 1, 1},
        {"slash in topic", TEXT("a/b"), 1, 1},
        {"dots", TEXT(".."), 1, 1},
        {"long topic", {bytes, EVENTLOG_TOPIC_BYTES_MAX + 1}, 1, 1},
        {"key", trial->topic, EVENTLOG_KEY_BYTES_MAX + 1, 1},
        {"value", trial->topic, 1, EVENTLOG_VALUE_BYTES_MAX + 1},
    };
    memset(bytes, 'a', sizeof(bytes));
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct eventlog_message messages[] = {
            {.key = TEXT("k"), .value = TEXT("good")},
            {.key = {bytes, cases[i].key_bytes}, .value = {bytes, cases[i].value_bytes}},
        };
        struct call call = call_within(&trial->call, 0);
        size_t delivered = 1;
        enum status status = trial->producer.ops->produce(trial->producer.state, &call,
                                                          cases[i].topic, messages, 2, &delivered);
        if (status != STATUS_INVALID_ARGUMENT || delivered != 0 || call.error.message.length == 0) {
            fail_msg("%s: %s", cases[i].name, status_name(status));
        }
    }
    size_t delivered = 1;
    struct call call = call_within(&trial->call, 0);
    struct eventlog_message *many = calloc(EVENTLOG_BATCH_MAX + 1, sizeof(*many));
    assert_non_null(many);
    assert_int_equal(trial->producer.ops->produce(trial->producer.state, &call, trial->topic, many,
                                                  EVENTLOG_BATCH_MAX + 1, &delivered),
                     STATUS_INVALID_ARGUMENT);
    free(many);
    assert_int_equal(trial->producer.ops->produce(trial->producer.state, &trial->call, trial->topic,
                                                  NULL, 0, &delivered),
                     STATUS_OK);
    /* None of them has left anything. */
    reader_produce(trial->producer, &trial->call, trial->topic, 1, 0, 1);
    struct eventlog_consumer consumer = open_member(trial, "limits", &trial->store);
    reader_consume(consumer, &trial->store, &trial->call, 100, 1);
    close_member(consumer);
}

static void carries_any_bytes(struct trial *trial)
{
    static char large[512 * 1024];
    memset(large, 'x', sizeof(large));
    const struct eventlog_message messages[] = {
        {.key = TEXT(""), .value = TEXT("empty key")},
        {.key = TEXT(""), .value = TEXT("")},
        {.key = TEXT(""), .value = TEXT("nul \0 and \xff")},
        {.key = TEXT(""), .value = {large, sizeof(large)}},
    };
    size_t delivered = 0;
    int64_t before_ms = clock_wall_ms();
    assert_int_equal(trial->producer.ops->produce(trial->producer.state, &trial->call, trial->topic,
                                                  messages, ARRAY_LENGTH(messages), &delivered),
                     STATUS_OK);
    assert_int_equal(delivered, ARRAY_LENGTH(messages));
    struct eventlog_consumer consumer = open_member(trial, "bytes", &trial->store);
    size_t got = 0;
    while (got < ARRAY_LENGTH(messages)) {
        struct eventlog_batch batch;
        assert_int_equal(consumer.ops->poll(consumer.state, &trial->call, 10, &batch), STATUS_OK);
        for (size_t i = 0; i < batch.count; i++, got++) {
            assert_true(text_equal(batch.records[i].key, messages[got].key));
            assert_true(text_equal(batch.records[i].value, messages[got].value));
            assert_in_range(batch.records[i].time_ms, before_ms - 1, clock_wall_ms() + 1);
        }
    }
    close_member(consumer);
}

static void serves_every_group(struct trial *trial)
{
    struct reader_store other;
    reader_store_init(&other);
    struct eventlog_consumer first = open_member(trial, "first", &trial->store);
    struct eventlog_consumer second = open_member(trial, "second", &other);
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    reader_consume(first, &trial->store, &trial->call, 100, KEYS * 10);
    reader_consume(second, &other, &trial->call, 100, KEYS * 10);
    close_member(first);
    close_member(second);
}

static void asks_again_for_a_position(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    trial->store.failures = 2;
    struct eventlog_consumer consumer = open_member(trial, "again", &trial->store);
    reader_consume(consumer, &trial->store, &trial->call, 100, KEYS * 10);
    assert_int_equal(trial->store.failures, 0);
    close_member(consumer);
}

static void stops_outside_the_log(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    for (int32_t i = 0; i < READER_PARTITIONS_MAX; i++) {
        trial->store.next_offset[i] = 1000000;
        trial->store.has_position[i] = true;
    }
    struct eventlog_consumer consumer = open_member(trial, "outside", &trial->store);
    for (unsigned i = 0; i < 2; i++) {
        struct eventlog_batch batch;
        struct call call = call_within(&trial->call, 0);
        assert_int_equal(consumer.ops->poll(consumer.state, &call, 10, &batch), STATUS_DATA_LOSS);
        assert_true(call.error.message.length > 0);
    }
    close_member(consumer);
}

static void tells_its_lag(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    struct eventlog_consumer consumer = open_member(trial, "lag", &trial->store);
    struct eventlog_lag lags[READER_PARTITIONS_MAX];
    assert_int_equal(consumer.ops->lag(consumer.state, lags, READER_PARTITIONS_MAX), 0);
    reader_consume(consumer, &trial->store, &trial->call, 50, KEYS * 10);
    size_t count = consumer.ops->lag(consumer.state, lags, READER_PARTITIONS_MAX);
    assert_int_equal(count, 4);
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(lags[i].next_offset, trial->store.next_offset[lags[i].partition]);
        assert_int_equal(lags[i].next_offset, lags[i].end_offset);
        sum += lags[i].end_offset;
    }
    assert_int_equal(sum, KEYS * 10);
    assert_int_equal(consumer.ops->lag(consumer.state, lags, 1), 1);
    close_member(consumer);
}

/* One member of a group, polling in a fiber of its own. */
struct member {
    struct trial *trial;
    struct eventlog_consumer consumer;
    size_t records;
    bool leave;
};

static void run_member(void *argument)
{
    struct member *member = argument;
    while (!member->leave) {
        struct eventlog_batch batch;
        struct call call = call_within(&member->trial->call, 50);
        enum status status = member->consumer.ops->poll(member->consumer.state, &call, 10, &batch);
        if (status == STATUS_DEADLINE_EXCEEDED || status == STATUS_NOT_FOUND) {
            continue;
        }
        assert_int_equal(status, STATUS_OK);
        if (reader_store_apply(&member->trial->store, &batch)) {
            member->records += batch.count;
        } else {
            member->consumer.ops->rewind(member->consumer.state, batch.partition);
        }
    }
    close_member(member->consumer);
}

static void produce_until(struct trial *trial, unsigned *sequence, const struct member *member,
                          size_t records)
{
    while (member->records < records) {
        reader_produce(trial->producer, &trial->call, trial->topic, KEYS, (*sequence)++, 1);
        assert_int_equal(fiber_sleep(&trial->call, 20 * CLOCK_NS_PER_MS), STATUS_OK);
    }
}

static void await_total(struct trial *trial, size_t total)
{
    while (trial->store.total < total) {
        assert_int_equal(fiber_sleep(&trial->call, 5 * CLOCK_NS_PER_MS), STATUS_OK);
    }
    assert_int_equal(trial->store.total, total);
}

static void shares_within_a_group(struct trial *trial)
{
    struct member members[2];
    struct fiber_group group;
    fiber_group_init(&group);
    unsigned sequence = 0;
    for (unsigned i = 0; i < ARRAY_LENGTH(members); i++) {
        members[i] = (struct member){.trial = trial,
                                     .consumer = open_member(trial, "shared", &trial->store)};
        assert_int_equal(fiber_group_start(&group, run_member, &members[i]), STATUS_OK);
    }
    /* Both get some, */
    produce_until(trial, &sequence, &members[0], 1);
    produce_until(trial, &sequence, &members[1], 1);
    await_total(trial, (size_t)sequence * KEYS);
    /* and the one that stays gets all. */
    members[0].leave = true;
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, sequence, 10);
    sequence += 10;
    await_total(trial, (size_t)sequence * KEYS);
    members[1].leave = true;
    fiber_group_join(&group);
    assert_int_equal(members[0].records + members[1].records, (size_t)sequence * KEYS);
}

struct writer {
    struct trial *trial;
    unsigned key;
};

static void run_writer(void *argument)
{
    const struct writer *writer = argument;
    char key[READER_KEY_BYTES];
    (void)snprintf(key, sizeof(key), "k%u", writer->key);
    for (unsigned i = 0; i < 20; i++) {
        char value[READER_KEY_BYTES * 2];
        (void)snprintf(value, sizeof(value), "v%u-%u", writer->key, i);
        struct eventlog_message message = {
            .key = text_of(key), .value = text_of(value), .time_ms = 1700000000 + (int64_t)i};
        size_t delivered = 0;
        assert_int_equal(writer->trial->producer.ops->produce(
                             writer->trial->producer.state, &writer->trial->call,
                             writer->trial->topic, &message, 1, &delivered),
                         STATUS_OK);
        assert_int_equal(delivered, 1);
    }
}

static void takes_many_producers(struct trial *trial)
{
    struct writer writers[KEYS];
    struct fiber_group group;
    fiber_group_init(&group);
    for (unsigned i = 0; i < KEYS; i++) {
        writers[i] = (struct writer){.trial = trial, .key = i};
        assert_int_equal(fiber_group_start(&group, run_writer, &writers[i]), STATUS_OK);
    }
    struct eventlog_consumer consumer = open_member(trial, "many", &trial->store);
    reader_consume(consumer, &trial->store, &trial->call, 100, KEYS * 20);
    fiber_group_join(&group);
    close_member(consumer);
}

static const struct {
    const char *name;
    void (*body)(struct trial *trial);
} trials[] = {
    {"keeps_order", keeps_order},
    {"limits_batches", limits_batches},
    {"restarts_at_stored_position", restarts_at_stored_position},
    {"rewinds", rewinds},
    {"waits_for_a_topic", waits_for_a_topic},
    {"expires_polls", expires_polls},
    {"cancels_polls", cancels_polls},
    {"refuses_what_is_too_large", refuses_what_is_too_large},
    {"carries_any_bytes", carries_any_bytes},
    {"serves_every_group", serves_every_group},
    {"asks_again_for_a_position", asks_again_for_a_position},
    {"stops_outside_the_log", stops_outside_the_log},
    {"tells_its_lag", tells_its_lag},
    {"shares_within_a_group", shares_within_a_group},
    {"takes_many_producers", takes_many_producers},
};

static void run_in_fiber(void **state)
{
    in_fiber(run_trial, *state);
}

int eventlog_contract_run(const char *name, const struct eventlog_contract *contract)
{
    struct trial started[ARRAY_LENGTH(trials)];
    struct CMUnitTest tests[ARRAY_LENGTH(trials)];
    for (size_t i = 0; i < ARRAY_LENGTH(trials); i++) {
        started[i] = (struct trial){.contract = contract, .body = trials[i].body};
        tests[i] = (struct CMUnitTest){
            .name = trials[i].name, .test_func = run_in_fiber, .initial_state = &started[i]};
    }
    cmocka_set_test_filter(getenv("MARQUEE_TEST_FILTER"));
    return _cmocka_run_group_tests(name, tests, ARRAY_LENGTH(tests), NULL, NULL);
}
