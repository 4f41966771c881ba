#include "eventlog/local_frame.h"

#include <endian.h>

#include "store/zlib_checksum.h"

enum { CHECKSUM_AT = 0, KEY_BYTES_AT = 4, VALUE_BYTES_AT = 8, OFFSET_AT = 12, TIME_AT = 20 };

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

size_t local_frame_bytes(const struct eventlog_message *message)
{
    return LOCAL_FRAME_HEADER_BYTES + message->key.length + message->value.length;
}

void local_frame_write(char *frame, const struct eventlog_message *message)
{
    put_u32(frame + KEY_BYTES_AT, (uint32_t)message->key.length);
    put_u32(frame + VALUE_BYTES_AT, (uint32_t)message->value.length);
    put_i64(frame + TIME_AT, message->time_ms);
    char *key = frame + LOCAL_FRAME_HEADER_BYTES;
    if (message->key.length > 0) {
        memcpy(key, message->key.data, message->key.length);
    }
    if (message->value.length > 0) {
        memcpy(key + message->key.length, message->value.data, message->value.length);
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
    size_t key_bytes = get_u32(frames.data + KEY_BYTES_AT);
    size_t value_bytes = get_u32(frames.data + VALUE_BYTES_AT);
    size_t bytes = LOCAL_FRAME_HEADER_BYTES + key_bytes + value_bytes;
    if (key_bytes > EVENTLOG_KEY_BYTES_MAX || value_bytes > EVENTLOG_VALUE_BYTES_MAX ||
        bytes > frames.length) {
        return false;
    }
    *ret_offset = get_i64(frames.data + OFFSET_AT);
    *ret_bytes = bytes;
    return true;
}

bool local_frame_read(struct text frames, struct local_place place,
                      struct eventlog_record *ret_record, size_t *ret_bytes)
{
    int64_t offset;
    size_t bytes;
    if (!local_frame_peek(frames, &offset, &bytes)) {
        return false;
    }
    struct text frame = text_slice(frames, 0, bytes);
    if (get_u32(frame.data + CHECKSUM_AT) != frame_checksum(frame, place)) {
        return false;
    }
    size_t key_end = LOCAL_FRAME_HEADER_BYTES + get_u32(frame.data + KEY_BYTES_AT);
    *ret_record = (struct eventlog_record){
        .offset = offset,
        .time_ms = get_i64(frame.data + TIME_AT),
        .key = text_slice(frame, LOCAL_FRAME_HEADER_BYTES, key_end),
        .value = text_slice(frame, key_end, bytes),
    };
    *ret_bytes = bytes;
    return true;
}
