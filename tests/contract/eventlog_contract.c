#include "contract/eventlog_contract.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "contract/eventlog_contract_private.h"
#include "support/in_fiber.h"

enum { ARENA_BYTES = 8 * 1024 * 1024, KEYS = CONTRACT_KEYS };

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

struct eventlog_consumer contract_open_at(struct trial *trial, const char *group,
                                          struct eventlog_positions positions)
{
    struct eventlog_consumer consumer;
    enum status status = trial->contract->open_consumer(trial->log, &trial->call, text_of(group),
                                                        trial->topic, positions, &consumer);
    assert_int_equal(status, STATUS_OK);
    return consumer;
}

struct eventlog_consumer contract_open_member(struct trial *trial, const char *group,
                                              struct reader_store *store)
{
    return contract_open_at(trial, group, reader_store_positions(store));
}

void contract_close_member(struct eventlog_consumer consumer)
{
    consumer.ops->close(consumer.state);
}

static void keeps_order(struct trial *trial)
{
    for (unsigned i = 0; i < 5; i++) {
        reader_produce(trial->producer, &trial->call, trial->topic, KEYS, i * 10, 10);
    }
    struct eventlog_consumer consumer = contract_open_member(trial, "order", &trial->store);
    reader_consume(consumer, &trial->store, &trial->call, 1000, KEYS * 50);
    for (unsigned key = 0; key < KEYS; key++) {
        assert_int_equal(trial->store.applied[key], 50);
    }
    contract_close_member(consumer);
}

/* Every other one asks; what is said is where it is read. */
static void says_places(struct trial *trial)
{
    enum { COUNT = 40 };
    struct eventlog_message messages[COUNT];
    struct eventlog_place places[COUNT];
    char keys[COUNT][READER_KEY_BYTES];
    size_t delivered;
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(keys[i], sizeof(keys[i]), "%d", i);
        messages[i] = (struct eventlog_message){.key = text_of(keys[i]),
                                                .value = text_of(keys[i]),
                                                .place = i % 2 == 0 ? &places[i] : NULL};
        places[i] = (struct eventlog_place){-1, -1};
    }
    for (int part = 0; part < 2; part++) {
        assert_int_equal(trial->producer.ops->produce(trial->producer.state, &trial->call,
                                                      trial->topic, messages + part * COUNT / 2,
                                                      COUNT / 2, &delivered),
                         STATUS_OK);
    }
    struct eventlog_consumer consumer =
        contract_open_at(trial, "", (struct eventlog_positions){.get = NULL});
    for (size_t seen = 0; seen < COUNT;) {
        struct eventlog_batch batch;
        assert_int_equal(consumer.ops->poll(consumer.state, &trial->call, COUNT, &batch),
                         STATUS_OK);
        for (size_t i = 0; i < batch.count; i++) {
            uint64_t key;
            assert_true(text_to_u64(batch.records[i].value, &key));
            assert_int_equal(places[key].partition, key % 2 == 0 ? batch.partition : -1);
            assert_int_equal(places[key].offset, key % 2 == 0 ? batch.records[i].offset : -1);
        }
        seen += batch.count;
    }
    consumer.ops->close(consumer.state);
}

static void limits_batches(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 20);
    struct eventlog_consumer consumer = contract_open_member(trial, "limits", &trial->store);
    reader_consume(consumer, &trial->store, &trial->call, 7, KEYS * 20);
    contract_close_member(consumer);
}

static void restarts_at_stored_position(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    struct eventlog_consumer consumer = contract_open_member(trial, "restart", &trial->store);
    struct eventlog_batch batch;
    assert_int_equal(consumer.ops->poll(consumer.state, &trial->call, 10, &batch), STATUS_OK);
    assert_true(reader_store_apply(&trial->store, &batch));
    /* Given but not applied: it comes again after the restart. */
    assert_int_equal(consumer.ops->poll(consumer.state, &trial->call, 10, &batch), STATUS_OK);
    contract_close_member(consumer);
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 10, 10);
    consumer = contract_open_member(trial, "restart", &trial->store);
    reader_consume(consumer, &trial->store, &trial->call, 1000, KEYS * 20);
    contract_close_member(consumer);
}

static void rewinds(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    struct eventlog_consumer consumer = contract_open_member(trial, "rewind", &trial->store);
    struct eventlog_batch first;
    assert_int_equal(consumer.ops->poll(consumer.state, &trial->call, 5, &first), STATUS_OK);
    consumer.ops->rewind(consumer.state, first.partition);
    reader_consume(consumer, &trial->store, &trial->call, 5, KEYS * 10);
    assert_int_equal(trial->store.refused, 0);
    contract_close_member(consumer);
}

static void waits_for_a_topic(struct trial *trial)
{
    struct eventlog_consumer consumer = contract_open_member(trial, "early", &trial->store);
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
    contract_close_member(consumer);
}

