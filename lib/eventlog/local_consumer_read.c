#include <stdio.h>
#include <stdlib.h>

#include "eventlog/local_consumer_private.h"

enum { LOST_TEXT_BYTES = 160 };

void local_ahead_drop(struct local_consumer *consumer, int32_t partition)
{
    if (consumer->ahead.partition == partition) {
        buffer_clear(&consumer->ahead.frames);
        consumer->ahead.at = 0;
    }
}

static enum status lose(struct local_consumer *consumer, int32_t partition, const char *what,
                        const char *advice)
{
    (void)snprintf(consumer->loss, sizeof(consumer->loss),
                   "%.*s, partition %d: %s; reading has stopped: %s",
                   TEXT_ARGUMENTS(consumer->topic), partition, what, advice);
    return STATUS_DATA_LOSS;
}

static enum status lose_damaged(struct local_consumer *consumer, int32_t partition,
                                const char *what)
{
    return lose(consumer, partition, what,
                "bring the log's directory back from a copy, or move the stored position");
}

static enum status lose_outside(struct local_consumer *consumer, int32_t partition,
                                int64_t position, const struct local_bounds *bounds)
{
    char what[LOST_TEXT_BYTES];
    if (position < bounds->begin) {
        (void)snprintf(what, sizeof(what),
                       "retention has removed records %lld to %lld before they were read",
                       (long long)position, (long long)bounds->begin - 1);
        return lose(consumer, partition, what,
                    "bring them back from a copy, or give them up by moving the stored position to "
                    "where the log begins; and keep the topic's records for longer");
    }
    (void)snprintf(what, sizeof(what),
                   "the stored position %lld is outside the log, which ends at "
                   "%lld: the topic was made anew, or the log is an older copy",
                   (long long)position, (long long)bounds->end);
    return lose(consumer, partition, what, "move the stored position, or bring the log back");
}

static bool has_ahead(const struct local_consumer *consumer)
{
    return consumer->ahead.at < consumer->ahead.frames.length;
}

/* Chunks begin before the position when a batch ended inside one. */
static void skip_before(struct local_consumer *consumer, int64_t offset)
{
    int64_t found;
    size_t bytes;
    while (local_frame_peek(text_slice(buffer_text(&consumer->ahead.frames), consumer->ahead.at,
                                       consumer->ahead.frames.length),
                            &found, &bytes) &&
           found < offset) {
        consumer->ahead.at += bytes;
    }
}

static enum status read_frames(struct local_consumer *consumer, struct call *call, int32_t index,
                               size_t count_max, struct local_span *ret_span)
{
    const struct local_partition *partition = &consumer->partitions[index];
    const struct local_read read = {
        .place = {.topic_id = consumer->found.id, .partition = index},
        .from_offset = partition->next_offset,
        .count_max = count_max,
        .bytes_max = LOCAL_EVENTLOG_READ_BYTES_MAX,
    };
    struct local_ahead *ahead = &consumer->ahead;
    buffer_clear(&ahead->frames);
    ahead->at = 0;
    ahead->partition = index;
    struct local_failure failure = {.text = ""};
    enum status status =
        local_store_read(consumer->log->store, &read, &ahead->frames, ret_span, &failure);
    if (status == STATUS_OUT_OF_RANGE) {
        return status;
    }
    if (status == STATUS_DATA_LOSS) {
        return lose_damaged(consumer, index, failure.text);
    }
    if (status != STATUS_OK) {
        (void)call_fail_detail(call, STATUS_UNAVAILABLE, "%s", failure.text);
        return call_fail(call, STATUS_UNAVAILABLE, "the event log cannot be read");
    }
    ahead->next_offset = ret_span->next_offset;
    ahead->has_holes = ret_span->has_holes;
    skip_before(consumer, partition->next_offset);
    return STATUS_OK;
}

/* STATUS_NOT_FOUND: nothing new. */
static enum status read_ahead(struct local_consumer *consumer, struct call *call, int32_t index,
                              size_t count_max)
{
    struct local_partition *partition = &consumer->partitions[index];
    for (;;) {
        struct local_span span;
        enum status status = read_frames(consumer, call, index, count_max, &span);
        if (status == STATUS_OUT_OF_RANGE) {
            if (!partition->is_fresh || partition->next_offset > span.bounds.begin) {
                return lose_outside(consumer, index, partition->next_offset, &span.bounds);
            }
            partition->next_offset = span.bounds.begin; /* the beginning is there now */
            continue;
        }
        if (status != STATUS_OK || has_ahead(consumer)) {
            return status;
        }
        if (span.next_offset == partition->next_offset) {
            return STATUS_NOT_FOUND;
        }
        partition->next_offset = span.next_offset; /* all of them were compacted away */
    }
}

