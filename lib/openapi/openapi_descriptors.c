#include "openapi/openapi_descriptors.h"

/* Where declarations are being read. */
struct scope {
    struct arena *arena;
    struct openapi_descriptors *descriptors;
    struct openapi_symbol outer; /* the file's, or a message's: its name and path */
};

static bool grow(struct scope *scope)
{
    struct openapi_descriptors *all = scope->descriptors;
    if (all->count < all->capacity) {
        return true;
    }
    size_t wanted = all->capacity > 0 ? 2 * all->capacity : 128;
    struct openapi_symbol *symbols = arena_calloc(scope->arena, wanted, sizeof(*symbols));
    if (symbols == NULL) {
        return false;
    }
    if (all->count > 0) {
        memcpy(symbols, all->symbols, all->count * sizeof(*symbols));
    }
    all->symbols = symbols;
    all->capacity = wanted;
    return true;
}

/* NULL: no memory, or too deep. */
static struct openapi_symbol *declare(struct scope *scope, ProtobufCBinaryData name, int32_t kind,
                                      size_t index)
{
    if (!grow(scope) || scope->outer.path_length + 2 > OPENAPI_PATH_MAX) {
        return NULL;
    }
    struct openapi_symbol *symbol = &scope->descriptors->symbols[scope->descriptors->count];
    *symbol = scope->outer;
    symbol->message = NULL;
    symbol->path[symbol->path_length++] = kind;
    symbol->path[symbol->path_length++] = (int32_t)index;
    symbol->full_name = arena_format(
        scope->arena, "%.*s%s%.*s", TEXT_ARGUMENTS(scope->outer.full_name),
        scope->outer.full_name.length > 0 ? "." : "", TEXT_ARGUMENTS(proto_text(name)));
    if (symbol->full_name.data == NULL) {
        return NULL;
    }
    scope->descriptors->count++;
    return symbol;
}

static bool declare_enums(struct scope *scope, int32_t kind, size_t count,
                          Google__Protobuf__EnumDescriptorProto *const *enums)
{
    for (size_t i = 0; i < count; i++) {
        struct openapi_symbol *symbol = declare(scope, enums[i]->name, kind, i);
        if (symbol == NULL) {
            return false;
        }
        symbol->enumeration = enums[i];
    }
    return true;
}

static bool declare_messages(struct scope *scope, int32_t kind, size_t count,
                             Google__Protobuf__DescriptorProto *const *messages)
{
    for (size_t i = 0; i < count; i++) {
        struct openapi_symbol *symbol = declare(scope, messages[i]->name, kind, i);
        if (symbol == NULL) {
            return false;
        }
        symbol->message = messages[i];
        struct scope inner = {scope->arena, scope->descriptors, *symbol};
        if (!declare_enums(&inner, OPENAPI_MESSAGE_ENUM, messages[i]->n_enum_type,
                           messages[i]->enum_type) ||
            !declare_messages(&inner, OPENAPI_MESSAGE_NESTED, messages[i]->n_nested_type,
                              messages[i]->nested_type)) {
            return false;
        }
    }
    return true;
}

static bool declare_file(struct arena *arena, struct openapi_descriptors *all,
                         const Google__Protobuf__FileDescriptorProto *file)
{
    struct scope scope = {arena, all, {.full_name = proto_text(file->package), .file = file}};
    for (size_t i = 0; i < file->n_service; i++) {
        struct openapi_symbol *symbol =
            declare(&scope, file->service[i]->name, OPENAPI_FILE_SERVICE, i);
        if (symbol == NULL) {
            return false;
        }
        symbol->service = file->service[i];
    }
    return declare_enums(&scope, OPENAPI_FILE_ENUM, file->n_enum_type, file->enum_type) &&
           declare_messages(&scope, OPENAPI_FILE_MESSAGE, file->n_message_type, file->message_type);
}

static bool has_file(const struct openapi_descriptors *all, ProtobufCBinaryData name)
{
    for (size_t i = 0; i < all->count; i++) {
        if (text_equal(proto_text(all->symbols[i].file->name), proto_text(name))) {
            return true;
        }
    }
    return false;
}

