/* registry_service.h: an instance of a service, as it is registered. */
#pragma once

#include "registry/model/registry_check.h"

enum {
    REGISTRY_TAGS_MAX = 64,
    REGISTRY_META_MAX = 64, /* as Consul */
    REGISTRY_META_KEY_BYTES_MAX = 128,
    REGISTRY_META_VALUE_BYTES_MAX = 512,
    REGISTRY_CHECKS_PER_INSTANCE_MAX = 16,
    REGISTRY_WEIGHT_MAX = 65535,
    REGISTRY_TAGGED_ADDRESSES_MAX = 16,
};

struct registry_node;

struct registry_meta {
    struct text key;
    struct text value;
};

/* Another address of the instance, for who comes from elsewhere ("wan", "lan_ipv4"). */
struct registry_tagged_address {
    struct text tag;
    struct text address;
    int port;
};

struct registry_service_definition {
    struct text node; /* empty: the registry's own */
    struct text key;  /* of the registry's own copies: registry_key() */
    struct text id;
    struct text name;
    struct text address;     /* empty: the node's */
    uint16_t port;           /* 0: none */
    struct text socket_path; /* empty: none */
    bool enable_tag_override;
    int weight_passing;
    int weight_warning;
    const struct text *tags;
    size_t tag_count;
    const struct registry_meta *meta;
    size_t meta_count;
    const struct registry_tagged_address *tagged_addresses;
    size_t tagged_address_count;
    bool connect_native; /* speaks the mesh's protocol itself; kept and told */
};

/* An instance as the registry keeps it. Read only, borrowed until the next write. */
struct registry_instance {
    const struct registry_node *node; /* NULL: the registry's own */
    const struct registry_service_definition *definition;
    uint64_t create_index;
    uint64_t modify_index;
};

/* As the functions of registry_check.h. */
MUST_USE enum status
registry_service_definition_validate(struct call *call,
                                     const struct registry_service_definition *definition);
bool registry_service_definition_equal(const struct registry_service_definition *first,
                                       const struct registry_service_definition *second);
MUST_USE struct registry_service_definition *
registry_service_definition_copy(const struct registry_service_definition *definition,
                                 size_t *ret_bytes);
