#include <stdlib.h>

#include "proto/proto_pool_private.h"

/* Field `file` of a FileDescriptorSet: number 1, length-delimited
 * (google/protobuf/descriptor.proto). */
enum { SET_FILE_KEY = 0x0a };

/* protobuf-c answers NULL both to bad bytes and to no memory; this tells which. */
struct pool_allocation {
    struct arena *arena;
    bool failed;
};

static void *pool_allocate(void *data, size_t size)
{
    struct pool_allocation *allocation = data;
    void *memory = arena_alloc(allocation->arena, size);
    allocation->failed = allocation->failed || memory == NULL;
    return memory;
}

static void pool_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

void *proto_pool_grow(struct arena *arena, void *array, size_t count, size_t *capacity,
                      size_t element)
{
    if (count < *capacity) {
        return array;
    }
    size_t wanted = *capacity > 0 ? *capacity * 2 : 64;
    void *grown = arena_calloc(arena, wanted, element);
    if (grown == NULL) {
        return NULL;
    }
    if (count > 0) {
        memcpy(grown, array, count * element);
    }
    *capacity = wanted;
    return grown;
}

/* Takes the next file's bytes off the front of a set. false: there is none. */
static bool next_file(struct text *set, struct text *ret_file)
{
    const unsigned char *bytes = (const unsigned char *)set->data;
    size_t length = 0;
    size_t at = 1;
    if (set->length == 0 || bytes[0] != SET_FILE_KEY) {
        return false;
    }
    for (unsigned shift = 0; at < set->length && shift < 35; shift += 7) {
        unsigned char byte = bytes[at++];
        length |= (size_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    if (length > set->length - at) {
        return false;
    }
    *ret_file = text_slice(*set, at, at + length);
    *set = text_slice(*set, at + length, set->length);
    return true;
}

static bool has_file(const struct proto_pool *pool, struct text name)
{
    for (size_t i = 0; i < pool->file_count; i++) {
        if (text_equal(pool->files[i].name, name)) {
            return true;
        }
    }
    return false;
}

static enum status add_set(struct proto_pool *pool, const struct proto_descriptor_set *set,
                           size_t *capacity)
{
    struct pool_allocation allocation = {.arena = &pool->arena};
    ProtobufCAllocator allocator = {pool_allocate, pool_free, &allocation};
    const Google__Protobuf__FileDescriptorSet *parsed =
        google__protobuf__file_descriptor_set__unpack(&allocator, set->size, set->data);
    if (parsed == NULL) {
        return allocation.failed ? STATUS_RESOURCE_EXHAUSTED : STATUS_INTERNAL;
    }
    struct text rest = text_of_bytes(set->data, set->size);
    for (size_t i = 0; i < parsed->n_file; i++) {
        struct pool_file file = {.name = proto_text(parsed->file[i]->name),
                                 .descriptor = parsed->file[i]};
        if (!next_file(&rest, &file.bytes)) {
            return STATUS_INTERNAL;
        }
        if (has_file(pool, file.name)) {
            continue;
        }
        struct pool_file *files = proto_pool_grow(&pool->arena, pool->files, pool->file_count,
                                                  capacity, sizeof(*pool->files));
        if (files == NULL) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
        pool->files = files;
        pool->files[pool->file_count++] = file;
    }
    return STATUS_OK;
}

static int compare_files(const void *a, const void *b)
{
    const struct pool_file *left = a;
    const struct pool_file *right = b;
    return text_compare(left->name, right->name);
}

static enum status add_sets(struct proto_pool *pool, const struct proto_descriptor_set *sets,
                            size_t set_count)
{
    size_t capacity = 0;
    for (size_t i = 0; i < set_count; i++) {
        enum status status = add_set(pool, &sets[i], &capacity);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (pool->file_count > 0) {
        qsort(pool->files, pool->file_count, sizeof(*pool->files), compare_files);
    }
    return proto_pool_index_symbols(pool) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

enum status proto_pool_create(const struct proto_descriptor_set *sets, size_t set_count,
                              const ProtobufCMessageDescriptor *const *roots, size_t root_count,
                              struct proto_pool **ret_pool)
{
    struct proto_pool *pool = calloc(1, sizeof(*pool));
    if (pool == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    arena_init(&pool->arena, PROTO_POOL_BYTES_MAX);
    enum status status = add_sets(pool, sets, set_count);
    if (status == STATUS_OK) {
        status = proto_pool_add_types(pool, roots, root_count);
    }
    if (status != STATUS_OK) {
        proto_pool_destroy(pool);
        return status;
    }
    *ret_pool = pool;
    return STATUS_OK;
}

void proto_pool_destroy(struct proto_pool *pool)
{
    if (pool != NULL) {
        arena_deinit(&pool->arena);
        free(pool);
    }
}

static const struct pool_file *find_file(const struct proto_pool *pool, struct text name)
{
    struct pool_file key = {.name = name};
    if (pool->file_count == 0) {
        return NULL;
    }
    return bsearch(&key, pool->files, pool->file_count, sizeof(key), compare_files);
}

bool proto_pool_file(const struct proto_pool *pool, struct text name, struct text *ret_file)
{
    const struct pool_file *file = find_file(pool, name);
    if (file == NULL) {
        return false;
    }
    *ret_file = file->bytes;
    return true;
}

bool proto_pool_file_of_symbol(const struct proto_pool *pool, struct text symbol,
                               struct text *ret_file_name)
{
    const struct pool_symbol *found = proto_pool_find_symbol(pool, symbol);
    if (found == NULL) {
        return false;
    }
    *ret_file_name = pool->files[found->file].name;
    return true;
}

size_t proto_pool_import_count(const struct proto_pool *pool, struct text file_name)
{
    const struct pool_file *file = find_file(pool, file_name);
    return file != NULL ? file->descriptor->n_dependency : 0;
}

struct text proto_pool_import(const struct proto_pool *pool, struct text file_name, size_t index)
{
    const struct pool_file *file = find_file(pool, file_name);
    CHECK(file != NULL && index < file->descriptor->n_dependency);
    return proto_text(file->descriptor->dependency[index]);
}
