/* proto_field.h: the fields of a message, reached through their descriptors.
 *
 * What a decoder of any form needs: where a field's value is, whether it is there, room for one
 * more. Every array of a repeated field that is grown here must have been made here, in the same
 * arena. */
#pragma once

#include "base/arena.h"
#include "proto/proto.h"

/* What values of a type look like. */
struct proto_form {
    uint8_t wire;  /* ProtobufCWireType, of a value that is not packed */
    uint8_t bytes; /* of one value in a message or in an array */
};

extern const struct proto_form proto_forms[]; /* by ProtobufCType */

static inline const struct proto_form *proto_form_of(ProtobufCType type)
{
    return &proto_forms[type];
}

static inline size_t proto_field_bytes(const struct proto_field *field)
{
    return proto_form_of(field->c->type)->bytes;
}

/* As proto_type_field(), for a decoder: most messages number their fields 1, 2, 3, ... */
static inline const struct proto_field *proto_type_field_quickly(const struct proto_type *type,
                                                                 uint32_t number)
{
    bool is_there = number - 1 < type->c->n_fields && type->c->fields[number - 1].id == number;
    return is_there ? &type->fields[number - 1] : proto_type_field(type, number);
}

/* What a descriptor's offset points to. */
static inline const void *proto_member(const ProtobufCMessage *message, unsigned offset)
{
    return (const char *)message + offset;
}

/* Where the value is (of a repeated field: the pointer to its array). */
static inline void *proto_field_member(ProtobufCMessage *message, const struct proto_field *field)
{
    return (char *)message + field->c->offset;
}

static inline const void *proto_field_value(const ProtobufCMessage *message,
                                            const struct proto_field *field)
{
    return (const char *)message + field->c->offset;
}

static inline bool proto_field_is_repeated(const struct proto_field *field)
{
    return field->c->label == PROTOBUF_C_LABEL_REPEATED;
}

static inline bool proto_field_is_oneof(const struct proto_field *field)
{
    return (field->c->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

/* How many values a repeated field has. */
size_t proto_field_count(const ProtobufCMessage *message, const struct proto_field *field);

/* A value of a repeated field. */
const void *proto_field_element(const ProtobufCMessage *message, const struct proto_field *field,
                                size_t index);

/* Whether the field would be sent: it holds more than its zero value, or has presence and is there.
 * The first of them: of a field that is not repeated. */
bool proto_member_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
bool proto_field_is_set(const ProtobufCMessage *message, const struct proto_field *field);

/* Marks a field that is not repeated as present and returns where its value goes. A oneof's member
 * is cleared if another was there. */
void *proto_field_set(ProtobufCMessage *message, const struct proto_field *field);

/* Adds `count` zeroed values to a repeated field and returns the first. NULL: no room. */
MUST_USE void *proto_field_append(struct arena *arena, ProtobufCMessage *message,
                                  const struct proto_field *field, size_t count);
