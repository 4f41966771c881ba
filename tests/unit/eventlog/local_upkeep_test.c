/* What the embedded log removes, and what its readers see of that. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "eventlog/local_eventlog_private.h"
#include "local_damage_lmdb.h"
#include "local_trial.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"

enum { HOUR_MS = 3600000, ROUNDS = 12, KEYS = 40, PRODUCED_MAX = 2000, VALUE_BYTES = 24 };

static void reopen(struct local_trial *trial)
{
    local_trial_close(trial);
    local_trial_open(trial);
}

/* With upkeep only when the test does it, and one partition. */
static void reopen_quietly(struct local_trial *trial)
{
    trial->options.partitions = 1;
    trial->options.upkeep_ms = HOUR_MS;
    reopen(trial);
}

static void create_topic(struct local_trial *trial, const struct eventlog_topic_options *options)
{
    struct eventlog_admin admin;
    assert_int_equal(local_eventlog_admin_open(trial->log, loop_current(), &trial->call, &admin),
                     STATUS_OK);
    assert_int_equal(admin.ops->create_topic(admin.state, &trial->call, TEXT("t"), options),
                     STATUS_OK);
    admin.ops->close(admin.state);
}

static struct eventlog_partition_state partition_state(struct local_trial *trial)
{
    struct eventlog_admin admin;
    struct eventlog_topics topics;
    assert_int_equal(local_eventlog_admin_open(trial->log, loop_current(), &trial->call, &admin),
                     STATUS_OK);
    assert_int_equal(admin.ops->list_topics(admin.state, &trial->call, &topics), STATUS_OK);
    assert_int_equal(topics.count, 1);
    admin.ops->close(admin.state);
    return topics.rows[0].partitions[0];
}

static void produce(struct local_trial *trial, const struct eventlog_message *messages,
                    size_t count)
{
    struct eventlog_producer producer;
    size_t delivered;
    assert_int_equal(
        local_eventlog_producer_open(trial->log, loop_current(), &trial->call, &producer),
        STATUS_OK);
    assert_int_equal(
        producer.ops->produce(producer.state, &trial->call, TEXT("t"), messages, count, &delivered),
        STATUS_OK);
    producer.ops->close(producer.state);
}

static void retain(struct local_trial *trial)
{
    struct local_failure failure;
    bool more = true;
    while (more) {
        assert_int_equal(local_store_retain(trial->log->store, clock_wall_ms(), &more, &failure),
                         STATUS_OK);
    }
}

static enum status compact(struct local_trial *trial, int64_t now_ms)
{
    struct local_failure failure = {.text = ""};
    struct local_compaction compaction;
    enum status status =
        local_compaction_begin(&compaction, trial->log->store, now_ms, 1, &failure);
    while (status == STATUS_OK && compaction.active) {
        status = local_compaction_step(&compaction, trial->log->store, &failure);
    }
    local_compaction_stop(&compaction);
    return status;
}

static void removes_by_size(struct local_trial *trial)
{
    reopen_quietly(trial);
    create_topic(trial, &(struct eventlog_topic_options){.retention_bytes = 2000});
    for (unsigned i = 0; i < 20; i++) {
        local_trial_produce(trial, i, 1);
    }
    struct eventlog_partition_state before = partition_state(trial);
    assert_true(before.bytes > 2000 && before.begin_offset == 0);
    retain(trial);
    struct eventlog_partition_state after = partition_state(trial);
    int64_t chunk_bytes = before.bytes / 20;
    assert_in_range(after.bytes, 2000, 2000 + chunk_bytes + 100);
    assert_int_equal(after.end_offset, before.end_offset);
    assert_int_equal(after.begin_offset % LOCAL_TRIAL_KEYS, 0);
    assert_true(after.begin_offset > 0);
}

/* By the time of the newest of the records that lie together. */
static void removes_by_age(struct local_trial *trial)
{
    reopen_quietly(trial);
    create_topic(trial, &(struct eventlog_topic_options){.retention_ms = HOUR_MS});
    int64_t now_ms = clock_wall_ms();
    const struct eventlog_message old[] = {{.key = TEXT("k"), .value = TEXT("1"), .time_ms = 1},
                                           {.key = TEXT("k"), .value = TEXT("2"), .time_ms = 2}};
    const struct eventlog_message mixed[] = {
        {.key = TEXT("k"), .value = TEXT("3"), .time_ms = now_ms - HOUR_MS / 2},
        {.key = TEXT("k"), .value = TEXT("4"), .time_ms = 3}};
    produce(trial, old, 2);
    produce(trial, mixed, 2);
    produce(trial, old, 2);
    retain(trial);
    assert_int_equal(partition_state(trial).begin_offset, 2);
    assert_int_equal(partition_state(trial).end_offset, 6);
}

