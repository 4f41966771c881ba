/* The encoder: one pass over a message, written from its last byte to its first. A nested message
 * is behind its length when that is known, so nothing need be measured beforehand (as upb does).
 * The bytes are those that protobuf-c packs, but for a negative zero, which is a value. */
#include "base/arena.h"
#include "base/buffer.h"
#include "proto/proto_field.h"

/* Room for what goes before a large text, so that it need not be moved for that. */
enum { HEADS_BYTES = 64 };

/* What is written lies between `at` and `end`, the room for more before `at`. */
struct encoder {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    /* Room for `size` bytes more, behind which what is written has been moved. false: there is
     * none. */
    bool (*grow)(struct encoder *encoder, size_t size);
    struct arena *arena; /* of the two, the one that is written to */
    struct buffer *buffer;
};

static size_t written(const struct encoder *encoder)
{
    return (size_t)(encoder->end - encoder->at);
}

/* Goes on at the end of other room, which may overlap with where `old_at` is. */
static void move_to(struct encoder *encoder, const void *old_at, void *start, size_t bytes)
{
    size_t length = written(encoder);
    encoder->start = start;
    encoder->end = encoder->start + bytes;
    encoder->at = encoder->end - length;
    if (length > 0) {
        memmove(encoder->at, old_at, length);
    }
}

static bool grow_in_arena(struct encoder *encoder, size_t size)
{
    size_t needed = written(encoder) + size;
    size_t bytes;
    char *room = arena_tail(encoder->arena, needed + HEADS_BYTES, &bytes);
    if (room == NULL) {
        room = arena_tail(encoder->arena, needed, &bytes);
    }
    if (room == NULL) {
        return false;
    }
    move_to(encoder, encoder->at, room, bytes);
    return true;
}

static bool grow_in_buffer(struct encoder *encoder, size_t size)
{
    size_t offset = encoder->at != NULL ? (size_t)((char *)encoder->at - encoder->buffer->data) : 0;
    if (buffer_reserve(encoder->buffer, written(encoder) + size) == NULL) {
        return false;
    }
    size_t bytes;
    char *room = buffer_spare(encoder->buffer, &bytes);
    move_to(encoder, encoder->buffer->data + offset, room, bytes);
    return true;
}

/* The place of the next `size` bytes. NULL: no room. */
static uint8_t *put(struct encoder *encoder, size_t size)
{
    if (size > (size_t)(encoder->at - encoder->start) && !encoder->grow(encoder, size)) {
        return NULL;
    }
    encoder->at -= size;
    return encoder->at;
}

static bool put_bytes(struct encoder *encoder, const uint8_t *data, size_t length)
{
    uint8_t *place = put(encoder, length);
    if (place != NULL && length > 0) {
        memcpy(place, data, length);
    }
    return place != NULL;
}

/* Apart from the usual way, which it would burden with registers to save. */
static __attribute__((noinline)) bool put_long_varint(struct encoder *encoder, uint64_t value)
{
    size_t size = (size_t)(70 - __builtin_clzll(value | 1)) / 7; /* seven bits a byte */
    uint8_t *place = put(encoder, size);
    if (place == NULL) {
        return false;
    }
    for (; value >= 0x80; value >>= 7) {
        *place++ = (uint8_t)(value | 0x80);
    }
    *place = (uint8_t)value;
    return true;
}

static bool put_varint(struct encoder *encoder, uint64_t value)
{
    if (value >= 0x4000 || encoder->at - encoder->start < 2) {
        return put_long_varint(encoder, value);
    }
    if (value >= 0x80) {
        *--encoder->at = (uint8_t)(value >> 7);
        value |= 0x80;
    }
    *--encoder->at = (uint8_t)value;
    return true;
}

static bool put_fixed(struct encoder *encoder, uint64_t bits, size_t size)
{
    uint8_t *place = put(encoder, size);
    for (size_t i = 0; place != NULL && i < size; i++) {
        place[i] = (uint8_t)(bits >> (8 * i));
    }
    return place != NULL;
}

static bool put_key(struct encoder *encoder, uint32_t number, unsigned wire)
{
    return put_varint(encoder, (uint64_t)number << 3 | wire);
}

