#include "rating/repository/rating_change_chunk.h"

#include "base/little_endian.h"
#include "rating/repository/rating_key.h"

enum { HEAD_BYTES = 8 + 4 + 4 + 2, RECORD_BYTES = 1 + 2 + 2 + 8 + 8 };

/* Each returns where the next one goes. */
static char *put_u16(char *at, uint16_t value)
{
    le16_write(at, value);
    return at + sizeof(value);
}

static char *put_u32(char *at, uint32_t value)
{
    le32_write(at, value);
    return at + sizeof(value);
}

static char *put_u64(char *at, uint64_t value)
{
    le64_write(at, value);
    return at + sizeof(value);
}

static char *put_text(char *at, struct text text)
{
    if (text.length > 0) {
        memcpy(at, text.data, text.length);
    }
    return at + text.length;
}

size_t rating_chunk_head_bytes(const struct rating_source *source)
{
    return HEAD_BYTES + source->topic.length;
}

size_t rating_chunk_record_bytes(size_t vote_key_length)
{
    return RECORD_BYTES + vote_key_length;
}

char *rating_chunk_put_head(char *at, const struct rating_chunk_head *head)
{
    at = put_u64(at, (uint64_t)head->time_ms);
    at = put_u32(at, head->count);
    at = put_u32(at, (uint32_t)head->source.partition);
    at = put_u16(at, (uint16_t)head->source.topic.length);
    return put_text(at, head->source.topic);
}

char *rating_chunk_put_record(char *at, const struct rating_chunk_record *record)
{
    *at = (char)record->kind;
    at = put_u16(at + 1, (uint16_t)record->vote_key.length);
    at = put_u16(at, (uint16_t)record->hundredths);
    at = put_u64(at, (uint64_t)record->time_ms);
    at = put_u64(at, (uint64_t)record->offset);
    return put_text(at, record->vote_key);
}

bool rating_chunk_open(struct text value, int64_t first, struct rating_chunk_reader *ret_reader)
{
    if (value.length < HEAD_BYTES) {
        return false;
    }
    const char *at = value.data;
    struct rating_chunk_reader reader = {
        .head = {.time_ms = (int64_t)le64_read(at),
                 .count = le32_read(at + 8),
                 .source = {.partition = (int32_t)le32_read(at + 12)}},
        .next_sequence = first,
    };
    size_t head_end = HEAD_BYTES + (size_t)le16_read(at + 16);
    reader.left = reader.head.count;
    reader.head.source.topic = text_slice(value, HEAD_BYTES, head_end);
    reader.rest = text_slice(value, head_end, value.length);
    if (head_end > value.length || reader.left == 0 ||
        reader.left > reader.rest.length / RECORD_BYTES) {
        return false;
    }
    *ret_reader = reader;
    return true;
}

static bool decode_kind(char byte, size_t key_length, enum rating_record_kind *ret_kind)
{
    if (byte != RATING_RECORD_PUT && byte != RATING_RECORD_DELETE &&
        byte != RATING_RECORD_DEAD_LETTER) {
        return false;
    }
    *ret_kind = (enum rating_record_kind)byte;
    return (byte == RATING_RECORD_DEAD_LETTER) == (key_length == 0);
}

bool rating_chunk_next(struct rating_chunk_reader *reader, struct rating_change_record *ret_record)
{
    CHECK(reader->left > 0);
    struct text rest = reader->rest;
    if (rest.length < RECORD_BYTES) {
        return false;
    }
    struct rating_change_record record = {
        .sequence = reader->next_sequence,
        .time_ms = reader->head.time_ms,
        .source = reader->head.source,
        .vote = {.hundredths = le16_read(rest.data + 3),
                 .time_ms = (int64_t)le64_read(rest.data + 5)},
        .offset = (int64_t)le64_read(rest.data + 13),
    };
    size_t end = RECORD_BYTES + (size_t)le16_read(rest.data + 1);
    struct text key = text_slice(rest, RECORD_BYTES, end);
    if (end > rest.length || !decode_kind(rest.data[0], key.length, &record.kind) ||
        (key.length > 0 && !rating_key_decode_vote(key, &record.vote.key))) {
        return false;
    }
    reader->rest = text_slice(rest, end, rest.length);
    reader->next_sequence++;
    reader->left--;
    *ret_record = record;
    return true;
}
