/* openapi_descriptors.h: what the descriptor sets declare, by full name, with the comments there.
 */
#pragma once

#include <google/protobuf/descriptor.pb-c.h>

#include "base/arena.h"
#include "base/status.h"
#include "proto/proto.h"

enum { OPENAPI_PATH_MAX = 32 }; /* of a place in a file: two numbers for each level of nesting */

/* The numbers of descriptor.proto's fields that a place's path is made of. */
enum openapi_path {
    OPENAPI_FILE_MESSAGE = 4,
    OPENAPI_FILE_ENUM = 5,
    OPENAPI_FILE_SERVICE = 6,
    OPENAPI_MESSAGE_FIELD = 2,
    OPENAPI_MESSAGE_NESTED = 3,
    OPENAPI_MESSAGE_ENUM = 4,
    OPENAPI_ENUM_VALUE = 2,
    OPENAPI_SERVICE_METHOD = 2,
};

struct openapi_symbol {
    struct text full_name;
    /* One of these. */
    const Google__Protobuf__DescriptorProto *message;
    const Google__Protobuf__EnumDescriptorProto *enumeration;
    const Google__Protobuf__ServiceDescriptorProto *service;
    const Google__Protobuf__FileDescriptorProto *file;
    int32_t path[OPENAPI_PATH_MAX]; /* where it stands there */
    size_t path_length;
    bool is_answered; /* it is in what is answered: openapi_components.h */
    bool is_used[2];  /* there is a component for it: as output, as input */
};

struct openapi_descriptors {
    struct openapi_symbol *symbols;
    size_t count;
    size_t capacity;
};

/* Valid in the arena. STATUS_INVALID_ARGUMENT: a set cannot be parsed, or nests too deep.
 * STATUS_RESOURCE_EXHAUSTED: no room there. */
MUST_USE enum status openapi_descriptors_read(struct arena *arena,
                                              const struct proto_descriptor_set *sets,
                                              size_t set_count,
                                              struct openapi_descriptors *ret_descriptors);

/* With or without the leading dot of descriptors. NULL: nobody declares it. */
struct openapi_symbol *openapi_find(const struct openapi_descriptors *descriptors,
                                    struct text name);

/* The comment before or behind the symbol, or before or behind its part (a field, a value, a
 * method: `part` says which kind, `index` which one; OPENAPI_ITSELF: the symbol). Lines of a
 * paragraph are joined. Valid in the arena; empty: there is none. */
enum { OPENAPI_ITSELF = 0 };
struct text openapi_comment(struct arena *arena, const struct openapi_symbol *symbol, int32_t part,
                            size_t index);
