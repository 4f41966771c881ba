#include "registry/handler/registry_catalog_input.h"

#include "base/arena.h"
#include "registry/handler/registry_fields.h"
#include "registry/handler/registry_service_input.h"

struct entry_input {
    struct text id;
    struct text node;
    struct text address;
    bool skip_node_update;
    const struct json *tagged_addresses;
    const struct json *meta;
    const struct json *service;
    const struct json *check;
    const struct json *checks;
};

struct check_input {
    struct text check_id;
    struct text name;
    struct text status;
    struct text notes;
    struct text output;
    struct text service_id;
    const struct json *definition;
};

struct definition_input {
    struct text http;
    struct text tcp;
    int64_t interval_ns;
    int64_t timeout_ns;
    int64_t deregister_after_ns;
};

static const struct registry_field entry_fields[] = {
    REGISTRY_FIELD("ID", TEXT, entry_input, id),
    REGISTRY_FIELD("Node", TEXT, entry_input, node),
    REGISTRY_FIELD("Address", TEXT, entry_input, address),
    REGISTRY_FIELD("TaggedAddresses", VALUE, entry_input, tagged_addresses),
    REGISTRY_FIELD("NodeMeta", VALUE, entry_input, meta),
    REGISTRY_FIELD("Service", VALUE, entry_input, service),
    REGISTRY_FIELD("Check", VALUE, entry_input, check),
    REGISTRY_FIELD("Checks", VALUE, entry_input, checks),
    REGISTRY_FIELD("SkipNodeUpdate", BOOLEAN, entry_input, skip_node_update),
    REGISTRY_FIELD_WITHOUT_PLACE("Datacenter", IGNORED),
    REGISTRY_FIELD_WITHOUT_PLACE("Token", IGNORED),
    REGISTRY_FIELD_WITHOUT_PLACE("PeerName", REFUSED),
    REGISTRY_FIELD_WITHOUT_PLACE("Namespace", REFUSED),
    REGISTRY_FIELD_WITHOUT_PLACE("Partition", REFUSED),
};

static const struct registry_field check_fields[] = {
    REGISTRY_FIELD("CheckID", TEXT, check_input, check_id),
    REGISTRY_FIELD("Name", TEXT, check_input, name),
    REGISTRY_FIELD("Status", TEXT, check_input, status),
    REGISTRY_FIELD("Notes", TEXT, check_input, notes),
    REGISTRY_FIELD("Output", TEXT, check_input, output),
    REGISTRY_FIELD("ServiceID", TEXT, check_input, service_id),
    REGISTRY_FIELD("Definition", VALUE, check_input, definition),
    REGISTRY_FIELD_WITHOUT_PLACE("Node", IGNORED), /* the entry's */
    REGISTRY_FIELD_WITHOUT_PLACE("ServiceName", IGNORED),
    REGISTRY_FIELD_WITHOUT_PLACE("ServiceTags", IGNORED),
    REGISTRY_FIELD_WITHOUT_PLACE("Type", IGNORED),
    REGISTRY_FIELD_WITHOUT_PLACE("Interval", IGNORED),
    REGISTRY_FIELD_WITHOUT_PLACE("Timeout", IGNORED),
    REGISTRY_FIELD_WITHOUT_PLACE("ExposedPort", IGNORED),
    REGISTRY_FIELD_WITHOUT_PLACE("CreateIndex", IGNORED),
    REGISTRY_FIELD_WITHOUT_PLACE("ModifyIndex", IGNORED),
    REGISTRY_FIELD_WITHOUT_PLACE("PeerName", REFUSED),
    REGISTRY_FIELD_WITHOUT_PLACE("Namespace", REFUSED),
    REGISTRY_FIELD_WITHOUT_PLACE("Partition", REFUSED),
};

