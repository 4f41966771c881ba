#include "eventlog/local_frame.h"

#include "base/little_endian.h"
#include "store/zlib_checksum.h"

enum {
    CHECKSUM_AT = 0,
    KEY_BYTES_AT = 4,
    HEADER_BYTES_AT = 6,
    VALUE_BYTES_AT = 8,
    OFFSET_AT = 12,
    TIME_AT = 20
};

static uint32_t frame_checksum(struct text frame, struct local_place place)
{
    char where[8];
    le32_write(where, place.topic_id);
    le32_write(where + 4, (uint32_t)place.partition);
    return zlib_checksum(zlib_checksum(0, text_of_bytes(where, sizeof(where))),
                         text_slice(frame, KEY_BYTES_AT, frame.length));
}

static size_t headers_bytes(const struct eventlog_message *message)
{
    size_t bytes = message->header_count * LOCAL_FRAME_EACH_HEADER_BYTES;
    for (size_t i = 0; i < message->header_count; i++) {
        bytes += message->headers[i].name.length + message->headers[i].value.length;
    }
    return bytes;
}

size_t local_frame_bytes(const struct eventlog_message *message)
{
    return LOCAL_FRAME_HEADER_BYTES + message->key.length + message->value.length +
           headers_bytes(message);
}

static char *append_text(char *to, struct text text)
{
    if (text.length > 0) {
        memcpy(to, text.data, text.length);
    }
    return to + text.length;
}

void local_frame_write(char *frame, const struct eventlog_message *message)
{
    le16_write(frame + KEY_BYTES_AT, (uint16_t)message->key.length);
    le16_write(frame + HEADER_BYTES_AT, (uint16_t)headers_bytes(message));
    le32_write(frame + VALUE_BYTES_AT, (uint32_t)message->value.length);
    le64_write(frame + TIME_AT, (uint64_t)message->time_ms);
    char *to = append_text(frame + LOCAL_FRAME_HEADER_BYTES, message->key);
    to = append_text(to, message->value);
    for (size_t i = 0; i < message->header_count; i++) {
        const struct eventlog_header *header = &message->headers[i];
        *to = (char)header->name.length;
        le16_write(to + 1, (uint16_t)header->value.length);
        to = append_text(to + LOCAL_FRAME_EACH_HEADER_BYTES, header->name);
        to = append_text(to, header->value);
    }
}

void local_frame_seal(char *frame, size_t bytes, struct local_place place, int64_t offset)
{
    le64_write(frame + OFFSET_AT, (uint64_t)offset);
    le32_write(frame + CHECKSUM_AT, frame_checksum(text_of_bytes(frame, bytes), place));
}

bool local_frame_peek(struct text frames, int64_t *ret_offset, size_t *ret_bytes)
{
    if (frames.length < LOCAL_FRAME_HEADER_BYTES) {
        return false;
    }
    size_t key_bytes = le16_read(frames.data + KEY_BYTES_AT);
    size_t header_bytes = le16_read(frames.data + HEADER_BYTES_AT);
    size_t value_bytes = le32_read(frames.data + VALUE_BYTES_AT);
    size_t bytes = LOCAL_FRAME_HEADER_BYTES + key_bytes + value_bytes + header_bytes;
    if (key_bytes > EVENTLOG_KEY_BYTES_MAX || value_bytes > EVENTLOG_VALUE_BYTES_MAX ||
        header_bytes > LOCAL_FRAME_HEADERS_BYTES_MAX || bytes > frames.length) {
        return false;
    }
    *ret_offset = (int64_t)le64_read(frames.data + OFFSET_AT);
    *ret_bytes = bytes;
    return true;
}

int64_t local_frame_newest(struct text frames)
{
    int64_t newest_ms = INT64_MIN;
    while (frames.length > 0) {
        int64_t offset;
        size_t bytes;
        if (!local_frame_peek(frames, &offset, &bytes)) {
            return INT64_MAX;
        }
        int64_t time_ms = (int64_t)le64_read(frames.data + TIME_AT);
        newest_ms = time_ms > newest_ms ? time_ms : newest_ms;
        frames = text_slice(frames, bytes, frames.length);
    }
    return newest_ms;
}

/* false: they do not fill the text, or are too many. */
static bool read_headers(struct text rest,
                         struct eventlog_header headers[static EVENTLOG_HEADERS_MAX],
                         size_t *ret_count)
{
    size_t count = 0;
    while (rest.length > 0) {
        if (count == EVENTLOG_HEADERS_MAX || rest.length < LOCAL_FRAME_EACH_HEADER_BYTES) {
            return false;
        }
        size_t name_end = LOCAL_FRAME_EACH_HEADER_BYTES + (size_t)(unsigned char)rest.data[0];
        size_t value_end = name_end + le16_read(rest.data + 1);
        if (value_end > rest.length) {
            return false;
        }
        headers[count++] = (struct eventlog_header){
            .name = text_slice(rest, LOCAL_FRAME_EACH_HEADER_BYTES, name_end),
            .value = text_slice(rest, name_end, value_end),
        };
        rest = text_slice(rest, value_end, rest.length);
    }
    *ret_count = count;
    return true;
}

bool local_frame_read(struct text frames, struct local_place place,
                      struct eventlog_header headers[static EVENTLOG_HEADERS_MAX],
                      struct eventlog_record *ret_record, size_t *ret_bytes)
{
    int64_t offset;
    size_t bytes;
    size_t header_count;
    if (!local_frame_peek(frames, &offset, &bytes)) {
        return false;
    }
    struct text frame = text_slice(frames, 0, bytes);
    size_t key_end = LOCAL_FRAME_HEADER_BYTES + le16_read(frame.data + KEY_BYTES_AT);
    size_t value_end = key_end + le32_read(frame.data + VALUE_BYTES_AT);
    if (le32_read(frame.data + CHECKSUM_AT) != frame_checksum(frame, place) ||
        !read_headers(text_slice(frame, value_end, bytes), headers, &header_count)) {
        return false;
    }
    *ret_record = (struct eventlog_record){
        .offset = offset,
        .time_ms = (int64_t)le64_read(frame.data + TIME_AT),
        .key = text_slice(frame, LOCAL_FRAME_HEADER_BYTES, key_end),
        .value = text_slice(frame, key_end, value_end),
        .headers = headers,
        .header_count = header_count,
    };
    *ret_bytes = bytes;
    return true;
}
