#include "grpc/grpc_web_text.h"

#include "base/arena.h"
#include "grpc/grpc_server_private.h"
#include "json/base64_stream.h"

/* Encoded and decoded a piece at a time, so that no body needs memory by its size. */
enum { PIECE_BYTES = 1536, PIECE_CHARACTERS = PIECE_BYTES / 3 * 4 };

struct grpc_web_text {
    bool of_request;
    bool of_reply;
    struct text encoded; /* what is left of the request's last part */
    struct base64_stream stream;
    char decoded[PIECE_BYTES];
    char piece[PIECE_CHARACTERS];
};

bool grpc_web_text_begin(struct grpc_server_call *self, bool of_request, bool of_reply)
{
    struct grpc_web_text *text = arena_calloc(self->call.arena, 1, sizeof(*text));
    if (text == NULL) {
        return false;
    }
    text->of_request = of_request;
    text->of_reply = of_reply;
    self->text = text;
    return true;
}

/* The end of the body, or of what is base64 of it. */
static enum status end(struct grpc_server_call *self, struct text *ret_part)
{
    if (!base64_stream_may_end(&self->text->stream)) {
        return call_fail(&self->call, STATUS_INTERNAL, "the body ends within its base64");
    }
    *ret_part = (struct text){NULL, 0};
    return STATUS_OK;
}

enum status grpc_web_text_read(struct grpc_server_call *self, struct text *ret_part)
{
    struct grpc_web_text *text = self->text;
    if (!text->of_request) {
        return http_read(self->exchange, ret_part);
    }
    size_t length = 0;
    while (length == 0) { /* a part may be too short for a byte */
        if (text->encoded.length == 0) {
            enum status status = http_read(self->exchange, &text->encoded);
            if (status != STATUS_OK) {
                return status;
            }
            if (text->encoded.length == 0) {
                return end(self, ret_part);
            }
        }
        if (!base64_stream_decode(&text->stream, &text->encoded, text->decoded,
                                  sizeof(text->decoded), &length)) {
            return call_fail(&self->call, STATUS_INTERNAL, "the body is not base64");
        }
    }
    *ret_part = text_of_bytes(text->decoded, length);
    return STATUS_OK;
}

enum status grpc_web_text_write(struct grpc_server_call *self, struct text frame)
{
    struct grpc_web_text *text = self->text;
    if (!text->of_reply) {
        return grpc_server_call_write(self, frame);
    }
    enum status status = STATUS_OK;
    while (status == STATUS_OK && frame.length > 0) {
        struct text piece = text_slice(frame, 0, PIECE_BYTES);
        frame = text_slice(frame, piece.length, frame.length);
        size_t length = base64_encode_to(piece, text->piece);
        status = grpc_server_call_write(self, text_of_bytes(text->piece, length));
    }
    return status;
}
