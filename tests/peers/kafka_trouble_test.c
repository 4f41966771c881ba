/* What only a real broker shows: TLS and SASL, wrong passwords, retention that overtakes a reader.
 * The broker is that of scripts/peers/kafka.sh, in MARQUEE_KAFKA_DIR. */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "contract/eventlog_reader.h"
#include "eventlog/kafka_eventlog.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { ARENA_BYTES = 1024 * 1024, WAIT_MS = 60000, PROMPT_MS = 15000, KEYS = 8 };
enum { SKIPPED = 77, SETTING_BYTES = 512, ADDRESS_BYTES = 64, SETTINGS_MAX = 8 };

struct trial {
    void (*body)(struct trial *trial);
    struct arena arena;
    struct call call;
    char address[ADDRESS_BYTES];
    char secure_address[ADDRESS_BYTES];
    char authority[SETTING_BYTES]; /* as a setting */
    char topic_name[40];
    struct text topic;
    struct reader_store store;
};

static void read_line(const char *name, char *line, size_t size)
{
    char path[SETTING_BYTES];
    (void)snprintf(path, sizeof(path), "%s/%s", getenv("MARQUEE_KAFKA_DIR"), name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(line, (int)size, file));
    line[strcspn(line, "\n")] = '\0';
    assert_int_equal(fclose(file), 0);
}

