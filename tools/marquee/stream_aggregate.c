#include "marquee/stream_aggregate.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/clock.h"
#include "eventlog/eventlog_scan.h"
#include "rating/model/rating_value.h"
#include "json/json.h"

enum { RESULT_BYTES_MAX = 4096, CHECKPOINT_BYTES_MAX = 64 * 1024 };

void stream_aggregate_deinit(struct stream_aggregate *aggregate)
{
    for (size_t i = 0; i < ARRAY_LENGTH(aggregate->partitions); i++) {
        stream_windows_destroy(aggregate->partitions[i]);
        aggregate->partitions[i] = NULL;
    }
}

static enum status no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for counts");
}

/* The state of a partition at a checkpoint, or of a new one. */
static enum status reset(struct stream_aggregate *self, struct call *call, int32_t partition,
                         int64_t watermark_ms)
{
    stream_windows_destroy(self->partitions[partition]);
    self->partitions[partition] =
        stream_windows_create(self->window_ms, self->lateness_ms, watermark_ms);
    return self->partitions[partition] != NULL ? STATUS_OK : no_room(call);
}

static struct text checkpoint_key(const struct stream_aggregate *self, struct call *call,
                                  int32_t partition)
{
    return arena_format(call->arena, "%.*s/%.*s/%" PRId32, TEXT_ARGUMENTS(self->group),
                        TEXT_ARGUMENTS(self->from), partition);
}

struct checkpoint {
    struct text key;    /* looked for */
    struct arena arena; /* of one record */
    bool found;
    int64_t from_offset;
    int64_t watermark_ms;
};

/* false: it is none of ours. */
static bool read_checkpoint(struct text value, struct checkpoint *checkpoint)
{
    const struct json *json;
    struct call call;
    arena_reset(&checkpoint->arena);
    call_init(&call, &checkpoint->arena, 0);
    if (json_parse(&call, value, &json) != STATUS_OK) {
        return false;
    }
    const struct json *from = json_member(json, "fromOffset");
    const struct json *watermark = json_member(json, "watermarkMs");
    if (json_kind(from) != JSON_INTEGER || json_kind(watermark) != JSON_INTEGER) {
        return false;
    }
    checkpoint->from_offset = json_integer(from);
    checkpoint->watermark_ms = json_integer(watermark);
    return true;
}

/* The last of the key is what holds: equal keys are in one partition. */
static enum status visit_checkpoints(void *state, struct call *call,
                                     const struct eventlog_batch *batch)
{
    struct checkpoint *checkpoint = state;
    for (size_t i = 0; i < batch->count; i++) {
        if (text_equal(batch->records[i].key, checkpoint->key)) {
            if (!read_checkpoint(batch->records[i].value, checkpoint)) {
                return call_fail(call, STATUS_DATA_LOSS,
                                 "the checkpoint at %.*s/%" PRId32 "@%" PRId64 " cannot be read",
                                 TEXT_ARGUMENTS(batch->topic), batch->partition,
                                 batch->records[i].offset);
            }
            checkpoint->found = true;
        }
    }
    return STATUS_OK;
}

static enum status get_position(void *state, struct call *call, struct text topic,
                                int32_t partition, int64_t *ret_next_offset)
{
    struct stream_aggregate *self = state;
    struct eventlog_consumer consumer;
    struct checkpoint checkpoint = {.key = checkpoint_key(self, call, partition),
                                    .watermark_ms = INT64_MIN};
    (void)topic;
    CHECK(partition >= 0 && partition < EVENTLOG_PARTITIONS_MAX);
    if (checkpoint.key.data == NULL) {
        return no_room(call);
    }
    /* It may take longer than a poll is to wait. */
    struct call scan = call_within(call, 0);
    scan.deadline_ns = clock_monotonic_ns() + STREAM_CHECKPOINT_WAIT_MS * CLOCK_NS_PER_MS;
    enum status status = self->open_checkpoints(self->state, &scan, &consumer);
    if (status == STATUS_OK) {
        arena_init(&checkpoint.arena, CHECKPOINT_BYTES_MAX);
        status = eventlog_scan(consumer, &scan, visit_checkpoints, &checkpoint);
        arena_deinit(&checkpoint.arena);
        consumer.ops->close(consumer.state);
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        call->error = scan.error;
        return status;
    }
    status = reset(self, call, partition, checkpoint.watermark_ms);
    if (status == STATUS_OK && checkpoint.found) {
        *ret_next_offset = checkpoint.from_offset;
    }
    return status == STATUS_OK && !checkpoint.found ? STATUS_NOT_FOUND : status;
}

struct eventlog_positions stream_aggregate_positions(struct stream_aggregate *aggregate)
{
    return (struct eventlog_positions){.get = get_position, .state = aggregate};
}

