#include "registry/model/registry_service.h"

#include <stdlib.h>

#include "registry/model/registry_node.h"

static enum status validate_tags(struct call *call,
                                 const struct registry_service_definition *definition)
{
    if (definition->tag_count > REGISTRY_TAGS_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "Invalid service: more than %d tags",
                         REGISTRY_TAGS_MAX);
    }
    for (size_t i = 0; i < definition->tag_count; i++) {
        if (definition->tags[i].length > REGISTRY_ID_BYTES_MAX) {
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "Invalid service: a tag is longer than %d bytes",
                             REGISTRY_ID_BYTES_MAX);
        }
    }
    return STATUS_OK;
}

static bool is_meta_key_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
}

/* NULL: the pair may be. */
static const char *find_meta_fault(const struct registry_meta *meta)
{
    if (meta->key.length == 0) {
        return "Key cannot be blank";
    }
    for (size_t i = 0; i < meta->key.length; i++) {
        if (!is_meta_key_byte(meta->key.data[i])) {
            return "Key contains invalid characters";
        }
    }
    if (meta->key.length > REGISTRY_META_KEY_BYTES_MAX) {
        return "Key is too long (limit: 128 characters)";
    }
    if (text_starts_with(meta->key, TEXT("consul-"))) {
        return "Key prefix 'consul-' is reserved for internal use";
    }
    if (meta->value.length > REGISTRY_META_VALUE_BYTES_MAX) {
        return "Value is too long (limit: 512 characters)";
    }
    return NULL;
}

static enum status validate_meta(struct call *call,
                                 const struct registry_service_definition *definition)
{
    if (definition->meta_count > REGISTRY_META_MAX) {
        return call_fail(
            call, STATUS_INVALID_ARGUMENT,
            "Invalid Service Meta: Node metadata cannot contain more than %d key/value pairs",
            REGISTRY_META_MAX);
    }
    for (size_t i = 0; i < definition->meta_count; i++) {
        const struct registry_meta *meta = &definition->meta[i];
        const char *fault = find_meta_fault(meta);
        if (fault != NULL) {
            return call_fail(
                call, STATUS_INVALID_ARGUMENT,
                "Invalid Service Meta: Couldn't load metadata pair ('%.*s', '%.*s'): %s",
                TEXT_ARGUMENTS(meta->key), TEXT_ARGUMENTS(meta->value), fault);
        }
    }
    return STATUS_OK;
}

static enum status validate_addresses(struct call *call,
                                      const struct registry_service_definition *definition)
{
    if (definition->tagged_address_count > REGISTRY_TAGGED_ADDRESSES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "Invalid service: more than %d tagged addresses",
                         REGISTRY_TAGGED_ADDRESSES_MAX);
    }
    for (size_t i = 0; i < definition->tagged_address_count; i++) {
        if (definition->tagged_addresses[i].tag.length > REGISTRY_ID_BYTES_MAX ||
            definition->tagged_addresses[i].address.length > REGISTRY_ID_BYTES_MAX) {
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "Invalid service: a tagged address is longer than %d bytes",
                             REGISTRY_ID_BYTES_MAX);
        }
    }
    return STATUS_OK;
}

static enum status validate_weights(struct call *call,
                                    const struct registry_service_definition *definition)
{
    int passing = definition->weight_passing;
    int warning = definition->weight_warning;
    if (passing < 1) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "Invalid Weights: Passing must be greater than 0");
    }
    if (warning < 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "Invalid Weights: Warning must be greater or equal than 0");
    }
    if (passing > REGISTRY_WEIGHT_MAX || warning > REGISTRY_WEIGHT_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "Invalid Weights: DNS Weight must be between 0 and %d",
                         REGISTRY_WEIGHT_MAX);
    }
    return STATUS_OK;
}

enum status
registry_service_definition_validate(struct call *call,
                                     const struct registry_service_definition *definition)
{
    if (definition->name.length > REGISTRY_ID_BYTES_MAX ||
        definition->id.length > REGISTRY_ID_BYTES_MAX ||
        definition->address.length > REGISTRY_ID_BYTES_MAX ||
        definition->socket_path.length > REGISTRY_ID_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "Invalid service: name, id, address and socket path have at most %d bytes",
                         REGISTRY_ID_BYTES_MAX);
    }
    enum status status = validate_weights(call, definition);
    if (status == STATUS_OK) {
        status = validate_tags(call, definition);
    }
    if (status == STATUS_OK) {
        status = validate_addresses(call, definition);
    }
    return status == STATUS_OK ? validate_meta(call, definition) : status;
}

