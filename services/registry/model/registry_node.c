#include "registry/model/registry_node.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"

struct text registry_key(struct text node, struct text id,
                         char buffer[static REGISTRY_KEY_BYTES_MAX])
{
    if (node.length == 0 || node.length + id.length >= REGISTRY_KEY_BYTES_MAX) {
        return id; /* longer ones are refused before they get here */
    }
    memcpy(buffer, node.data, node.length);
    buffer[node.length] = '\0'; /* which no name has */
    if (id.length > 0) {
        memcpy(buffer + node.length + 1, id.data, id.length);
    }
    return text_of_bytes(buffer, node.length + 1 + id.length);
}

struct text registry_pack_key(struct registry_pack *pack, struct text node, struct text id)
{
    char buffer[REGISTRY_KEY_BYTES_MAX];
    if (node.length == 0) {
        return id;
    }
    if (pack->block == NULL) {
        return registry_pack_text(pack, (struct text){NULL, node.length + 1 + id.length});
    }
    return registry_pack_text(pack, registry_key(node, id, buffer));
}

void registry_node_id_make(char id[static REGISTRY_NODE_ID_BYTES])
{
    uint8_t bytes[16];
    random_fill(bytes, sizeof(bytes));
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    (void)snprintf(id, REGISTRY_NODE_ID_BYTES,
                   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", bytes[0],
                   bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7], bytes[8],
                   bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]);
}

static bool pairs_fit(const struct registry_meta *pairs, size_t count)
{
    if (count > REGISTRY_META_MAX) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (pairs[i].key.length > REGISTRY_META_KEY_BYTES_MAX ||
            pairs[i].value.length > REGISTRY_META_VALUE_BYTES_MAX) {
            return false;
        }
    }
    return true;
}

enum status registry_node_definition_validate(struct call *call,
                                              const struct registry_node_definition *definition)
{
    if (definition->name.length > REGISTRY_ID_BYTES_MAX ||
        definition->id.length > REGISTRY_ID_BYTES_MAX ||
        definition->address.length > REGISTRY_ID_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "Invalid node: name, id and address have at most %d bytes",
                         REGISTRY_ID_BYTES_MAX);
    }
    if (!pairs_fit(definition->addresses, definition->address_count) ||
        !pairs_fit(definition->meta, definition->meta_count)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "Invalid node: at most %d tagged addresses and %d pairs of metadata, with "
                         "keys of %d and values of %d bytes",
                         REGISTRY_META_MAX, REGISTRY_META_MAX, REGISTRY_META_KEY_BYTES_MAX,
                         REGISTRY_META_VALUE_BYTES_MAX);
    }
    return STATUS_OK;
}

static bool pairs_equal(const struct registry_meta *first, size_t first_count,
                        const struct registry_meta *second, size_t second_count)
{
    if (first_count != second_count) {
        return false;
    }
    for (size_t i = 0; i < first_count; i++) {
        if (!text_equal(first[i].key, second[i].key) ||
            !text_equal(first[i].value, second[i].value)) {
            return false;
        }
    }
    return true;
}

bool registry_node_definition_equal(const struct registry_node_definition *first,
                                    const struct registry_node_definition *second)
{
    return text_equal(first->name, second->name) && text_equal(first->id, second->id) &&
           text_equal(first->address, second->address) &&
           pairs_equal(first->addresses, first->address_count, second->addresses,
                       second->address_count) &&
           pairs_equal(first->meta, first->meta_count, second->meta, second->meta_count);
}

static const struct registry_meta *pack_pairs(struct registry_pack *pack,
                                              const struct registry_meta *pairs, size_t count)
{
    struct registry_meta *copy = registry_pack_array(pack, count, sizeof(*copy));
    for (size_t i = 0; i < count; i++) {
        struct registry_meta pair = {
            .key = registry_pack_text(pack, pairs[i].key),
            .value = registry_pack_text(pack, pairs[i].value),
        };
        if (copy != NULL) {
            copy[i] = pair;
        }
    }
    return copy;
}

static struct registry_node_definition *pack_node(struct registry_pack *pack,
                                                  const struct registry_node_definition *definition)
{
    struct registry_node_definition *copy = registry_pack_array(pack, 1, sizeof(*copy));
    struct registry_node_definition packed = *definition;
    packed.addresses = pack_pairs(pack, definition->addresses, definition->address_count);
    packed.meta = pack_pairs(pack, definition->meta, definition->meta_count);
    packed.name = registry_pack_text(pack, definition->name);
    packed.id = registry_pack_text(pack, definition->id);
    packed.address = registry_pack_text(pack, definition->address);
    if (copy != NULL) {
        *copy = packed;
    }
    return copy;
}

struct registry_node_definition *
registry_node_definition_copy(const struct registry_node_definition *definition, size_t *ret_bytes)
{
    struct registry_pack pack = {.block = NULL};
    (void)pack_node(&pack, definition);
    size_t bytes = pack.bytes;
    pack = (struct registry_pack){.block = malloc(bytes)};
    if (pack.block == NULL) {
        return NULL;
    }
    *ret_bytes = bytes;
    return pack_node(&pack, definition);
}
