#include <stdio.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "marquee/log_private.h"
#include "marquee/terminal.h"
#include "json/json.h"

/* For the end of what is there, where offsets have holes at the end (Kafka's transactions). */
enum { QUIET_MS = 3000, POLL_MAX = 500 };

struct tail {
    struct session *session;
    struct text topic;
    bool wanted[EVENTLOG_PARTITIONS_MAX];
    int64_t next[EVENTLOG_PARTITIONS_MAX];
    int64_t end[EVENTLOG_PARTITIONS_MAX]; /* as it was at first */
    int32_t partitions;
    bool follow;
    uint64_t count_max; /* 0: all */
    uint64_t count;
    struct buffer json;
};

static enum status find_topic(struct tail *tail, struct eventlog_admin admin,
                              struct eventlog_topic_state *ret_topic)
{
    struct eventlog_topics topics;
    struct call call = log_call(tail->session);
    enum status status = admin.ops->list_topics(admin.state, &call, &topics);
    if (status != STATUS_OK) {
        return log_fail(tail->session, &call, status);
    }
    for (size_t i = 0; i < topics.count; i++) {
        if (text_equal(topics.rows[i].name, tail->topic)) {
            *ret_topic = topics.rows[i];
            return STATUS_OK;
        }
    }
    return call_fail(&tail->session->call, STATUS_NOT_FOUND, "there is no topic %.*s",
                     TEXT_ARGUMENTS(tail->topic));
}

/* Where to begin, within what the partition holds. false: --from is none of its words. */
static bool start_offset(const struct tail *tail, const struct eventlog_partition_state *partition,
                         int64_t *ret_offset)
{
    struct text from = config_text(tail->session->config, "from");
    int64_t offset;
    bool at_end = text_equal(from, TEXT("end")) || (from.length == 0 && tail->follow);
    if (at_end || text_equal(from, TEXT("beginning")) || from.length == 0) {
        *ret_offset = at_end ? partition->end_offset : partition->begin_offset;
        return true;
    }
    if (!text_to_i64(from, &offset) || offset < 0) {
        return false;
    }
    offset = offset < partition->begin_offset ? partition->begin_offset : offset;
    *ret_offset = offset < partition->end_offset ? offset : partition->end_offset;
    return true;
}

static enum status plan(struct tail *tail, const struct eventlog_topic_state *topic)
{
    const struct config *config = tail->session->config;
    struct call *call = &tail->session->call;
    bool one = config_is_given(config, "partition");
    int64_t only = config_integer(config, "partition");
    tail->partitions = topic->options.partitions;
    tail->follow = config_boolean(config, "follow");
    tail->count_max = (uint64_t)config_integer(config, "count");
    if (one && only >= tail->partitions) {
        return call_fail(call, STATUS_NOT_FOUND, "the topic %.*s has %d partitions",
                         TEXT_ARGUMENTS(topic->name), tail->partitions);
    }
    for (int32_t i = 0; i < tail->partitions; i++) {
        const struct eventlog_partition_state *partition = &topic->partitions[i];
        tail->wanted[i] = !one || i == only;
        tail->end[i] = partition->end_offset;
        if (!start_offset(tail, partition, &tail->next[i])) {
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "--from: beginning, end, or the number of an offset");
        }
        tail->next[i] = tail->wanted[i] ? tail->next[i] : partition->end_offset;
    }
    return STATUS_OK;
}

static enum status get_position(void *state, struct call *call, struct text topic,
                                int32_t partition, int64_t *ret_next_offset)
{
    const struct tail *tail = state;
    (void)call;
    (void)topic;
    if (partition >= tail->partitions) {
        return STATUS_NOT_FOUND;
    }
    *ret_next_offset = tail->next[partition];
    return STATUS_OK;
}

static bool is_done(const struct tail *tail)
{
    if (tail->count_max > 0 && tail->count == tail->count_max) {
        return true;
    }
    bool at_end = true;
    for (int32_t i = 0; i < tail->partitions; i++) {
        at_end = at_end && (!tail->wanted[i] || tail->next[i] >= tail->end[i]);
    }
    return at_end && !tail->follow;
}

/* As a string where it is UTF-8, else by another name as base64. */
static void write_bytes(struct json_writer *writer, const char *name, const char *base64_name,
                        struct text bytes)
{
    if (text_is_utf8(bytes)) {
        json_member_string(writer, name, bytes);
    } else {
        json_write_name(writer, text_of(base64_name));
        json_write_base64(writer, bytes);
    }
}

