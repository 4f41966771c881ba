/* Messages from JSON: protobuf.dev/programming-guides/json. */
#include "base/arena.h"
#include "json/proto_json_private.h"

PROTO_OWN_FRAME enum status proto_json_decode_fail(struct json_decoding *decoding,
                                                   const struct proto_place *place,
                                                   const char *what)
{
    char buffer[PROTO_PLACE_BYTES_MAX];
    struct text path = proto_place_path(place, buffer);
    return call_fail(decoding->call, STATUS_INVALID_ARGUMENT, "%.*s%s%s", TEXT_ARGUMENTS(path),
                     path.length > 0 ? ": " : "", what);
}

enum status proto_json_decode_fail_memory(struct json_decoding *decoding)
{
    return call_fail(decoding->call, STATUS_RESOURCE_EXHAUSTED,
                     "the message needs more memory than a call may use");
}

PROTO_OWN_FRAME enum status proto_json_decode_fail_kind(struct json_decoding *decoding,
                                                        const struct proto_place *place,
                                                        const char *wanted,
                                                        const struct json *value)
{
    char buffer[PROTO_PLACE_BYTES_MAX];
    struct text path = proto_place_path(place, buffer);
    return call_fail(decoding->call, STATUS_INVALID_ARGUMENT, "%.*s%sexpected %s, not %s",
                     TEXT_ARGUMENTS(path), path.length > 0 ? ": " : "", wanted,
                     json_kind_name(json_kind(value)));
}

/* A new message, to `member`. */
static enum status decode_submessage(struct json_decoding *decoding,
                                     const struct proto_field *field, const struct json *value,
                                     ProtobufCMessage **member, const struct proto_place *place)
{
    ProtobufCMessage *message = proto_message_create(decoding->call->arena, field->message->c);
    if (message == NULL) {
        return proto_json_decode_fail_memory(decoding);
    }
    *member = message;
    return proto_json_decode_message(decoding, field->message, value, message, place);
}

/* Adds a scalar to a repeated field; an enum name that is to be ignored adds none. */
PROTO_OWN_FRAME static enum status
append_scalar(struct json_decoding *decoding, const struct proto_field *field,
              const struct json *value, ProtobufCMessage *message, const struct proto_place *place)
{
    bool ignored = false;
    uint64_t scalar[2] = {0, 0}; /* any scalar, or ProtobufCBinaryData */
    enum status status = proto_json_decode_scalar(decoding, field, value, scalar, place, &ignored);
    if (status != STATUS_OK || ignored) {
        return status;
    }
    void *member = proto_field_append(decoding->call->arena, message, field, 1);
    if (member == NULL) {
        return proto_json_decode_fail_memory(decoding);
    }
    memcpy(member, scalar, proto_field_bytes(field));
    return STATUS_OK;
}

static enum status decode_element(struct json_decoding *decoding, const struct proto_field *field,
                                  const struct json *value, ProtobufCMessage *message,
                                  const struct proto_place *place)
{
    if (json_kind(value) == JSON_NULL && !proto_json_takes_null(field)) {
        return proto_json_decode_fail(decoding, place, "null in an array");
    }
    if (field->message == NULL) {
        return append_scalar(decoding, field, value, message, place);
    }
    void *member = proto_field_append(decoding->call->arena, message, field, 1);
    return member != NULL ? decode_submessage(decoding, field, value, member, place)
                          : proto_json_decode_fail_memory(decoding);
}

