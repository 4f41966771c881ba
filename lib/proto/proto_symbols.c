/* The index of everything that a descriptor set declares, by full name. */
#include <stdlib.h>

#include "proto/proto_pool_private.h"

/* Where names are being declared. */
struct scope {
    struct proto_pool *pool;
    struct text prefix; /* "package.Message", or empty */
    size_t file;
};

/* Returns the full name; data is NULL when there is no memory. */
static struct text declare(const struct scope *scope, ProtobufCBinaryData name,
                           const Google__Protobuf__DescriptorProto *message)
{
    struct proto_pool *pool = scope->pool;
    struct text full_name =
        arena_format(&pool->arena, "%.*s%s%.*s", TEXT_ARGUMENTS(scope->prefix),
                     scope->prefix.length > 0 ? "." : "", TEXT_ARGUMENTS(proto_text(name)));
    struct pool_symbol *symbols = proto_pool_grow(&pool->arena, pool->symbols, pool->symbol_count,
                                                  &pool->symbol_capacity, sizeof(*symbols));
    if (full_name.data == NULL || symbols == NULL) {
        return (struct text){NULL, 0};
    }
    pool->symbols = symbols;
    pool->symbols[pool->symbol_count++] = (struct pool_symbol){full_name, scope->file, message};
    return full_name;
}

/* The values of an enum belong to the scope around it. */
static bool declare_enum(const struct scope *scope,
                         const Google__Protobuf__EnumDescriptorProto *enumeration)
{
    if (declare(scope, enumeration->name, NULL).data == NULL) {
        return false;
    }
    for (size_t i = 0; i < enumeration->n_value; i++) {
        if (declare(scope, enumeration->value[i]->name, NULL).data == NULL) {
            return false;
        }
    }
    return true;
}

static bool declare_fields(const struct scope *scope, size_t count,
                           Google__Protobuf__FieldDescriptorProto *const *fields)
{
    for (size_t i = 0; i < count; i++) {
        if (declare(scope, fields[i]->name, NULL).data == NULL) {
            return false;
        }
    }
    return true;
}

static bool declare_message(const struct scope *outer,
                            const Google__Protobuf__DescriptorProto *message)
{
    struct scope scope = *outer;
    scope.prefix = declare(outer, message->name, message);
    if (scope.prefix.data == NULL || !declare_fields(&scope, message->n_field, message->field) ||
        !declare_fields(&scope, message->n_extension, message->extension)) {
        return false;
    }
    for (size_t i = 0; i < message->n_oneof_decl; i++) {
        if (declare(&scope, message->oneof_decl[i]->name, NULL).data == NULL) {
            return false;
        }
    }
    for (size_t i = 0; i < message->n_enum_type; i++) {
        if (!declare_enum(&scope, message->enum_type[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < message->n_nested_type; i++) {
        if (!declare_message(&scope, message->nested_type[i])) {
            return false;
        }
    }
    return true;
}

static bool declare_service(const struct scope *outer,
                            const Google__Protobuf__ServiceDescriptorProto *service)
{
    struct scope scope = *outer;
    scope.prefix = declare(outer, service->name, NULL);
    if (scope.prefix.data == NULL) {
        return false;
    }
    for (size_t i = 0; i < service->n_method; i++) {
        if (declare(&scope, service->method[i]->name, NULL).data == NULL) {
            return false;
        }
    }
    return true;
}

static bool declare_file(struct proto_pool *pool, size_t index)
{
    const Google__Protobuf__FileDescriptorProto *file = pool->files[index].descriptor;
    struct scope scope = {pool, proto_text(file->package), index};
    for (size_t i = 0; i < file->n_message_type; i++) {
        if (!declare_message(&scope, file->message_type[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < file->n_enum_type; i++) {
        if (!declare_enum(&scope, file->enum_type[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < file->n_service; i++) {
        if (!declare_service(&scope, file->service[i])) {
            return false;
        }
    }
    return declare_fields(&scope, file->n_extension, file->extension);
}

static int compare_symbols(const void *a, const void *b)
{
    const struct pool_symbol *left = a;
    const struct pool_symbol *right = b;
    return text_compare(left->full_name, right->full_name);
}

bool proto_pool_index_symbols(struct proto_pool *pool)
{
    for (size_t i = 0; i < pool->file_count; i++) {
        if (!declare_file(pool, i)) {
            return false;
        }
    }
    if (pool->symbol_count > 0) {
        qsort(pool->symbols, pool->symbol_count, sizeof(*pool->symbols), compare_symbols);
    }
    return true;
}

const struct pool_symbol *proto_pool_find_symbol(const struct proto_pool *pool,
                                                 struct text full_name)
{
    struct pool_symbol key = {.full_name = full_name};
    if (pool->symbol_count == 0) {
        return NULL;
    }
    return bsearch(&key, pool->symbols, pool->symbol_count, sizeof(key), compare_symbols);
}
