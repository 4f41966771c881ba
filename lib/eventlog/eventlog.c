#include "eventlog/eventlog.h"

int32_t eventlog_partition(struct text key, int32_t count)
{
    CHECK(count > 0);
    return (int32_t)(text_hash(key) % (uint64_t)count);
}

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-';
}

bool eventlog_name_is_valid(struct text name)
{
    if (name.length == 0 || name.length > EVENTLOG_TOPIC_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.length; i++) {
        if (!is_name_byte(name.data[i])) {
            return false;
        }
    }
    return !text_equal(name, TEXT(".")) && !text_equal(name, TEXT(".."));
}

static bool headers_are_valid(const struct eventlog_message *message, size_t *ret_bytes)
{
    size_t bytes = 0;
    if (message->header_count > EVENTLOG_HEADERS_MAX) {
        return false;
    }
    for (size_t i = 0; i < message->header_count; i++) {
        const struct eventlog_header *header = &message->headers[i];
        if (header->name.length == 0 || header->name.length > EVENTLOG_HEADER_NAME_BYTES_MAX ||
            !text_is_clean(header->name)) {
            return false;
        }
        bytes += header->name.length + header->value.length;
    }
    *ret_bytes = bytes;
    return bytes <= EVENTLOG_HEADERS_BYTES_MAX;
}

enum status eventlog_check_messages(struct call *call, struct text topic,
                                    const struct eventlog_message *messages, size_t count,
                                    size_t *ret_bytes)
{
    if (!eventlog_name_is_valid(topic)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "a topic is 1 to %d letters, digits, '.', '_' and '-'",
                         EVENTLOG_TOPIC_BYTES_MAX);
    }
    if (count > EVENTLOG_BATCH_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d messages at once",
                         EVENTLOG_BATCH_MAX);
    }
    size_t bytes = 0;
    size_t header_bytes;
    for (size_t i = 0; i < count; i++) {
        if (messages[i].key.length > EVENTLOG_KEY_BYTES_MAX) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "message %zu: key over %d bytes", i,
                             EVENTLOG_KEY_BYTES_MAX);
        }
        if (messages[i].value.length > EVENTLOG_VALUE_BYTES_MAX) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "message %zu: value over %d bytes", i,
                             EVENTLOG_VALUE_BYTES_MAX);
        }
        if (!headers_are_valid(&messages[i], &header_bytes)) {
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "message %zu: at most %d headers, names of 1 to %d bytes of UTF-8, "
                             "%d bytes in all",
                             i, EVENTLOG_HEADERS_MAX, EVENTLOG_HEADER_NAME_BYTES_MAX,
                             EVENTLOG_HEADERS_BYTES_MAX);
        }
        bytes += messages[i].key.length + messages[i].value.length + header_bytes;
    }
    if (bytes > EVENTLOG_PRODUCE_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d bytes at once",
                         EVENTLOG_PRODUCE_BYTES_MAX);
    }
    *ret_bytes = bytes;
    return STATUS_OK;
}

enum status eventlog_check_names(struct call *call, struct text group, struct text topic)
{
    if ((group.length > 0 && !eventlog_name_is_valid(group)) || !eventlog_name_is_valid(topic)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "a group and a topic are 1 to %d letters, digits, '.', '_' and '-'",
                         EVENTLOG_TOPIC_BYTES_MAX);
    }
    return STATUS_OK;
}
