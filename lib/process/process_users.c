/* The users that a request names. Whatever its type: a field `user_id` is a user's id, and
 * `provider_id` beside it says whose users those are, in every message of ours. */
#include "access/access_identity.h"
#include "process/process_guard.h"
#include "proto/proto.h"

/* Messages within messages that are looked at. */
enum { DEPTH_MAX = 4 };

static const ProtobufCFieldDescriptor *find_text(const ProtobufCMessageDescriptor *type,
                                                 const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(type, name);
    bool is_text = field != NULL && field->type == PROTOBUF_C_TYPE_BYTES &&
                   field->label != PROTOBUF_C_LABEL_REPEATED;
    return is_text ? field : NULL;
}

static bool has_users(const ProtobufCMessageDescriptor *type, unsigned depth)
{
    if (find_text(type, "user_id") != NULL) {
        return true;
    }
    for (unsigned i = 0; i < type->n_fields && depth < DEPTH_MAX; i++) {
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE &&
            has_users(type->fields[i].descriptor, depth + 1)) {
            return true;
        }
    }
    return false;
}

bool process_has_users(const ProtobufCMessageDescriptor *type)
{
    return has_users(type, 0);
}

static void *member(ProtobufCMessage *message, unsigned offset)
{
    return (char *)message + offset;
}

/* Users of a provider are others than ours, though their ids may be the same. */
static enum status check_provider(struct call *call, ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field = find_text(message->descriptor, "provider_id");
    const ProtobufCBinaryData *provider = field != NULL ? member(message, field->offset) : NULL;
    return provider != NULL ? access_provider_writing(call, proto_text(*provider)) : STATUS_OK;
}

static enum status take_user(struct call *call, ProtobufCMessage *message, bool writes)
{
    const ProtobufCFieldDescriptor *field = find_text(message->descriptor, "user_id");
    if (field == NULL) {
        return STATUS_OK;
    }
    ProtobufCBinaryData *user = member(message, field->offset);
    struct text named = proto_text(*user);
    enum status status = STATUS_OK;
    if (writes) {
        status = access_user_writing(call, named, &named);
    } else {
        named = access_user_asked(call, named);
    }
    if (status == STATUS_OK && writes) {
        status = check_provider(call, message);
    }
    if (status == STATUS_OK) {
        *user = proto_bytes(named);
    }
    return status;
}

static enum status take_users(struct call *call, ProtobufCMessage *message, bool writes,
                              unsigned depth);

/* Those of one field that holds messages. */
static enum status take_members(struct call *call, ProtobufCMessage *message,
                                const ProtobufCFieldDescriptor *field, bool writes, unsigned depth)
{
    enum status status = STATUS_OK;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count = *(size_t *)member(message, field->quantifier_offset);
        ProtobufCMessage **members = *(ProtobufCMessage ***)member(message, field->offset);
        for (size_t i = 0; i < count && status == STATUS_OK; i++) {
            status = take_users(call, members[i], writes, depth);
        }
        return status;
    }
    bool is_other = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
                    *(uint32_t *)member(message, field->quantifier_offset) != field->id;
    ProtobufCMessage *one = is_other ? NULL : *(ProtobufCMessage **)member(message, field->offset);
    return one != NULL ? take_users(call, one, writes, depth) : STATUS_OK;
}

static enum status take_users(struct call *call, ProtobufCMessage *message, bool writes,
                              unsigned depth)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    enum status status = take_user(call, message, writes);
    for (unsigned i = 0; i < type->n_fields && status == STATUS_OK && depth < DEPTH_MAX; i++) {
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) {
            status = take_members(call, message, &type->fields[i], writes, depth + 1);
        }
    }
    return status;
}

enum status process_take_users(struct call *call, ProtobufCMessage *request, bool writes)
{
    return take_users(call, request, writes, 0);
}