/* Of all places in a file, a few have words. */
static void keep_comments(Google__Protobuf__SourceCodeInfo *info)
{
    size_t kept = 0;
    for (size_t i = 0; info != NULL && i < info->n_location; i++) {
        if (info->location[i]->has_leading_comments || info->location[i]->has_trailing_comments) {
            info->location[kept++] = info->location[i];
        }
    }
    if (info != NULL) {
        info->n_location = kept;
    }
}

enum status openapi_descriptors_read(struct arena *arena, const struct proto_descriptor_set *sets,
                                     size_t set_count, struct openapi_descriptors *ret_descriptors)
{
    struct openapi_descriptors all = {.count = 0};
    ProtobufCAllocator allocator;
    proto_arena_allocator(arena, &allocator);
    for (size_t i = 0; i < set_count; i++) {
        Google__Protobuf__FileDescriptorSet *set =
            google__protobuf__file_descriptor_set__unpack(&allocator, sets[i].size, sets[i].data);
        if (set == NULL) {
            return STATUS_INVALID_ARGUMENT;
        }
        for (size_t j = 0; j < set->n_file; j++) {
            keep_comments(set->file[j]->source_code_info);
            if (!has_file(&all, set->file[j]->name) && !declare_file(arena, &all, set->file[j])) {
                return STATUS_RESOURCE_EXHAUSTED;
            }
        }
    }
    *ret_descriptors = all;
    return STATUS_OK;
}

struct openapi_symbol *openapi_find(const struct openapi_descriptors *descriptors, struct text name)
{
    name = text_slice(name, text_starts_with(name, TEXT(".")) ? 1 : 0, name.length);
    for (size_t i = 0; i < descriptors->count; i++) {
        if (text_equal(descriptors->symbols[i].full_name, name)) {
            return &descriptors->symbols[i];
        }
    }
    return NULL;
}

static bool is_at(const Google__Protobuf__SourceCodeInfo__Location *location,
                  const struct openapi_symbol *symbol, int32_t part, size_t index)
{
    size_t wanted = symbol->path_length + (part != OPENAPI_ITSELF ? 2 : 0);
    return location->n_path == wanted &&
           memcmp(location->path, symbol->path, symbol->path_length * sizeof(int32_t)) == 0 &&
           (part == OPENAPI_ITSELF ||
            (location->path[wanted - 2] == part && location->path[wanted - 1] == (int32_t)index));
}

/* A comment's lines without their indentation; those of a paragraph as one. */
static struct text join_lines(struct arena *arena, struct text comment)
{
    char *out = arena_alloc(arena, comment.length + 1);
    size_t length = 0;
    bool is_paragraph = false;
    if (out == NULL) {
        return (struct text){NULL, 0};
    }
    while (comment.data != NULL) {
        struct text line = text_trim(text_next(&comment, '\n'));
        if (line.length == 0) {
            is_paragraph = true;
            continue;
        }
        if (length > 0) {
            out[length++] = is_paragraph ? '\n' : ' ';
            if (is_paragraph) {
                out[length++] = '\n';
            }
        }
        is_paragraph = false;
        memcpy(out + length, line.data, line.length);
        length += line.length;
    }
    return (struct text){out, length};
}

struct text openapi_comment(struct arena *arena, const struct openapi_symbol *symbol, int32_t part,
                            size_t index)
{
    const Google__Protobuf__SourceCodeInfo *info = symbol->file->source_code_info;
    for (size_t i = 0; info != NULL && i < info->n_location; i++) {
        const Google__Protobuf__SourceCodeInfo__Location *location = info->location[i];
        if (is_at(location, symbol, part, index)) {
            struct text before = proto_text(location->leading_comments);
            struct text behind = proto_text(location->trailing_comments);
            return join_lines(arena, before.length > 0 ? before : behind);
        }
    }
    return (struct text){NULL, 0};
}
