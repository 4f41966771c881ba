/* The JSON forms of google/protobuf's own types, written. */
#include <math.h>

#include "base/arena.h"
#include "json/proto_json_private.h"

static enum status fail_form(struct json_encoding *encoding, const struct proto_type *type)
{
    return call_fail(encoding->call, STATUS_INTERNAL, "a %.*s has no JSON form",
                     TEXT_ARGUMENTS(type->full_name));
}

static const void *member(const struct proto_type *type, const ProtobufCMessage *message,
                          uint32_t number)
{
    return proto_field_value(message, proto_type_field(type, number));
}

static enum status encode_time(struct json_encoding *encoding, const struct proto_type *type,
                               const ProtobufCMessage *message)
{
    struct proto_time time = {*(const int64_t *)member(type, message, TIME_SECONDS),
                              *(const int32_t *)member(type, message, TIME_NANOS)};
    char buffer[TIME_TEXT_BYTES];
    struct text text = {NULL, 0};
    bool valid = type->well_known == PROTO_TIMESTAMP ? proto_timestamp_format(time, buffer, &text)
                                                     : proto_duration_format(time, buffer, &text);
    if (!valid) {
        return fail_form(encoding, type);
    }
    json_write_string(encoding->writer, text);
    return STATUS_OK;
}

static bool is_lower(char byte)
{
    return byte >= 'a' && byte <= 'z';
}

/* Appends "a_b.c_d" as "aB.cD". false: no room, or (then *ret_valid is false) what it becomes would
 * be read as another path. */
static bool append_path(struct buffer *buffer, struct text path, bool *ret_valid)
{
    *ret_valid = path.length > 0;
    for (size_t i = 0; *ret_valid && i < path.length; i++) {
        char byte = path.data[i];
        if (byte == '_') {
            i++;
            *ret_valid = i < path.length && is_lower(path.data[i]);
            byte = *ret_valid ? (char)(path.data[i] - 'a' + 'A') : '_';
        } else {
            *ret_valid = is_lower(byte) || byte == '.' || (byte >= '0' && byte <= '9');
        }
        if (!buffer_append_byte(buffer, byte)) {
            return false;
        }
    }
    return *ret_valid;
}

static enum status encode_paths(struct json_encoding *encoding, const struct proto_type *type,
                                const ProtobufCMessage *message, struct buffer *paths)
{
    const struct proto_field *field = proto_type_field(type, MASK_PATHS);
    size_t count = proto_field_count(message, field);
    for (size_t i = 0; i < count; i++) {
        const ProtobufCBinaryData *path = proto_field_element(message, field, i);
        bool valid = true;
        if ((i > 0 && !buffer_append_byte(paths, ',')) ||
            !append_path(paths, proto_text(*path), &valid)) {
            return valid ? call_fail(encoding->call, STATUS_RESOURCE_EXHAUSTED,
                                     "a field mask is too large")
                         : fail_form(encoding, type);
        }
    }
    json_write_string(encoding->writer, buffer_text(paths));
    return STATUS_OK;
}

static enum status encode_mask(struct json_encoding *encoding, const struct proto_type *type,
                               const ProtobufCMessage *message)
{
    struct buffer paths;
    buffer_init(&paths, encoding->writer->buffer->bytes_max);
    enum status status = encode_paths(encoding, type, message, &paths);
    buffer_deinit(&paths);
    return status;
}

static enum status encode_dynamic(struct json_encoding *encoding, const struct proto_type *type,
                                  const ProtobufCMessage *message)
{
    for (uint32_t number = VALUE_NULL; number <= VALUE_LIST; number++) {
        const struct proto_field *field = proto_type_field(type, number);
        if (!proto_field_is_set(message, field)) {
            continue;
        }
        const void *value = proto_field_value(message, field);
        if (number == VALUE_NUMBER && !isfinite(*(const double *)value)) {
            break;
        }
        return proto_json_encode_value(encoding, field, value);
    }
    return fail_form(encoding, type);
}

struct text proto_any_type_name(struct text type_url)
{
    size_t at = type_url.length;
    while (at > 0 && type_url.data[at - 1] != '/') {
        at--;
    }
    return text_slice(type_url, at, type_url.length);
}

static enum status encode_packed(struct json_encoding *encoding, const struct proto_type *type,
                                 struct text type_url, struct text bytes)
{
    ProtobufCMessage *message;
    struct json_writer *writer = encoding->writer;
    enum status status = proto_decode(encoding->call, type, bytes, &message);
    if (status != STATUS_OK) {
        return status == STATUS_RESOURCE_EXHAUSTED ? status : STATUS_INTERNAL;
    }
    json_open_object(writer);
    json_member_string(writer, "@type", type_url);
    if (type->well_known != PROTO_ORDINARY) {
        json_write_name(writer, TEXT("value"));
        status = proto_json_encode_message(encoding, type, message);
    } else {
        status = proto_json_encode_fields(encoding, type, message);
    }
    json_close_object(writer);
    return status;
}

static enum status encode_any(struct json_encoding *encoding, const struct proto_type *type,
                              const ProtobufCMessage *message)
{
    struct text type_url =
        proto_text(*(const ProtobufCBinaryData *)member(type, message, ANY_TYPE_URL));
    struct text bytes = proto_text(*(const ProtobufCBinaryData *)member(type, message, ANY_VALUE));
    if (type_url.length == 0 && bytes.length == 0) {
        json_open_object(encoding->writer);
        json_close_object(encoding->writer);
        return STATUS_OK;
    }
    const struct proto_type *packed =
        proto_pool_find_type(type->pool, proto_any_type_name(type_url));
    if (packed == NULL) {
        return fail_form(encoding, type);
    }
    if (encoding->any_depth == PROTO_JSON_ANY_DEPTH_MAX) {
        return call_fail(encoding->call, STATUS_RESOURCE_EXHAUSTED,
                         "google.protobuf.Any nests deeper than %d", PROTO_JSON_ANY_DEPTH_MAX);
    }
    encoding->any_depth++;
    enum status status = encode_packed(encoding, packed, type_url, bytes);
    encoding->any_depth--;
    return status;
}

enum status proto_json_encode_known(struct json_encoding *encoding, const struct proto_type *type,
                                    const ProtobufCMessage *message)
{
    switch (type->well_known) {
    case PROTO_ANY:
        return encode_any(encoding, type, message);
    case PROTO_DURATION:
    case PROTO_TIMESTAMP:
        return encode_time(encoding, type, message);
    case PROTO_FIELD_MASK:
        return encode_mask(encoding, type, message);
    case PROTO_VALUE:
        return encode_dynamic(encoding, type, message);
    case PROTO_LIST_VALUE: /* the one field of each is the value */
    case PROTO_STRUCT:
    case PROTO_WRAPPER:
        return proto_json_encode_field_value(encoding, proto_type_field(type, 1), message);
    case PROTO_EMPTY:
    case PROTO_ORDINARY:
        break;
    }
    json_open_object(encoding->writer);
    json_close_object(encoding->writer);
    return STATUS_OK;
}
