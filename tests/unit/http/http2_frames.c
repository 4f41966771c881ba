#include "unit/http/http2_frames.h"

enum { HEAD_BYTES = 9 };

void http2_frames_open(struct raw_peer *peer)
{
    raw_peer_say(peer, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    http2_frames_send(peer, FRAME_SETTINGS, 0, 0, (struct text){NULL, 0});
}

void http2_frames_send(struct raw_peer *peer, unsigned type, unsigned flags, uint32_t stream_id,
                       struct text payload)
{
    char head[HEAD_BYTES] = {
        (char)(payload.length >> 16),
        (char)(payload.length >> 8),
        (char)payload.length,
        (char)type,
        (char)flags,
        (char)(stream_id >> 24),
        (char)(stream_id >> 16),
        (char)(stream_id >> 8),
        (char)stream_id,
    };
    raw_peer_send(peer, (struct text){head, sizeof(head)});
    raw_peer_send(peer, payload);
}

/* A string of less than 127 bytes, or of up to 16 kB, not Huffman coded. */
static void put_string(struct buffer *block, const char *string)
{
    size_t length = strlen(string);
    if (length < 127) {
        CHECK(buffer_append_byte(block, (char)length));
    } else {
        size_t rest = length - 127;
        CHECK(buffer_append_byte(block, 127));
        while (rest >= 128) {
            CHECK(buffer_append_byte(block, (char)(rest % 128 + 128)));
            rest /= 128;
        }
        CHECK(buffer_append_byte(block, (char)rest));
    }
    CHECK(buffer_append(block, text_of(string)));
}

void http2_frames_request(struct raw_peer *peer, uint32_t stream_id, const char *method,
                          const char *path, const char *name, const char *value, bool end)
{
    struct buffer block;
    buffer_init(&block, 64 * 1024);
    CHECK(buffer_append_byte(&block, 0x02)); /* :method, not indexed */
    put_string(&block, method);
    CHECK(buffer_append_byte(&block, (char)0x86)); /* :scheme http */
    CHECK(buffer_append_byte(&block, 0x04));       /* :path, not indexed */
    put_string(&block, path);
    CHECK(buffer_append_byte(&block, 0x01)); /* :authority, not indexed */
    put_string(&block, "a");
    if (name != NULL) {
        CHECK(buffer_append_byte(&block, 0x00));
        put_string(&block, name);
        put_string(&block, value);
    }
    http2_frames_send(peer, FRAME_HEADERS, FLAG_END_HEADERS | (end ? FLAG_END_STREAM : 0),
                      stream_id, buffer_text(&block));
    buffer_deinit(&block);
}

void http2_frames_send_number(struct raw_peer *peer, unsigned type, uint32_t stream_id,
                              uint32_t number)
{
    char bytes[4] = {(char)(number >> 24), (char)(number >> 16), (char)(number >> 8), (char)number};
    http2_frames_send(peer, type, 0, stream_id, (struct text){bytes, sizeof(bytes)});
}

static uint32_t number_at(const char *bytes, size_t count)
{
    uint32_t number = 0;
    for (size_t i = 0; i < count; i++) {
        number = number << 8 | (unsigned char)bytes[i];
    }
    return number;
}

uint32_t http2_frames_number(const struct http2_frame *frame, size_t offset)
{
    CHECK(offset + 4 <= frame->payload.length);
    return number_at(frame->payload.data + offset, 4);
}

bool http2_frames_next(struct raw_peer *peer, size_t *offset, struct http2_frame *ret_frame)
{
    if (!raw_peer_await_bytes(peer, *offset + HEAD_BYTES)) {
        return false;
    }
    size_t length = number_at(peer->received.data + *offset, 3);
    if (!raw_peer_await_bytes(peer, *offset + HEAD_BYTES + length)) {
        return false;
    }
    const char *head = peer->received.data + *offset;
    *ret_frame = (struct http2_frame){
        .type = number_at(head + 3, 1),
        .flags = number_at(head + 4, 1),
        .stream_id = number_at(head + 5, 4),
        .payload = {head + HEAD_BYTES, length},
    };
    *offset += HEAD_BYTES + length;
    return true;
}

bool http2_frames_find(struct raw_peer *peer, size_t *offset, unsigned type,
                       struct http2_frame *ret_frame)
{
    do {
        if (!http2_frames_next(peer, offset, ret_frame)) {
            return false;
        }
    } while (ret_frame->type != type);
    return true;
}