/* What is given back; nobody here looks. */
static const struct registry_field definition_fields[] = {
    REGISTRY_FIELD("HTTP", TEXT, definition_input, http),
    REGISTRY_FIELD("TCP", TEXT, definition_input, tcp),
    REGISTRY_FIELD("Interval", DURATION, definition_input, interval_ns),
    REGISTRY_FIELD("IntervalDuration", DURATION, definition_input, interval_ns),
    REGISTRY_FIELD("Timeout", DURATION, definition_input, timeout_ns),
    REGISTRY_FIELD("TimeoutDuration", DURATION, definition_input, timeout_ns),
    REGISTRY_FIELD("DeregisterCriticalServiceAfter", DURATION, definition_input,
                   deregister_after_ns),
    REGISTRY_FIELD("DeregisterCriticalServiceAfterDuration", DURATION, definition_input,
                   deregister_after_ns),
    REGISTRY_FIELD_WITHOUT_PLACE("Header", REFUSED),
    REGISTRY_FIELD_WITHOUT_PLACE("Method", REFUSED),
    REGISTRY_FIELD_WITHOUT_PLACE("Body", REFUSED),
    REGISTRY_FIELD_WITHOUT_PLACE("TLSServerName", REFUSED),
    REGISTRY_FIELD_WITHOUT_PLACE("TLSSkipVerify", REFUSED),
};

/* {"key": "value", …} */
static enum status read_pairs(struct call *call, const char *name, const struct json *object,
                              const struct registry_meta **ret_pairs, size_t *ret_count)
{
    size_t position = 0;
    struct text key;
    const struct json *value;
    if (object == NULL) {
        return STATUS_OK;
    }
    if (json_kind(object) != JSON_OBJECT) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "\"%s\" is no object", name);
    }
    struct registry_meta *pairs =
        arena_calloc(call->arena, json_length(object) + 1, sizeof(*pairs));
    if (pairs == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    while (json_next_member(object, &position, &key, &value)) {
        if (json_kind(value) != JSON_STRING) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "a value of \"%s\" is no string", name);
        }
        pairs[(*ret_count)++] = (struct registry_meta){key, json_string(value)};
    }
    *ret_pairs = pairs;
    return STATUS_OK;
}

static enum status read_check_definition(struct call *call, const struct json *object,
                                         struct registry_check_definition *check)
{
    struct definition_input input = {.interval_ns = 0};
    enum status status = registry_fields_read(call, object, definition_fields,
                                              ARRAY_LENGTH(definition_fields), &input);
    check->target = input.http.length > 0 ? input.http : input.tcp;
    check->target_is_http = input.http.length > 0;
    check->interval_ns = input.interval_ns > 0 ? input.interval_ns : 0;
    check->timeout_ns = input.timeout_ns > 0 ? input.timeout_ns : 0;
    check->deregister_after_ns = input.deregister_after_ns > 0 ? input.deregister_after_ns : 0;
    return status;
}

static enum status read_check(struct call *call, const struct json *object, struct text node,
                              struct registry_external_check *ret_check)
{
    struct check_input input = {.definition = NULL};
    enum status status =
        registry_fields_read(call, object, check_fields, ARRAY_LENGTH(check_fields), &input);
    *ret_check = (struct registry_external_check){
        .definition =
            {
                .node = node,
                .id = input.check_id.length > 0 ? input.check_id : input.name,
                .name = input.name,
                .notes = input.notes,
                .service_id = input.service_id,
                .kind = REGISTRY_CHECK_EXTERNAL,
                .initial = REGISTRY_CRITICAL,
            },
        .output = input.output,
    };
    if (status == STATUS_OK && input.status.length > 0 &&
        !registry_status_parse(input.status, &ret_check->definition.initial)) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "\"Status\" is none of a check");
    }
    if (status == STATUS_OK && input.definition != NULL) {
        status = read_check_definition(call, input.definition, &ret_check->definition);
    }
    return status;
}

