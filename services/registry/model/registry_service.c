#include "registry/model/registry_service.h"

#include <stdlib.h>

#include "registry/model/registry_pack.h"

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
        if (meta->key.length == 0 || meta->key.length > REGISTRY_META_KEY_BYTES_MAX ||
            meta->value.length > REGISTRY_META_VALUE_BYTES_MAX) {
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "Invalid Service Meta: Couldn't load metadata pair "
                             "('%.*s'): a key has 1 to %d bytes, a value at most %d",
                             TEXT_ARGUMENTS(meta->key), REGISTRY_META_KEY_BYTES_MAX,
                             REGISTRY_META_VALUE_BYTES_MAX);
        }
    }
    return STATUS_OK;
}

static bool is_weight(int weight)
{
    return weight >= 0 && weight <= REGISTRY_WEIGHT_MAX;
}

enum status
registry_service_definition_validate(struct call *call,
                                     const struct registry_service_definition *definition)
{
    if (definition->name.length > REGISTRY_ID_BYTES_MAX ||
        definition->id.length > REGISTRY_ID_BYTES_MAX ||
        definition->address.length > REGISTRY_ID_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "Invalid service: name, id and address have at most %d bytes",
                         REGISTRY_ID_BYTES_MAX);
    }
    if (definition->weight_passing < 1 || !is_weight(definition->weight_passing)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "Invalid Weights: Passing must be greater than 0");
    }
    if (!is_weight(definition->weight_warning)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "Invalid Weights: Warning must be greater or equal than 0");
    }
    enum status status = validate_tags(call, definition);
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

bool registry_service_definition_equal(const struct registry_service_definition *first,
                                       const struct registry_service_definition *second)
{
    return text_equal(first->id, second->id) && text_equal(first->name, second->name) &&
           text_equal(first->address, second->address) && first->port == second->port &&
           first->enable_tag_override == second->enable_tag_override &&
           first->weight_passing == second->weight_passing &&
           first->weight_warning == second->weight_warning && tags_equal(first, second) &&
           meta_equal(first, second);
}

static struct registry_service_definition *
pack_service(struct registry_pack *pack, const struct registry_service_definition *definition)
{
    struct registry_service_definition *copy = registry_pack_array(pack, 1, sizeof(*copy));
    struct text *tags = registry_pack_array(pack, definition->tag_count, sizeof(*tags));
    struct registry_meta *meta = registry_pack_array(pack, definition->meta_count, sizeof(*meta));
    struct registry_service_definition packed = *definition;
    packed.id = registry_pack_text(pack, definition->id);
    packed.name = registry_pack_text(pack, definition->name);
    packed.address = registry_pack_text(pack, definition->address);
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