static __attribute__((noinline)) bool put_long_head(struct encoder *encoder, uint32_t number,
                                                    size_t length)
{
    return put_varint(encoder, length) &&
           put_key(encoder, number, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
}

/* The key and the length of what is written already. Both are of one byte, mostly. */
static inline bool put_head(struct encoder *encoder, uint32_t number, size_t length)
{
    if (length >= 0x80 || number >= 0x80 >> 3 || encoder->at - encoder->start < 2) {
        return put_long_head(encoder, number, length);
    }
    encoder->at -= 2;
    encoder->at[0] = (uint8_t)(number << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    encoder->at[1] = (uint8_t)length;
    return true;
}

static bool put_number(struct encoder *encoder, ProtobufCType type, const void *member)
{
    uint32_t narrow;
    uint64_t wide;
    switch (type) {
    case PROTOBUF_C_TYPE_BOOL:
        return put_varint(encoder, *(const protobuf_c_boolean *)member != 0);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM: /* negative ones take ten bytes */
        return put_varint(encoder, (uint64_t)(int64_t) * (const int32_t *)member);
    case PROTOBUF_C_TYPE_UINT32:
        return put_varint(encoder, *(const uint32_t *)member);
    case PROTOBUF_C_TYPE_SINT32:
        narrow = *(const uint32_t *)member;
        return put_varint(encoder, (uint32_t)(narrow << 1 ^ (0 - (narrow >> 31))));
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        return put_varint(encoder, *(const uint64_t *)member);
    case PROTOBUF_C_TYPE_SINT64:
        wide = *(const uint64_t *)member;
        return put_varint(encoder, wide << 1 ^ (0 - (wide >> 63)));
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        memcpy(&narrow, member, sizeof(narrow));
        return put_fixed(encoder, narrow, sizeof(narrow));
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        memcpy(&wide, member, sizeof(wide));
        return put_fixed(encoder, wide, sizeof(wide));
    case PROTOBUF_C_TYPE_STRING: /* there are none: the build makes all of them bytes */
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    CHECK(false);
    return false;
}

static bool put_fields(struct encoder *encoder, const ProtobufCMessage *message);

static bool put_message(struct encoder *encoder, uint32_t number, const ProtobufCMessage *message)
{
    size_t behind = written(encoder);
    return (message == NULL || put_fields(encoder, message)) &&
           put_head(encoder, number, written(encoder) - behind);
}

/* A value with its key. */
static bool put_value(struct encoder *encoder, const ProtobufCFieldDescriptor *field,
                      const void *member)
{
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *bytes = member;
        return put_bytes(encoder, bytes->data, bytes->len) &&
               put_head(encoder, field->id, bytes->len);
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return put_message(encoder, field->id, *(const ProtobufCMessage *const *)member);
    }
    return put_number(encoder, field->type, member) &&
           put_key(encoder, field->id, proto_form_of(field->type)->wire);
}

static bool put_packed(struct encoder *encoder, const ProtobufCFieldDescriptor *field,
                       const char *array, size_t count)
{
    size_t size = proto_form_of(field->type)->bytes;
    size_t behind = written(encoder);
    for (size_t i = count; i > 0; i--) {
        if (!put_number(encoder, field->type, array + (i - 1) * size)) {
            return false;
        }
    }
    return put_head(encoder, field->id, written(encoder) - behind);
}

static bool put_repeated(struct encoder *encoder, const ProtobufCMessage *message,
                         const ProtobufCFieldDescriptor *field)
{
    size_t size = proto_form_of(field->type)->bytes;
    size_t count = *(const size_t *)proto_member(message, field->quantifier_offset);
    const char *array = *(const char *const *)proto_member(message, field->offset);
    if (count > 0 && (field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0) {
        return put_packed(encoder, field, array, count);
    }
    for (size_t i = count; i > 0; i--) {
        if (!put_value(encoder, field, array + (i - 1) * size)) {
            return false;
        }
    }
    return true;
}

static bool put_unknown(struct encoder *encoder, const ProtobufCMessage *message)
{
    for (unsigned i = message->n_unknown_fields; i > 0; i--) {
        const ProtobufCMessageUnknownField *field = &message->unknown_fields[i - 1];
        if (!put_bytes(encoder, field->data, field->len) ||
            !put_key(encoder, field->tag, (unsigned)field->wire_type)) {
            return false;
        }
    }
    return true;
}

/* Most are texts without presence. */
static inline bool is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    if (field->type != PROTOBUF_C_TYPE_BYTES || field->label != PROTOBUF_C_LABEL_NONE ||
        field->flags != 0) {
        return proto_member_is_set(message, field);
    }
    const ProtobufCBinaryData *bytes = proto_member(message, field->offset);
    return bytes->len > 0;
}

static bool put_fields(struct encoder *encoder, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    if (message->n_unknown_fields > 0 && !put_unknown(encoder, message)) {
        return false;
    }
    for (unsigned i = type->n_fields; i > 0; i--) {
        const ProtobufCFieldDescriptor *field = &type->fields[i - 1];
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            if (!put_repeated(encoder, message, field)) {
                return false;
            }
        } else if (is_set(message, field) &&
                   !put_value(encoder, field, proto_member(message, field->offset))) {
            return false;
        }
    }
    return true;
}

bool proto_encode(const ProtobufCMessage *message, struct buffer *buffer)
{
    struct encoder encoder = {.grow = grow_in_buffer, .buffer = buffer};
    if (!encoder.grow(&encoder, 0) || !put_fields(&encoder, message)) {
        return false;
    }
    size_t length = written(&encoder);
    if (length > 0) {
        memmove(encoder.start, encoder.at, length);
        buffer_extend(buffer, length);
    }
    return true;
}

char *proto_encode_in_arena(const ProtobufCMessage *message, size_t head_bytes, struct arena *arena,
                            size_t *ret_length)
{
    struct encoder encoder = {.grow = grow_in_arena, .arena = arena};
    if (!encoder.grow(&encoder, head_bytes) || !put_fields(&encoder, message)) {
        return NULL;
    }
    size_t length = written(&encoder);
    if (put(&encoder, head_bytes) == NULL) {
        return NULL;
    }
    *ret_length = length;
    return arena_take_tail(arena, encoder.at, length + head_bytes);
}
