/* Joins protobuf-c's message descriptors with the descriptor set's. */
#include "proto/proto_pool_private.h"

static size_t slot_of(const struct proto_pool *pool, const ProtobufCMessageDescriptor *descriptor)
{
    uint64_t hash = ((uintptr_t)descriptor >> 4) * UINT64_C(0x9e3779b97f4a7c15);
    size_t slot = (size_t)(hash >> 32) & (pool->slot_count - 1);
    while (pool->slots[slot] != NULL && pool->slots[slot]->c != descriptor) {
        slot = (slot + 1) & (pool->slot_count - 1);
    }
    return slot;
}

const struct proto_type *proto_pool_type(const struct proto_pool *pool,
                                         const ProtobufCMessageDescriptor *descriptor)
{
    return pool->slot_count > 0 ? pool->slots[slot_of(pool, descriptor)] : NULL;
}

const struct proto_type *proto_pool_find_type(const struct proto_pool *pool, struct text full_name)
{
    for (size_t i = 0; i < pool->type_count; i++) {
        if (text_equal(pool->types[i]->full_name, full_name)) {
            return pool->types[i];
        }
    }
    return NULL;
}

static bool grow_slots(struct proto_pool *pool)
{
    if (pool->slot_count > 2 * (pool->type_count + 1)) {
        return true;
    }
    size_t wanted = pool->slot_count > 0 ? pool->slot_count * 2 : 64;
    struct proto_type **slots = arena_calloc(&pool->arena, wanted, sizeof(struct proto_type *));
    if (slots == NULL) {
        return false;
    }
    pool->slots = slots;
    pool->slot_count = wanted;
    for (size_t i = 0; i < pool->type_count; i++) {
        pool->slots[slot_of(pool, pool->types[i]->c)] = pool->types[i];
    }
    return true;
}

static enum proto_well_known well_known_of(struct text full_name)
{
    static const struct {
        struct text name;
        enum proto_well_known kind;
    } table[] = {
        {TEXT_INIT("Any"), PROTO_ANY},
        {TEXT_INIT("BoolValue"), PROTO_WRAPPER},
        {TEXT_INIT("BytesValue"), PROTO_WRAPPER},
        {TEXT_INIT("DoubleValue"), PROTO_WRAPPER},
        {TEXT_INIT("Duration"), PROTO_DURATION},
        {TEXT_INIT("Empty"), PROTO_EMPTY},
        {TEXT_INIT("FieldMask"), PROTO_FIELD_MASK},
        {TEXT_INIT("FloatValue"), PROTO_WRAPPER},
        {TEXT_INIT("Int32Value"), PROTO_WRAPPER},
        {TEXT_INIT("Int64Value"), PROTO_WRAPPER},
        {TEXT_INIT("ListValue"), PROTO_LIST_VALUE},
        {TEXT_INIT("StringValue"), PROTO_WRAPPER},
        {TEXT_INIT("Struct"), PROTO_STRUCT},
        {TEXT_INIT("Timestamp"), PROTO_TIMESTAMP},
        {TEXT_INIT("UInt32Value"), PROTO_WRAPPER},
        {TEXT_INIT("UInt64Value"), PROTO_WRAPPER},
        {TEXT_INIT("Value"), PROTO_VALUE},
    };
    struct text package = TEXT("google.protobuf.");
    if (!text_starts_with(full_name, package)) {
        return PROTO_ORDINARY;
    }
    struct text name = text_slice(full_name, package.length, full_name.length);
    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        if (text_equal(table[i].name, name)) {
            return table[i].kind;
        }
    }
    return PROTO_ORDINARY;
}

/* The type of a descriptor, added to the pool (with its fields still to be joined) if it is new.
 * NULL: no memory. */