static void run_body(void *argument)
{
    struct trial *trial = argument;
    arena_init(&trial->arena, ARENA_BYTES);
    call_init(&trial->call, &trial->arena, WAIT_MS);
    read_line("address", trial->address, sizeof(trial->address));
    read_line("secure-address", trial->secure_address, sizeof(trial->secure_address));
    (void)snprintf(trial->authority, sizeof(trial->authority), "ssl.ca.location=%s/ca.pem",
                   getenv("MARQUEE_KAFKA_DIR"));
    (void)snprintf(trial->topic_name, sizeof(trial->topic_name), "trouble-%016llx",
                   (unsigned long long)random_below(UINT64_MAX));
    trial->topic = text_of(trial->topic_name);
    reader_store_init(&trial->store);
    trial->body(trial);
    arena_deinit(&trial->arena);
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

/* What a client of the secure listener says. */
struct secure {
    struct text settings[SETTINGS_MAX];
    struct kafka_eventlog_options options;
};

static void make_secure(struct trial *trial, struct secure *secure, const char *password,
                        const char *authority)
{
    size_t count = 0;
    secure->settings[count++] = TEXT("security.protocol=SASL_SSL");
    secure->settings[count++] = TEXT("sasl.mechanism=PLAIN");
    secure->settings[count++] = TEXT("sasl.username=marquee");
    secure->settings[count++] = text_of(password);
    secure->settings[count++] = text_of(authority);
    secure->options = (struct kafka_eventlog_options){.bootstrap = text_of(trial->secure_address),
                                                      .settings = secure->settings,
                                                      .setting_count = count};
}

static struct eventlog_consumer open_consumer(struct trial *trial,
                                              const struct kafka_eventlog_options *options)
{
    const struct kafka_eventlog_consumer_options reader = {
        .group = trial->topic,
        .topic = trial->topic,
        .positions = reader_store_positions(&trial->store),
    };
    struct eventlog_consumer consumer;
    assert_int_equal(
        kafka_eventlog_consumer_open(loop_current(), &trial->call, options, &reader, &consumer),
        STATUS_OK);
    return consumer;
}

static void speaks_tls_and_sasl(struct trial *trial)
{
    struct secure secure;
    struct eventlog_producer producer;
    make_secure(trial, &secure, "sasl.password=secret", trial->authority);
    assert_int_equal(
        kafka_eventlog_producer_open(loop_current(), &trial->call, &secure.options, &producer),
        STATUS_OK);
    reader_produce(producer, &trial->call, trial->topic, KEYS, 0, 5);
    producer.ops->close(producer.state);
    struct eventlog_consumer consumer = open_consumer(trial, &secure.options);
    reader_consume(consumer, &trial->store, &trial->call, 100, KEYS * 5);
    consumer.ops->close(consumer.state);
    struct eventlog_admin admin;
    struct eventlog_topics topics;
    assert_int_equal(
        kafka_eventlog_admin_open(loop_current(), &trial->call, &secure.options, &admin),
        STATUS_OK);
    assert_int_equal(admin.ops->list_topics(admin.state, &trial->call, &topics), STATUS_OK);
    assert_true(topics.count > 0);
    admin.ops->close(admin.state);
}

static void expect_words(const struct call *call, const char *words)
{
    char message[1024];
    assert_true(text_to_c_string(call->error.message, message, sizeof(message)));
    if (strstr(message, words) == NULL) {
        fail_msg("want %s in: %s", words, message);
    }
}

/* Producer, consumer and administrator are told so, soon. */
static void is_refused(struct trial *trial, const char *password, const char *authority,
                       const char *words)
{
    struct secure secure;
    struct eventlog_producer producer;
    make_secure(trial, &secure, password, authority);
    assert_int_equal(
        kafka_eventlog_producer_open(loop_current(), &trial->call, &secure.options, &producer),
        STATUS_OK);
    const struct eventlog_message message = {.key = TEXT("k0"), .value = TEXT("v0-0")};
    size_t delivered;
    struct call call = call_within(&trial->call, PROMPT_MS);
    assert_int_equal(
        producer.ops->produce(producer.state, &call, trial->topic, &message, 1, &delivered),
        STATUS_UNAVAILABLE);
    expect_words(&call, words);
    producer.ops->close(producer.state);

    struct eventlog_consumer consumer = open_consumer(trial, &secure.options);
    struct eventlog_batch batch;
    call = call_within(&trial->call, PROMPT_MS);
    assert_int_equal(consumer.ops->poll(consumer.state, &call, 10, &batch), STATUS_UNAVAILABLE);
    expect_words(&call, words);
    consumer.ops->close(consumer.state);

    struct eventlog_admin admin;
    struct eventlog_topics topics;
    assert_int_equal(
        kafka_eventlog_admin_open(loop_current(), &trial->call, &secure.options, &admin),
        STATUS_OK);
    call = call_within(&trial->call, 5000);
    assert_int_equal(admin.ops->list_topics(admin.state, &call, &topics), STATUS_UNAVAILABLE);
    expect_words(&call, words);
    admin.ops->close(admin.state);
}

static void says_that_the_password_is_wrong(struct trial *trial)
{
    is_refused(trial, "sasl.password=guess", trial->authority, "Authentication failed");
}

static void says_that_the_certificate_is_unknown(struct trial *trial)
{
    is_refused(trial, "sasl.password=secret", "ssl.endpoint.identification.algorithm=https",
               "certificate verify failed");
}

/* Behind our back, as retention would. */
static void delete_before(struct trial *trial, int32_t partition, int64_t offset)
{
    char reason[SETTING_BYTES];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(
        rd_kafka_conf_set(conf, "bootstrap.servers", trial->address, reason, sizeof(reason)),
        RD_KAFKA_CONF_OK);
    rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
    assert_non_null(handle);
    rd_kafka_topic_partition_list_t *before = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(before, trial->topic_name, partition)->offset = offset;
    rd_kafka_DeleteRecords_t *records = rd_kafka_DeleteRecords_new(before);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(handle);
    rd_kafka_DeleteRecords(handle, &records, 1, NULL, queue);
    rd_kafka_event_t *answer = rd_kafka_queue_poll(queue, WAIT_MS);
    assert_non_null(answer);
    assert_int_equal(rd_kafka_event_error(answer), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(answer);
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteRecords_destroy(records);
    rd_kafka_topic_partition_list_destroy(before);
    rd_kafka_destroy(handle);
}

static void stops_where_retention_overtook_it(struct trial *trial)
{
    const struct kafka_eventlog_options options = {.bootstrap = text_of(trial->address)};
    struct eventlog_producer producer;
    assert_int_equal(
        kafka_eventlog_producer_open(loop_current(), &trial->call, &options, &producer), STATUS_OK);
    reader_produce(producer, &trial->call, trial->topic, 1, 0, 50);
    struct eventlog_consumer consumer = open_consumer(trial, &options);
    reader_consume(consumer, &trial->store, &trial->call, 10, 50);
    consumer.ops->close(consumer.state);
    int32_t partition = trial->store.partition_of[0];
    reader_produce(producer, &trial->call, trial->topic, 1, 50, 50);
    producer.ops->close(producer.state);
    delete_before(trial, partition, 70);
    consumer = open_consumer(trial, &options);
    for (unsigned i = 0; i < 2; i++) {
        struct eventlog_batch batch;
        struct call call = call_within(&trial->call, 0);
        assert_int_equal(consumer.ops->poll(consumer.state, &call, 10, &batch), STATUS_DATA_LOSS);
        expect_words(&call, "outside the log");
    }
    consumer.ops->close(consumer.state);
}

int main(void)
{
    if (getenv("MARQUEE_KAFKA_DIR") == NULL) {
        (void)puts("skipped: MARQUEE_KAFKA_DIR names no broker of scripts/peers/kafka.sh");
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        TRIAL(speaks_tls_and_sasl),
        TRIAL(says_that_the_password_is_wrong),
        TRIAL(says_that_the_certificate_is_unknown),
        TRIAL(stops_where_retention_overtook_it),
    };
    return cmocka_run_group_tests_name("Kafka in trouble", tests, NULL, NULL);
}
