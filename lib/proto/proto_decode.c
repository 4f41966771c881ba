/* The decoder: one pass over the bytes with a stack of its own, so that the depth of a message
 * costs no stack of the fiber's, bytes and strings stay where they are, and what a message means by
 * saying a field twice is so by construction (protobuf.dev/programming-guides/encoding). */
#include "proto/proto_field.h"
#include "proto/proto_place.h"

enum {
    WIRE_START_GROUP = 3,
    WIRE_END_GROUP = 4,
    VARINT_BYTES_MAX = 10,
    FIELD_NUMBER_MAX = (1 << 29) - 1,
};

/* A message that is being read. */
struct frame {
    const struct proto_type *type;
    ProtobufCMessage *message;
    const uint8_t *end;
    struct proto_place place; /* of the message in the one around it */
};

struct decoder {
    struct call *call;
    const uint8_t *at;
    size_t depth; /* frames in use */
    struct frame frames[PROTO_DEPTH_MAX];
};

/* A field that nobody declared, as it stands in the bytes. */
struct occurrence {
    uint32_t number;
    unsigned wire;
};

static enum status fail_form(struct decoder *decoder, const char *what)
{
    return call_fail(decoder->call, STATUS_INTERNAL, "malformed %.*s message: %s",
                     TEXT_ARGUMENTS(decoder->frames[0].type->full_name), what);
}

static enum status fail_memory(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED,
                     "the message needs more memory than a call may use");
}

static enum status fail_depth(struct decoder *decoder)
{
    return call_fail(decoder->call, STATUS_RESOURCE_EXHAUSTED, "the message nests deeper than %d",
                     PROTO_DEPTH_MAX);
}

static enum status fail_text(struct decoder *decoder, const struct proto_field *field, size_t index)
{
    char path[PROTO_PLACE_BYTES_MAX];
    struct frame *inner = &decoder->frames[decoder->depth - 1];
    struct proto_place place = {decoder->depth > 1 ? &inner->place : NULL, field->name, index};
    return call_fail(decoder->call, STATUS_INVALID_ARGUMENT, "%.*s is not UTF-8 text without NUL",
                     TEXT_ARGUMENTS(proto_place_path(&place, path)));
}

/* Apart from the usual way, which it would burden with registers to save. */
static __attribute__((noinline)) bool read_long_varint(const uint8_t **at, const uint8_t *end,
                                                       uint64_t *ret_value)
{
    const uint8_t *byte = *at;
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_BYTES_MAX && byte < end; i++, byte++) {
        value |= (uint64_t)(*byte & 0x7f) << (7 * i);
        if (*byte < 0x80) {
            *ret_value = value;
            *at = byte + 1;
            return true;
        }
    }
    return false;
}

/* Reads a varint before `end`. false: it has none, or is longer than any. */
static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *ret_value)
{
    if (*at >= end || **at >= 0x80) {
        return read_long_varint(at, end, ret_value);
    }
    *ret_value = *(*at)++;
    return true;
}

static bool is_field_number(uint64_t number)
{
    return number > 0 && number <= FIELD_NUMBER_MAX;
}

/* Reads the bits of one number. */
static bool read_bits(const uint8_t **at, const uint8_t *end, unsigned wire, uint64_t *ret_bits)
{
    if (wire == PROTOBUF_C_WIRE_TYPE_VARINT) {
        return read_varint(at, end, ret_bits);
    }
    size_t size = wire == PROTOBUF_C_WIRE_TYPE_64BIT ? 8 : 4;
    if ((size_t)(end - *at) < size) {
        return false;
    }
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++) {
        bits |= (uint64_t)(*at)[i] << (8 * i);
    }
    *ret_bits = bits;
    *at += size;
    return true;
}

static void store_number(ProtobufCType type, uint64_t bits, void *member)
{
    uint32_t narrow = (uint32_t)bits;
    switch (type) {
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)member = bits != 0;
        break;
    case PROTOBUF_C_TYPE_SINT32:
        *(uint32_t *)member = (narrow >> 1) ^ (0 - (narrow & 1));
        break;
    case PROTOBUF_C_TYPE_SINT64:
        *(uint64_t *)member = (bits >> 1) ^ (0 - (bits & 1));
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        memcpy(member, &bits, sizeof(bits));
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        memcpy(member, &narrow, sizeof(narrow));
        break;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        CHECK(false);
    }
}

/* Where the value of a field goes. NULL: no room. */
static void *place_value(struct decoder *decoder, const struct frame *frame,
                         const struct proto_field *field, size_t *ret_index)
{
    if (!proto_field_is_repeated(field)) {
        *ret_index = PROTO_PLACE_NO_INDEX;
        return proto_field_set(frame->message, field);
    }
    *ret_index = proto_field_count(frame->message, field);
    return proto_field_append(decoder->call->arena, frame->message, field, 1);
}

static enum status read_number(struct decoder *decoder, const struct frame *frame,
                               const struct proto_field *field)
{
    uint64_t bits;
    size_t index;
    if (!read_bits(&decoder->at, frame->end, proto_form_of(field->c->type)->wire, &bits)) {
        return fail_form(decoder, "a number is cut short");
    }
    void *member = place_value(decoder, frame, field, &index);
    if (member == NULL) {
        return fail_memory(decoder->call);
    }
    store_number(field->c->type, bits, member);
    return STATUS_OK;
}

