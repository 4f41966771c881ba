#include "contract/eventlog_reader.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/cmocka_test.h"

enum { VALUE_BYTES = 32, TIME_BASE = 1700000000 };

void reader_store_init(struct reader_store *store)
{
    *store = (struct reader_store){0};
    for (unsigned i = 0; i < READER_KEYS_MAX; i++) {
        store->partition_of[i] = -1;
    }
}

static enum status get_position(void *state, struct call *call, struct text topic,
                                int32_t partition, int64_t *ret_next_offset)
{
    struct reader_store *store = state;
    (void)topic;
    assert_true(partition >= 0 && partition < READER_PARTITIONS_MAX);
    if (store->failures > 0) {
        store->failures--;
        return call_fail(call, STATUS_UNAVAILABLE, "the store is away");
    }
    if (!store->has_position[partition]) {
        return STATUS_NOT_FOUND;
    }
    *ret_next_offset = store->next_offset[partition];
    return STATUS_OK;
}

struct eventlog_positions reader_store_positions(struct reader_store *store)
{
    return (struct eventlog_positions){.get = get_position, .state = store};
}

static void apply_record(struct reader_store *store, int32_t partition,
                         const struct eventlog_record *record)
{
    uint64_t key;
    assert_true(record->key.length > 1 && record->key.data[0] == 'k');
    assert_true(text_to_u64(text_slice(record->key, 1, record->key.length), &key));
    assert_true(key < READER_KEYS_MAX);
    char want[VALUE_BYTES];
    (void)snprintf(want, sizeof(want), "v%u-%u", (unsigned)key, store->applied[key]);
    if (!text_equal(record->value, text_of(want))) {
        fail_msg("want %s, got %.*s", want, TEXT_ARGUMENTS(record->value));
    }
    assert_int_equal(record->time_ms, TIME_BASE + store->applied[key]);
    if (store->partition_of[key] < 0) {
        store->partition_of[key] = partition;
    }
    assert_int_equal(store->partition_of[key], partition);
    store->applied[key]++;
    store->total++;
}

bool reader_store_apply(struct reader_store *store, const struct eventlog_batch *batch)
{
    assert_true(batch->partition >= 0 && batch->partition < READER_PARTITIONS_MAX);
    assert_true(batch->count > 0);
    if (batch->from_offset != store->next_offset[batch->partition]) {
        store->refused++;
        return false;
    }
    int64_t least = batch->from_offset;
    for (size_t i = 0; i < batch->count; i++) {
        assert_true(batch->records[i].offset >= least);
        least = batch->records[i].offset + 1;
        apply_record(store, batch->partition, &batch->records[i]);
    }
    assert_true(batch->next_offset >= least);
    store->next_offset[batch->partition] = batch->next_offset;
    store->has_position[batch->partition] = true;
    return true;
}

void reader_produce(struct eventlog_producer producer, struct call *call, struct text topic,
                    unsigned keys, unsigned first_sequence, unsigned each)
{
    size_t count = (size_t)keys * each;
    struct eventlog_message *messages = calloc(count, sizeof(*messages));
    char(*key_texts)[READER_KEY_BYTES] = calloc(count, sizeof(*key_texts));
    char(*value_texts)[VALUE_BYTES] = calloc(count, sizeof(*value_texts));
    assert_true(messages != NULL && key_texts != NULL && value_texts != NULL);
    for (size_t i = 0; i < count; i++) {
        unsigned sequence = first_sequence + (unsigned)i / keys;
        unsigned key = (unsigned)i % keys;
        (void)snprintf(key_texts[i], READER_KEY_BYTES, "k%u", key);
        (void)snprintf(value_texts[i], VALUE_BYTES, "v%u-%u", key, sequence);
        messages[i] = (struct eventlog_message){.key = text_of(key_texts[i]),
                                                .value = text_of(value_texts[i]),
                                                .time_ms = TIME_BASE + sequence};
    }
    size_t delivered = 0;
    enum status status =
        producer.ops->produce(producer.state, call, topic, messages, count, &delivered);
    if (status != STATUS_OK) {
        fail_msg("produce: %s: %.*s; %.*s", status_name(status),
                 TEXT_ARGUMENTS(call->error.message), TEXT_ARGUMENTS(call->error.detail));
    }
    assert_int_equal(delivered, count);
    free(messages);
    free(key_texts);
    free(value_texts);
}

void reader_consume(struct eventlog_consumer consumer, struct reader_store *store,
                    struct call *call, size_t count_max, size_t total)
{
    while (store->total < total) {
        struct eventlog_batch batch;
        enum status status = consumer.ops->poll(consumer.state, call, count_max, &batch);
        if (status == STATUS_NOT_FOUND) {
            call_clear_error(call);
            continue;
        }
        if (status != STATUS_OK) {
            fail_msg("poll after %zu of %zu: %s: %.*s; %.*s", store->total, total,
                     status_name(status), TEXT_ARGUMENTS(call->error.message),
                     TEXT_ARGUMENTS(call->error.detail));
        }
        assert_true(batch.count <= count_max);
        assert_true(reader_store_apply(store, &batch));
        consumer.ops->committed(consumer.state, &batch);
    }
    assert_int_equal(store->total, total);
}