/* false: it is no vote. */
static bool read_vote(struct call *call, const struct stream_source *source,
                      struct stream_vote *vote)
{
    struct stream_event event;
    if (stream_event_read(call, source, &event) != STATUS_OK || !event.is_put) {
        return false;
    }
    const struct vote_key key = {.record = {event.record_type, event.record},
                                 .provider = event.provider,
                                 .user = event.user};
    enum json_kind kind = json_kind(event.value);
    *vote = (struct stream_vote){
        .offset = source->record->offset,
        .time_ms = event.time_ms,
        .appended_ms = source->record->time_ms,
        .record = key.record,
        .provider = key.provider,
        .event_id = event.event_id,
    };
    return vote_key_validate(call, &key) == STATUS_OK &&
           (kind == JSON_INTEGER || kind == JSON_REAL) &&
           rating_value_from_points(call, json_number(event.value), &vote->hundredths) == STATUS_OK;
}

static bool write_result(struct buffer *buffer, const struct stream_source *source,
                         const struct stream_window_result *result, struct text id)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    struct json_writer writer;
    double mean = (double)result->sum_hundredths / (double)result->count;
    json_writer_init(&writer, buffer);
    json_open_object(&writer);
    json_member_string(&writer, "resultId", id);
    json_member_string(&writer, "recordType", text_of(record_type_name(result->record.type)));
    json_member_string(&writer, "recordId", result->record.id);
    json_member_string(&writer, "windowStart", clock_format(result->start_ms, time));
    json_member_string(&writer, "windowEnd", clock_format(result->end_ms, time));
    json_member_integer(&writer, "count", (int64_t)result->count);
    json_member_integer(&writer, "sumHundredths", (int64_t)result->sum_hundredths);
    json_member_number(&writer, "mean", mean / RATING_HUNDREDTHS_PER_POINT);
    json_member_integer(&writer, "partition", source->partition);
    json_close_object(&writer);
    return json_writer_end(&writer);
}

static enum status emit(struct stream_aggregate *self, struct call *call,
                        const struct stream_source *source,
                        const struct stream_window_result *result, struct eventlog_outputs *outputs)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    struct buffer buffer;
    struct text start = clock_format(result->start_ms, time);
    struct text id =
        arena_format(call->arena, "%.*s/%" PRId32 "/%.*s/%s/%.*s", TEXT_ARGUMENTS(source->topic),
                     source->partition, TEXT_ARGUMENTS(start),
                     record_type_name(result->record.type), TEXT_ARGUMENTS(result->record.id));
    struct eventlog_message message = {.key = arena_copy(call->arena, result->record.id)};
    buffer_init(&buffer, RESULT_BYTES_MAX);
    if (id.data != NULL && write_result(&buffer, source, result, id)) {
        message.value = arena_copy(call->arena, buffer_text(&buffer));
    }
    buffer_deinit(&buffer);
    if (message.key.data == NULL || message.value.data == NULL) {
        return no_room(call);
    }
    self->results++;
    return eventlog_outputs_add(outputs, call, self->to, &message);
}

/* One record, and what it closes. */
static enum status take(struct stream_aggregate *self, struct call *call,
                        const struct stream_source *source, struct eventlog_outputs *outputs)
{
    struct stream_windows *windows = self->partitions[source->partition];
    struct stream_window_result result;
    struct stream_vote vote;
    enum stream_window_outcome outcome;
    if (!read_vote(call, source, &vote)) {
        call_clear_error(call);
        self->passed_over++;
        return STATUS_OK;
    }
    enum status status = stream_windows_add(windows, call, &vote, &outcome);
    if (status != STATUS_OK) {
        return status;
    }
    self->counted += outcome == STREAM_COUNTED;
    self->late += outcome == STREAM_LATE;
    self->repeated += outcome == STREAM_COUNTED_BEFORE;
    while (status == STATUS_OK && stream_windows_close(windows, &result)) {
        status = emit(self, call, source, &result, outputs);
    }
    return status;
}

static enum status write_checkpoint(struct stream_aggregate *self, struct call *call,
                                    const struct eventlog_batch *batch,
                                    struct eventlog_outputs *outputs)
{
    const struct stream_windows *windows = self->partitions[batch->partition];
    int64_t from = stream_windows_first_offset(windows, batch->next_offset);
    const struct eventlog_message message = {
        .key = checkpoint_key(self, call, batch->partition),
        .value =
            arena_format(call->arena, "{\"fromOffset\":%" PRId64 ",\"watermarkMs\":%" PRId64 "}",
                         from, stream_windows_watermark_ms(windows)),
    };
    return message.key.data == NULL || message.value.data == NULL
               ? no_room(call)
               : eventlog_outputs_add(outputs, call, self->checkpoints, &message);
}

enum status stream_aggregate_process(void *state, struct call *call,
                                     const struct eventlog_batch *batch,
                                     struct eventlog_outputs *outputs)
{
    struct stream_aggregate *self = state;
    enum status status = STATUS_OK;
    CHECK(batch->partition >= 0 && batch->partition < EVENTLOG_PARTITIONS_MAX);
    CHECK(self->partitions[batch->partition] != NULL); /* its position was asked for */
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        const struct stream_source source = {batch->topic, batch->partition, &batch->records[i]};
        status = take(self, call, &source, outputs);
    }
    return status == STATUS_OK ? write_checkpoint(self, call, batch, outputs) : status;
}