/* How many numbers a packed field holds; SIZE_MAX: its bytes are no numbers. */
static size_t count_packed(const uint8_t *at, const uint8_t *end, unsigned wire)
{
    size_t length = (size_t)(end - at);
    if (wire != PROTOBUF_C_WIRE_TYPE_VARINT) {
        size_t size = wire == PROTOBUF_C_WIRE_TYPE_64BIT ? 8 : 4;
        return length % size == 0 ? length / size : SIZE_MAX;
    }
    size_t count = 0;
    uint64_t ignored;
    while (at < end) {
        if (!read_varint(&at, end, &ignored)) {
            return SIZE_MAX;
        }
        count++;
    }
    return count;
}

static enum status read_packed(struct decoder *decoder, const struct frame *frame,
                               const struct proto_field *field, const uint8_t *end)
{
    unsigned wire = proto_form_of(field->c->type)->wire;
    size_t count = count_packed(decoder->at, end, wire);
    if (count == SIZE_MAX) {
        return fail_form(decoder, "a packed field holds no whole numbers");
    }
    if (count == 0) {
        return STATUS_OK;
    }
    char *member = proto_field_append(decoder->call->arena, frame->message, field, count);
    if (member == NULL) {
        return fail_memory(decoder->call);
    }
    size_t size = proto_field_bytes(field);
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        CHECK(read_bits(&decoder->at, end, wire, &bits)); /* counted above */
        store_number(field->c->type, bits, member + i * size);
    }
    return STATUS_OK;
}

static enum status read_bytes(struct decoder *decoder, const struct frame *frame,
                              const struct proto_field *field, const uint8_t *end)
{
    size_t index;
    ProtobufCBinaryData *member = place_value(decoder, frame, field, &index);
    if (member == NULL) {
        return fail_memory(decoder->call);
    }
    *member = proto_bytes(text_of_bytes(decoder->at, (size_t)(end - decoder->at)));
    if (field->is_text && !text_is_clean(proto_text(*member))) {
        return fail_text(decoder, field, index);
    }
    decoder->at = end;
    return STATUS_OK;
}

/* Goes on inside the message that ends at `end`. */
static enum status enter_message(struct decoder *decoder, const struct frame *frame,
                                 const struct proto_field *field, const uint8_t *end)
{
    size_t index;
    if (decoder->depth == PROTO_DEPTH_MAX) {
        return fail_depth(decoder);
    }
    ProtobufCMessage **member = place_value(decoder, frame, field, &index);
    if (member != NULL && *member == NULL) {
        *member = proto_message_create(decoder->call->arena, field->message->c);
    }
    if (member == NULL || *member == NULL) {
        return fail_memory(decoder->call);
    }
    decoder->frames[decoder->depth] =
        (struct frame){field->message,
                       *member,
                       end,
                       {decoder->depth > 1 ? &frame->place : NULL, field->name, index}};
    decoder->depth++;
    return STATUS_OK;
}

/* Moves behind a value that is no group. */
static bool skip_value(const uint8_t **at, const uint8_t *end, unsigned wire)
{
    uint64_t value;
    if (wire != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
        return wire <= PROTOBUF_C_WIRE_TYPE_32BIT && read_bits(at, end, wire, &value);
    }
    if (!read_varint(at, end, &value) || value > (uint64_t)(end - *at)) {
        return false;
    }
    *at += value;
    return true;
}

/* Moves behind a group, whose start has been read. Each group ends with its own number. */
static enum status skip_group(struct decoder *decoder, const uint8_t *end, uint32_t number)
{
    uint32_t open[PROTO_DEPTH_MAX] = {number};
    size_t depth = 1;
    while (depth > 0) {
        uint64_t key;
        if (!read_varint(&decoder->at, end, &key) || !is_field_number(key >> 3)) {
            return fail_form(decoder, "an unknown group is cut short");
        }
        if ((key & 7) == WIRE_START_GROUP) {
            if (decoder->depth + depth >= PROTO_DEPTH_MAX) {
                return fail_depth(decoder);
            }
            open[depth++] = (uint32_t)(key >> 3);
        } else if ((key & 7) == WIRE_END_GROUP) {
            if (open[--depth] != key >> 3) {
                return fail_form(decoder, "a group ends with another's number");
            }
        } else if (!skip_value(&decoder->at, end, key & 7)) {
            return fail_form(decoder, "an unknown group is cut short");
        }
    }
    return STATUS_OK;
}

static enum status skip_unknown(struct decoder *decoder, const uint8_t *end,
                                const struct occurrence *occurrence)
{
    if (occurrence->wire == WIRE_START_GROUP) {
        return decoder->depth < PROTO_DEPTH_MAX ? skip_group(decoder, end, occurrence->number)
                                                : fail_depth(decoder);
    }
    return skip_value(&decoder->at, end, occurrence->wire)
               ? STATUS_OK
               : fail_form(decoder, "an unknown field is cut short");
}

