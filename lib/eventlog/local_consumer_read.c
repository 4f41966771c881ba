#include <stdio.h>
#include <stdlib.h>

#include "eventlog/local_consumer_private.h"

enum { LOST_TEXT_BYTES = 160 };

void local_ahead_drop(struct local_consumer *consumer, int32_t partition)
{
    if (consumer->ahead.partition == partition) {
        buffer_clear(&consumer->ahead.chunks);
        consumer->ahead.at = 0;
    }
}

static enum status lose(struct local_consumer *consumer, int32_t partition, const char *what)
{
    (void)snprintf(consumer->loss, sizeof(consumer->loss),
                   "%.*s, partition %d: %s; reading has stopped: bring the log's directory back "
                   "from a copy, or move the stored position",
                   TEXT_ARGUMENTS(consumer->topic), partition, what);
    return STATUS_DATA_LOSS;
}

static bool has_ahead(const struct local_consumer *consumer)
{
    return consumer->ahead.at < consumer->ahead.chunks.length;
}

static enum status read_ahead(struct local_consumer *consumer, struct call *call, int32_t index,
                              size_t count_max)
{
    const struct local_partition *partition = &consumer->partitions[index];
    struct local_read read = {
        .place = {.topic_id = consumer->found.id, .partition = index},
        .from_offset = partition->next_offset,
        .count_max = count_max,
        .bytes_max = LOCAL_EVENTLOG_READ_BYTES_MAX,
    };
    buffer_clear(&consumer->ahead.chunks);
    consumer->ahead.at = 0;
    consumer->ahead.partition = index;
    struct local_bounds bounds;
    struct local_failure failure = {.text = ""};
    enum status status =
        local_store_read(consumer->log->store, &read, &consumer->ahead.chunks, &bounds, &failure);
    if (status == STATUS_OUT_OF_RANGE) {
        (void)snprintf(failure.text, sizeof(failure.text),
                       "the stored position %lld is outside the log, which holds %lld to %lld",
                       (long long)partition->next_offset, (long long)bounds.begin,
                       (long long)bounds.end);
        status = STATUS_DATA_LOSS;
    }
    if (status == STATUS_DATA_LOSS) {
        return lose(consumer, index, failure.text);
    }
    if (status != STATUS_OK) {
        (void)call_fail_detail(call, STATUS_UNAVAILABLE, "%s", failure.text);
        return call_fail(call, STATUS_UNAVAILABLE, "the event log cannot be read");
    }
    return has_ahead(consumer) ? STATUS_OK : STATUS_NOT_FOUND;
}

/* Chunks begin before the position when a batch ended inside one. */
static void skip_before(struct local_consumer *consumer, int64_t offset)
{
    int64_t found;
    size_t bytes;
    while (local_frame_peek(text_slice(buffer_text(&consumer->ahead.chunks), consumer->ahead.at,
                                       consumer->ahead.chunks.length),
                            &found, &bytes) &&
           found < offset) {
        consumer->ahead.at += bytes;
    }
}

static bool reserve_records(struct local_consumer *consumer, size_t count)
{
    if (count <= consumer->record_capacity) {
        return true;
    }
    size_t capacity = consumer->record_capacity == 0 ? 256 : consumer->record_capacity * 2;
    struct eventlog_record *records = realloc(consumer->records, capacity * sizeof(*records));
    if (records == NULL) {
        return false;
    }
    consumer->records = records;
    consumer->record_capacity = capacity;
    return true;
}

/* Gives what was read ahead. The good records before a bad one are given first. */
static enum status give_ahead(struct local_consumer *consumer, size_t count_max,
                              struct eventlog_batch *ret_batch)
{
    struct local_ahead *ahead = &consumer->ahead;
    struct local_partition *partition = &consumer->partitions[ahead->partition];
    struct local_place place = {.topic_id = consumer->found.id, .partition = ahead->partition};
    int64_t from_offset = partition->next_offset;
    size_t count = 0;
    char what[LOST_TEXT_BYTES] = "";
    while (count < count_max && has_ahead(consumer) && reserve_records(consumer, count + 1)) {
        struct text rest = text_slice(buffer_text(&ahead->chunks), ahead->at, ahead->chunks.length);
        struct eventlog_record *record = &consumer->records[count];
        size_t bytes;
        if (!local_frame_read(rest, place, record, &bytes)) {
            (void)snprintf(what, sizeof(what), "bad checksum of record %lld",
                           (long long)partition->next_offset);
            break;
        }
        if (record->offset != partition->next_offset) {
            (void)snprintf(what, sizeof(what), "record %lld is missing, the next is %lld",
                           (long long)partition->next_offset, (long long)record->offset);
            break;
        }
        ahead->at += bytes;
        partition->next_offset++;
        count++;
    }
    if (what[0] != '\0') {
        (void)lose(consumer, ahead->partition, what);
    }
    if (count == 0) {
        return what[0] != '\0' ? STATUS_DATA_LOSS : STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_batch = (struct eventlog_batch){
        .topic = consumer->topic,
        .partition = ahead->partition,
        .from_offset = from_offset,
        .next_offset = partition->next_offset,
        .records = consumer->records,
        .count = count,
    };
    return STATUS_OK;
}

enum status local_consumer_read(struct local_consumer *consumer, struct call *call,
                                size_t count_max, struct eventlog_batch *ret_batch)
{
    for (int32_t turn = 0; turn < consumer->found.partitions && !has_ahead(consumer); turn++) {
        int32_t index = consumer->next_partition;
        consumer->next_partition = (index + 1) % consumer->found.partitions;
        if (!consumer->partitions[index].started) {
            continue;
        }
        enum status status = read_ahead(consumer, call, index, count_max);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            return status;
        }
        if (status == STATUS_OK) {
            skip_before(consumer, consumer->partitions[index].next_offset);
        }
    }
    if (!has_ahead(consumer)) {
        return STATUS_NOT_FOUND;
    }
    enum status status = give_ahead(consumer, count_max, ret_batch);
    return status == STATUS_RESOURCE_EXHAUSTED
               ? call_fail(call, STATUS_UNAVAILABLE, "no memory for the records")
               : status;
}