static bool reserve_headers(struct local_consumer *consumer, size_t count)
{
    if (count <= consumer->header_capacity) {
        return true;
    }
    struct eventlog_header *headers = realloc(consumer->headers, 2 * count * sizeof(*headers));
    if (headers == NULL) {
        return false;
    }
    consumer->headers = headers;
    consumer->header_capacity = 2 * count;
    return true;
}

/* The array may have moved while it grew. */
static void point_to_headers(struct local_consumer *consumer, size_t count)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        struct eventlog_record *record = &consumer->records[i];
        record->headers = record->header_count == 0 ? NULL : &consumer->headers[at];
        at += record->header_count;
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

/* Reads the next frame as record `count`. STATUS_DATA_LOSS: it is not what it must be.
 * STATUS_RESOURCE_EXHAUSTED: no memory. */
static enum status take_frame(struct local_consumer *consumer, size_t count, size_t *header_count)
{
    struct local_ahead *ahead = &consumer->ahead;
    struct local_partition *partition = &consumer->partitions[ahead->partition];
    struct local_place place = {.topic_id = consumer->found.id, .partition = ahead->partition};
    if (!reserve_records(consumer, count + 1) ||
        !reserve_headers(consumer, *header_count + EVENTLOG_HEADERS_MAX)) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    struct text rest = text_slice(buffer_text(&ahead->frames), ahead->at, ahead->frames.length);
    struct eventlog_record *record = &consumer->records[count];
    char what[LOST_TEXT_BYTES];
    size_t bytes;
    if (!local_frame_read(rest, place, consumer->headers + *header_count, record, &bytes)) {
        (void)snprintf(what, sizeof(what), "bad checksum of record %lld",
                       (long long)partition->next_offset);
        return lose_damaged(consumer, ahead->partition, what);
    }
    if (record->offset != partition->next_offset &&
        (!ahead->has_holes || record->offset < partition->next_offset)) {
        (void)snprintf(what, sizeof(what), "record %lld is missing, the next is %lld",
                       (long long)partition->next_offset, (long long)record->offset);
        return lose_damaged(consumer, ahead->partition, what);
    }
    ahead->at += bytes;
    *header_count += record->header_count;
    partition->next_offset = record->offset + 1;
    return STATUS_OK;
}

/* Gives what was read ahead. The good records before a bad one are given first. */
static enum status give_ahead(struct local_consumer *consumer, size_t count_max,
                              struct eventlog_batch *ret_batch)
{
    struct local_ahead *ahead = &consumer->ahead;
    struct local_partition *partition = &consumer->partitions[ahead->partition];
    size_t count = 0;
    size_t header_count = 0;
    enum status status = STATUS_OK;
    while (count < count_max && has_ahead(consumer) && status == STATUS_OK) {
        status = take_frame(consumer, count, &header_count);
        count += status == STATUS_OK ? 1 : 0;
    }
    if (count == 0) {
        return status;
    }
    if (!has_ahead(consumer) && status == STATUS_OK) {
        partition->next_offset = ahead->next_offset; /* past what was compacted away */
    }
    point_to_headers(consumer, count);
    *ret_batch = (struct eventlog_batch){
        .topic = consumer->topic,
        .partition = ahead->partition,
        .from_offset = partition->from_offset,
        .next_offset = partition->next_offset,
        .records = consumer->records,
        .count = count,
    };
    partition->from_offset = partition->next_offset;
    partition->is_fresh = false;
    return STATUS_OK;
}

/* Whole chunks are read, of which the last goes on behind a full batch. Given alone, that rest
 * would be a batch too, and cost its owner as much as a full one: rather it is read again, where it
 * is little beside what was given before it. */
static void drop_rest(struct local_consumer *consumer)
{
    struct local_ahead *ahead = &consumer->ahead;
    if (ahead->frames.length - ahead->at < ahead->at / 2) {
        buffer_clear(&ahead->frames);
        ahead->at = 0;
    }
}

enum status local_consumer_read(struct local_consumer *consumer, struct call *call,
                                size_t count_max, struct eventlog_batch *ret_batch)
{
    drop_rest(consumer);
    for (int32_t turn = 0; turn < consumer->found.options.partitions && !has_ahead(consumer);
         turn++) {
        int32_t index = consumer->next_partition;
        consumer->next_partition = (index + 1) % consumer->found.options.partitions;
        if (!consumer->partitions[index].started) {
            continue;
        }
        enum status status = read_ahead(consumer, call, index, count_max);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            return status;
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
