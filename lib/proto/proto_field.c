#include "proto/proto_field.h"

/* The first room that a repeated field gets. */
enum { FIRST_CAPACITY = 4 };

const struct proto_field *proto_type_field(const struct proto_type *type, uint32_t number)
{
    /* Most messages number their fields 1, 2, 3, ... */
    if (number - 1 < type->c->n_fields && type->c->fields[number - 1].id == number) {
        return &type->fields[number - 1];
    }
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

size_t proto_field_bytes(const struct proto_field *field)
{
    switch (field->c->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        return 4;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return sizeof(void *);
}

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

static bool holds_value(const ProtobufCMessage *message, const struct proto_field *field)
{
    const void *value = proto_field_value(message, field);
    if (field->c->type == PROTOBUF_C_TYPE_BYTES) {
        return ((const ProtobufCBinaryData *)value)->len > 0;
    }
    static const unsigned char zero[8];
    return memcmp(value, zero, proto_field_bytes(field)) != 0;
}

bool proto_field_is_set(const ProtobufCMessage *message, const struct proto_field *field)
{
    if (proto_field_is_repeated(field)) {
        return proto_field_count(message, field) > 0;
    }
    if (proto_field_is_oneof(field)) {
        return *(const uint32_t *)quantifier_of(message, field) == field->c->id;
    }
    if (field->c->type == PROTOBUF_C_TYPE_MESSAGE) {
        return *(const void *const *)proto_field_value(message, field) != NULL;
    }
    if (field->c->label == PROTOBUF_C_LABEL_REQUIRED) {
        return true;
    }
    if (field->c->label == PROTOBUF_C_LABEL_OPTIONAL) {
        return *(const protobuf_c_boolean *)quantifier_of(message, field) != 0;
    }
    return holds_value(message, field);
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
