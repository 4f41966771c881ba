#include "base/arena.h"
#include "base/buffer.h"
#include "proto/proto.h"

static void *allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

/* An arena frees all at once. */
static void forget(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

void proto_arena_allocator(struct arena *arena, ProtobufCAllocator *ret_allocator)
{
    *ret_allocator = (ProtobufCAllocator){allocate, forget, arena};
}

ProtobufCMessage *proto_message_create(struct arena *arena,
                                       const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
    if (message != NULL) {
        protobuf_c_message_init(descriptor, message);
    }
    return message;
}

bool proto_encode(const ProtobufCMessage *message, struct buffer *buffer)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    if (size == 0) {
        return true;
    }
    char *room = buffer_reserve(buffer, size);
    if (room == NULL) {
        return false;
    }
    CHECK(protobuf_c_message_pack(message, (uint8_t *)room) == size);
    buffer_extend(buffer, size);
    return true;
}

ProtobufCBinaryData proto_bytes(struct text text)
{
    /* protobuf-c has no const bytes; encoding only reads them. */
    union {
        const char *in;
        uint8_t *out;
    } data = {.in = text.data};
    return (ProtobufCBinaryData){text.length, data.out};
}
