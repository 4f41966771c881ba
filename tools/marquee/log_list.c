#include <stdio.h>

#include "base/buffer.h"
#include "marquee/log_private.h"
#include "marquee/terminal.h"
#include "json/json.h"

enum { NUMBER_COLUMN = 14, PARTITION_COLUMN = 11, NAME_COLUMN = 20 };

/* Prints one line of JSON. */
static enum status print_json(struct session *session, struct buffer *buffer,
                              struct json_writer *writer)
{
    if (!json_writer_end(writer)) {
        return call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory to print with");
    }
    (void)fwrite(buffer->data, 1, buffer->length, session->input->output);
    (void)fputc('\n', session->input->output);
    buffer_clear(buffer);
    return STATUS_OK;
}

static void print_number(FILE *output, int64_t number, int width)
{
    if (number < 0) {
        (void)fprintf(output, "%*s", width, "-");
    } else {
        (void)fprintf(output, "%*lld", width, (long long)number);
    }
}

static const char *cleanup_name(const struct eventlog_topic_options *options)
{
    return options->cleanup == EVENTLOG_CLEANUP_COMPACT ? "compact" : "delete";
}

static void write_topic(struct json_writer *writer, const struct eventlog_topic_state *topic)
{
    json_open_object(writer);
    json_member_string(writer, "topic", topic->name);
    json_member_string(writer, "cleanup", text_of(cleanup_name(&topic->options)));
    json_member_integer(writer, "retentionMs", topic->options.retention_ms);
    json_member_integer(writer, "retentionBytes", topic->options.retention_bytes);
    json_write_name(writer, TEXT("partitions"));
    json_open_array(writer);
    for (int32_t i = 0; i < topic->options.partitions; i++) {
        const struct eventlog_partition_state *partition = &topic->partitions[i];
        json_open_object(writer);
        json_member_integer(writer, "partition", i);
        json_member_integer(writer, "beginOffset", partition->begin_offset);
        json_member_integer(writer, "endOffset", partition->end_offset);
        if (partition->bytes >= 0) {
            json_member_integer(writer, "bytes", partition->bytes);
        }
        json_close_object(writer);
    }
    json_close_array(writer);
    json_close_object(writer);
}

static void print_retention(FILE *output, const struct eventlog_topic_options *options)
{
    if (options->cleanup == EVENTLOG_CLEANUP_COMPACT) {
        (void)fputs("the last record of each key is kept", output);
        return;
    }
    if (options->retention_ms == 0 && options->retention_bytes == 0) {
        (void)fputs("everything is kept", output);
        return;
    }
    (void)fputs("kept", output);
    if (options->retention_ms > 0) {
        (void)fprintf(output, " for %lld s", (long long)options->retention_ms / 1000);
    }
    if (options->retention_bytes > 0) {
        (void)fprintf(output, "%s up to %lld bytes a partition",
                      options->retention_ms > 0 ? " and" : "", (long long)options->retention_bytes);
    }
}

static void print_topic(FILE *output, const struct eventlog_topic_state *topic)
{
    terminal_print(output, topic->name);
    (void)fprintf(output, "  %d partitions, ", topic->options.partitions);
    print_retention(output, &topic->options);
    (void)fprintf(output, "\n%*s%*s%*s%*s\n", PARTITION_COLUMN, "partition", NUMBER_COLUMN, "begin",
                  NUMBER_COLUMN, "end", NUMBER_COLUMN, "bytes");
    for (int32_t i = 0; i < topic->options.partitions; i++) {
        print_number(output, i, PARTITION_COLUMN);
        print_number(output, topic->partitions[i].begin_offset, NUMBER_COLUMN);
        print_number(output, topic->partitions[i].end_offset, NUMBER_COLUMN);
        print_number(output, topic->partitions[i].bytes, NUMBER_COLUMN);
        (void)fputc('\n', output);
    }
}

enum status log_list_topics(struct session *session, struct eventlog_admin admin)
{
    struct eventlog_topics topics;
    struct call call = log_call(session);
    enum status status = admin.ops->list_topics(admin.state, &call, &topics);
    if (status != STATUS_OK) {
        return log_fail(session, &call, status);
    }
    struct buffer buffer;
    buffer_init(&buffer, LOG_JSON_BYTES_MAX);
    for (size_t i = 0; i < topics.count && status == STATUS_OK; i++) {
        if (config_boolean(session->config, "json")) {
            struct json_writer writer;
            json_writer_init(&writer, &buffer);
            write_topic(&writer, &topics.rows[i]);
            status = print_json(session, &buffer, &writer);
        } else {
            print_topic(session->input->output, &topics.rows[i]);
        }
    }
    buffer_deinit(&buffer);
    return status;
}

static void write_group(struct json_writer *writer, const struct eventlog_group_state *row)
{
    json_open_object(writer);
    json_member_string(writer, "group", row->group);
    json_member_string(writer, "topic", row->topic);
    json_member_integer(writer, "partition", row->partition);
    if (row->committed >= 0) {
        json_member_integer(writer, "committed", row->committed);
    }
    json_member_integer(writer, "beginOffset", row->begin_offset);
    json_member_integer(writer, "endOffset", row->end_offset);
    json_member_integer(writer, "lag", eventlog_group_lag(row));
    json_member_string(writer, "owner", row->owner);
    json_close_object(writer);
}

static void print_group(FILE *output, const struct eventlog_group_state *row)
{
    terminal_print_padded(output, row->group, NAME_COLUMN);
    (void)fputc(' ', output);
    terminal_print_padded(output, row->topic, NAME_COLUMN);
    print_number(output, row->partition, PARTITION_COLUMN);
    print_number(output, row->committed, NUMBER_COLUMN);
    print_number(output, row->end_offset, NUMBER_COLUMN);
    print_number(output, eventlog_group_lag(row), NUMBER_COLUMN);
    (void)fputs("  ", output);
    terminal_print(output, row->owner.length > 0 ? row->owner : TEXT("-"));
    (void)fputc('\n', output);
}

enum status log_list_groups(struct session *session, struct eventlog_admin admin)
{
    FILE *output = session->input->output;
    struct eventlog_groups groups;
    struct call call = log_call(session);
    enum status status = admin.ops->list_groups(admin.state, &call, &groups);
    if (status != STATUS_OK) {
        return log_fail(session, &call, status);
    }
    bool json = config_boolean(session->config, "json");
    if (!json && groups.count > 0) {
        (void)fprintf(output, "%-*s %-*s%*s%*s%*s%*s  %s\n", NAME_COLUMN, "group", NAME_COLUMN,
                      "topic", PARTITION_COLUMN, "partition", NUMBER_COLUMN, "committed",
                      NUMBER_COLUMN, "end", NUMBER_COLUMN, "lag", "read by");
    }
    struct buffer buffer;
    buffer_init(&buffer, LOG_JSON_BYTES_MAX);
    for (size_t i = 0; i < groups.count && status == STATUS_OK; i++) {
        if (json) {
            struct json_writer writer;
            json_writer_init(&writer, &buffer);
            write_group(&writer, &groups.rows[i]);
            status = print_json(session, &buffer, &writer);
        } else {
            print_group(output, &groups.rows[i]);
        }
    }
    buffer_deinit(&buffer);
    return status;
}
