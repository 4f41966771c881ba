/* Any bytes as a message: whatever is taken must validate, encode to bytes that mean the same, and
 * have JSON that reads back, unless it holds what has no JSON. The first byte chooses the type and
 * the memory. */
#include "unit/proto/shapes_fixture.h"
#include "json/proto_json.h"

/* Both ways of writing, beside protobuf-c's. That takes a negative zero for nothing, which makes
 * the message shorter. */
static void check_like_protobuf_c(struct shapes *shapes, const ProtobufCMessage *message,
                                  struct text encoded)
{
    size_t length;
    const char *bytes = proto_encode_in_arena(message, 1, &shapes->arena, &length);
    CHECK(bytes != NULL && text_equal(text_of_bytes(bytes + 1, length), encoded));
    if (protobuf_c_message_get_packed_size(message) == length) {
        uint8_t *packed = arena_alloc(&shapes->arena, length);
        CHECK(packed != NULL && protobuf_c_message_pack(message, packed) == length);
        CHECK(text_equal(text_of_bytes(packed, length), encoded));
    } else {
        CHECK(protobuf_c_message_get_packed_size(message) < length);
    }
}

/* In a fuzz target, a bug is what CHECK() aborts on. */
static void check_encoding(struct shapes *shapes, const struct proto_type *type,
                           const ProtobufCMessage *message)
{
    struct buffer again;
    ProtobufCMessage *second;
    buffer_init(&again, SHAPES_ARENA_BYTES);
    CHECK(proto_validate(&shapes->call, type, message) == STATUS_OK);
    CHECK(proto_encode(message, &shapes->buffer));
    check_like_protobuf_c(shapes, message, buffer_text(&shapes->buffer));
    CHECK(proto_decode(&shapes->call, type, buffer_text(&shapes->buffer), &second) == STATUS_OK);
    CHECK(proto_encode(second, &again));
    CHECK(text_equal(buffer_text(&shapes->buffer), buffer_text(&again)));
    buffer_deinit(&again);
}

static void check_json(struct shapes *shapes, const struct proto_type *type,
                       const ProtobufCMessage *message)
{
    struct buffer json;
    buffer_init(&json, SHAPES_ARENA_BYTES);
    enum status status = proto_json_encode(&shapes->call, type, message, 0, &json);
    if (status == STATUS_OK) {
        ProtobufCMessage *second;
        call_clear_error(&shapes->call);
        status = proto_json_decode(&shapes->call, type, buffer_text(&json), 0, &second);
        /* On the wire a map may say a key twice; in JSON it may not. */
        CHECK(status == STATUS_OK || status == STATUS_INVALID_ARGUMENT);
    } else {
        CHECK(status == STATUS_INTERNAL || status == STATUS_RESOURCE_EXHAUSTED);
    }
    buffer_deinit(&json);
}

static void decode_one(struct shapes *shapes, const uint8_t *data, size_t size)
{
    static const char *const types[] = {"shapes.All", "shapes.WellKnown", "shapes.Tree",
                                        "shapes.Maps"};
    const struct proto_type *type = shapes_type(shapes, types[data[0] % ARRAY_LENGTH(types)]);
    bool little_memory = (data[0] & 0x80) != 0;
    ProtobufCMessage *message;
    shapes_reset(shapes, little_memory ? size * 4 : SHAPES_ARENA_BYTES);
    enum status status =
        proto_decode(&shapes->call, type, text_of_bytes(data + 1, size - 1), &message);
    if (status == STATUS_OK && !little_memory) {
        check_encoding(shapes, type, message);
        check_json(shapes, type, message);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void *state; /* made once: a pool costs as much as a hundred inputs */
    if (size == 0) {
        return 0;
    }
    if (state == NULL) {
        shapes_set_up(&state);
    }
    decode_one(state, data, size);
    return 0;
}
