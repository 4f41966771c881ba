/* What a consumer has fetched: kept by partition, so that a batch of one is as large as the batches
 * that are asked for, although librdkafka brings the partitions mixed and a little of each. */
#include <stdio.h>
#include <stdlib.h>

#include "eventlog/kafka_consumer_private.h"

enum {
    FETCH_MAX = 4096, /* messages taken from librdkafka at once */
    SKIPS_MAX = 4,    /* a partition with little waits for so many batches of fuller ones */
};

/* What was given */

void kafka_consumer_free_given(struct kafka_consumer *consumer)
{
    for (size_t i = 0; i < consumer->given_count; i++) {
        rd_kafka_message_destroy(consumer->given[i]);
    }
    consumer->given_count = 0;
}

bool kafka_consumer_reserve(struct kafka_consumer *consumer, size_t count)
{
    if (consumer->fetched == NULL) {
        consumer->fetched = malloc(FETCH_MAX * sizeof(*consumer->fetched));
    }
    if (count > consumer->given_capacity) {
        void *given = realloc(consumer->given, count * sizeof(*consumer->given));
        if (given == NULL) {
            return false;
        }
        consumer->given = given;
        void *records = realloc(consumer->records, count * sizeof(*consumer->records));
        if (records == NULL) {
            return false;
        }
        consumer->records = records;
        consumer->given_capacity = count;
    }
    return consumer->fetched != NULL;
}

/* Appends the message's headers to those of the batch. false: no memory. */
static bool take_headers(struct kafka_consumer *consumer, rd_kafka_message_t *message, size_t *at,
                         size_t *ret_count)
{
    rd_kafka_headers_t *headers;
    const char *name;
    const void *value;
    size_t size;
    *ret_count = 0;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return true; /* it has none */
    }
    size_t count = rd_kafka_header_cnt(headers);
    if (*at + count > consumer->header_capacity) {
        size_t capacity = 2 * (*at + count);
        struct eventlog_header *grown =
            realloc(consumer->headers, capacity * sizeof(*consumer->headers));
        if (grown == NULL) {
            return false;
        }
        consumer->headers = grown;
        consumer->header_capacity = capacity;
    }
    while (*ret_count < count && rd_kafka_header_get_all(headers, *ret_count, &name, &value,
                                                         &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        consumer->headers[(*at)++] = (struct eventlog_header){
            .name = text_of(name), .value = text_of_bytes(value, value == NULL ? 0 : size)};
        (*ret_count)++;
    }
    return true;
}

/* The array may have moved while it grew. */
static void point_to_headers(struct kafka_consumer *consumer, size_t count)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        struct eventlog_record *record = &consumer->records[i];
        record->headers = record->header_count == 0 ? NULL : &consumer->headers[at];
        at += record->header_count;
    }
}

/* What is held */

static void drop_held(struct kafka_consumer *consumer, struct kafka_partition *partition)
{
    for (size_t i = 0; i < partition->held_count; i++) {
        rd_kafka_message_destroy(partition->held[partition->held_first + i]);
    }
    consumer->held_count -= partition->held_count;
    partition->held_count = 0;
    partition->held_first = 0;
}

void kafka_consumer_drop_messages(struct kafka_consumer *consumer)
{
    kafka_consumer_free_given(consumer);
    for (size_t i = 0; i < EVENTLOG_PARTITIONS_MAX; i++) {
        drop_held(consumer, &consumer->partitions[i]);
    }
    consumer->held_bytes = 0;
}

void kafka_consumer_free_messages(struct kafka_consumer *consumer)
{
    kafka_consumer_drop_messages(consumer);
    for (size_t i = 0; i < EVENTLOG_PARTITIONS_MAX; i++) {
        free(consumer->partitions[i].held);
    }
    free(consumer->fetched);
    free(consumer->given);
    free(consumer->records);
    free(consumer->headers);
}