static void expires_polls(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, 1, 0, 1);
    struct eventlog_consumer consumer = contract_open_member(trial, "expiry", &trial->store);
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
    contract_close_member(consumer);
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
    struct eventlog_consumer consumer = contract_open_member(trial, "cancel", &trial->store);
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
    contract_close_member(consumer);
}

static void refuses_what_is_too_large(struct trial *trial)
{
    static char bytes[EVENTLOG_VALUE_BYTES_MAX + 1];
    static const struct eventlog_header many_headers[EVENTLOG_HEADERS_MAX + 1];
    const struct eventlog_header nameless = {.value = TEXT("v")};
    const struct eventlog_header long_name = {.name = {bytes, EVENTLOG_HEADER_NAME_BYTES_MAX + 1}};
    const struct eventlog_header large_header = {.name = TEXT("n"),
                                                 .value = {bytes, EVENTLOG_HEADERS_BYTES_MAX}};
    const struct {
        const char *name;
        struct text topic;
        size_t key_bytes;
        size_t value_bytes;
        const struct eventlog_header *headers;
        size_t header_count;
    } cases[] = {
        {"no topic", TEXT(""), 1, 1, NULL, 0},
        {"slash in topic", TEXT("a/b"), 1, 1, NULL, 0},
        {"dots", TEXT(".."), 1, 1, NULL, 0},
        {"long topic", {bytes, EVENTLOG_TOPIC_BYTES_MAX + 1}, 1, 1, NULL, 0},
        {"key", trial->topic, EVENTLOG_KEY_BYTES_MAX + 1, 1, NULL, 0},
        {"value", trial->topic, 1, EVENTLOG_VALUE_BYTES_MAX + 1, NULL, 0},
        {"many headers", trial->topic, 1, 1, many_headers, ARRAY_LENGTH(many_headers)},
        {"no name", trial->topic, 1, 1, &nameless, 1},
        {"long name", trial->topic, 1, 1, &long_name, 1},
        {"headers", trial->topic, 1, 1, &large_header, 1},
    };
    memset(bytes, 'a', sizeof(bytes));
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct eventlog_message messages[] = {
            {.key = TEXT("k"), .value = TEXT("good")},
            {.key = {bytes, cases[i].key_bytes},
             .value = {bytes, cases[i].value_bytes},
             .headers = cases[i].headers,
             .header_count = cases[i].header_count},
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
    struct eventlog_consumer consumer = contract_open_member(trial, "limits", &trial->store);
    reader_consume(consumer, &trial->store, &trial->call, 100, 1);
    contract_close_member(consumer);
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
    struct eventlog_consumer consumer = contract_open_member(trial, "bytes", &trial->store);
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
    contract_close_member(consumer);
}

static void serves_every_group(struct trial *trial)
{
    struct reader_store other;
    reader_store_init(&other);
    struct eventlog_consumer first = contract_open_member(trial, "first", &trial->store);
    struct eventlog_consumer second = contract_open_member(trial, "second", &other);
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    reader_consume(first, &trial->store, &trial->call, 100, KEYS * 10);
    reader_consume(second, &other, &trial->call, 100, KEYS * 10);
    contract_close_member(first);
    contract_close_member(second);
}

static void asks_again_for_a_position(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    trial->store.failures = 2;
    struct eventlog_consumer consumer = contract_open_member(trial, "again", &trial->store);
    reader_consume(consumer, &trial->store, &trial->call, 100, KEYS * 10);
    assert_int_equal(trial->store.failures, 0);
    contract_close_member(consumer);
}

static void stops_outside_the_log(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    for (int32_t i = 0; i < READER_PARTITIONS_MAX; i++) {
        trial->store.next_offset[i] = 1000000;
        trial->store.has_position[i] = true;
    }
    struct eventlog_consumer consumer = contract_open_member(trial, "outside", &trial->store);
    for (unsigned i = 0; i < 2; i++) {
        struct eventlog_batch batch;
        struct call call = call_within(&trial->call, 0);
        assert_int_equal(consumer.ops->poll(consumer.state, &call, 10, &batch), STATUS_DATA_LOSS);
        assert_true(call.error.message.length > 0);
    }
    contract_close_member(consumer);
}

static void tells_its_lag(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    struct eventlog_consumer consumer = contract_open_member(trial, "lag", &trial->store);
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
    contract_close_member(consumer);
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
    struct eventlog_consumer consumer = contract_open_member(trial, "many", &trial->store);
    reader_consume(consumer, &trial->store, &trial->call, 100, KEYS * 20);
    fiber_group_join(&group);
    contract_close_member(consumer);
}

/* Of the headers, that they come with their record; the other fields by the reader's store. */
static void carries_headers(struct trial *trial)
{
    static char large[EVENTLOG_HEADERS_BYTES_MAX - 1];
    memset(large, 'x', sizeof(large));
    const struct eventlog_header few[] = {{TEXT_INIT("trace"), TEXT_INIT("00-\0\xff")},
                                          {TEXT_INIT("trace"), TEXT_INIT("again")},
                                          {TEXT_INIT("empty"), {NULL, 0}}};
    const struct eventlog_header heavy[] = {{TEXT_INIT("n"), {large, sizeof(large)}}};
    struct eventlog_header most[EVENTLOG_HEADERS_MAX];
    for (size_t i = 0; i < ARRAY_LENGTH(most); i++) {
        most[i] = (struct eventlog_header){TEXT("name"), TEXT("value")};
    }
    const struct eventlog_message messages[] = {
        {.key = TEXT("k"), .value = TEXT("1"), .headers = few, .header_count = ARRAY_LENGTH(few)},
        {.key = TEXT("k"), .value = TEXT("2")},
        {.key = TEXT("k"), .value = TEXT(""), .headers = heavy, .header_count = 1},
        {.key = TEXT("k"), .value = TEXT("4"), .headers = most, .header_count = 16},
    };
    size_t delivered;
    assert_int_equal(trial->producer.ops->produce(trial->producer.state, &trial->call, trial->topic,
                                                  messages, ARRAY_LENGTH(messages), &delivered),
                     STATUS_OK);
    struct eventlog_consumer consumer = contract_open_member(trial, "headers", &trial->store);
    for (size_t got = 0; got < ARRAY_LENGTH(messages);) {
        struct eventlog_batch batch;
        assert_int_equal(consumer.ops->poll(consumer.state, &trial->call, 10, &batch), STATUS_OK);
        for (size_t i = 0; i < batch.count; i++, got++) {
            assert_true(text_equal(batch.records[i].value, messages[got].value));
            assert_int_equal(batch.records[i].header_count, messages[got].header_count);
            for (size_t h = 0; h < messages[got].header_count; h++) {
                const struct eventlog_header *header = &batch.records[i].headers[h];
                assert_true(text_equal(header->name, messages[got].headers[h].name));
                assert_true(text_equal(header->value, messages[got].headers[h].value));
            }
        }
    }
    contract_close_member(consumer);
}

static const struct named_trial trials[] = {
    {.name = "keeps_order", .body = keeps_order},
    {.name = "says_places", .body = says_places},
    {.name = "limits_batches", .body = limits_batches},
    {.name = "restarts_at_stored_position", .body = restarts_at_stored_position},
    {.name = "rewinds", .body = rewinds},
    {.name = "waits_for_a_topic", .body = waits_for_a_topic},
    {.name = "expires_polls", .body = expires_polls},
    {.name = "cancels_polls", .body = cancels_polls},
    {.name = "refuses_what_is_too_large", .body = refuses_what_is_too_large},
    {.name = "carries_any_bytes", .body = carries_any_bytes},
    {.name = "carries_headers", .body = carries_headers},
    {.name = "serves_every_group", .body = serves_every_group},
    {.name = "asks_again_for_a_position", .body = asks_again_for_a_position},
    {.name = "stops_outside_the_log", .body = stops_outside_the_log},
    {.name = "tells_its_lag", .body = tells_its_lag},
    {.name = "takes_many_producers", .body = takes_many_producers},
};

static void run_in_fiber(void **state)
{
    in_fiber(run_trial, *state);
}

static size_t add_trials(const struct eventlog_contract *contract, const struct named_trial *named,
                         size_t count, struct trial *started, struct CMUnitTest *tests)
{
    size_t added = 0;
    for (size_t i = 0; i < count; i++) {
        if (named[i].needs_admin && contract->open_admin == NULL) {
            continue;
        }
        started[added] = (struct trial){.contract = contract, .body = named[i].body};
        tests[added] = (struct CMUnitTest){
            .name = named[i].name, .test_func = run_in_fiber, .initial_state = &started[added]};
        added++;
    }
    return added;
}

int eventlog_contract_run(const char *name, const struct eventlog_contract *contract)
{
    size_t group_count;
    const struct named_trial *groups = contract_group_trials(&group_count);
    size_t most = ARRAY_LENGTH(trials) + group_count;
    struct trial *started = calloc(most, sizeof(*started));
    struct CMUnitTest *tests = calloc(most, sizeof(*tests));
    CHECK(started != NULL && tests != NULL);
    size_t count = add_trials(contract, trials, ARRAY_LENGTH(trials), started, tests);
    count += add_trials(contract, groups, group_count, started + count, tests + count);
    cmocka_set_test_filter(getenv("MARQUEE_TEST_FILTER"));
    int failures = _cmocka_run_group_tests(name, tests, count, NULL, NULL);
    free(started);
    free(tests);
    return failures;
}
