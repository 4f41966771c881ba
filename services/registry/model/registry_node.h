/* registry_node.h: a node: the registry's own, on which everybody registers, or one that the
 * catalog was told of. Ids of services and checks are each node's own. */
#pragma once

#include "registry/model/registry_pack.h"
#include "registry/model/registry_service.h"

enum {
    REGISTRY_KEY_BYTES_MAX = 2 * REGISTRY_ID_BYTES_MAX + 1,
    REGISTRY_NODE_ID_BYTES = 37, /* a UUID and its NUL */
};

/* A new node's: a UUID of version 4 (RFC 9562 section 5.4). */
void registry_node_id_make(char id[static REGISTRY_NODE_ID_BYTES]);

/* What the registry as a whole knows an id by. node: empty for the registry's own, whose ids stand
 * for themselves. */
struct text registry_key(struct text node, struct text id,
                         char buffer[static REGISTRY_KEY_BYTES_MAX]);
/* The same, packed; node and id are packed already. */
struct text registry_pack_key(struct registry_pack *pack, struct text node, struct text id);

struct registry_node_definition {
    struct text name;
    struct text id; /* a UUID; empty: not told */
    struct text address;
    const struct registry_meta *addresses; /* tagged */
    size_t address_count;
    const struct registry_meta *meta;
    size_t meta_count;
};

/* A node as the registry keeps it. Read only, borrowed until the next write. */
struct registry_node {
    const struct registry_node_definition *definition;
    uint64_t create_index;
    uint64_t modify_index;
};

/* As the functions of registry_check.h. */
MUST_USE enum status
registry_node_definition_validate(struct call *call,
                                  const struct registry_node_definition *definition);
bool registry_node_definition_equal(const struct registry_node_definition *first,
                                    const struct registry_node_definition *second);
MUST_USE struct registry_node_definition *
registry_node_definition_copy(const struct registry_node_definition *definition, size_t *ret_bytes);
