/* Any bytes as base64 in parts: what is decoded must not depend on the cuts, and what is encoded
 * must come back. The first byte chooses the size of the parts and of the room. */
#include "base/buffer.h"
#include "json/base64_stream.h"

enum { DECODED_BYTES_MAX = 1 << 24, ROOM_BYTES_MAX = 16 };

static bool decode(struct text text, size_t part_bytes, size_t room, struct buffer *decoded)
{
    struct base64_stream stream = {.bits = 0};
    while (text.length > 0) {
        struct text part = text_slice(text, 0, part_bytes);
        text = text_slice(text, part.length, text.length);
        while (part.length > 0) {
            char bytes[ROOM_BYTES_MAX];
            size_t left = part.length;
            size_t length;
            if (!base64_stream_decode(&stream, &part, bytes, room, &length)) {
                return false;
            }
            CHECK(length <= room && part.length < left);
            CHECK(buffer_append(decoded, text_of_bytes(bytes, length)));
        }
    }
    return base64_stream_may_end(&stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct text bytes = text_of_bytes(data + 1, size - 1);
    size_t part_bytes = 1 + data[0] % 16;
    size_t room = 1 + data[0] / 16;
    struct buffer whole;
    struct buffer cut;
    buffer_init(&whole, DECODED_BYTES_MAX);
    buffer_init(&cut, DECODED_BYTES_MAX);
    bool whole_valid = decode(bytes, size, ROOM_BYTES_MAX, &whole);
    bool cut_valid = decode(bytes, part_bytes, room, &cut);
    CHECK(whole_valid == cut_valid);
    CHECK(!whole_valid || text_equal(buffer_text(&whole), buffer_text(&cut)));

    buffer_clear(&whole);
    buffer_clear(&cut);
    CHECK(base64_encode(bytes, &whole));
    CHECK(decode(buffer_text(&whole), part_bytes, room, &cut));
    CHECK(text_equal(buffer_text(&cut), bytes));
    buffer_deinit(&whole);
    buffer_deinit(&cut);
    return 0;
}