/* "Checks", and "Check" behind them. */
static enum status read_checks(struct call *call, const struct entry_input *input,
                               struct registry_catalog_entry *entry)
{
    size_t listed = json_kind(input->checks) == JSON_ARRAY ? json_length(input->checks) : 0;
    enum status status = STATUS_OK;
    if (listed + 1 > REGISTRY_CHECKS_PER_INSTANCE_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d checks",
                         REGISTRY_CHECKS_PER_INSTANCE_MAX - 1);
    }
    entry->checks = arena_calloc(call->arena, listed + 1, sizeof(*entry->checks));
    if (entry->checks == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; status == STATUS_OK && i < listed; i++) {
        status = read_check(call, json_at(input->checks, i), entry->node.name,
                            &entry->checks[entry->check_count++]);
    }
    if (status == STATUS_OK && input->check != NULL) {
        status =
            read_check(call, input->check, entry->node.name, &entry->checks[entry->check_count++]);
    }
    return status;
}

static enum status read_node(struct call *call, const struct entry_input *input,
                             struct registry_node_definition *node)
{
    *node = (struct registry_node_definition){
        .name = input->node, .id = input->id, .address = input->address};
    enum status status = read_pairs(call, "TaggedAddresses", input->tagged_addresses,
                                    &node->addresses, &node->address_count);
    if (status == STATUS_OK) {
        status = read_pairs(call, "NodeMeta", input->meta, &node->meta, &node->meta_count);
    }
    return status;
}

static enum status check_entry(struct call *call, const struct registry_catalog_entry *entry)
{
    if (entry->node.name.length == 0) {
        return call_fail(call, STATUS_FAILED_PRECONDITION, "Must provide node");
    }
    if (entry->node.address.length == 0 && !entry->skip_node_update) {
        return call_fail(call, STATUS_FAILED_PRECONDITION,
                         "Must provide address if SkipNodeUpdate is not set");
    }
    if (entry->has_service && entry->service.id.length > 0 && entry->service.name.length == 0) {
        return call_fail(call, STATUS_FAILED_PRECONDITION,
                         "Must provide service name (Service.Service) when service ID is provided");
    }
    return STATUS_OK;
}

enum status registry_catalog_input_read(struct call *call, const struct json *body,
                                        struct registry_catalog_entry *ret_entry)
{
    struct entry_input input = {.service = NULL};
    enum status status =
        registry_fields_read(call, body, entry_fields, ARRAY_LENGTH(entry_fields), &input);
    *ret_entry = (struct registry_catalog_entry){
        .skip_node_update = input.skip_node_update,
        .has_service = input.service != NULL,
    };
    if (status == STATUS_OK) {
        status = read_node(call, &input, &ret_entry->node);
    }
    if (status == STATUS_OK && ret_entry->has_service) {
        status = registry_catalog_service_read(call, input.service, &ret_entry->service);
        ret_entry->service.node = ret_entry->node.name;
    }
    if (status == STATUS_OK) {
        status = read_checks(call, &input, ret_entry);
    }
    return status == STATUS_OK ? check_entry(call, ret_entry) : status;
}

enum status registry_catalog_removal_read(struct call *call, const struct json *body,
                                          struct registry_catalog_removal *ret_removal)
{
    static const struct registry_field fields[] = {
        REGISTRY_FIELD("Node", TEXT, registry_catalog_removal, node),
        REGISTRY_FIELD("ServiceID", TEXT, registry_catalog_removal, service_id),
        REGISTRY_FIELD("CheckID", TEXT, registry_catalog_removal, check_id),
        REGISTRY_FIELD_WITHOUT_PLACE("Datacenter", IGNORED),
        REGISTRY_FIELD_WITHOUT_PLACE("Token", IGNORED),
        REGISTRY_FIELD_WITHOUT_PLACE("Address", IGNORED),
        REGISTRY_FIELD_WITHOUT_PLACE("PeerName", REFUSED),
        REGISTRY_FIELD_WITHOUT_PLACE("Namespace", REFUSED),
        REGISTRY_FIELD_WITHOUT_PLACE("Partition", REFUSED),
    };
    *ret_removal = (struct registry_catalog_removal){.node = {NULL, 0}};
    enum status status =
        registry_fields_read(call, body, fields, ARRAY_LENGTH(fields), ret_removal);
    if (status == STATUS_OK && ret_removal->node.length == 0) {
        status = call_fail(call, STATUS_FAILED_PRECONDITION, "Must provide node");
    }
    return status;
}