static struct proto_type *add_type(struct proto_pool *pool,
                                   const ProtobufCMessageDescriptor *descriptor)
{
    if (!grow_slots(pool)) {
        return NULL;
    }
    size_t slot = slot_of(pool, descriptor);
    if (pool->slots[slot] != NULL) {
        return pool->slots[slot];
    }
    struct proto_type *type = arena_calloc(&pool->arena, 1, sizeof(*type));
    struct proto_type **types = proto_pool_grow(&pool->arena, pool->types, pool->type_count,
                                                &pool->type_capacity, sizeof(struct proto_type *));
    if (type == NULL || types == NULL) {
        return NULL;
    }
    type->c = descriptor;
    type->full_name = text_of(descriptor->name);
    type->pool = pool;
    type->well_known = well_known_of(type->full_name);
    pool->types = types;
    pool->types[pool->type_count++] = type;
    pool->slots[slot] = type;
    return type;
}

static const Google__Protobuf__FieldDescriptorProto *
declared_field(const Google__Protobuf__DescriptorProto *message, uint32_t number)
{
    for (size_t i = 0; i < message->n_field; i++) {
        if ((uint32_t)message->field[i]->number == number) {
            return message->field[i];
        }
    }
    return NULL;
}

static bool is_map_entry(const struct proto_pool *pool, const struct proto_type *type)
{
    const struct pool_symbol *symbol = proto_pool_find_symbol(pool, type->full_name);
    return symbol != NULL && symbol->message != NULL && symbol->message->options != NULL &&
           symbol->message->options->map_entry;
}

static enum status join_field(struct proto_pool *pool,
                              const Google__Protobuf__DescriptorProto *message,
                              const ProtobufCFieldDescriptor *c, struct proto_field *field)
{
    const Google__Protobuf__FieldDescriptorProto *declared = declared_field(message, c->id);
    if (declared == NULL) {
        return STATUS_INTERNAL;
    }
    field->c = c;
    field->name = proto_text(declared->name);
    field->json_name =
        declared->has_json_name ? proto_text(declared->json_name) : proto_text(declared->name);
    field->is_text = declared->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING;
    if (c->type == PROTOBUF_C_TYPE_MESSAGE) {
        field->message = add_type(pool, c->descriptor);
        if (field->message == NULL) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
        field->is_map = is_map_entry(pool, field->message);
    }
    return STATUS_OK;
}

static enum status join_type(struct proto_pool *pool, struct proto_type *type)
{
    const struct pool_symbol *symbol = proto_pool_find_symbol(pool, type->full_name);
    if (symbol == NULL || symbol->message == NULL) {
        return STATUS_INTERNAL;
    }
    struct proto_field *fields = arena_calloc(&pool->arena, type->c->n_fields + 1, sizeof(*fields));
    if (fields == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (unsigned i = 0; i < type->c->n_fields; i++) {
        enum status status = join_field(pool, symbol->message, &type->c->fields[i], &fields[i]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    type->fields = fields;
    return STATUS_OK;
}

static bool contains_text(const struct proto_type *type)
{
    for (unsigned i = 0; i < type->c->n_fields; i++) {
        const struct proto_field *field = &type->fields[i];
        if (field->is_text || (field->message != NULL && field->message->has_text)) {
            return true;
        }
    }
    return false;
}

/* Types may contain each other, so this goes round until nothing changes. */
static void mark_text(struct proto_pool *pool)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < pool->type_count; i++) {
            struct proto_type *type = pool->types[i];
            if (!type->has_text && contains_text(type)) {
                type->has_text = true;
                changed = true;
            }
        }
    }
}

enum status proto_pool_add_types(struct proto_pool *pool,
                                 const ProtobufCMessageDescriptor *const *roots, size_t root_count)
{
    for (size_t i = 0; i < root_count; i++) {
        if (add_type(pool, roots[i]) == NULL) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
    }
    /* Joining a type adds those that it contains behind it. */
    for (size_t i = 0; i < pool->type_count; i++) {
        enum status status = join_type(pool, pool->types[i]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    mark_text(pool);
    return STATUS_OK;
}
