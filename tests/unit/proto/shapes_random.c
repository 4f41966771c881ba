#include "unit/proto/shapes_random.h"

#include <math.h>

#include "proto/proto_field.h"

enum { COUNT_MAX = 5, LENGTH_MAX = 40 };

/* xorshift64 (Marsaglia 2003). */
static uint64_t next(struct shapes_random *random)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return random->state;
}

static uint64_t below(struct shapes_random *random, uint64_t bound)
{
    return (next(random) >> 11) % bound;
}

/* Small numbers, edges and any bits, about as often. */
static uint64_t random_bits(struct shapes_random *random)
{
    static const uint64_t edges[] = {0, 1, UINT64_MAX, INT64_MAX, UINT64_C(1) << 63, INT32_MAX};
    switch (below(random, 3)) {
    case 0:
        return below(random, 200);
    case 1:
        return edges[below(random, ARRAY_LENGTH(edges))];
    default:
        return next(random);
    }
}

static struct text random_text(struct shapes_random *random)
{
    static const struct text pieces[] = {
        TEXT_INIT("a"),
        TEXT_INIT("Z9"),
        TEXT_INIT("\""),
        TEXT_INIT("\\"),
        TEXT_INIT("\n"),
        TEXT_INIT("\x01"),
        TEXT_INIT("\x7f"),
        TEXT_INIT("é"),
        TEXT_INIT("\u2028"),
        TEXT_INIT("</"),
        TEXT_INIT("\xf0\x9f\x8e\xac"),
        TEXT_INIT("plain text"),
    };
    size_t length = 0;
    char *text = arena_alloc(random->arena, LENGTH_MAX);
    CHECK(text != NULL);
    for (uint64_t i = below(random, 4); i > 0; i--) {
        struct text piece = pieces[below(random, ARRAY_LENGTH(pieces))];
        if (length + piece.length <= LENGTH_MAX) {
            memcpy(text + length, piece.data, piece.length);
            length += piece.length;
        }
    }
    return text_of_bytes(text, length);
}

static struct text random_blob(struct shapes_random *random)
{
    size_t length = below(random, LENGTH_MAX);
    char *bytes = arena_alloc(random->arena, LENGTH_MAX);
    CHECK(bytes != NULL);
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (char)next(random);
    }
    return text_of_bytes(bytes, length);
}

static void fill_real(struct shapes_random *random, const struct proto_field *field, void *member)
{
    uint64_t bits = random_bits(random);
    uint32_t narrow = (uint32_t)bits;
    if (field->c->type == PROTOBUF_C_TYPE_FLOAT) {
        memcpy(member, &narrow, sizeof(narrow));
        if (isnan(*(float *)member)) {
            *(float *)member = 0.1F;
        }
        if (random->no_negative_zero && *(float *)member == 0) {
            *(float *)member = 0;
        }
    } else {
        memcpy(member, &bits, sizeof(bits));
        if (isnan(*(double *)member)) {
            *(double *)member = -0.0;
        }
        if (random->no_negative_zero && *(double *)member == 0) {
            *(double *)member = 0;
        }
    }
}

static void fill_value(struct shapes_random *random, const struct proto_field *field, void *member,
                       unsigned depth)
{
    uint64_t bits = random_bits(random);
    switch (field->c->type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        fill_real(random, field, member);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)member = bits & 1;
        break;
    case PROTOBUF_C_TYPE_BYTES:
        *(ProtobufCBinaryData *)member =
            proto_bytes(field->is_text ? random_text(random) : random_blob(random));
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)member = shapes_random_message(random, field->message, depth);
        break;
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_STRING:
        memcpy(member, &bits, proto_field_bytes(field));
        break;
    }
}

/* Keys that differ by their index. */
static void fill_key(struct shapes_random *random, const struct proto_field *key, size_t index,
                     void *member)
{
    if (key->c->type == PROTOBUF_C_TYPE_BYTES) {
        *(ProtobufCBinaryData *)member =
            proto_bytes(arena_format(random->arena, "key \"%zu\"", index));
    } else {
        uint64_t bits = index;
        memcpy(member, &bits, proto_field_bytes(key));
    }
}

/* What JSON cannot leave out of a map's entry is there. */
static void complete_entry(struct shapes_random *random, const struct proto_type *type,
                           size_t index, ProtobufCMessage *entry)
{
    const struct proto_field *key = proto_type_field(type, 1);
    const struct proto_field *value = proto_type_field(type, 2);
    fill_key(random, key, index, proto_field_set(entry, key));
    if (value->message != NULL && !proto_field_is_set(entry, value)) {
        ProtobufCMessage **member = proto_field_set(entry, value);
        *member = proto_message_create(random->arena, value->message->c);
        CHECK(*member != NULL);
    }
}

static void fill_repeated(struct shapes_random *random, const struct proto_field *field,
                          ProtobufCMessage *message, unsigned depth)
{
    size_t count = below(random, COUNT_MAX);
    if (field->is_map && proto_type_field(field->message, 1)->c->type == PROTOBUF_C_TYPE_BOOL &&
        count > 2) {
        count = 2;
    }
    for (size_t i = 0; i < count; i++) {
        void *member = proto_field_append(random->arena, message, field, 1);
        CHECK(member != NULL);
        fill_value(random, field, member, depth);
        if (field->is_map) {
            complete_entry(random, field->message, i, *(ProtobufCMessage **)member);
        }
    }
}

ProtobufCMessage *shapes_random_message(struct shapes_random *random, const struct proto_type *type,
                                        unsigned depth)
{
    ProtobufCMessage *message = proto_message_create(random->arena, type->c);
    CHECK(message != NULL);
    for (unsigned i = 0; i < type->c->n_fields; i++) {
        const struct proto_field *field = &type->fields[i];
        if (field->message != NULL &&
            (depth == 0 || field->message->well_known != PROTO_ORDINARY)) {
            continue;
        }
        if (below(random, 3) == 0) {
            continue;
        }
        if (proto_field_is_repeated(field)) {
            fill_repeated(random, field, message, depth - (depth > 0));
        } else {
            fill_value(random, field, proto_field_set(message, field), depth - (depth > 0));
        }
    }
    return message;
}