static void keeps_all_without_a_retention(struct local_trial *trial)
{
    reopen_quietly(trial);
    local_trial_produce(trial, 0, 5); /* in 1970 */
    retain(trial);
    assert_int_equal(partition_state(trial).begin_offset, 0);
}

static void tells_who_was_too_slow(struct local_trial *trial)
{
    removes_by_size(trial);
    int64_t begin = partition_state(trial).begin_offset;
    trial->store.has_position[0] = true;
    trial->store.next_offset[0] = begin - 1;
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    struct call call;
    char want[96];
    (void)snprintf(want, sizeof(want), "retention has removed records %lld to %lld ",
                   (long long)begin - 1, (long long)begin - 1);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(local_trial_drain(trial, consumer, &call), STATUS_DATA_LOSS);
        char message[512];
        assert_true(text_to_c_string(call.error.message, message, sizeof(message)));
        assert_non_null(strstr(message, want));
        assert_non_null(strstr(message, "moving the stored position"));
    }
    consumer.ops->close(consumer.state);
}

static void begins_where_the_log_does(struct local_trial *trial)
{
    removes_by_size(trial);
    int64_t begin = partition_state(trial).begin_offset;
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    struct eventlog_batch batch;
    enum status status;
    do {
        status = consumer.ops->poll(consumer.state, &trial->call, 5, &batch);
    } while (status == STATUS_NOT_FOUND);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(batch.from_offset, 0);
    assert_int_equal(batch.records[0].offset, begin);
    assert_int_equal(batch.next_offset, begin + 5);
    consumer.ops->close(consumer.state);
}

/* By the writer itself, in its spare time. */
static void removes_of_its_own_accord(struct local_trial *trial)
{
    trial->options.partitions = 1;
    trial->options.upkeep_ms = 20;
    trial->options.retention_ms = HOUR_MS;
    reopen(trial);
    local_trial_produce(trial, 0, 5);
    while (partition_state(trial).begin_offset < 5 * LOCAL_TRIAL_KEYS) {
        assert_int_equal(fiber_sleep(&trial->call, 5 * CLOCK_NS_PER_MS), STATUS_OK);
    }
    assert_int_equal(partition_state(trial).bytes, 0);
    /* It goes on from there. */
    produce(trial, &(struct eventlog_message){.key = TEXT("k"), .value = TEXT("v")}, 1);
    assert_int_equal(partition_state(trial).begin_offset, 5 * LOCAL_TRIAL_KEYS);
    assert_int_equal(partition_state(trial).end_offset, 5 * LOCAL_TRIAL_KEYS + 1);
}

/* Everything that was produced, by offset. */
struct history {
    unsigned keys[PRODUCED_MAX];
    char values[PRODUCED_MAX][VALUE_BYTES]; /* empty: a tombstone */
    size_t count;
};

static void produce_some(struct local_trial *trial, struct history *history, int64_t time_ms)
{
    struct eventlog_message messages[16];
    char keys[16][VALUE_BYTES];
    size_t count = 1 + (size_t)random_below(15);
    for (size_t i = 0; i < count; i++) {
        size_t offset = history->count + i;
        assert_true(offset < PRODUCED_MAX);
        history->keys[offset] = (unsigned)random_below(KEYS);
        (void)snprintf(keys[i], VALUE_BYTES, "key%u", history->keys[offset]);
        (void)snprintf(history->values[offset], VALUE_BYTES, "%s%zu",
                       random_below(5) == 0 ? "" : "value-", offset);
        if (history->values[offset][0] != 'v') {
            history->values[offset][0] = '\0';
        }
        messages[i] = (struct eventlog_message){
            .key = text_of(keys[i]), .value = text_of(history->values[offset]), .time_ms = time_ms};
    }
    produce(trial, messages, count);
    history->count += count;
}

static bool is_last(const struct history *history, size_t offset)
{
    for (size_t i = offset + 1; i < history->count; i++) {
        if (history->keys[i] == history->keys[offset]) {
            return false;
        }
    }
    return true;
}

/* Reads all from `from`: of what is there each is as it was produced; whether the last of each key
 * is there, tombstones only where they are wanted. Returns how many there are. */
