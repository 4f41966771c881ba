/* Any bytes as a body, cut in any way: what is read must not depend on the cuts. The first byte
 * chooses the size of the parts and whether gzip is agreed. */
#include "base/arena.h"
#include "grpc/grpc_frame.h"

enum {
    MESSAGE_BYTES_MAX = 4096,
    ARENA_BYTES_MAX = 64 * 1024,
    JOINED_BYTES_MAX = 1 << 24,
};

struct body {
    struct text bytes;
    size_t part_bytes;
};

static enum status next_part(void *state, struct text *ret_part)
{
    struct body *body = state;
    *ret_part = text_slice(body->bytes, 0, body->part_bytes);
    body->bytes = text_slice(body->bytes, body->part_bytes, body->bytes.length);
    return STATUS_OK;
}

/* Joins all messages, with their lengths. */
static enum status read_all(struct body body, bool gzip, struct buffer *joined)
{
    struct arena arena;
    struct call call;
    struct grpc_frame_reader reader;
    enum status status;
    bool end = false;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    grpc_frame_reader_init(&reader, MESSAGE_BYTES_MAX, next_part, &body);
    reader.gzip = gzip;
    for (;;) {
        struct text message;
        status = grpc_frame_read(&reader, &call, &message, &end);
        if (status != STATUS_OK || end) {
            break;
        }
        CHECK(message.length <= MESSAGE_BYTES_MAX);
        CHECK(buffer_format(joined, "%zu:", message.length));
        CHECK(buffer_append(joined, message));
    }
    CHECK(status == STATUS_OK || call.error.message.length > 0);
    grpc_frame_reader_deinit(&reader);
    arena_deinit(&arena);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct text bytes = text_of_bytes(data + 1, size - 1);
    bool gzip = (data[0] & 0x80) != 0;
    struct buffer whole;
    struct buffer cut;
    buffer_init(&whole, JOINED_BYTES_MAX);
    buffer_init(&cut, JOINED_BYTES_MAX);
    enum status whole_status = read_all((struct body){bytes, size}, gzip, &whole);
    enum status cut_status = read_all((struct body){bytes, 1 + (data[0] & 0x7f)}, gzip, &cut);
    CHECK(whole_status == cut_status);
    CHECK(text_equal(buffer_text(&whole), buffer_text(&cut)));
    buffer_deinit(&whole);
    buffer_deinit(&cut);
    return 0;
}
