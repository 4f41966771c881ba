/* Messages as JSON: protobuf.dev/programming-guides/json. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "json/proto_json_private.h"

/* "-9223372036854775808" with quotes. */
enum { QUOTED_BYTES_MAX = 24 };

bool proto_json_is_null_enum(const struct proto_field *field)
{
    if (field->c->type != PROTOBUF_C_TYPE_ENUM) {
        return false;
    }
    const ProtobufCEnumDescriptor *enumeration = field->c->descriptor;
    return text_equal(text_of(enumeration->name), TEXT("google.protobuf.NullValue"));
}

bool proto_json_takes_null(const struct proto_field *field)
{
    return proto_json_is_null_enum(field) ||
           (field->message != NULL && field->message->well_known == PROTO_VALUE);
}

static void encode_quoted(struct json_writer *writer, bool is_signed, uint64_t bits)
{
    char text[QUOTED_BYTES_MAX];
    int length = is_signed ? snprintf(text, sizeof(text), "\"%" PRId64 "\"", (int64_t)bits)
                           : snprintf(text, sizeof(text), "\"%" PRIu64 "\"", bits);
    json_write_raw(writer, text_of_bytes(text, (size_t)length));
}

/* Writes what JSON has no number for. false: the value is finite. */
static bool encode_not_finite(struct json_writer *writer, double value)
{
    if (isfinite(value)) {
        return false;
    }
    json_write_string(writer, isnan(value) ? TEXT("NaN")
                              : value > 0  ? TEXT("Infinity")
                                           : TEXT("-Infinity"));
    return true;
}

static void encode_enum(struct json_writer *writer, const struct proto_field *field, int32_t number)
{
    if (proto_json_is_null_enum(field)) {
        json_write_null(writer);
        return;
    }
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(field->c->descriptor, number);
    if (value != NULL) {
        json_write_string(writer, text_of(value->name));
    } else {
        json_write_integer(writer, number);
    }
}

static void encode_real(struct json_writer *writer, double value)
{
    if (!encode_not_finite(writer, value)) {
        json_write_number(writer, value);
    }
}

static void encode_single(struct json_writer *writer, float value)
{
    if (!encode_not_finite(writer, (double)value)) {
        json_write_single(writer, value);
    }
}

static void encode_bytes(struct json_writer *writer, const struct proto_field *field,
                         ProtobufCBinaryData bytes)
{
    if (field->is_text) {
        json_write_string(writer, proto_text(bytes));
    } else {
        json_write_base64(writer, proto_text(bytes));
    }
}