static void write_record(struct json_writer *writer, const struct eventlog_batch *batch,
                         const struct eventlog_record *record)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    json_open_object(writer);
    json_member_string(writer, "topic", batch->topic);
    json_member_integer(writer, "partition", batch->partition);
    json_member_integer(writer, "offset", record->offset);
    json_member_string(writer, "time", clock_format(record->time_ms, time));
    write_bytes(writer, "key", "keyBase64", record->key);
    json_write_name(writer, TEXT("headers"));
    json_open_array(writer);
    for (size_t i = 0; i < record->header_count; i++) {
        json_open_object(writer);
        json_member_string(writer, "name", record->headers[i].name);
        write_bytes(writer, "value", "valueBase64", record->headers[i].value);
        json_close_object(writer);
    }
    json_close_array(writer);
    write_bytes(writer, "value", "valueBase64", record->value);
    json_close_object(writer);
}

static void print_record(FILE *output, const struct eventlog_batch *batch,
                         const struct eventlog_record *record)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    (void)fprintf(output, "%d@%lld  %.*s  ", batch->partition, (long long)record->offset,
                  TEXT_ARGUMENTS(clock_format(record->time_ms, time)));
    terminal_print(output, record->key);
    for (size_t i = 0; i < record->header_count; i++) {
        (void)fputs("  ", output);
        terminal_print(output, record->headers[i].name);
        (void)fputc('=', output);
        terminal_print(output, record->headers[i].value);
    }
    (void)fputs("  ", output);
    terminal_print(output, record->value);
    (void)fputc('\n', output);
}

static enum status show_record(struct tail *tail, const struct eventlog_batch *batch,
                               const struct eventlog_record *record)
{
    FILE *output = tail->session->input->output;
    if (!config_boolean(tail->session->config, "json")) {
        print_record(output, batch, record);
        return STATUS_OK;
    }
    struct json_writer writer;
    buffer_clear(&tail->json);
    json_writer_init(&writer, &tail->json);
    write_record(&writer, batch, record);
    if (!json_writer_end(&writer)) {
        return call_fail(&tail->session->call, STATUS_RESOURCE_EXHAUSTED,
                         "no memory to print with");
    }
    (void)fwrite(tail->json.data, 1, tail->json.length, output);
    (void)fputc('\n', output);
    return STATUS_OK;
}

static enum status show_batch(struct tail *tail, const struct eventlog_batch *batch)
{
    enum status status = STATUS_OK;
    int32_t partition = batch->partition;
    if (partition >= tail->partitions || !tail->wanted[partition]) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < batch->count && status == STATUS_OK &&
                       (tail->count_max == 0 || tail->count < tail->count_max);
         i++) {
        status = show_record(tail, batch, &batch->records[i]);
        tail->count++;
    }
    tail->next[partition] = batch->next_offset;
    return status;
}

/* Ends when a reader of the output has gone: a pipe to `head`. */
static enum status follow(struct tail *tail, struct eventlog_consumer consumer)
{
    FILE *output = tail->session->input->output;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !is_done(tail) && ferror(output) == 0) {
        struct call call = call_within(&tail->session->call, tail->follow ? 0 : QUIET_MS);
        struct eventlog_batch batch;
        status = consumer.ops->poll(consumer.state, &call, POLL_MAX, &batch);
        if (status == STATUS_OK) {
            status = show_batch(tail, &batch);
            (void)fflush(output); /* an error shows in ferror() */
        } else if (status == STATUS_DEADLINE_EXCEEDED && !tail->follow) {
            return STATUS_OK;
        } else {
            status = log_fail(tail->session, &call, status);
        }
    }
    return status;
}

enum status log_tail(struct session *session, struct event_log *log, struct eventlog_admin admin,
                     struct text topic)
{
    struct tail *tail = arena_calloc(&session->arena, 1, sizeof(*tail));
    struct eventlog_topic_state state = {.partitions = NULL};
    if (tail == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    tail->session = session;
    tail->topic = topic;
    enum status status = find_topic(tail, admin, &state);
    if (status == STATUS_OK) {
        status = plan(tail, &state);
    }
    if (status != STATUS_OK || is_done(tail)) {
        return status;
    }
    struct eventlog_consumer consumer;
    const struct eventlog_positions positions = {.get = get_position, .state = tail};
    status =
        event_log_open_consumer(log, &log->session->call, TEXT(""), topic, positions, &consumer);
    if (status == STATUS_OK) {
        buffer_init(&tail->json, LOG_JSON_BYTES_MAX);
        status = follow(tail, consumer);
        buffer_deinit(&tail->json);
        consumer.ops->close(consumer.state);
    }
    return status;
}
