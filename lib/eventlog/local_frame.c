#include "eventlog/local_frame.h"

#include <endian.h>

#include "store/zlib_checksum.h"

enum {
    CHECKSUM_AT = 0,
    KEY_BYTES_AT = 4,
    HEADER_BYTES_AT = 6,
    VALUE_BYTES_AT = 8,
    OFFSET_AT = 12,
    TIME_AT = 20
};

static void put_u16(char *to, size_t value)
{
    uint16_t little = htole16((uint16_t)value);
    memcpy(to, &little, sizeof(little));
}

static void put_u32(char *to, uint32_t value)
{
    value = htole32(value);
    memcpy(to, &value, sizeof(value));
}

static void put_i64(char *to, int64_t value)
{
    uint64_t little = htole64((uint64_t)value);
    memcpy(to, &little, sizeof(little));
}

static size_t get_u16(const char *from)
{
    uint16_t value;
    memcpy(&value, from, sizeof(value));
    return le16toh(value);
}

static uint32_t get_u32(const char *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof(value));
    return le32toh(value);
}

static int64_t get_i64(const char *from)
{
    uint64_t value;
    memcpy(&value, from, sizeof(value));
    return (int64_t)le64toh(value);
}

static uint32_t frame_checksum(struct text frame, struct local_place place)
{
    char where[8];
    put_u32(where, place.topic_id);
    put_u32(where + 4, (uint32_t)place.partition);
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
    put_u16(frame + KEY_BYTES_AT, message->key.length);
    put_u16(frame + HEADER_BYTES_AT, headers_bytes(message));
    put_u32(frame + VALUE_BYTES_AT, (uint32_t)message->value.length);
    put_i64(frame + TIME_AT, message->time_ms);
    char *to = append_text(frame + LOCAL_FRAME_HEADER_BYTES, message->key);
    to = append_text(to, message->value);
    for (size_t i = 0; i < message->header_count; i++) {
        const struct eventlog_header *header = &message->headers[i];
        *to = (char)header->name.length;
        put_u16(to + 1, header->value.length);
        to = append_text(to + LOCAL_FRAME_EACH_HEADER_BYTES, header->name);
        to = append_text(to, header->value);
    }
}

void local_frame_seal(char *frame, size_t bytes, struct local_place place, int64_t offset)
{
    put_i64(frame + OFFSET_AT, offset);
    put_u32(frame + CHECKSUM_AT, frame_checksum(text_of_bytes(frame, bytes), place));
}

bool local_frame_peek(struct text frames, int64_t *ret_offset, size_t *ret_bytes)
{
    if (frames.length < LOCAL_FRAME_HEADER_BYTES) {
        return false;
    }
    size_t key_bytes = get_u16(frames.data + KEY_BYTES_AT);
    size_t header_bytes = get_u16(frames.data + HEADER_BYTES_AT);
    size_t value_bytes = get_u32(frames.data + VALUE_BYTES_AT);
    size_t bytes = LOCAL_FRAME_HEADER_BYTES + key_bytes + value_bytes + header_bytes;
    if (key_bytes > EVENTLOG_KEY_BYTES_MAX || value_bytes > EVENTLOG_VALUE_BYTES_MAX ||
        header_bytes > LOCAL_FRAME_HEADERS_BYTES_MAX || bytes > frames.length) {
        return false;
    }
    *ret_offset = get_i64(frames.data + OFFSET_AT);
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
        int64_t time_ms = get_i64(frames.data + TIME_AT);
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
        size_t value_end = name_end + get_u16(rest.data + 1);
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
    size_t key_end = LOCAL_FRAME_HEADER_BYTES + get_u16(frame.data + KEY_BYTES_AT);
    size_t value_end = key_end + get_u32(frame.data + VALUE_BYTES_AT);
    if (get_u32(frame.data + CHECKSUM_AT) != frame_checksum(frame, place) ||
        !read_headers(text_slice(frame, value_end, bytes), headers, &header_count)) {
        return false;
    }
    *ret_record = (struct eventlog_record){
        .offset = offset,
        .time_ms = get_i64(frame.data + TIME_AT),
        .key = text_slice(frame, LOCAL_FRAME_HEADER_BYTES, key_end),
        .value = text_slice(frame, key_end, value_end),
        .headers = headers,
        .header_count = header_count,
    };
    *ret_bytes = bytes;
    return true;
}
