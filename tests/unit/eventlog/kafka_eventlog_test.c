#include "eventlog/kafka_eventlog.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "contract/eventlog_reader.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { ARENA_BYTES = 65536, WAIT_MS = 30000, SHORT_MS = 300, SLACK_MS = 3000, KEYS = 4 };

struct trial {
    void (*body)(struct trial *trial);
    rd_kafka_t *handle;
    rd_kafka_mock_cluster_t *cluster;
    struct text bootstrap;
    struct arena arena;
    struct call call;
    struct reader_store store;
};

static void run_body(void *argument)
{
    struct trial *trial = argument;
    char reason[512];
    trial->handle = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason, sizeof(reason));
    assert_non_null(trial->handle);
    trial->cluster = rd_kafka_mock_cluster_new(trial->handle, 1);
    assert_non_null(trial->cluster);
    trial->bootstrap = text_of(rd_kafka_mock_cluster_bootstraps(trial->cluster));
    arena_init(&trial->arena, ARENA_BYTES);
    call_init(&trial->call, &trial->arena, WAIT_MS);
    reader_store_init(&trial->store);
    trial->body(trial);
    arena_deinit(&trial->arena);
    rd_kafka_mock_cluster_destroy(trial->cluster);
    rd_kafka_destroy(trial->handle);
}

static void run_trial(void **state)
{
    in_fiber(run_body, *state);
}

#define TRIAL(function)                                                                            \
    {                                                                                              \
        .name = #function, .test_func = run_trial,                                                 \
        .initial_state = &(struct trial){.body = (function)},                                      \
    }

static struct eventlog_producer open_producer(struct trial *trial, struct text bootstrap,
                                              const struct text *settings, size_t count)
{
    struct eventlog_producer producer;
    const struct kafka_eventlog_options options = {
        .bootstrap = bootstrap, .settings = settings, .setting_count = count};
    assert_int_equal(
        kafka_eventlog_producer_open(loop_current(), &trial->call, &options, &producer), STATUS_OK);
    return producer;
}

static struct eventlog_consumer open_consumer(struct trial *trial)
{
    static const struct text settings[] = {
        TEXT_INIT("session.timeout.ms=4000"), /* the mock waits for 3 s for other members */
        TEXT_INIT("heartbeat.interval.ms=200"),
        TEXT_INIT("fetch.wait.max.ms=50"),
        TEXT_INIT("topic.metadata.refresh.interval.ms=200"),
        TEXT_INIT("reconnect.backoff.max.ms=200"),
    };
    const struct kafka_eventlog_options options = {.bootstrap = trial->bootstrap,
                                                   .settings = settings,
                                                   .setting_count = ARRAY_LENGTH(settings)};
    const struct kafka_eventlog_consumer_options reader = {
        .group = TEXT("g"),
        .topic = TEXT("t"),
        .positions = reader_store_positions(&trial->store),
    };
    struct eventlog_consumer consumer;
    assert_int_equal(
        kafka_eventlog_consumer_open(loop_current(), &trial->call, &options, &reader, &consumer),
        STATUS_OK);
    return consumer;
}

static enum status produce_one(struct eventlog_producer producer, struct call *call)
{
    const struct eventlog_message message = {.key = TEXT("k0"), .value = TEXT("v0-0")};
    size_t delivered = 1;
    enum status status =
        producer.ops->produce(producer.state, call, TEXT("t"), &message, 1, &delivered);
    assert_int_equal(delivered, status == STATUS_OK ? 1 : 0);
    return status;
}

static void parks_when_the_queue_is_full(struct trial *trial)
{
    static const struct text settings[] = {TEXT_INIT("queue.buffering.max.messages=20"),
                                           TEXT_INIT("linger.ms=1")};
    struct eventlog_producer producer =
        open_producer(trial, trial->bootstrap, settings, ARRAY_LENGTH(settings));
    reader_produce(producer, &trial->call, TEXT("t"), KEYS, 0, 100);
    struct eventlog_consumer consumer = open_consumer(trial);
    reader_consume(consumer, &trial->store, &trial->call, 1000, KEYS * 100);
    consumer.ops->close(consumer.state);
    producer.ops->close(producer.state);
}

/* Nobody listens: the call ends at its deadline, the producer can be closed, and what was left in
 * its queue is freed (AddressSanitizer would say). */
static void ends_at_the_deadline(struct trial *trial)
{
    struct eventlog_producer producer = open_producer(trial, TEXT("127.0.0.1:1"), NULL, 0);
    struct call call = call_within(&trial->call, SHORT_MS);
    int64_t since_ns = clock_monotonic_ns();
    assert_int_equal(produce_one(producer, &call), STATUS_DEADLINE_EXCEEDED);
    assert_in_range((clock_monotonic_ns() - since_ns) / CLOCK_NS_PER_MS, SHORT_MS - 10,
                    SHORT_MS + SLACK_MS);
    assert_true(call.error.message.length > 0);
    since_ns = clock_monotonic_ns();
    producer.ops->close(producer.state);
    assert_in_range((clock_monotonic_ns() - since_ns) / CLOCK_NS_PER_MS, 0,
                    KAFKA_EVENTLOG_CLOSE_MS);
}

