#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "local_trial.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"

enum { SMALL_MAP_BYTES = 128 * 1024, LARGE_VALUE_BYTES = 64 * 1024 };
enum { PRODUCING_LOOPS = 3, LOOP_MESSAGES = 50 };

static void reopen(struct local_trial *trial, struct local_eventlog_options options)
{
    local_trial_close(trial);
    trial->options = options;
    trial->options.directory = trial->directory;
    local_trial_open(trial);
}

static enum status produce_large(struct local_trial *trial, struct call *call)
{
    static char bytes[LARGE_VALUE_BYTES];
    struct eventlog_producer producer;
    assert_int_equal(
        local_eventlog_producer_open(trial->log, loop_current(), &trial->call, &producer),
        STATUS_OK);
    const struct eventlog_message message = {.key = TEXT("k0"), .value = {bytes, sizeof(bytes)}};
    size_t delivered;
    enum status status =
        producer.ops->produce(producer.state, call, TEXT("large"), &message, 1, &delivered);
    assert_int_equal(delivered, status == STATUS_OK ? 1 : 0);
    producer.ops->close(producer.state);
    return status;
}

static void grows_its_map(struct local_trial *trial)
{
    local_trial_close(trial);
    scratch_directory_remove(trial->directory);
    assert_int_equal(mkdir(trial->directory, 0700), 0);
    trial->options.map_bytes = SMALL_MAP_BYTES;
    local_trial_open(trial);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(produce_large(trial, &trial->call), STATUS_OK);
        local_trial_produce(trial, i * 100, 100);
    }
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    reader_consume(consumer, &trial->store, &trial->call, 1000, LOCAL_TRIAL_KEYS * 2000);
    consumer.ops->close(consumer.state);
}

/* The other process grows the map while this one has the small one. */
static void follows_growth_of_others(struct local_trial *trial)
{
    enum { BATCHES = 800 };
    local_trial_close(trial);
    scratch_directory_remove(trial->directory);
    assert_int_equal(mkdir(trial->directory, 0700), 0);
    trial->options.map_bytes = SMALL_MAP_BYTES;
    local_trial_open(trial);
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    struct child child = child_start("write", trial->directory, BATCHES);
    reader_consume(consumer, &trial->store, &trial->call, 1000, BATCHES * LOCAL_TRIAL_KEYS);
    assert_int_equal(child_finish(&child), BATCHES);
    local_trial_produce(trial, BATCHES, 1);
    reader_consume(consumer, &trial->store, &trial->call, 1000, (BATCHES + 1) * LOCAL_TRIAL_KEYS);
    consumer.ops->close(consumer.state);
}

static void says_when_it_is_full(struct local_trial *trial)
{
    local_trial_close(trial);
    scratch_directory_remove(trial->directory);
    assert_int_equal(mkdir(trial->directory, 0700), 0);
    trial->options.map_bytes = SMALL_MAP_BYTES;
    trial->options.map_bytes_max = 4 * SMALL_MAP_BYTES;
    local_trial_open(trial);
    local_trial_produce(trial, 0, 1);
    struct call call;
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < 20 && status == STATUS_OK; i++) {
        call = call_within(&trial->call, 0);
        status = produce_large(trial, &call);
    }
    assert_int_equal(status, STATUS_UNAVAILABLE);
    assert_true(call.error.detail.length > 0);
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    reader_consume(consumer, &trial->store, &trial->call, 100, LOCAL_TRIAL_KEYS);
    consumer.ops->close(consumer.state);
}

static void keeps_records_over_reopening(struct local_trial *trial)
{
    local_trial_produce(trial, 0, 10);
    /* The number of partitions is the topic's, whatever later processes would like. */
    reopen(trial, (struct local_eventlog_options){.partitions = 7});
    local_trial_produce(trial, 10, 10);
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    reader_consume(consumer, &trial->store, &trial->call, 13, LOCAL_TRIAL_KEYS * 20);
    struct eventlog_lag lags[READER_PARTITIONS_MAX];
    assert_int_equal(consumer.ops->lag(consumer.state, lags, READER_PARTITIONS_MAX),
                     LOCAL_EVENTLOG_PARTITIONS_DEFAULT);
    consumer.ops->close(consumer.state);
}

static void refuses_bad_options(struct local_trial *trial)
{
    const struct local_eventlog_options cases[] = {
        {.partitions = -1},
        {.partitions = EVENTLOG_PARTITIONS_MAX + 1},
        {.map_bytes = 1},
        {.map_bytes = SMALL_MAP_BYTES * 2, .map_bytes_max = SMALL_MAP_BYTES},
    };
    local_trial_close(trial);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct local_eventlog_options options = cases[i];
        options.directory = trial->directory;
        struct local_eventlog *log;
        struct call call = call_within(&trial->call, 0);
        assert_int_equal(local_eventlog_open(&call, &options, &log), STATUS_INVALID_ARGUMENT);
        assert_true(call.error.message.length > 0);
    }
    const struct local_eventlog_options nowhere = {.directory = "/nonexistent/directory/log"};
    struct local_eventlog *log;
    struct call call = call_within(&trial->call, 0);
    assert_int_equal(local_eventlog_open(&call, &nowhere, &log), STATUS_UNAVAILABLE);
    assert_true(call.error.detail.length > 0);
    local_trial_open(trial);
}