static size_t check_all(struct local_trial *trial, const struct history *history, size_t from,
                        bool tombstones)
{
    static bool seen[PRODUCED_MAX];
    memset(seen, 0, sizeof(seen));
    reader_store_init(&trial->store);
    trial->store.has_position[0] = true;
    trial->store.next_offset[0] = (int64_t)from;
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    int64_t next_offset = (int64_t)from;
    size_t count = 0;
    while (next_offset < (int64_t)history->count) {
        struct eventlog_batch batch;
        assert_int_equal(consumer.ops->poll(consumer.state, &trial->call, 7, &batch), STATUS_OK);
        assert_int_equal(batch.from_offset, next_offset);
        for (size_t i = 0; i < batch.count; i++) {
            size_t offset = (size_t)batch.records[i].offset;
            char key[VALUE_BYTES];
            assert_true(offset < history->count && batch.records[i].offset >= next_offset);
            (void)snprintf(key, sizeof(key), "key%u", history->keys[offset]);
            assert_true(text_equal(batch.records[i].key, text_of(key)));
            assert_true(text_equal(batch.records[i].value, text_of(history->values[offset])));
            seen[offset] = true;
            next_offset = batch.records[i].offset + 1;
            count++;
        }
        assert_true(batch.next_offset >= next_offset);
        next_offset = batch.next_offset;
    }
    for (size_t i = from; i < history->count; i++) {
        if (is_last(history, i) && (tombstones || history->values[i][0] != '\0')) {
            assert_true(seen[i]);
        }
    }
    consumer.ops->close(consumer.state);
    return count;
}

static const struct eventlog_topic_options compacted = {.cleanup = EVENTLOG_CLEANUP_COMPACT,
                                                        .tombstone_ms = HOUR_MS};

/* Passes and produces in turn, against everything that was produced. */
static void keeps_the_last_of_each_key(struct local_trial *trial)
{
    static struct history history;
    history.count = 0;
    int64_t now_ms = clock_wall_ms();
    reopen_quietly(trial);
    create_topic(trial, &compacted);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < 5; i++) {
            produce_some(trial, &history, now_ms);
        }
        size_t before = check_all(trial, &history, 0, true);
        assert_int_equal(compact(trial, now_ms), STATUS_OK);
        size_t after = check_all(trial, &history, 0, true);
        assert_true(after <= before);
        (void)check_all(trial, &history, (size_t)random_below(history.count), true);
        assert_int_equal(partition_state(trial).end_offset, (int64_t)history.count);
    }
    assert_in_range(check_all(trial, &history, 0, true), 1, 3 * KEYS);
    /* After two more of each key, which are more than half of all, a pass leaves nothing else. */
    for (unsigned i = 0; i < 2 * KEYS; i++) {
        unsigned key = i % KEYS;
        char name[VALUE_BYTES];
        size_t offset = history.count++;
        history.keys[offset] = key;
        (void)snprintf(history.values[offset], VALUE_BYTES, "value-%zu", offset);
        (void)snprintf(name, sizeof(name), "key%u", key);
        produce(trial,
                &(struct eventlog_message){.key = text_of(name),
                                           .value = text_of(history.values[offset]),
                                           .time_ms = now_ms},
                1);
    }
    assert_int_equal(compact(trial, now_ms), STATUS_OK);
    assert_int_equal(check_all(trial, &history, 0, true), KEYS);
    reopen_quietly(trial);
    assert_int_equal(check_all(trial, &history, 0, true), KEYS);
}

static void removes_tombstones_later(struct local_trial *trial)
{
    static struct history history = {.keys = {1, 2, 1, 2}, .values = {"a", "b", "", "c"}};
    int64_t now_ms = clock_wall_ms();
    reopen_quietly(trial);
    create_topic(trial, &compacted);
    const struct eventlog_message messages[] = {
        {.key = TEXT("key1"), .value = TEXT("a"), .time_ms = now_ms},
        {.key = TEXT("key2"), .value = TEXT("b"), .time_ms = now_ms},
        {.key = TEXT("key1"), .value = TEXT(""), .time_ms = now_ms},
        {.key = TEXT("key2"), .value = TEXT("c"), .time_ms = now_ms},
        {.key = TEXT("key2"), .value = TEXT("d"), .time_ms = now_ms},
    };
    history.count = 4;
    produce(trial, messages, 4);
    assert_int_equal(compact(trial, now_ms), STATUS_OK);
    assert_int_equal(check_all(trial, &history, 0, true), 2);
    history.keys[4] = 2;
    (void)snprintf(history.values[4], VALUE_BYTES, "d");
    history.count = 5;
    for (unsigned i = 0; i < 3; i++) { /* so that half of it is new */
        produce(trial, messages + 4, 1);
        history.keys[4 + i] = 2;
        (void)snprintf(history.values[4 + i], VALUE_BYTES, "d");
        history.count = 5 + i;
    }
    assert_int_equal(compact(trial, now_ms + HOUR_MS - 1), STATUS_OK);
    assert_int_equal(check_all(trial, &history, 0, true), 2);
    for (unsigned i = 0; i < 3; i++) {
        produce(trial, messages + 4, 1);
        history.keys[history.count] = 2;
        (void)snprintf(history.values[history.count++], VALUE_BYTES, "d");
    }
    assert_int_equal(compact(trial, now_ms + HOUR_MS + 1), STATUS_OK);
    assert_int_equal(check_all(trial, &history, 0, false), 1);
}

