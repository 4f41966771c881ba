#include "registry/model/registry_check.h"

#include <stdlib.h>

#include "registry/model/registry_node.h"

static const char *const status_names[] = {
    [REGISTRY_PASSING] = "passing",
    [REGISTRY_WARNING] = "warning",
    [REGISTRY_CRITICAL] = "critical",
};

static const char *const kind_names[] = {
    [REGISTRY_CHECK_TTL] = "ttl",       [REGISTRY_CHECK_HTTP] = "http",
    [REGISTRY_CHECK_TCP] = "tcp",       [REGISTRY_CHECK_GRPC] = "grpc",
    [REGISTRY_CHECK_H2PING] = "h2ping", [REGISTRY_CHECK_ALIAS] = "alias",
    [REGISTRY_CHECK_EXTERNAL] = "",     [REGISTRY_CHECK_MAINTENANCE] = "maintenance",
};

const char *registry_status_name(enum registry_status status)
{
    return status_names[status];
}

bool registry_status_parse(struct text name, enum registry_status *ret_status)
{
    for (size_t i = 0; i < ARRAY_LENGTH(status_names); i++) {
        if (text_equal(text_of(status_names[i]), name)) {
            *ret_status = (enum registry_status)i;
            return true;
        }
    }
    return false;
}

const char *registry_check_kind_name(enum registry_check_kind kind)
{
    return kind_names[kind];
}

bool registry_check_kind_is_active(enum registry_check_kind kind)
{
    return kind == REGISTRY_CHECK_HTTP || kind == REGISTRY_CHECK_TCP ||
           kind == REGISTRY_CHECK_GRPC || kind == REGISTRY_CHECK_H2PING;
}

size_t registry_check_output_bytes_max(const struct registry_check_definition *definition)
{
    size_t bytes_max = definition->output_bytes_max;
    return bytes_max > 0 && bytes_max < REGISTRY_OUTPUT_BYTES_MAX ? bytes_max
                                                                  : REGISTRY_OUTPUT_BYTES_MAX;
}

enum status registry_check_definition_validate(struct call *call,
                                               const struct registry_check_definition *definition)
{
    const struct {
        const char *name;
        struct text value;
        size_t bytes_max;
    } fields[] = {
        {"CheckID", definition->id, REGISTRY_ID_BYTES_MAX},
        {"Name", definition->name, REGISTRY_ID_BYTES_MAX},
        {"Notes", definition->notes, REGISTRY_NOTES_BYTES_MAX},
        {"ServiceID", definition->service_id, REGISTRY_ID_BYTES_MAX},
        {"target", definition->target, REGISTRY_TARGET_BYTES_MAX},
        {"AliasService", definition->alias_service, REGISTRY_ID_BYTES_MAX},
        {"Method", definition->method, REGISTRY_ID_BYTES_MAX},
        {"Body", definition->body, REGISTRY_CHECK_BODY_BYTES_MAX},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        if (fields[i].value.length > fields[i].bytes_max) {
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "Invalid check: %s is longer than %zu bytes", fields[i].name,
                             fields[i].bytes_max);
        }
    }
    if (definition->id.length == 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "CheckID missing");
    }
    if (definition->header_count > REGISTRY_CHECK_HEADERS_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "Invalid check: more than %d headers",
                         REGISTRY_CHECK_HEADERS_MAX);
    }
    return STATUS_OK;
}

static bool headers_equal(const struct registry_check_definition *first,
                          const struct registry_check_definition *second)
{
    if (first->header_count != second->header_count) {
        return false;
    }
    for (size_t i = 0; i < first->header_count; i++) {
        if (!text_equal(first->headers[i].name, second->headers[i].name) ||
            !text_equal(first->headers[i].value, second->headers[i].value)) {
            return false;
        }
    }
    return true;
}

bool registry_check_definition_equal(const struct registry_check_definition *first,
                                     const struct registry_check_definition *second)
{
    return text_equal(first->node, second->node) && text_equal(first->id, second->id) &&
           text_equal(first->name, second->name) && text_equal(first->notes, second->notes) &&
           text_equal(first->service_id, second->service_id) && first->kind == second->kind &&
           first->initial == second->initial && first->ttl_ns == second->ttl_ns &&
           first->interval_ns == second->interval_ns && first->timeout_ns == second->timeout_ns &&
           first->deregister_after_ns == second->deregister_after_ns &&
           first->is_alone == second->is_alone &&
           first->output_bytes_max == second->output_bytes_max &&
           first->target_is_http == second->target_is_http &&
           first->success_before_passing == second->success_before_passing &&
           first->failures_before_warning == second->failures_before_warning &&
           first->failures_before_critical == second->failures_before_critical &&
           text_equal(first->alias_service, second->alias_service) &&
           text_equal(first->target, second->target) && text_equal(first->method, second->method) &&
           text_equal(first->body, second->body) && headers_equal(first, second);
}

static struct registry_check_definition *
pack_check(struct registry_pack *pack, const struct registry_check_definition *definition)
{
    struct registry_check_definition *copy = registry_pack_array(pack, 1, sizeof(*copy));
    struct registry_check_header *headers =
        registry_pack_array(pack, definition->header_count, sizeof(*headers));
    struct registry_check_definition packed = *definition;
    packed.node = registry_pack_text(pack, definition->node);
    packed.id = registry_pack_text(pack, definition->id);
    packed.key = registry_pack_key(pack, packed.node, packed.id);
    packed.name = registry_pack_text(pack, definition->name);
    packed.notes = registry_pack_text(pack, definition->notes);
    packed.service_id = registry_pack_text(pack, definition->service_id);
    packed.target = registry_pack_text(pack, definition->target);
    packed.alias_service = registry_pack_text(pack, definition->alias_service);
    packed.method = registry_pack_text(pack, definition->method);
    packed.body = registry_pack_text(pack, definition->body);
    packed.headers = headers;
    for (size_t i = 0; i < definition->header_count; i++) {
        struct registry_check_header header = {
            .name = registry_pack_text(pack, definition->headers[i].name),
            .value = registry_pack_text(pack, definition->headers[i].value),
        };
        if (headers != NULL) {
            headers[i] = header;
        }
    }
    if (copy != NULL) {
        *copy = packed;
    }
    return copy;
}

struct registry_check_definition *
registry_check_definition_copy(const struct registry_check_definition *definition,
                               size_t *ret_bytes)
{
    struct registry_pack pack = {.block = NULL};
    (void)pack_check(&pack, definition);
    size_t bytes = pack.bytes;
    pack = (struct registry_pack){.block = malloc(bytes)};
    if (pack.block == NULL) {
        return NULL;
    }
    *ret_bytes = bytes;
    return pack_check(&pack, definition);
}
