#include "base/arena.h"
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

ProtobufCBinaryData proto_bytes(struct text text)
{
    /* protobuf-c has no const bytes; encoding only reads them. */
    union {
        const char *in;
        uint8_t *out;
    } data = {.in = text.data};
    return (ProtobufCBinaryData){text.length, data.out};
}