/* With a gap in what it would compact it stops, and the reader finds the gap. */
static void compacts_no_damage_away(struct local_trial *trial)
{
    reopen_quietly(trial);
    create_topic(trial, &compacted);
    for (unsigned i = 0; i < 4; i++) {
        local_trial_produce(trial, i, 1);
    }
    local_trial_close(trial);
    damage_log(trial->directory,
               &(struct damage){.kind = DAMAGE_REMOVE, .entry = 'r', .number = 1});
    local_trial_open(trial);
    assert_int_equal(compact(trial, 0), STATUS_DATA_LOSS);
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    struct call call;
    assert_int_equal(local_trial_drain(trial, consumer, &call), STATUS_DATA_LOSS);
    assert_int_equal(trial->store.total, LOCAL_TRIAL_KEYS);
    consumer.ops->close(consumer.state);
}

static void damage_compacted(struct local_trial *trial, const struct damage *damage)
{
    static struct history history;
    int64_t now_ms = clock_wall_ms();
    history.count = 0;
    reopen_quietly(trial);
    create_topic(trial, &compacted);
    for (unsigned round = 0; round < 3; round++) { /* several chunks */
        for (unsigned i = 0; i < 10; i++) {
            produce_some(trial, &history, now_ms);
        }
        assert_int_equal(compact(trial, now_ms), STATUS_OK);
    }
    local_trial_close(trial);
    damage_log(trial->directory, damage);
    local_trial_open(trial);
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    struct eventlog_batch batch;
    enum status status;
    do {
        status = consumer.ops->poll(consumer.state, &trial->call, 1000, &batch);
    } while (status == STATUS_OK);
    assert_int_equal(status, STATUS_DATA_LOSS);
    consumer.ops->close(consumer.state);
}

static void finds_a_lost_compacted_chunk(struct local_trial *trial)
{
    damage_compacted(trial, &(struct damage){.kind = DAMAGE_REMOVE, .entry = 'k'});
}

static void finds_a_changed_compacted_chunk(struct local_trial *trial)
{
    damage_compacted(trial, &(struct damage){.kind = DAMAGE_FLIP, .entry = 'k', .byte = 9});
}

static void reads_version_1(struct local_trial *trial)
{
    local_trial_produce(trial, 0, 10);
    local_trial_close(trial);
    make_version_1(trial->directory);
    local_trial_open(trial);
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    reader_consume(consumer, &trial->store, &trial->call, 100, LOCAL_TRIAL_KEYS * 10);
    /* And is written on, as the present version. */
    local_trial_produce(trial, 10, 10);
    reader_consume(consumer, &trial->store, &trial->call, 100, LOCAL_TRIAL_KEYS * 20);
    consumer.ops->close(consumer.state);
    int64_t bytes = 0;
    struct eventlog_admin admin;
    struct eventlog_topics topics;
    assert_int_equal(local_eventlog_admin_open(trial->log, loop_current(), &trial->call, &admin),
                     STATUS_OK);
    assert_int_equal(admin.ops->create_topic(admin.state, &trial->call, TEXT("u"),
                                             &(struct eventlog_topic_options){.partitions = 2}),
                     STATUS_OK);
    assert_int_equal(admin.ops->list_topics(admin.state, &trial->call, &topics), STATUS_OK);
    assert_int_equal(topics.count, 2);
    assert_int_equal(topics.rows[1].options.partitions, 2);
    assert_int_equal(topics.rows[1].partitions[0].end_offset, 0);
    for (int32_t i = 0; i < topics.rows[0].options.partitions; i++) {
        bytes += topics.rows[0].partitions[i].bytes;
    }
    assert_in_range(bytes, LOCAL_TRIAL_KEYS * 20 * LOCAL_FRAME_HEADER_BYTES,
                    LOCAL_TRIAL_KEYS * 20 * (LOCAL_FRAME_HEADER_BYTES + 10));
    admin.ops->close(admin.state);
}