bool kafka_consumer_has_messages(const struct kafka_consumer *consumer)
{
    return consumer->held_count > 0;
}

/* Room for one more behind the last. */
static bool make_room(struct kafka_partition *partition)
{
    if (partition->held_first + partition->held_count < partition->held_capacity) {
        return true;
    }
    if (partition->held_first > partition->held_count) {
        memmove(partition->held, partition->held + partition->held_first,
                partition->held_count * sizeof(*partition->held));
        partition->held_first = 0;
        return true;
    }
    size_t capacity = partition->held_capacity > 0 ? partition->held_capacity * 2 : FETCH_MAX;
    void *held = realloc(partition->held, capacity * sizeof(*partition->held));
    if (held == NULL) {
        return false;
    }
    partition->held = held;
    partition->held_capacity = capacity;
    return true;
}

static size_t bytes_of(const rd_kafka_message_t *message)
{
    return sizeof(*message) + message->key_len + message->len;
}

/* The offset from which a message is new. */
static int64_t expected_offset(const struct kafka_partition *partition)
{
    return partition->held_count == 0
               ? partition->next_offset
               : partition->held[partition->held_first + partition->held_count - 1]->offset + 1;
}

/* Keeps a record of a partition that is ours. While an assignment is due, whatever comes is from
 * before it. false: it is not kept; a record for which there is no memory, and with it all that
 * follow, is fetched again. */
static bool hold(struct kafka_consumer *consumer, rd_kafka_message_t *message)
{
    if (consumer->assign_due || !kafka_consumer_owns(consumer, message->partition)) {
        return false;
    }
    struct kafka_partition *partition = &consumer->partitions[message->partition];
    if (message->offset < expected_offset(partition)) {
        return false;
    }
    if (!make_room(partition)) {
        kafka_consumer_drop_messages(consumer);
        consumer->assign_due = true;
        consumer->position_due_ns = 0;
        return false;
    }
    partition->held[partition->held_first + partition->held_count++] = message;
    consumer->held_count++;
    consumer->held_bytes += bytes_of(message);
    return true;
}

static void sort_out(struct kafka_consumer *consumer, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rd_kafka_message_t *message = consumer->fetched[i];
        bool is_record = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
        if (!is_record) {
            kafka_consumer_note_event(consumer, message);
        }
        if (!is_record || !hold(consumer, message)) {
            rd_kafka_message_destroy(message);
        }
    }
}

/* After a rebalance nothing is ours any more that came before it. */
static void drop_all(struct kafka_consumer *consumer, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rd_kafka_message_destroy(consumer->fetched[i]);
    }
    kafka_consumer_drop_messages(consumer);
}

/* So much that there can be a whole batch of each partition. */
static size_t held_max(const struct kafka_consumer *consumer, size_t count_max)
{
    size_t count = 0;
    for (int32_t i = 0; i < EVENTLOG_PARTITIONS_MAX; i++) {
        count += kafka_consumer_owns(consumer, i) ? count_max : 0;
    }
    return count > FETCH_MAX ? count : FETCH_MAX;
}

bool kafka_consumer_fetch(struct kafka_consumer *consumer, size_t count_max)
{
    size_t enough = held_max(consumer, count_max);
    bool any = false;
    while (consumer->held_count < enough &&
           consumer->held_bytes < (size_t)KAFKA_EVENTLOG_HELD_KBYTES_MAX * 1024) {
        consumer->rebalanced = false;
        ssize_t fetched =
            rd_kafka_consume_batch_queue(consumer->client->queue, 0, consumer->fetched, FETCH_MAX);
        size_t count = fetched > 0 ? (size_t)fetched : 0;
        any = any || count > 0 || consumer->rebalanced;
        if (consumer->rebalanced) {
            drop_all(consumer, count);
            return true;
        }
        sort_out(consumer, count);
        if (count < FETCH_MAX || consumer->loss[0] != '\0') {
            break;
        }
    }
    return any;
}

