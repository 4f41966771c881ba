/* proto_pool_private.h: what the files of lib/proto know of a pool. */
#pragma once

#include <google/protobuf/descriptor.pb-c.h>

#include "base/arena.h"
#include "proto/proto.h"

struct pool_file {
    struct text name;
    struct text bytes; /* the serialized FileDescriptorProto: borrowed from its set */
    const Google__Protobuf__FileDescriptorProto *descriptor;
};

struct pool_symbol {
    struct text full_name;
    size_t file;                                      /* an index into the pool's files */
    const Google__Protobuf__DescriptorProto *message; /* NULL: no message */
};

struct proto_pool {
    struct arena arena;      /* all of the pool but this struct */
    struct pool_file *files; /* by name */
    size_t file_count;
    struct pool_symbol *symbols; /* by full name */
    size_t symbol_count;
    size_t symbol_capacity;
    struct proto_type **types;
    size_t type_count;
    size_t type_capacity;
    struct proto_type **slots; /* an open hash table over protobuf-c's descriptors */
    size_t slot_count;         /* a power of two, more than twice type_count */
};

/* Room for one more element in an array of the pool's arena: doubles it when it is full. Returns
 * the array, moved or not, or NULL. */
void *proto_pool_grow(struct arena *arena, void *array, size_t count, size_t *capacity,
                      size_t element);

/* Fills pool->symbols from pool->files, sorted. false: no memory. */
MUST_USE bool proto_pool_index_symbols(struct proto_pool *pool);
const struct pool_symbol *proto_pool_find_symbol(const struct proto_pool *pool,
                                                 struct text full_name);

/* Fills pool->types with the roots and all that they contain. */
MUST_USE enum status proto_pool_add_types(struct proto_pool *pool,
                                          const ProtobufCMessageDescriptor *const *roots,
                                          size_t root_count);