static bool tags_equal(const struct registry_service_definition *first,
                       const struct registry_service_definition *second)
{
    if (first->tag_count != second->tag_count) {
        return false;
    }
    for (size_t i = 0; i < first->tag_count; i++) {
        if (!text_equal(first->tags[i], second->tags[i])) {
            return false;
        }
    }
    return true;
}

static bool meta_equal(const struct registry_service_definition *first,
                       const struct registry_service_definition *second)
{
    if (first->meta_count != second->meta_count) {
        return false;
    }
    for (size_t i = 0; i < first->meta_count; i++) {
        if (!text_equal(first->meta[i].key, second->meta[i].key) ||
            !text_equal(first->meta[i].value, second->meta[i].value)) {
            return false;
        }
    }
    return true;
}

static bool addresses_equal(const struct registry_service_definition *first,
                            const struct registry_service_definition *second)
{
    if (first->tagged_address_count != second->tagged_address_count) {
        return false;
    }
    for (size_t i = 0; i < first->tagged_address_count; i++) {
        if (!text_equal(first->tagged_addresses[i].tag, second->tagged_addresses[i].tag) ||
            !text_equal(first->tagged_addresses[i].address, second->tagged_addresses[i].address) ||
            first->tagged_addresses[i].port != second->tagged_addresses[i].port) {
            return false;
        }
    }
    return true;
}

bool registry_service_definition_equal(const struct registry_service_definition *first,
                                       const struct registry_service_definition *second)
{
    return text_equal(first->node, second->node) && text_equal(first->id, second->id) &&
           text_equal(first->name, second->name) && text_equal(first->address, second->address) &&
           first->port == second->port &&
           first->enable_tag_override == second->enable_tag_override &&
           first->weight_passing == second->weight_passing &&
           first->weight_warning == second->weight_warning && tags_equal(first, second) &&
           meta_equal(first, second) && addresses_equal(first, second) &&
           text_equal(first->socket_path, second->socket_path) &&
           first->connect_native == second->connect_native;
}

static const struct registry_tagged_address *
pack_addresses(struct registry_pack *pack, const struct registry_service_definition *definition)
{
    struct registry_tagged_address *addresses =
        registry_pack_array(pack, definition->tagged_address_count, sizeof(*addresses));
    for (size_t i = 0; i < definition->tagged_address_count; i++) {
        struct registry_tagged_address address = {
            .tag = registry_pack_text(pack, definition->tagged_addresses[i].tag),
            .address = registry_pack_text(pack, definition->tagged_addresses[i].address),
            .port = definition->tagged_addresses[i].port,
        };
        if (addresses != NULL) {
            addresses[i] = address;
        }
    }
    return addresses;
}

static struct registry_service_definition *
pack_service(struct registry_pack *pack, const struct registry_service_definition *definition)
{
    struct registry_service_definition *copy = registry_pack_array(pack, 1, sizeof(*copy));
    struct text *tags = registry_pack_array(pack, definition->tag_count, sizeof(*tags));
    struct registry_meta *meta = registry_pack_array(pack, definition->meta_count, sizeof(*meta));
    struct registry_service_definition packed = *definition;
    packed.node = registry_pack_text(pack, definition->node);
    packed.id = registry_pack_text(pack, definition->id);
    packed.key = registry_pack_key(pack, packed.node, packed.id);
    packed.name = registry_pack_text(pack, definition->name);
    packed.address = registry_pack_text(pack, definition->address);
    packed.socket_path = registry_pack_text(pack, definition->socket_path);
    packed.tagged_addresses = pack_addresses(pack, definition);
    packed.tags = tags;
    packed.meta = meta;
    for (size_t i = 0; i < definition->tag_count; i++) {
        struct text tag = registry_pack_text(pack, definition->tags[i]);
        if (tags != NULL) {
            tags[i] = tag;
        }
    }
    for (size_t i = 0; i < definition->meta_count; i++) {
        struct registry_meta pair = {
            .key = registry_pack_text(pack, definition->meta[i].key),
            .value = registry_pack_text(pack, definition->meta[i].value),
        };
        if (meta != NULL) {
            meta[i] = pair;
        }
    }
    if (copy != NULL) {
        *copy = packed;
    }
    return copy;
}

struct registry_service_definition *
registry_service_definition_copy(const struct registry_service_definition *definition,
                                 size_t *ret_bytes)
{
    struct registry_pack pack = {.block = NULL};
    (void)pack_service(&pack, definition);
    size_t bytes = pack.bytes;
    pack = (struct registry_pack){.block = malloc(bytes)};
    if (pack.block == NULL) {
        return NULL;
    }
    *ret_bytes = bytes;
    return pack_service(&pack, definition);
}