bool kafka_consumer_is_filling(const struct kafka_consumer *consumer, size_t count_max)
{
    bool is_filling = false;
    if (consumer->held_bytes >= (size_t)KAFKA_EVENTLOG_HELD_KBYTES_MAX * 1024) {
        return false;
    }
    for (int32_t i = 0; i < EVENTLOG_PARTITIONS_MAX; i++) {
        const struct kafka_partition *partition = &consumer->partitions[i];
        int64_t low;
        int64_t high;
        if (!kafka_consumer_owns(consumer, i)) {
            continue;
        }
        if (partition->held_count >= count_max) {
            return false;
        }
        is_filling =
            is_filling ||
            (rd_kafka_get_watermark_offsets(consumer->client->handle, consumer->topic_name, i, &low,
                                            &high) == RD_KAFKA_RESP_ERR_NO_ERROR &&
             high > expected_offset(partition));
    }
    return is_filling;
}

/* In turn; one with little is skipped a few times while others have much. */
static int32_t choose_partition(struct kafka_consumer *consumer, size_t count_max)
{
    int32_t chosen = -1;
    for (int32_t i = 0; i < EVENTLOG_PARTITIONS_MAX; i++) {
        int32_t index = (consumer->last_given + 1 + i) % EVENTLOG_PARTITIONS_MAX;
        struct kafka_partition *partition = &consumer->partitions[index];
        if (partition->held_count == 0) {
            continue;
        }
        if (partition->held_count >= count_max || partition->skips >= SKIPS_MAX) {
            return index;
        }
        if (chosen < 0 || partition->held_count > consumer->partitions[chosen].held_count) {
            chosen = index;
        }
    }
    return chosen;
}

static void count_skips(struct kafka_consumer *consumer, int32_t chosen)
{
    for (int32_t i = 0; i < EVENTLOG_PARTITIONS_MAX; i++) {
        struct kafka_partition *partition = &consumer->partitions[i];
        partition->skips = i == chosen || partition->held_count == 0 ? 0 : partition->skips + 1;
    }
    consumer->last_given = chosen;
}

static struct text text_or_empty(const void *data, size_t length)
{
    return data == NULL ? (struct text){0} : text_of_bytes(data, length);
}

/* Moves the oldest message from what is held to what is given. false: no memory. */
static bool give_message(struct kafka_consumer *consumer, struct kafka_partition *partition,
                         size_t *header_at)
{
    rd_kafka_message_t *message = partition->held[partition->held_first];
    size_t header_count;
    if (!take_headers(consumer, message, header_at, &header_count)) {
        return false;
    }
    consumer->records[consumer->given_count] = (struct eventlog_record){
        .offset = message->offset,
        .time_ms = rd_kafka_message_timestamp(message, NULL),
        .key = text_or_empty(message->key, message->key_len),
        .value = text_or_empty(message->payload, message->len),
        .header_count = header_count,
    };
    consumer->given[consumer->given_count++] = message;
    partition->next_offset = message->offset + 1;
    partition->held_first++;
    partition->held_count--;
    consumer->held_count--;
    consumer->held_bytes -= bytes_of(message);
    return true;
}

bool kafka_consumer_give(struct kafka_consumer *consumer, size_t count_max,
                         struct eventlog_batch *ret_batch)
{
    int32_t index = choose_partition(consumer, count_max);
    struct kafka_partition *partition = &consumer->partitions[index];
    size_t header_at = 0;
    *ret_batch = (struct eventlog_batch){
        .topic = consumer->topic,
        .partition = index,
        .from_offset = partition->next_offset,
        .records = consumer->records,
    };
    while (partition->held_count > 0 && consumer->given_count < count_max &&
           give_message(consumer, partition, &header_at)) {
    }
    ret_batch->next_offset = partition->next_offset;
    ret_batch->count = consumer->given_count;
    point_to_headers(consumer, ret_batch->count);
    count_skips(consumer, index);
    return ret_batch->count > 0;
}
