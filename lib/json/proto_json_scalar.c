/* Numbers, booleans, strings, bytes and enums from JSON. */
#include <float.h>
#include <math.h>

#include "base/arena.h"
#include "json/base64.h"
#include "json/proto_json_private.h"

/* The longest name of an enum value that is looked up. */
enum { ENUM_NAME_BYTES_MAX = 256 };

/* The text of a number, in JSON a number or a string. false: neither. */
static bool take_number_text(const struct json *value, struct text *ret_text)
{
    switch (json_kind(value)) {
    case JSON_INTEGER:
    case JSON_REAL:
        *ret_text = json_number_text(value);
        return true;
    case JSON_STRING:
        *ret_text = json_string(value);
        return true;
    case JSON_ABSENT:
    case JSON_NULL:
    case JSON_BOOLEAN:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return false;
}

/* Stores an integer of a type. false: no integer, or out of the type's range. */
static bool store_integer(ProtobufCType type, struct text text, void *member)
{
    int64_t number;
    uint64_t natural;
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_ENUM:
        if (!proto_json_parse_signed(text, &number) || number < INT32_MIN || number > INT32_MAX) {
            return false;
        }
        *(int32_t *)member = (int32_t)number;
        return true;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return proto_json_parse_signed(text, member);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        if (!proto_json_parse_unsigned(text, &natural) || natural > UINT32_MAX) {
            return false;
        }
        *(uint32_t *)member = (uint32_t)natural;
        return true;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return proto_json_parse_unsigned(text, member);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return false;
}

static enum status decode_integer(struct json_decoding *decoding, const struct proto_field *field,
                                  const struct json *value, void *member,
                                  const struct proto_place *place)
{
    struct text text;
    if (!take_number_text(value, &text)) {
        return proto_json_decode_fail_kind(decoding, place, "a number", value);
    }
    return store_integer(field->c->type, text, member)
               ? STATUS_OK
               : proto_json_decode_fail(decoding, place, "not an integer in the range of its type");
}

/* The value of a JSON number or of a string that holds one or names one. */
static bool take_real(const struct json *value, double *ret_real)
{
    static const struct {
        struct text name;
        double value;
    } names[] = {
        {TEXT_INIT("NaN"), (double)NAN},
        {TEXT_INIT("Infinity"), (double)INFINITY},
        {TEXT_INIT("-Infinity"), -(double)INFINITY},
    };
    if (json_kind(value) != JSON_STRING) {
        *ret_real = json_number(value);
        return true;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (text_equal(json_string(value), names[i].name)) {
            *ret_real = names[i].value;
            return true;
        }
    }
    return text_to_double(json_string(value), ret_real);
}

static enum status decode_real(struct json_decoding *decoding, const struct proto_field *field,
                               const struct json *value, void *member,
                               const struct proto_place *place)
{
    struct text text;
    double real;
    if (!take_number_text(value, &text)) {
        return proto_json_decode_fail_kind(decoding, place, "a number", value);
    }
    if (!take_real(value, &real)) {
        return proto_json_decode_fail(decoding, place, "not a number");
    }
    if (field->c->type == PROTOBUF_C_TYPE_DOUBLE) {
        *(double *)member = real;
        return STATUS_OK;
    }
    if (isfinite(real) && fabs(real) > (double)FLT_MAX) {
        return proto_json_decode_fail(decoding, place, "a number too large for a float");
    }
    *(float *)member = (float)real;
    return STATUS_OK;
}

static enum status decode_enum(struct json_decoding *decoding, const struct proto_field *field,
                               const struct json *value, void *member,
                               const struct proto_place *place, bool *ret_ignored)
{
    if (json_kind(value) == JSON_NULL && proto_json_is_null_enum(field)) {
        *(int32_t *)member = 0;
        return STATUS_OK;
    }
    if (json_kind(value) != JSON_STRING) {
        return decode_integer(decoding, field, value, member, place);
    }
    char name[ENUM_NAME_BYTES_MAX];
    const ProtobufCEnumValue *found = NULL;
    if (text_to_c_string(json_string(value), name, sizeof(name))) {
        found = protobuf_c_enum_descriptor_get_value_by_name(field->c->descriptor, name);
    }
    if (found != NULL) {
        *(int32_t *)member = found->value;
        return STATUS_OK;
    }
    *ret_ignored = (decoding->flags & PROTO_JSON_IGNORE_UNKNOWN) != 0;
    return *ret_ignored ? STATUS_OK
                        : proto_json_decode_fail(decoding, place, "no value of its enum");
}

static enum status decode_bytes(struct json_decoding *decoding, const struct proto_field *field,
                                const struct json *value, ProtobufCBinaryData *member,
                                const struct proto_place *place)
{
    if (json_kind(value) != JSON_STRING) {
        return proto_json_decode_fail_kind(decoding, place, "a string", value);
    }
    if (field->is_text) {
        *member = proto_bytes(json_string(value)); /* clean: the parser refuses NUL and bad UTF-8 */
        return STATUS_OK;
    }
    bool valid;
    struct text bytes = base64_decode(decoding->call->arena, json_string(value), &valid);
    if (!valid) {
        return proto_json_decode_fail(decoding, place, "not base64");
    }
    *member = proto_bytes(bytes);
    return bytes.data != NULL ? STATUS_OK : proto_json_decode_fail_memory(decoding);
}

PROTO_OWN_FRAME enum status proto_json_decode_scalar(struct json_decoding *decoding,
                                                     const struct proto_field *field,
                                                     const struct json *value, void *member,
                                                     const struct proto_place *place,
                                                     bool *ret_ignored)
{
    *ret_ignored = false;
    switch (field->c->type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return decode_real(decoding, field, value, member, place);
    case PROTOBUF_C_TYPE_BOOL:
        if (json_kind(value) != JSON_BOOLEAN) {
            return proto_json_decode_fail_kind(decoding, place, "a boolean", value);
        }
        *(protobuf_c_boolean *)member = json_boolean(value);
        return STATUS_OK;
    case PROTOBUF_C_TYPE_ENUM:
        return decode_enum(decoding, field, value, member, place, ret_ignored);
    case PROTOBUF_C_TYPE_BYTES:
        return decode_bytes(decoding, field, value, member, place);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return decode_integer(decoding, field, value, member, place);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    CHECK(false);
    return STATUS_INTERNAL;
}

enum status proto_json_decode_key(struct json_decoding *decoding, const struct proto_field *field,
                                  struct text name, void *member, const struct proto_place *place)
{
    if (field->c->type == PROTOBUF_C_TYPE_BYTES) {
        *(ProtobufCBinaryData *)member = proto_bytes(name);
        return STATUS_OK;
    }
    if (field->c->type == PROTOBUF_C_TYPE_BOOL) {
        bool yes = text_equal(name, TEXT("true"));
        *(protobuf_c_boolean *)member = yes;
        return yes || text_equal(name, TEXT("false"))
                   ? STATUS_OK
                   : proto_json_decode_fail(decoding, place, "a key must be true or false");
    }
    return store_integer(field->c->type, name, member)
               ? STATUS_OK
               : proto_json_decode_fail(decoding, place,
                                        "a key is no integer in the range of its type");
}
