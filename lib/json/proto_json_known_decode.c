/* The JSON forms of google/protobuf's own types, read. */
#include "base/arena.h"
#include "json/proto_json_private.h"

static void *member(const struct proto_type *type, ProtobufCMessage *message, uint32_t number)
{
    return proto_field_set(message, proto_type_field(type, number));
}

static enum status decode_time(struct json_decoding *decoding, const struct proto_type *type,
                               const struct json *value, ProtobufCMessage *message,
                               const struct proto_place *place)
{
    struct proto_time time;
    bool is_timestamp = type->well_known == PROTO_TIMESTAMP;
    if (json_kind(value) != JSON_STRING) {
        return proto_json_decode_fail_kind(decoding, place, "a string", value);
    }
    if (is_timestamp ? !proto_timestamp_parse(json_string(value), &time)
                     : !proto_duration_parse(json_string(value), &time)) {
        return proto_json_decode_fail(decoding, place,
                                      is_timestamp ? "not a time as 2026-02-03T04:05:06.789Z"
                                                   : "not a duration as 1.5s");
    }
    *(int64_t *)member(type, message, TIME_SECONDS) = time.seconds;
    *(int32_t *)member(type, message, TIME_NANOS) = time.nanos;
    return STATUS_OK;
}

/* "aB.cD" as "a_b.c_d", in the arena. false: it has another form; data is NULL: no memory. */
static bool path_of(struct arena *arena, struct text from, struct text *ret_path)
{
    char *to = arena_alloc(arena, 2 * from.length + 1);
    size_t length = 0;
    for (size_t i = 0; to != NULL && i < from.length; i++) {
        char byte = from.data[i];
        if (byte >= 'A' && byte <= 'Z') {
            to[length++] = '_';
            byte = (char)(byte - 'A' + 'a');
        } else if (byte != '.' && !(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9')) {
            return false;
        }
        to[length++] = byte;
    }
    *ret_path = text_of_bytes(to, length);
    return from.length > 0;
}

static enum status decode_mask(struct json_decoding *decoding, const struct proto_type *type,
                               const struct json *value, ProtobufCMessage *message,
                               const struct proto_place *place)
{
    const struct proto_field *field = proto_type_field(type, MASK_PATHS);
    struct arena *arena = decoding->call->arena;
    if (json_kind(value) != JSON_STRING) {
        return proto_json_decode_fail_kind(decoding, place, "a string", value);
    }
    struct text rest = json_string(value);
    if (rest.length == 0) {
        return STATUS_OK; /* no paths, rather than one that is empty */
    }
    while (rest.data != NULL) {
        struct text path;
        if (!path_of(arena, text_next(&rest, ','), &path)) {
            return proto_json_decode_fail(decoding, place, "not a field mask as a.bC,d");
        }
        ProtobufCBinaryData *added = proto_field_append(arena, message, field, 1);
        if (path.data == NULL || added == NULL) {
            return proto_json_decode_fail_memory(decoding);
        }
        *added = proto_bytes(path);
    }
    return STATUS_OK;
}

/* The field of google.protobuf.Value that holds a kind. */
static uint32_t value_number(enum json_kind kind)
{
    switch (kind) {
    case JSON_BOOLEAN:
        return VALUE_BOOL;
    case JSON_INTEGER:
    case JSON_REAL:
        return VALUE_NUMBER;
    case JSON_STRING:
        return VALUE_STRING;
    case JSON_ARRAY:
        return VALUE_LIST;
    case JSON_OBJECT:
        return VALUE_STRUCT;
    case JSON_ABSENT:
    case JSON_NULL:
        break;
    }
    return VALUE_NULL;
}

/* The bytes of a message, as the value of an Any. */
static enum status pack_value(struct json_decoding *decoding, const ProtobufCMessage *packed,
                              ProtobufCBinaryData *ret_bytes)
{
    size_t length;
    char *bytes = proto_encode_in_arena(packed, 0, decoding->call->arena, &length);
    if (bytes == NULL) {
        return proto_json_decode_fail_memory(decoding);
    }
    *ret_bytes = proto_bytes((struct text){bytes, length});
    return STATUS_OK;
}

static enum status decode_packed(struct json_decoding *decoding, const struct proto_type *type,
                                 const struct json *value, ProtobufCMessage *packed,
                                 const struct proto_place *outer)
{
    if (type->well_known == PROTO_ORDINARY ||
        (type->well_known == PROTO_EMPTY && json_length(value) == 1)) {
        return proto_json_decode_members(decoding, type, value, "@type", packed, outer);
    }
    struct proto_place place = {outer, TEXT("value"), PROTO_PLACE_NO_INDEX};
    const struct json *held = json_member(value, "value");
    if (held == NULL || json_length(value) != 2) {
        return proto_json_decode_fail(decoding, outer, "expected \"@type\" and \"value\" alone");
    }
    return proto_json_decode_message(decoding, type, held, packed, &place);
}

static enum status decode_any(struct json_decoding *decoding, const struct proto_type *type,
                              const struct json *value, ProtobufCMessage *message,
                              const struct proto_place *place)
{
    const struct json *url = json_member(value, "@type");
    if (json_kind(value) == JSON_OBJECT && json_length(value) == 0) {
        return STATUS_OK;
    }
    if (json_kind(url) != JSON_STRING) {
        return proto_json_decode_fail(decoding, place, "expected an object with \"@type\"");
    }
    const struct proto_type *packed_type =
        proto_pool_find_type(type->pool, proto_any_type_name(json_string(url)));
    if (packed_type == NULL || text_find(json_string(url), 0, '/') == json_string(url).length) {
        return proto_json_decode_fail(decoding, place, "\"@type\" is unknown here");
    }
    if (decoding->any_depth == PROTO_JSON_ANY_DEPTH_MAX) {
        return proto_json_decode_fail(decoding, place, "google.protobuf.Any nests too deep");
    }
    ProtobufCMessage *packed = proto_message_create(decoding->call->arena, packed_type->c);
    if (packed == NULL) {
        return proto_json_decode_fail_memory(decoding);
    }
    decoding->any_depth++;
    enum status status = decode_packed(decoding, packed_type, value, packed, place);
    decoding->any_depth--;
    if (status != STATUS_OK) {
        return status;
    }
    *(ProtobufCBinaryData *)member(type, message, ANY_TYPE_URL) = proto_bytes(json_string(url));
    return pack_value(decoding, packed, member(type, message, ANY_VALUE));
}

static enum status decode_empty(struct json_decoding *decoding, const struct proto_type *type,
                                const struct json *value, ProtobufCMessage *message,
                                const struct proto_place *place)
{
    if (json_kind(value) != JSON_OBJECT) {
        return proto_json_decode_fail_kind(decoding, place, "an object", value);
    }
    return proto_json_decode_members(decoding, type, value, NULL, message, place);
}

enum status proto_json_decode_known(struct json_decoding *decoding, const struct proto_type *type,
                                    const struct json *value, ProtobufCMessage *message,
                                    const struct proto_place *place)
{
    uint32_t number = 1;
    switch (type->well_known) {
    case PROTO_ANY:
        return decode_any(decoding, type, value, message, place);
    case PROTO_DURATION:
    case PROTO_TIMESTAMP:
        return decode_time(decoding, type, value, message, place);
    case PROTO_FIELD_MASK:
        return decode_mask(decoding, type, value, message, place);
    case PROTO_EMPTY:
    case PROTO_ORDINARY:
        return decode_empty(decoding, type, value, message, place);
    case PROTO_VALUE:
        number = value_number(json_kind(value));
        break;
    case PROTO_LIST_VALUE: /* the one field of each is the value */
    case PROTO_STRUCT:
    case PROTO_WRAPPER:
        break;
    }
    return proto_json_decode_field_value(decoding, proto_type_field(type, number), value, message,
                                         place);
}