static void reports_failed_delivery(struct trial *trial)
{
    static const struct text settings[] = {TEXT_INIT("message.timeout.ms=300")};
    struct eventlog_producer producer =
        open_producer(trial, TEXT("127.0.0.1:1"), settings, ARRAY_LENGTH(settings));
    struct call call = call_within(&trial->call, 0);
    assert_int_equal(produce_one(producer, &call), STATUS_UNAVAILABLE);
    assert_true(call.error.message.length > 0 && call.error.detail.length > 0);
    producer.ops->close(producer.state);
}

static void survives_broken_connections(struct trial *trial)
{
    struct eventlog_producer producer = open_producer(trial, trial->bootstrap, NULL, 0);
    struct eventlog_consumer consumer = open_consumer(trial);
    reader_produce(producer, &trial->call, TEXT("t"), KEYS, 0, 10);
    reader_consume(consumer, &trial->store, &trial->call, 100, KEYS * 10);
    /* Api keys 0 and 1: Produce and Fetch. */
    rd_kafka_mock_push_request_errors(trial->cluster, 0, 2, RD_KAFKA_RESP_ERR__TRANSPORT,
                                      RD_KAFKA_RESP_ERR__TRANSPORT);
    rd_kafka_mock_push_request_errors(trial->cluster, 1, 2, RD_KAFKA_RESP_ERR__TRANSPORT,
                                      RD_KAFKA_RESP_ERR__TRANSPORT);
    reader_produce(producer, &trial->call, TEXT("t"), KEYS, 10, 10);
    reader_consume(consumer, &trial->store, &trial->call, 100, KEYS * 20);
    consumer.ops->close(consumer.state);
    producer.ops->close(producer.state);
}

/* The mock keeps 5 MiB of a partition. */
static void stops_when_retention_was_faster(struct trial *trial)
{
    static char value[512 * 1024];
    struct eventlog_producer producer = open_producer(trial, trial->bootstrap, NULL, 0);
    for (unsigned i = 0; i < 16; i++) {
        const struct eventlog_message message = {.key = TEXT("k0"),
                                                 .value = {value, sizeof(value)}};
        size_t delivered;
        assert_int_equal(
            producer.ops->produce(producer.state, &trial->call, TEXT("t"), &message, 1, &delivered),
            STATUS_OK);
    }
    for (int32_t i = 0; i < READER_PARTITIONS_MAX; i++) {
        trial->store.has_position[i] = true; /* 0: nothing was read */
    }
    struct eventlog_consumer consumer = open_consumer(trial);
    struct eventlog_batch batch;
    for (unsigned i = 0; i < 2; i++) {
        struct call call = call_within(&trial->call, 0);
        assert_int_equal(consumer.ops->poll(consumer.state, &call, 100, &batch), STATUS_DATA_LOSS);
        assert_true(call.error.message.length > 0);
    }
    consumer.ops->close(consumer.state);
    /* Without a position, it begins where the log begins. */
    trial->store = (struct reader_store){0};
    consumer = open_consumer(trial);
    struct call call = call_within(&trial->call, 0);
    assert_int_equal(consumer.ops->poll(consumer.state, &call, 100, &batch), STATUS_OK);
    assert_int_equal(batch.from_offset, 0);
    assert_true(batch.records[0].offset > 0);
    consumer.ops->close(consumer.state);
    producer.ops->close(producer.state);
}

static void refuses_bad_settings(struct trial *trial)
{
    static const struct {
        const char *name;
        struct text bootstrap;
        struct text setting;
    } cases[] = {
        {"no address", TEXT_INIT(""), TEXT_INIT("linger.ms=1")},
        {"no value", TEXT_INIT("h:1"), TEXT_INIT("linger.ms")},
        {"unknown", TEXT_INIT("h:1"), TEXT_INIT("no.such.setting=1")},
        {"not a number", TEXT_INIT("h:1"), TEXT_INIT("linger.ms=x")},
        {"auto commit", TEXT_INIT("h:1"), TEXT_INIT("enable.auto.commit=true")},
        {"reset", TEXT_INIT("h:1"), TEXT_INIT(" auto.offset.reset = earliest")},
        {"acks", TEXT_INIT("h:1"), TEXT_INIT("acks=0")},
        {"contradiction", TEXT_INIT("h:1"), TEXT_INIT("max.in.flight=100")},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct kafka_eventlog_options options = {
            .bootstrap = cases[i].bootstrap, .settings = &cases[i].setting, .setting_count = 1};
        struct eventlog_producer producer;
        struct call call = call_within(&trial->call, 0);
        enum status status =
            kafka_eventlog_producer_open(loop_current(), &call, &options, &producer);
        if (status != STATUS_INVALID_ARGUMENT || call.error.message.length == 0) {
            fail_msg("%s: %s", cases[i].name, status_name(status));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRIAL(parks_when_the_queue_is_full),    TRIAL(ends_at_the_deadline),
        TRIAL(reports_failed_delivery),         TRIAL(survives_broken_connections),
        TRIAL(stops_when_retention_was_faster), TRIAL(refuses_bad_settings),
    };
    return cmocka_run_group_tests_name("Kafka event log", tests, NULL, NULL);
}
