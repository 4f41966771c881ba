/* Any bytes as the frames of a stored chunk, as they are and with their checksums made right: what
 * is read lies within the bytes and its limits, and written again it is the same bytes. */
#include <stdlib.h>

#include "eventlog/local_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct local_place place = {.topic_id = 3, .partition = 1};

static void check_within(struct text part, struct text frame)
{
    CHECK(part.length == 0 ||
          (part.data >= frame.data && part.data + part.length <= frame.data + frame.length));
}

static void write_again(struct text frame, const struct eventlog_record *record)
{
    const struct eventlog_message message = {.key = record->key,
                                             .value = record->value,
                                             .time_ms = record->time_ms,
                                             .headers = record->headers,
                                             .header_count = record->header_count};
    CHECK(local_frame_bytes(&message) == frame.length);
    char *again = malloc(frame.length);
    CHECK(again != NULL);
    local_frame_write(again, &message);
    local_frame_seal(again, frame.length, place, record->offset);
    CHECK(text_equal(text_of_bytes(again, frame.length), frame));
    free(again);
}

/* Reads the first frame. Returns how long it is; 0: it cannot be read. */
static size_t read_one(struct text frames)
{
    struct eventlog_header headers[EVENTLOG_HEADERS_MAX];
    struct eventlog_record record;
    size_t bytes;
    size_t peeked;
    int64_t offset;
    bool complete = local_frame_peek(frames, &offset, &peeked);
    if (!local_frame_read(frames, place, headers, &record, &bytes)) {
        return 0;
    }
    struct text frame = text_slice(frames, 0, bytes);
    CHECK(complete && peeked == bytes && offset == record.offset && bytes <= frames.length);
    CHECK(record.key.length <= EVENTLOG_KEY_BYTES_MAX);
    CHECK(record.value.length <= EVENTLOG_VALUE_BYTES_MAX);
    CHECK(record.header_count <= EVENTLOG_HEADERS_MAX);
    check_within(record.key, frame);
    check_within(record.value, frame);
    for (size_t i = 0; i < record.header_count; i++) {
        check_within(record.headers[i].name, frame);
        check_within(record.headers[i].value, frame);
    }
    CHECK(local_frame_newest(frame) == record.time_ms);
    write_again(frame, &record);
    return bytes;
}

static void read_all(struct text frames)
{
    size_t bytes = 1;
    while (bytes > 0) {
        bytes = read_one(frames);
        frames = text_slice(frames, bytes, frames.length);
    }
}

/* Seals whatever has the length of a frame. */
static void seal_all(char *frames, size_t size)
{
    int64_t offset;
    size_t bytes;
    while (local_frame_peek(text_of_bytes(frames, size), &offset, &bytes)) {
        local_frame_seal(frames, bytes, place, offset);
        frames += bytes;
        size -= bytes;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_all(text_of_bytes(data, size));
    (void)local_frame_newest(text_of_bytes(data, size));
    char *copy = malloc(size + 1);
    CHECK(copy != NULL);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    seal_all(copy, size);
    read_all(text_of_bytes(copy, size));
    free(copy);
    return 0;
}