static enum status decode_array(struct json_decoding *decoding, const struct proto_field *field,
                                const struct json *value, ProtobufCMessage *message,
                                const struct proto_place *outer)
{
    if (json_kind(value) != JSON_ARRAY) {
        return proto_json_decode_fail_kind(decoding, outer, "an array", value);
    }
    struct proto_place place = {outer, TEXT(""), 0};
    size_t count = json_length(value);
    for (; place.index < count; place.index++) {
        enum status status =
            decode_element(decoding, field, json_at(value, place.index), message, &place);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* Reads the key and, where it is a scalar, the value of an entry. *ret_ignored: an enum name that
 * is to be ignored. */
PROTO_OWN_FRAME static enum status
decode_entry_scalars(struct json_decoding *decoding, const struct proto_type *type,
                     const struct json *value, ProtobufCMessage *entry,
                     const struct proto_place *place, bool *ret_ignored)
{
    const struct proto_field *key = proto_type_field(type, MAP_KEY);
    const struct proto_field *held = proto_type_field(type, MAP_VALUE);
    enum status status =
        proto_json_decode_key(decoding, key, place->name, proto_field_set(entry, key), place);
    if (status != STATUS_OK || held->message != NULL) {
        return status;
    }
    return proto_json_decode_scalar(decoding, held, value, proto_field_set(entry, held), place,
                                    ret_ignored);
}

static enum status decode_entry(struct json_decoding *decoding, const struct proto_field *field,
                                const struct json *value, ProtobufCMessage *message,
                                const struct proto_place *place)
{
    const struct proto_field *held = proto_type_field(field->message, MAP_VALUE);
    if (json_kind(value) == JSON_NULL && !proto_json_takes_null(held)) {
        return proto_json_decode_fail(decoding, place, "null in a map");
    }
    ProtobufCMessage *entry = proto_message_create(decoding->call->arena, field->message->c);
    if (entry == NULL) {
        return proto_json_decode_fail_memory(decoding);
    }
    bool ignored = false;
    enum status status =
        decode_entry_scalars(decoding, field->message, value, entry, place, &ignored);
    if (status == STATUS_OK && held->message != NULL) {
        status = decode_submessage(decoding, held, value, proto_field_set(entry, held), place);
    }
    if (status != STATUS_OK || ignored) {
        return status;
    }
    ProtobufCMessage **member = proto_field_append(decoding->call->arena, message, field, 1);
    if (member == NULL) {
        return proto_json_decode_fail_memory(decoding);
    }
    *member = entry;
    return STATUS_OK;
}

static enum status decode_map(struct json_decoding *decoding, const struct proto_field *field,
                              const struct json *value, ProtobufCMessage *message,
                              const struct proto_place *outer)
{
    if (json_kind(value) != JSON_OBJECT) {
        return proto_json_decode_fail_kind(decoding, outer, "an object", value);
    }
    struct proto_place place = {outer, TEXT(""), PROTO_PLACE_NO_INDEX};
    const struct json *held;
    size_t position = 0;
    /* The entry is a message too, so that what is read can be sent. */
    if (decoding->depth == PROTO_DEPTH_MAX) {
        return call_fail(decoding->call, STATUS_RESOURCE_EXHAUSTED,
                         "the message nests deeper than %d", PROTO_DEPTH_MAX);
    }
    decoding->depth++;
    while (json_next_member(value, &position, &place.name, &held)) {
        enum status status = decode_entry(decoding, field, held, message, &place);
        if (status != STATUS_OK) {
            return status;
        }
    }
    decoding->depth--;
    return STATUS_OK;
}

PROTO_OWN_FRAME static enum status set_scalar(struct json_decoding *decoding,
                                              const struct proto_field *field,
                                              const struct json *value, ProtobufCMessage *message,
                                              const struct proto_place *place)
{
    bool ignored = false;
    uint64_t scalar[2] = {0, 0};
    enum status status = proto_json_decode_scalar(decoding, field, value, scalar, place, &ignored);
    if (status == STATUS_OK && !ignored) {
        memcpy(proto_field_set(message, field), scalar, proto_field_bytes(field));
    }
    return status;
}

enum status proto_json_decode_field_value(struct json_decoding *decoding,
                                          const struct proto_field *field, const struct json *value,
                                          ProtobufCMessage *message,
                                          const struct proto_place *place)
{
    if (field->is_map) {
        return decode_map(decoding, field, value, message, place);
    }
    if (proto_field_is_repeated(field)) {
        return decode_array(decoding, field, value, message, place);
    }
    if (field->message == NULL) {
        return set_scalar(decoding, field, value, message, place);
    }
    return decode_submessage(decoding, field, value, proto_field_set(message, field), place);
}

static const struct proto_field *find_field(const struct proto_type *type, struct text name)
{
    for (unsigned i = 0; i < type->c->n_fields; i++) {
        if (text_equal(type->fields[i].json_name, name)) {
            return &type->fields[i];
        }
    }
    return proto_type_find_field(type, name);
}

/* Whether the object gives the field under its other name too. An equal name twice is no JSON. */
PROTO_OWN_FRAME static bool is_given_twice(const struct json *object,
                                           const struct proto_field *field, struct text name)
{
    size_t position = 0;
    struct text other;
    const struct json *ignored;
    if (text_equal(name, field->json_name)) {
        return false;
    }
    while (json_next_member(object, &position, &other, &ignored)) {
        if (text_equal(other, field->json_name)) {
            return true;
        }
    }
    return false;
}

/* Whether another field of the same oneof is there already. */
static bool is_taken(const ProtobufCMessage *message, const struct proto_field *field)
{
    const void *quantifier = (const char *)message + field->c->quantifier_offset;
    return proto_field_is_oneof(field) && *(const uint32_t *)quantifier != 0;
}

static enum status decode_member(struct json_decoding *decoding, const struct proto_type *type,
                                 const struct json *object, const struct json *value,
                                 ProtobufCMessage *message, const struct proto_place *place)
{
    const struct proto_field *field = find_field(type, place->name);
    if (field == NULL) {
        return (decoding->flags & PROTO_JSON_IGNORE_UNKNOWN) != 0
                   ? STATUS_OK
                   : proto_json_decode_fail(decoding, place, "unknown field");
    }
    if (is_given_twice(object, field, place->name)) {
        return proto_json_decode_fail(decoding, place, "given twice");
    }
    if (json_kind(value) == JSON_NULL &&
        (!proto_json_takes_null(field) || proto_field_is_repeated(field))) {
        return STATUS_OK;
    }
    if (is_taken(message, field)) {
        return proto_json_decode_fail(decoding, place, "another field of its oneof is given too");
    }
    return proto_json_decode_field_value(decoding, field, value, message, place);
}

enum status proto_json_decode_members(struct json_decoding *decoding, const struct proto_type *type,
                                      const struct json *object, const char *except,
                                      ProtobufCMessage *message, const struct proto_place *outer)
{
    struct proto_place place = {outer, TEXT(""), PROTO_PLACE_NO_INDEX};
    struct text skipped = text_of(except);
    const struct json *value;
    size_t position = 0;
    while (json_next_member(object, &position, &place.name, &value)) {
        if (except != NULL && text_equal(place.name, skipped)) {
            continue;
        }
        enum status status = decode_member(decoding, type, object, value, message, &place);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status proto_json_decode_message(struct json_decoding *decoding, const struct proto_type *type,
                                      const struct json *value, ProtobufCMessage *message,
                                      const struct proto_place *place)
{
    if (decoding->depth == PROTO_DEPTH_MAX) {
        return call_fail(decoding->call, STATUS_RESOURCE_EXHAUSTED,
                         "the message nests deeper than %d", PROTO_DEPTH_MAX);
    }
    enum status status;
    decoding->depth++;
    if (type->well_known != PROTO_ORDINARY) {
        status = proto_json_decode_known(decoding, type, value, message, place);
    } else if (json_kind(value) != JSON_OBJECT) {
        status = proto_json_decode_fail_kind(decoding, place, "an object", value);
    } else {
        status = proto_json_decode_members(decoding, type, value, NULL, message, place);
    }
    decoding->depth--;
    return status;
}

enum status proto_json_decode(struct call *call, const struct proto_type *type, struct text json,
                              unsigned flags, ProtobufCMessage **ret_message)
{
    struct json_decoding decoding = {.call = call, .flags = flags};
    const struct json *value;
    enum status status = json_parse(call, json, &value);
    if (status != STATUS_OK) {
        return status;
    }
    ProtobufCMessage *message = proto_message_create(call->arena, type->c);
    if (message == NULL) {
        return proto_json_decode_fail_memory(&decoding);
    }
    status = proto_json_decode_message(&decoding, type, value, message, NULL);
    if (status == STATUS_OK) {
        *ret_message = message;
    }
    return status;
}