static void refuses_a_newer_version(struct local_trial *trial)
{
    local_trial_produce(trial, 0, 1);
    local_trial_close(trial);
    make_version(trial->directory, LOCAL_STORE_VERSION + 1);
    struct local_eventlog *log;
    struct call call = call_within(&trial->call, 0);
    assert_int_equal(local_eventlog_open(&call, &trial->options, &log), STATUS_FAILED_PRECONDITION);
    char message[512];
    assert_true(text_to_c_string(call.error.message, message, sizeof(message)));
    assert_non_null(strstr(message, "newer Marquee (version 3; this one knows up to 2)"));
    make_version(trial->directory, LOCAL_STORE_VERSION);
    local_trial_open(trial);
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    reader_consume(consumer, &trial->store, &trial->call, 100, LOCAL_TRIAL_KEYS);
    consumer.ops->close(consumer.state);
    /* It becomes a newer one while it is open. */
    make_version_while_open(trial->log->store, LOCAL_STORE_VERSION + 1);
    struct eventlog_producer producer;
    size_t delivered;
    assert_int_equal(
        local_eventlog_producer_open(trial->log, loop_current(), &trial->call, &producer),
        STATUS_OK);
    const struct eventlog_message message_k = {.key = TEXT("k"), .value = TEXT("v")};
    call = call_within(&trial->call, 0);
    assert_int_equal(
        producer.ops->produce(producer.state, &call, TEXT("t"), &message_k, 1, &delivered),
        STATUS_FAILED_PRECONDITION);
    producer.ops->close(producer.state);
}

static void forgets_old_sequences(struct local_trial *trial)
{
    struct eventlog_producer producer;
    const struct eventlog_message message = {.key = TEXT("k"), .value = TEXT("v")};
    size_t delivered;
    reopen_quietly(trial);
    assert_int_equal(
        local_eventlog_producer_open(trial->log, loop_current(), &trial->call, &producer),
        STATUS_OK);
    const struct eventlog_sequence sequence = {.producer_id = 7, .first = 0};
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(producer.ops->produce_once(producer.state, &trial->call, TEXT("t"),
                                                    &sequence, &message, 1, &delivered),
                         STATUS_OK);
    }
    assert_int_equal(partition_state(trial).end_offset, 1);
    struct local_failure failure;
    bool more;
    int64_t now_ms = clock_wall_ms();
    assert_int_equal(
        local_store_expire_sequences(trial->log->store, now_ms - HOUR_MS, &more, &failure),
        STATUS_OK);
    assert_int_equal(producer.ops->produce_once(producer.state, &trial->call, TEXT("t"), &sequence,
                                                &message, 1, &delivered),
                     STATUS_OK);
    assert_int_equal(partition_state(trial).end_offset, 1);
    assert_int_equal(
        local_store_expire_sequences(trial->log->store, now_ms + HOUR_MS, &more, &failure),
        STATUS_OK);
    assert_int_equal(producer.ops->produce_once(producer.state, &trial->call, TEXT("t"), &sequence,
                                                &message, 1, &delivered),
                     STATUS_OK);
    assert_int_equal(partition_state(trial).end_offset, 2);
    producer.ops->close(producer.state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TRIAL(removes_by_size),
        LOCAL_TRIAL(removes_by_age),
        LOCAL_TRIAL(keeps_all_without_a_retention),
        LOCAL_TRIAL(tells_who_was_too_slow),
        LOCAL_TRIAL(begins_where_the_log_does),
        LOCAL_TRIAL(removes_of_its_own_accord),
        LOCAL_TRIAL(keeps_the_last_of_each_key),
        LOCAL_TRIAL(removes_tombstones_later),
        LOCAL_TRIAL(compacts_no_damage_away),
        LOCAL_TRIAL(finds_a_lost_compacted_chunk),
        LOCAL_TRIAL(finds_a_changed_compacted_chunk),
        LOCAL_TRIAL(reads_version_1),
        LOCAL_TRIAL(refuses_a_newer_version),
        LOCAL_TRIAL(forgets_old_sequences),
    };
    return cmocka_run_group_tests_name("upkeep of the embedded log", tests, NULL, NULL);
}
