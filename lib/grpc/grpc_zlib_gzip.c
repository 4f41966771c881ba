#include "grpc/grpc_gzip.h"

#define ZLIB_CONST
#include <zlib.h>

#include "loop/fiber.h"

enum {
    WINDOW_BITS_GZIP = 15 + 16, /* zlib's way to ask for the gzip format */
    STEP_BYTES = 16 * 1024,
    /* Then other fibers have their turn: what is small on the wire must not hold up the loop. */
    STEPS_A_TURN = 4,
    LEVEL = 1, /* messages are small and the network near: speed before size */
    MEMORY_LEVEL = 8,
};

/* Room for the next piece of output: a step, or what is left below the buffer's maximum. */
static char *reserve_step(struct buffer *buffer, size_t *ret_room)
{
    for (size_t room = STEP_BYTES; room > 0; room /= 2) {
        char *start = buffer_reserve(buffer, room);
        if (start != NULL) {
            *ret_room = room;
            return start;
        }
    }
    return NULL;
}

/* Runs inflate() until the input ends or the buffer is full. */
static enum status inflate_all(struct call *call, z_stream *stream, struct buffer *buffer)
{
    for (unsigned steps = 1;; steps++) {
        unsigned char past_end;
        size_t room = 1;
        char *start = reserve_step(buffer, &room);
        /* A full buffer is only too small if there is more: one byte of it would show. */
        stream->next_out = start != NULL ? (unsigned char *)start : &past_end;
        stream->avail_out = (uInt)room;
        int result = inflate(stream, Z_NO_FLUSH);
        size_t written = room - stream->avail_out;
        if (start == NULL && written > 0) {
            return call_fail(call, STATUS_RESOURCE_EXHAUSTED,
                             "the message is too large when decompressed");
        }
        if (start != NULL) {
            buffer_extend(buffer, written);
        }
        if (result == Z_STREAM_END) {
            return stream->avail_in == 0
                       ? STATUS_OK
                       : call_fail(call, STATUS_INTERNAL, "bytes follow the end of the gzip data");
        }
        if (result == Z_MEM_ERROR) {
            return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory to decompress");
        }
        if (result != Z_OK || (stream->avail_in == 0 && stream->avail_out > 0)) {
            return call_fail(call, STATUS_INTERNAL, "the message is not valid gzip data");
        }
        if (steps % STEPS_A_TURN == 0 && fiber_current() != NULL) {
            fiber_give_way();
            if (call_check(call) != STATUS_OK) {
                return call_check(call);
            }
        }
    }
}

enum status grpc_gzip_inflate(struct call *call, struct text compressed, struct buffer *buffer)
{
    z_stream stream = {
        .next_in = (const unsigned char *)compressed.data,
        .avail_in = (uInt)compressed.length,
    };
    if (inflateInit2(&stream, WINDOW_BITS_GZIP) != Z_OK) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory to decompress");
    }
    enum status status = inflate_all(call, &stream, buffer);
    (void)inflateEnd(&stream); /* fails only for a stream that was never begun */
    return status;
}

bool grpc_gzip_deflate(struct text bytes, struct buffer *buffer)
{
    z_stream stream = {
        .next_in = (const unsigned char *)bytes.data,
        .avail_in = (uInt)bytes.length,
    };
    if (deflateInit2(&stream, LEVEL, Z_DEFLATED, WINDOW_BITS_GZIP, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return false;
    }
    size_t room = deflateBound(&stream, (uLong)bytes.length);
    char *start = buffer_reserve(buffer, room);
    bool done = false;
    if (start != NULL) {
        stream.next_out = (unsigned char *)start;
        stream.avail_out = (uInt)room;
        done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    }
    if (done) {
        buffer_extend(buffer, room - stream.avail_out);
    }
    (void)deflateEnd(&stream); /* says only whether output was pending, which `done` knows */
    return done;
}
