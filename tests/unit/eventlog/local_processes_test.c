#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "local_trial.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"

enum { LATENCY_MS_MAX = 2000, IDLE_MS = 1000, IDLE_SWITCHES_MAX = 4 };

static int64_t elapsed_ms(int64_t since_ns)
{
    return (clock_monotonic_ns() - since_ns) / CLOCK_NS_PER_MS;
}

static unsigned count_sockets(const struct local_trial *trial)
{
    char path[SCRATCH_PATH_BYTES + 8];
    (void)snprintf(path, sizeof(path), "%s/wake", trial->directory);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    unsigned count = 0;
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        count += entry->d_name[0] != '.' ? 1 : 0;
    }
    assert_int_equal(closedir(folder), 0);
    return count;
}

/* Whatever was acknowledged is there, in whole batches, and the log goes on. */
static void survives_a_killed_writer(struct local_trial *trial)
{
    unsigned acknowledged = 0;
    struct child child = child_start("write", trial->directory, 0);
    while (acknowledged < 50) {
        child_await_byte(&child);
        acknowledged++;
    }
    acknowledged += child_kill(&child);
    /* One that died between its commit and the waking left records that only an opening sees. */
    local_trial_close(trial);
    local_trial_open(trial);
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    struct call call;
    assert_int_equal(local_trial_drain(trial, consumer, &call), STATUS_DEADLINE_EXCEEDED);
    size_t least = (size_t)acknowledged * LOCAL_TRIAL_KEYS;
    assert_in_range(trial->store.total, least, least + LOCAL_TRIAL_KEYS);
    assert_int_equal(trial->store.total % LOCAL_TRIAL_KEYS, 0);
    local_trial_produce(trial, trial->store.applied[0], 1);
    size_t before = trial->store.total;
    assert_int_equal(local_trial_drain(trial, consumer, &call), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(trial->store.total, before + LOCAL_TRIAL_KEYS);
    consumer.ops->close(consumer.state);
}

/* Idle, then woken by another process's write: no timer of the design is shorter than this. */
static void is_woken_by_another_process(struct local_trial *trial)
{
    local_trial_produce(trial, 0, 1);
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    struct call call;
    assert_int_equal(local_trial_drain(trial, consumer, &call), STATUS_DEADLINE_EXCEEDED);
    struct rusage before;
    struct rusage after;
    struct eventlog_batch batch;
    assert_int_equal(getrusage(RUSAGE_THREAD, &before), 0);
    call = call_within(&trial->call, IDLE_MS);
    assert_int_equal(consumer.ops->poll(consumer.state, &call, 10, &batch),
                     STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(getrusage(RUSAGE_THREAD, &after), 0);
    assert_in_range(after.ru_nvcsw - before.ru_nvcsw, 0, IDLE_SWITCHES_MAX);

    reader_store_init(&trial->store); /* the child begins its sequences anew */
    struct child child = child_start("write", trial->directory, 1);
    int64_t since_ns = clock_monotonic_ns();
    assert_int_equal(consumer.ops->poll(consumer.state, &trial->call, 10, &batch), STATUS_OK);
    assert_in_range(elapsed_ms(since_ns), 0, LATENCY_MS_MAX);
    assert_int_equal(child_finish(&child), 1);
    consumer.ops->close(consumer.state);
}

static void takes_over_from_a_killed_member(struct local_trial *trial)
{
    local_trial_produce(trial, 0, 1);
    struct child child = child_start("read", trial->directory, 0);
    child_await_byte(&child); /* it has read, so it owns every partition */
    assert_int_equal(count_sockets(trial), 1);
    (void)child_kill(&child);
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    int64_t since_ns = clock_monotonic_ns();
    reader_consume(consumer, &trial->store, &trial->call, 100, LOCAL_TRIAL_KEYS);
    assert_in_range(elapsed_ms(since_ns), 0, LATENCY_MS_MAX);
    local_trial_produce(trial, 1, 1);
    reader_consume(consumer, &trial->store, &trial->call, 100, LOCAL_TRIAL_KEYS * 2);
    assert_int_equal(count_sockets(trial), 1); /* the dead one's is gone */
    consumer.ops->close(consumer.state);
    assert_int_equal(count_sockets(trial), 0);
}

/* The member that is alive polls while the other dies. */
static void takes_over_while_polling(struct local_trial *trial)
{
    local_trial_produce(trial, 0, 1);
    struct child child = child_start("read", trial->directory, 0);
    child_await_byte(&child);
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    struct call call;
    /* It gets its share, and the child keeps the rest. */
    enum status status = local_trial_drain(trial, consumer, &call);
    assert_int_equal(status, STATUS_DEADLINE_EXCEEDED);
    assert_true(trial->store.total < LOCAL_TRIAL_KEYS);
    (void)child_kill(&child);
    reader_consume(consumer, &trial->store, &trial->call, 100, LOCAL_TRIAL_KEYS);
    consumer.ops->close(consumer.state);
}

static void is_not_hung_by_a_stopped_writer(struct local_trial *trial)
{
    local_trial_produce(trial, 0, 1);
    struct child child = child_start("hold", trial->directory, 0);
    child_await_byte(&child);
    struct eventlog_producer producer;
    assert_int_equal(
        local_eventlog_producer_open(trial->log, loop_current(), &trial->call, &producer),
        STATUS_OK);
    /* The first is with the writer when its time is over, the second still in the queue. */
    for (unsigned i = 0; i < 2; i++) {
        const struct eventlog_message message = {
            .key = TEXT("k0"), .value = TEXT("v0-1"), .time_ms = 1700000001};
        struct call call = call_within(&trial->call, LOCAL_TRIAL_QUIET_MS);
        size_t delivered = 1;
        int64_t since_ns = clock_monotonic_ns();
        assert_int_equal(
            producer.ops->produce(producer.state, &call, TEXT("t"), &message, 1, &delivered),
            STATUS_DEADLINE_EXCEEDED);
        assert_in_range(elapsed_ms(since_ns), LOCAL_TRIAL_QUIET_MS - 10, LATENCY_MS_MAX);
        assert_int_equal(delivered, 0);
    }
    producer.ops->close(producer.state);
    /* Reading goes on meanwhile. */
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    reader_consume(consumer, &trial->store, &trial->call, 100, LOCAL_TRIAL_KEYS);
    (void)child_kill(&child);
    /* The one that had begun was written, as its status left open. */
    reader_consume(consumer, &trial->store, &trial->call, 100, LOCAL_TRIAL_KEYS + 1);
    consumer.ops->close(consumer.state);
}

static void serves_many_processes(struct local_trial *trial)
{
    enum { BATCHES = 30, WRITERS = 3 };
    struct child writers[WRITERS];
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = child_start("write", trial->directory, BATCHES);
    }
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    size_t total = 0;
    int64_t next_offset[READER_PARTITIONS_MAX] = {0};
    while (total < (size_t)WRITERS * BATCHES * LOCAL_TRIAL_KEYS) {
        struct eventlog_batch batch;
        enum status status = consumer.ops->poll(consumer.state, &trial->call, 100, &batch);
        if (status == STATUS_NOT_FOUND) {
            continue;
        }
        assert_int_equal(status, STATUS_OK);
        for (size_t i = 0; i < batch.count; i++) {
            assert_int_equal(batch.records[i].offset, next_offset[batch.partition]++);
        }
        total += batch.count;
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        assert_int_equal(child_finish(&writers[i]), BATCHES);
    }
    consumer.ops->close(consumer.state);
}

int main(int count, char **arguments)
{
    if (count == 4) {
        return child_main(arguments + 1);
    }
    const struct CMUnitTest tests[] = {
        LOCAL_TRIAL(survives_a_killed_writer),        LOCAL_TRIAL(is_woken_by_another_process),
        LOCAL_TRIAL(takes_over_from_a_killed_member), LOCAL_TRIAL(takes_over_while_polling),
        LOCAL_TRIAL(is_not_hung_by_a_stopped_writer), LOCAL_TRIAL(serves_many_processes),
    };
    return cmocka_run_group_tests_name("processes of the embedded log", tests, NULL, NULL);
}