static void encode_scalar(struct json_writer *writer, const struct proto_field *field,
                          const void *value)
{
    switch (field->c->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        json_write_integer(writer, *(const int32_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        json_write_integer(writer, *(const uint32_t *)value);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        encode_quoted(writer, true, *(const uint64_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        encode_quoted(writer, false, *(const uint64_t *)value);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        encode_single(writer, *(const float *)value);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        encode_real(writer, *(const double *)value);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        json_write_boolean(writer, *(const protobuf_c_boolean *)value != 0);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        encode_enum(writer, field, *(const int32_t *)value);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        encode_bytes(writer, field, *(const ProtobufCBinaryData *)value);
        break;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        CHECK(false);
    }
}

enum status proto_json_encode_value(struct json_encoding *encoding, const struct proto_field *field,
                                    const void *value)
{
    if (field->message != NULL) {
        return proto_json_encode_message(encoding, field->message,
                                         *(const ProtobufCMessage *const *)value);
    }
    encode_scalar(encoding->writer, field, value);
    return STATUS_OK;
}

/* A map's key is always a string in JSON. */
static void encode_key(struct json_writer *writer, const struct proto_field *field,
                       const void *value)
{
    char digits[QUOTED_BYTES_MAX];
    int length = 0;
    switch (field->c->type) {
    case PROTOBUF_C_TYPE_BYTES:
        json_write_name(writer, proto_text(*(const ProtobufCBinaryData *)value));
        return;
    case PROTOBUF_C_TYPE_BOOL:
        json_write_name(writer, *(const protobuf_c_boolean *)value ? TEXT("true") : TEXT("false"));
        return;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        length = snprintf(digits, sizeof(digits), "%" PRIu32, *(const uint32_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        length = snprintf(digits, sizeof(digits), "%" PRIu64, *(const uint64_t *)value);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        length = snprintf(digits, sizeof(digits), "%" PRId64, *(const int64_t *)value);
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        length = snprintf(digits, sizeof(digits), "%" PRId32, *(const int32_t *)value);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        CHECK(false); /* no keys */
    }
    json_write_name(writer, text_of_bytes(digits, (size_t)length));
}

static enum status encode_entry(struct json_encoding *encoding, const struct proto_type *type,
                                const ProtobufCMessage *entry)
{
    const struct proto_field *key = proto_type_field(type, MAP_KEY);
    const struct proto_field *value = proto_type_field(type, MAP_VALUE);
    const void *at = proto_field_value(entry, value);
    encode_key(encoding->writer, key, proto_field_value(entry, key));
    if (value->message != NULL && *(const void *const *)at == NULL) {
        /* Left out on the wire: the zero message. */
        json_open_object(encoding->writer);
        json_close_object(encoding->writer);
        return STATUS_OK;
    }
    return proto_json_encode_value(encoding, value, at);
}

static enum status encode_map(struct json_encoding *encoding, const struct proto_field *field,
                              const ProtobufCMessage *message)
{
    const bool *replaced;
    size_t count = proto_field_count(message, field);
    if (!proto_json_find_replaced(encoding->call->arena, field, message, &replaced)) {
        return call_fail(encoding->call, STATUS_RESOURCE_EXHAUSTED,
                         "the message needs more memory than a call may use");
    }
    json_open_object(encoding->writer);
    for (size_t i = 0; i < count; i++) {
        const void *entry = proto_field_element(message, field, i);
        enum status status = STATUS_OK;
        if (replaced == NULL || !replaced[i]) {
            status =
                encode_entry(encoding, field->message, *(const ProtobufCMessage *const *)entry);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    json_close_object(encoding->writer);
    return STATUS_OK;
}

static enum status encode_array(struct json_encoding *encoding, const struct proto_field *field,
                                const ProtobufCMessage *message)
{
    size_t count = proto_field_count(message, field);
    json_open_array(encoding->writer);
    for (size_t i = 0; i < count; i++) {
        enum status status =
            proto_json_encode_value(encoding, field, proto_field_element(message, field, i));
        if (status != STATUS_OK) {
            return status;
        }
    }
    json_close_array(encoding->writer);
    return STATUS_OK;
}

enum status proto_json_encode_field_value(struct json_encoding *encoding,
                                          const struct proto_field *field,
                                          const ProtobufCMessage *message)
{
    if (field->is_map) {
        return encode_map(encoding, field, message);
    }
    if (proto_field_is_repeated(field)) {
        return encode_array(encoding, field, message);
    }
    return proto_json_encode_value(encoding, field, proto_field_value(message, field));
}

/* Whether a field that is not set is written all the same. */
static bool is_zero_written(const struct json_encoding *encoding, const struct proto_field *field)
{
    if ((encoding->flags & PROTO_JSON_EMIT_ZERO) == 0 || proto_field_is_oneof(field)) {
        return false;
    }
    return proto_field_is_repeated(field) || field->message == NULL;
}

enum status proto_json_encode_fields(struct json_encoding *encoding, const struct proto_type *type,
                                     const ProtobufCMessage *message)
{
    for (unsigned i = 0; i < type->c->n_fields; i++) {
        const struct proto_field *field = &type->fields[i];
        if (!proto_field_is_set(message, field) && !is_zero_written(encoding, field)) {
            continue;
        }
        json_write_name(encoding->writer, field->json_name);
        enum status status = proto_json_encode_field_value(encoding, field, message);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status proto_json_encode_message(struct json_encoding *encoding, const struct proto_type *type,
                                      const ProtobufCMessage *message)
{
    if (encoding->depth == PROTO_DEPTH_MAX) {
        return call_fail(encoding->call, STATUS_RESOURCE_EXHAUSTED,
                         "the message nests deeper than %d", PROTO_DEPTH_MAX);
    }
    enum status status;
    encoding->depth++;
    if (type->well_known != PROTO_ORDINARY) {
        status = proto_json_encode_known(encoding, type, message);
    } else {
        json_open_object(encoding->writer);
        status = proto_json_encode_fields(encoding, type, message);
        json_close_object(encoding->writer);
    }
    encoding->depth--;
    return status;
}

enum status proto_json_write(struct call *call, const struct proto_type *type,
                             const ProtobufCMessage *message, unsigned flags,
                             struct json_writer *writer)
{
    struct json_encoding encoding = {.call = call, .writer = writer, .flags = flags};
    return proto_json_encode_message(&encoding, type, message);
}

enum status proto_json_encode(struct call *call, const struct proto_type *type,
                              const ProtobufCMessage *message, unsigned flags,
                              struct buffer *buffer)
{
    struct json_writer writer;
    json_writer_init(&writer, buffer);
    enum status status = proto_json_write(call, type, message, flags, &writer);
    if (status == STATUS_OK && !json_writer_end(&writer)) {
        status = call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply is too large");
    }
    return status;
}
