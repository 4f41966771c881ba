#include "proto/proto_field.h"
#include "proto/proto_place.h"

struct validation {
    struct call *call;
    unsigned depth;
};

static enum status validate_message(struct validation *validation, const struct proto_type *type,
                                    const ProtobufCMessage *message,
                                    const struct proto_place *parent);

PROTO_OWN_FRAME static enum status fail_text(struct validation *validation,
                                             const struct proto_place *place)
{
    char path[PROTO_PLACE_BYTES_MAX];
    return call_fail(validation->call, STATUS_INVALID_ARGUMENT,
                     "%.*s is not UTF-8 text without NUL",
                     TEXT_ARGUMENTS(proto_place_path(place, path)));
}

static enum status validate_value(struct validation *validation, const struct proto_field *field,
                                  const void *value, const struct proto_place *place)
{
    if (field->message != NULL) {
        return validate_message(validation, field->message, *(const ProtobufCMessage *const *)value,
                                place);
    }
    bool clean = text_is_clean(proto_text(*(const ProtobufCBinaryData *)value));
    return clean ? STATUS_OK : fail_text(validation, place);
}

static enum status validate_field(struct validation *validation, const struct proto_field *field,
                                  const ProtobufCMessage *message, const struct proto_place *parent)
{
    struct proto_place place = {parent, field->name, PROTO_PLACE_NO_INDEX};
    if (!proto_field_is_set(message, field)) {
        return STATUS_OK;
    }
    if (!proto_field_is_repeated(field)) {
        return validate_value(validation, field, proto_field_value(message, field), &place);
    }
    size_t count = proto_field_count(message, field);
    for (place.index = 0; place.index < count; place.index++) {
        enum status status = validate_value(
            validation, field, proto_field_element(message, field, place.index), &place);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status validate_message(struct validation *validation, const struct proto_type *type,
                                    const ProtobufCMessage *message,
                                    const struct proto_place *parent)
{
    if (!type->has_text) {
        return STATUS_OK;
    }
    if (validation->depth == PROTO_DEPTH_MAX) {
        return call_fail(validation->call, STATUS_RESOURCE_EXHAUSTED,
                         "the message nests deeper than %d", PROTO_DEPTH_MAX);
    }
    validation->depth++;
    for (unsigned i = 0; i < type->c->n_fields; i++) {
        const struct proto_field *field = &type->fields[i];
        if (field->is_text || (field->message != NULL && field->message->has_text)) {
            enum status status = validate_field(validation, field, message, parent);
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
    validation->depth--;
    return STATUS_OK;
}

enum status proto_validate(struct call *call, const struct proto_type *type,
                           const ProtobufCMessage *message)
{
    struct validation validation = {.call = call};
    return validate_message(&validation, type, message, NULL);
}
