#include "grpc/grpc_frame.h"

#include "grpc/grpc_gzip.h"

enum { FLAG_COMPRESSED = 1 };

void grpc_frame_prefix(bool compressed, size_t length, char prefix[static GRPC_FRAME_PREFIX_BYTES])
{
    prefix[0] = compressed ? FLAG_COMPRESSED : 0;
    for (int i = 1; i < GRPC_FRAME_PREFIX_BYTES; i++) {
        prefix[i] = (char)(length >> 8 * (GRPC_FRAME_PREFIX_BYTES - 1 - i) & 255);
    }
}

void grpc_frame_reader_init(struct grpc_frame_reader *reader, size_t message_bytes_max,
                            grpc_part_fn read_part, void *state)
{
    *reader = (struct grpc_frame_reader){
        .message_bytes_max = message_bytes_max,
        .read_part = read_part,
        .state = state,
    };
    buffer_init(&reader->gathered, message_bytes_max);
    buffer_init(&reader->inflated, message_bytes_max);
}

void grpc_frame_reader_deinit(struct grpc_frame_reader *reader)
{
    buffer_deinit(&reader->gathered);
    buffer_deinit(&reader->inflated);
}

/* Takes the next part when none is left. Empty: the body has ended. */
static enum status fill(struct grpc_frame_reader *reader)
{
    return reader->part.length > 0 ? STATUS_OK : reader->read_part(reader->state, &reader->part);
}

/* Takes up to `wanted` bytes of the part at hand. */
static struct text take(struct grpc_frame_reader *reader, size_t wanted)
{
    struct text bytes = {reader->part.data,
                         wanted < reader->part.length ? wanted : reader->part.length};
    reader->part.data += bytes.length;
    reader->part.length -= bytes.length;
    return bytes;
}

/* Reads what is there of a prefix, which may be split, behind `have` bytes of it. */
static enum status gather_prefix(struct grpc_frame_reader *reader, struct call *call, size_t have,
                                 unsigned char prefix[static GRPC_FRAME_PREFIX_BYTES])
{
    while (have < GRPC_FRAME_PREFIX_BYTES) {
        enum status status = fill(reader);
        if (status != STATUS_OK) {
            return status;
        }
        struct text bytes = take(reader, GRPC_FRAME_PREFIX_BYTES - have);
        if (bytes.length == 0) {
            return call_fail(call, STATUS_INTERNAL, "the body ends within a message's prefix");
        }
        memcpy(prefix + have, bytes.data, bytes.length);
        have += bytes.length;
    }
    return STATUS_OK;
}

/* *ret_end: the body has ended before it. */
static enum status read_prefix(struct grpc_frame_reader *reader, struct call *call,
                               unsigned char prefix[static GRPC_FRAME_PREFIX_BYTES], bool *ret_end)
{
    enum status status = fill(reader);
    *ret_end = reader->part.length == 0;
    if (status != STATUS_OK || *ret_end) {
        return status;
    }
    if (reader->part.length < GRPC_FRAME_PREFIX_BYTES) {
        return gather_prefix(reader, call, 0, prefix);
    }
    memcpy(prefix, take(reader, GRPC_FRAME_PREFIX_BYTES).data, GRPC_FRAME_PREFIX_BYTES);
    return STATUS_OK;
}

/* Grows with what really comes, not with what the prefix promises. */
static enum status gather_payload(struct grpc_frame_reader *reader, struct call *call,
                                  size_t length, struct text *ret_payload)
{
    buffer_clear(&reader->gathered);
    while (reader->gathered.length < length) {
        enum status status = fill(reader);
        if (status != STATUS_OK) {
            return status;
        }
        struct text bytes = take(reader, length - reader->gathered.length);
        if (bytes.length == 0) {
            return call_fail(call, STATUS_INTERNAL, "the body ends within a message");
        }
        if (!buffer_append(&reader->gathered, bytes)) {
            return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a message");
        }
    }
    *ret_payload = buffer_text(&reader->gathered);
    return STATUS_OK;
}

/* The message's bytes: where they lie, when one part has all of them or can be made to, else
 * gathered. */
static enum status read_payload(struct grpc_frame_reader *reader, struct call *call, size_t length,
                                struct text *ret_payload)
{
    bool can_grow = reader->read_more != NULL;
    enum status status = STATUS_OK;
    if (can_grow && reader->part.length < length) {
        status = fill(reader);
        if (status == STATUS_OK && reader->part.length > 0 && reader->part.length < length) {
            status = reader->read_more(reader->state, length, &reader->part);
        }
    }
    if (status != STATUS_OK) {
        return status;
    }
    reader->message_stays = can_grow;
    if (reader->part.length < length) {
        return can_grow ? call_fail(call, STATUS_INTERNAL, "the body ends within a message")
                        : gather_payload(reader, call, length, ret_payload);
    }
    *ret_payload = take(reader, length);
    return STATUS_OK;
}

static enum status check_prefix(struct grpc_frame_reader *reader, struct call *call,
                                unsigned char flag, size_t length)
{
    if (flag > FLAG_COMPRESSED) {
        return call_fail(call, STATUS_INTERNAL, "a message with the unknown flag %u", flag);
    }
    if (flag == FLAG_COMPRESSED && !reader->gzip) {
        return call_fail(call, STATUS_INTERNAL,
                         "a message is flagged as compressed, but grpc-encoding names no "
                         "compression");
    }
    if (length > reader->message_bytes_max) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED,
                         "a message of %zu bytes is over the limit of %zu", length,
                         reader->message_bytes_max);
    }
    return STATUS_OK;
}

enum status grpc_frame_read(struct grpc_frame_reader *reader, struct call *call,
                            struct text *ret_message, bool *ret_end)
{
    unsigned char prefix[GRPC_FRAME_PREFIX_BYTES];
    bool end = false;
    enum status status = read_prefix(reader, call, prefix, &end);
    if (status != STATUS_OK) {
        return status;
    }
    if (end) {
        *ret_message = (struct text){NULL, 0};
        *ret_end = true;
        return STATUS_OK;
    }
    size_t length = (size_t)prefix[1] << 24 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 8 |
                    (size_t)prefix[4];
    status = check_prefix(reader, call, prefix[0], length);
    struct text payload = {NULL, 0};
    if (status == STATUS_OK) {
        status = read_payload(reader, call, length, &payload);
    }
    reader->was_compressed = prefix[0] == FLAG_COMPRESSED;
    reader->read_bytes += status == STATUS_OK ? sizeof(prefix) + length : 0;
    /* Nothing is nothing, compressed or not: peers send it so. */
    if (status == STATUS_OK && reader->was_compressed && length > 0) {
        buffer_clear(&reader->inflated);
        reader->message_stays = false;
        status = grpc_gzip_inflate(call, payload, &reader->inflated);
        payload = buffer_text(&reader->inflated);
    }
    if (status == STATUS_OK) {
        *ret_message = payload;
        *ret_end = false;
    }
    return status;
}
