#include "proto/proto_field.h"

/* The first room that a repeated field gets. */
enum { FIRST_CAPACITY = 4 };

const struct proto_field *proto_type_field(const struct proto_type *type, uint32_t number)
{
    size_t low = 0;
    size_t high = type->c->n_fields;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (type->c->fields[middle].id < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < type->c->n_fields && type->c->fields[low].id == number;
    return found ? &type->fields[low] : NULL;
}

const struct proto_field *proto_type_find_field(const struct proto_type *type, struct text name)
{
    for (unsigned i = 0; i < type->c->n_fields; i++) {
        if (text_equal(type->fields[i].name, name)) {
            return &type->fields[i];
        }
    }
    return NULL;
}

const struct proto_form proto_forms[] = {
    [PROTOBUF_C_TYPE_INT32] = {PROTOBUF_C_WIRE_TYPE_VARINT, 4},
    [PROTOBUF_C_TYPE_SINT32] = {PROTOBUF_C_WIRE_TYPE_VARINT, 4},
    [PROTOBUF_C_TYPE_SFIXED32] = {PROTOBUF_C_WIRE_TYPE_32BIT, 4},
    [PROTOBUF_C_TYPE_INT64] = {PROTOBUF_C_WIRE_TYPE_VARINT, 8},
    [PROTOBUF_C_TYPE_SINT64] = {PROTOBUF_C_WIRE_TYPE_VARINT, 8},
    [PROTOBUF_C_TYPE_SFIXED64] = {PROTOBUF_C_WIRE_TYPE_64BIT, 8},
    [PROTOBUF_C_TYPE_UINT32] = {PROTOBUF_C_WIRE_TYPE_VARINT, 4},
    [PROTOBUF_C_TYPE_FIXED32] = {PROTOBUF_C_WIRE_TYPE_32BIT, 4},
    [PROTOBUF_C_TYPE_UINT64] = {PROTOBUF_C_WIRE_TYPE_VARINT, 8},
    [PROTOBUF_C_TYPE_FIXED64] = {PROTOBUF_C_WIRE_TYPE_64BIT, 8},
    [PROTOBUF_C_TYPE_FLOAT] = {PROTOBUF_C_WIRE_TYPE_32BIT, 4},
    [PROTOBUF_C_TYPE_DOUBLE] = {PROTOBUF_C_WIRE_TYPE_64BIT, 8},
    [PROTOBUF_C_TYPE_BOOL] = {PROTOBUF_C_WIRE_TYPE_VARINT, sizeof(protobuf_c_boolean)},
    [PROTOBUF_C_TYPE_ENUM] = {PROTOBUF_C_WIRE_TYPE_VARINT, 4},
    [PROTOBUF_C_TYPE_STRING] = {PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, sizeof(char *)},
    [PROTOBUF_C_TYPE_BYTES] = {PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, sizeof(ProtobufCBinaryData)},
    [PROTOBUF_C_TYPE_MESSAGE] = {PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, sizeof(void *)},
};

static const void *quantifier_of(const ProtobufCMessage *message, const struct proto_field *field)
{
    return (const char *)message + field->c->quantifier_offset;
}

size_t proto_field_count(const ProtobufCMessage *message, const struct proto_field *field)
{
    return *(const size_t *)quantifier_of(message, field);
}

const void *proto_field_element(const ProtobufCMessage *message, const struct proto_field *field,
                                size_t index)
{
    const char *array = *(const char *const *)proto_field_value(message, field);
    return array + index * proto_field_bytes(field);
}

/* A zero is one whose bits are: of a negative zero they are not. */
static bool holds_number(const ProtobufCFieldDescriptor *field, const void *value)
{
    uint32_t narrow;
    uint64_t wide;
    if (proto_form_of(field->type)->bytes == sizeof(narrow)) {
        memcpy(&narrow, value, sizeof(narrow));
        return narrow != 0;
    }
    memcpy(&wide, value, sizeof(wide));
    return wide != 0;
}

bool proto_member_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const void *value = proto_member(message, field->offset);
    const void *quantifier = proto_member(message, field->quantifier_offset);
    bool is_oneof = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    if (is_oneof && *(const uint32_t *)quantifier != field->id) {
        return false;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return *(const void *const *)value != NULL;
    }
    if (is_oneof || field->label == PROTOBUF_C_LABEL_REQUIRED) {
        return true;
    }
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL) {
        return *(const protobuf_c_boolean *)quantifier != 0;
    }
    return field->type == PROTOBUF_C_TYPE_BYTES ? ((const ProtobufCBinaryData *)value)->len > 0
                                                : holds_number(field, value);
}

bool proto_field_is_set(const ProtobufCMessage *message, const struct proto_field *field)
{
    return proto_field_is_repeated(field) ? proto_field_count(message, field) > 0
                                          : proto_member_is_set(message, field->c);
}

void *proto_field_set(ProtobufCMessage *message, const struct proto_field *field)
{
    void *member = proto_field_member(message, field);
    void *quantifier = (char *)message + field->c->quantifier_offset;
    if (proto_field_is_oneof(field)) {
        if (*(uint32_t *)quantifier != field->c->id) {
            memset(member, 0, proto_field_bytes(field));
            *(uint32_t *)quantifier = field->c->id;
        }
    } else if (field->c->label == PROTOBUF_C_LABEL_OPTIONAL && field->c->quantifier_offset != 0) {
        *(protobuf_c_boolean *)quantifier = 1;
    }
    return member;
}

/* The room that an array of this many values has. It is a function of the count, so that nothing
 * else needs to be kept. */
static size_t capacity_of(size_t count)
{
    size_t capacity = count > 0 ? FIRST_CAPACITY : 0;
    while (capacity < count) {
        capacity *= 2;
    }
    return capacity;
}

void *proto_field_append(struct arena *arena, ProtobufCMessage *message,
                         const struct proto_field *field, size_t count)
{
    void *quantifier = (char *)message + field->c->quantifier_offset;
    char **array = proto_field_member(message, field);
    size_t *present = quantifier;
    size_t element = proto_field_bytes(field);
    size_t wanted = *present + count;
    if (wanted > SIZE_MAX / 64) {
        return NULL;
    }
    size_t capacity = capacity_of(wanted);
    if (capacity > capacity_of(*present)) {
        char *grown = arena_alloc(arena, capacity * element);
        if (grown == NULL) {
            return NULL;
        }
        if (*present > 0) {
            memcpy(grown, *array, *present * element);
        }
        *array = grown;
    }
    void *added = *array + *present * element;
    memset(added, 0, count * element);
    *present = wanted;
    return added;
}