/* Keeps a field that the type does not know, so that a message is passed on whole. */
static enum status read_unknown(struct decoder *decoder, const struct frame *frame,
                                const struct occurrence *occurrence)
{
    const uint8_t *start = decoder->at;
    ProtobufCMessage *message = frame->message;
    enum status status = skip_unknown(decoder, frame->end, occurrence);
    if (status != STATUS_OK) {
        return status;
    }
    /* Room for 1, 2, 4, 8, ... of them. */
    if ((message->n_unknown_fields & (message->n_unknown_fields - 1)) == 0) {
        size_t capacity = message->n_unknown_fields > 0 ? 2 * (size_t)message->n_unknown_fields : 1;
        ProtobufCMessageUnknownField *fields =
            arena_calloc(decoder->call->arena, capacity, sizeof(*fields));
        if (fields == NULL) {
            return fail_memory(decoder->call);
        }
        if (message->n_unknown_fields > 0) {
            memcpy(fields, message->unknown_fields, message->n_unknown_fields * sizeof(*fields));
        }
        message->unknown_fields = fields;
    }
    size_t length = (size_t)(decoder->at - start);
    message->unknown_fields[message->n_unknown_fields++] =
        (ProtobufCMessageUnknownField){.tag = occurrence->number,
                                       .wire_type = (ProtobufCWireType)occurrence->wire,
                                       .len = length,
                                       .data = proto_bytes(text_of_bytes(start, length)).data};
    return STATUS_OK;
}

static enum status read_delimited(struct decoder *decoder, const struct frame *frame,
                                  const struct proto_field *field)
{
    uint64_t length;
    if (!read_varint(&decoder->at, frame->end, &length) ||
        length > (uint64_t)(frame->end - decoder->at)) {
        return fail_form(decoder, "a field is cut short");
    }
    const uint8_t *end = decoder->at + length;
    if (field->c->type == PROTOBUF_C_TYPE_MESSAGE) {
        return enter_message(decoder, frame, field, end);
    }
    if (field->c->type == PROTOBUF_C_TYPE_BYTES) {
        return read_bytes(decoder, frame, field, end);
    }
    return read_packed(decoder, frame, field, end);
}

/* What is not as it is declared: refused, kept as unknown, or packed numbers. */
static __attribute__((noinline)) enum status read_unusual(struct decoder *decoder,
                                                          const struct frame *frame, uint64_t key)
{
    struct occurrence occurrence = {.number = (uint32_t)(key >> 3), .wire = key & 7};
    if (!is_field_number(key >> 3)) {
        return fail_form(decoder, "a field number is out of range");
    }
    if (occurrence.wire == WIRE_END_GROUP || occurrence.wire > PROTOBUF_C_WIRE_TYPE_32BIT) {
        return fail_form(decoder, "a wire type is unknown");
    }
    const struct proto_field *field = proto_type_field(frame->type, occurrence.number);
    bool is_packed = field != NULL && proto_field_is_repeated(field) &&
                     occurrence.wire == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    return is_packed ? read_delimited(decoder, frame, field)
                     : read_unknown(decoder, frame, &occurrence);
}

static enum status read_field(struct decoder *decoder, const struct frame *frame)
{
    uint64_t key;
    if (!read_varint(&decoder->at, frame->end, &key)) {
        return fail_form(decoder, "a field's key is cut short");
    }
    unsigned wire = key & 7;
    const struct proto_field *field =
        key <= UINT32_MAX ? proto_type_field_quickly(frame->type, (uint32_t)(key >> 3)) : NULL;
    if (field == NULL || proto_form_of(field->c->type)->wire != wire) {
        return read_unusual(decoder, frame, key);
    }
    return wire == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED ? read_delimited(decoder, frame, field)
                                                        : read_number(decoder, frame, field);
}

static enum status decode_all(struct decoder *decoder)
{
    while (decoder->depth > 0) {
        const struct frame *frame = &decoder->frames[decoder->depth - 1];
        if (decoder->at == frame->end) {
            decoder->depth--;
            continue;
        }
        enum status status = read_field(decoder, frame);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status proto_decode_in_place(struct call *call, const struct proto_type *type,
                                  struct text bytes, ProtobufCMessage **ret_message)
{
    struct decoder decoder; /* the frames are set as they are entered */
    ProtobufCMessage *message = proto_message_create(call->arena, type->c);
    decoder.call = call;
    if (message == NULL) {
        return fail_memory(call);
    }
    decoder.at = (const uint8_t *)bytes.data;
    decoder.depth = 1;
    decoder.frames[0] =
        (struct frame){.type = type, .message = message, .end = decoder.at + bytes.length};
    enum status status = decode_all(&decoder);
    if (status == STATUS_OK) {
        *ret_message = message;
    }
    return status;
}

enum status proto_decode(struct call *call, const struct proto_type *type, struct text bytes,
                         ProtobufCMessage **ret_message)
{
    struct text copy = arena_copy(call->arena, bytes);
    if (copy.data == NULL) {
        return fail_memory(call);
    }
    return proto_decode_in_place(call, type, copy, ret_message);
}