/* Longer than a socket's address may be. */
static void works_in_a_deep_directory(struct local_trial *trial)
{
    local_trial_close(trial);
    char path[512];
    int length = snprintf(path, sizeof(path), "%s/", trial->directory);
    memset(path + length, 'd', 200);
    path[length + 200] = '\0';
    trial->options.directory = path;
    local_trial_open(trial);
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    struct call call = call_within(&trial->call, 0);
    struct eventlog_batch batch;
    assert_int_equal(consumer.ops->poll(consumer.state, &call, 1, &batch), STATUS_NOT_FOUND);
    local_trial_produce(trial, 0, 1);
    reader_consume(consumer, &trial->store, &trial->call, 100, LOCAL_TRIAL_KEYS);
    consumer.ops->close(consumer.state);
}

/* Chunks of three records each: ten end inside a fourth one. */
static void full_batches_leave_no_rests(struct local_trial *trial)
{
    enum { CHUNK = 3, CHUNKS = 10, BATCH = 10 };
    struct eventlog_producer producer;
    struct eventlog_message messages[CHUNK];
    assert_int_equal(
        local_eventlog_producer_open(trial->log, loop_current(), &trial->call, &producer),
        STATUS_OK);
    for (unsigned i = 0; i < CHUNK; i++) {
        messages[i] = (struct eventlog_message){.key = TEXT("k0"), .value = TEXT("v")};
    }
    for (unsigned i = 0; i < CHUNKS; i++) {
        size_t delivered;
        assert_int_equal(producer.ops->produce(producer.state, &trial->call, TEXT("t"), messages,
                                               CHUNK, &delivered),
                         STATUS_OK);
    }
    producer.ops->close(producer.state);
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    for (unsigned i = 0; i < CHUNK * CHUNKS / BATCH; i++) {
        struct eventlog_batch batch;
        assert_int_equal(consumer.ops->poll(consumer.state, &trial->call, BATCH, &batch),
                         STATUS_OK);
        assert_int_equal(batch.count, BATCH);
        assert_int_equal(batch.records[0].offset, i * BATCH);
        assert_int_equal(batch.from_offset, i * BATCH);
    }
    consumer.ops->close(consumer.state);
}

struct loops_work {
    struct local_eventlog *log;
};

/* One producer for each key, each on a loop of its own. */
static enum status produce_on_loop(void *argument, unsigned index)
{
    const struct loops_work *work = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, 65536);
    call_init(&call, &arena, LOCAL_TRIAL_WAIT_MS);
    struct eventlog_producer producer;
    enum status status = local_eventlog_producer_open(work->log, loop_current(), &call, &producer);
    char key[8];
    (void)snprintf(key, sizeof(key), "k%u", index);
    for (unsigned i = 0; i < LOOP_MESSAGES && status == STATUS_OK; i++) {
        char value[16];
        (void)snprintf(value, sizeof(value), "v%u-%u", index, i);
        const struct eventlog_message message = {
            .key = text_of(key), .value = text_of(value), .time_ms = 1700000000 + (int64_t)i};
        size_t delivered;
        status = producer.ops->produce(producer.state, &call, TEXT("t"), &message, 1, &delivered);
    }
    producer.ops->close(producer.state);
    arena_deinit(&arena);
    return status;
}

static void consume_from_loops(struct local_trial *trial)
{
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    reader_consume(consumer, &trial->store, &trial->call, 100, PRODUCING_LOOPS * LOOP_MESSAGES);
    consumer.ops->close(consumer.state);
}

/* Loops are started and destroyed from a thread that is none of them, so not in a trial's fiber. */
static void serves_many_loops(void **state)
{
    (void)state;
    struct local_trial trial = {.body = consume_from_loops};
    struct loop_threads *threads;
    assert_int_equal(loop_threads_start(PRODUCING_LOOPS, &threads), STATUS_OK);
    local_trial_prepare(&trial);
    struct loops_work work = {.log = trial.log};
    assert_int_equal(loop_threads_each(threads, produce_on_loop, &work), STATUS_OK);
    local_trial_body(&trial);
    local_trial_finish(&trial); /* the log before its loops */
    loop_threads_destroy(threads);
}

int main(int count, char **arguments)
{
    if (count == 4) {
        return child_main(arguments + 1);
    }
    const struct CMUnitTest tests[] = {
        LOCAL_TRIAL(grows_its_map),
        LOCAL_TRIAL(follows_growth_of_others),
        LOCAL_TRIAL(says_when_it_is_full),
        LOCAL_TRIAL(keeps_records_over_reopening),
        LOCAL_TRIAL(refuses_bad_options),
        LOCAL_TRIAL(works_in_a_deep_directory),
        LOCAL_TRIAL(full_batches_leave_no_rests),
        cmocka_unit_test(serves_many_loops),
    };
    return cmocka_run_group_tests_name("embedded event log", tests, NULL, NULL);
}
