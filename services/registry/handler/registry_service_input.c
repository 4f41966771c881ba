#include "registry/handler/registry_service_input.h"

#include "base/arena.h"
#include "registry/handler/registry_addresses_input.h"
#include "registry/handler/registry_check_input.h"
#include "registry/handler/registry_fields.h"

struct service_input {
    struct text id;
    struct text name;
    struct text address;
    int64_t port;
    bool enable_tag_override;
    const struct json *tags;
    const struct json *meta;
    const struct json *weights;
    const struct json *tagged_addresses;
    const struct json *connect;
    struct text socket_path;
    const struct json *check;
    const struct json *checks;
};

struct weights_input {
    int64_t passing;
    int64_t warning;
};

#define FIELD(json_name, field_kind, member)                                                       \
    REGISTRY_FIELD(json_name, field_kind, service_input, member)

/* What an agent and the catalog name alike. */
#define SHARED_FIELDS                                                                              \
    FIELD("ID", TEXT, id), FIELD("Address", TEXT, address), FIELD("Port", INTEGER, port),          \
        FIELD("EnableTagOverride", BOOLEAN, enable_tag_override), FIELD("Tags", VALUE, tags),      \
        FIELD("Meta", VALUE, meta), FIELD("Weights", VALUE, weights),                              \
        FIELD("SocketPath", TEXT, socket_path), FIELD("TaggedAddresses", VALUE, tagged_addresses), \
        FIELD("Connect", VALUE, connect), REGISTRY_FIELD_WITHOUT_PLACE("Kind", REFUSED),           \
        REGISTRY_FIELD_WITHOUT_PLACE("Proxy", REFUSED),                                            \
        REGISTRY_FIELD_WITHOUT_PLACE("Namespace", REFUSED),                                        \
        REGISTRY_FIELD_WITHOUT_PLACE("Partition", REFUSED)

static const struct registry_field fields[] = {
    FIELD("Name", TEXT, name),
    SHARED_FIELDS,
    FIELD("Check", VALUE, check),
    FIELD("Checks", VALUE, checks),
    REGISTRY_FIELD_WITHOUT_PLACE("Token", IGNORED),
};

static const struct registry_field catalog_fields[] = {
    FIELD("Service", TEXT, name),
    SHARED_FIELDS,
    REGISTRY_FIELD_WITHOUT_PLACE("CreateIndex", IGNORED),
    REGISTRY_FIELD_WITHOUT_PLACE("ModifyIndex", IGNORED),
    REGISTRY_FIELD_WITHOUT_PLACE("PeerName", REFUSED),
};

static const struct registry_field weight_fields[] = {
    {"Passing", REGISTRY_FIELD_INTEGER, offsetof(struct weights_input, passing)},
    {"Warning", REGISTRY_FIELD_INTEGER, offsetof(struct weights_input, warning)},
};

static const struct registry_field connect_fields[] = {
    {"Native", REGISTRY_FIELD_BOOLEAN,
     offsetof(struct registry_service_definition, connect_native)},
    {"SidecarService", REGISTRY_FIELD_REFUSED, 0},
};

/* The words for what is no registration at all. */
static enum status fail_decode(struct call *call, enum status status)
{
    struct text reason = call->error.message;
    if (status != STATUS_INVALID_ARGUMENT) {
        return status;
    }
    call_clear_error(call);
    return call_fail(call, status, "Request decode failed: %.*s", TEXT_ARGUMENTS(reason));
}

static enum status read_tags(struct call *call, const struct json *array,
                             struct registry_service_definition *service)
{
    if (array == NULL) {
        return STATUS_OK;
    }
    size_t count = json_kind(array) == JSON_ARRAY ? json_length(array) : 0;
    struct text *tags = arena_calloc(call->arena, count + 1, sizeof(*tags));
    if (tags == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < count; i++) {
        if (json_kind(json_at(array, i)) != JSON_STRING) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "a tag is no string");
        }
        tags[i] = json_string(json_at(array, i));
    }
    service->tags = tags;
    service->tag_count = count;
    return json_kind(array) == JSON_ARRAY
               ? STATUS_OK
               : call_fail(call, STATUS_INVALID_ARGUMENT, "\"Tags\" is no array");
}

static enum status read_meta(struct call *call, const struct json *object,
                             struct registry_service_definition *service)
{
    size_t position = 0;
    struct text key;
    const struct json *value;
    if (object == NULL) {
        return STATUS_OK;
    }
    if (json_kind(object) != JSON_OBJECT) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "\"Meta\" is no object");
    }
    struct registry_meta *meta = arena_calloc(call->arena, json_length(object) + 1, sizeof(*meta));
    if (meta == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    while (json_next_member(object, &position, &key, &value)) {
        if (json_kind(value) != JSON_STRING) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "a value of \"Meta\" is no string");
        }
        meta[service->meta_count++] =
            (struct registry_meta){.key = key, .value = json_string(value)};
    }
    service->meta = meta;
    return STATUS_OK;
}

static int clamp_weight(int64_t weight)
{
    return weight < -1 ? -1 : weight > INT32_MAX ? INT32_MAX : (int)weight;
}

static enum status read_weights(struct call *call, const struct json *object,
                                struct registry_service_definition *service)
{
    struct weights_input weights = {.passing = 1, .warning = 1};
    enum status status = STATUS_OK;
    if (object != NULL) {
        weights = (struct weights_input){0};
        status = registry_fields_read(call, object, weight_fields, ARRAY_LENGTH(weight_fields),
                                      &weights);
    }
    service->weight_passing = clamp_weight(weights.passing);
    service->weight_warning = clamp_weight(weights.warning);
    return status;
}

static enum status read_service(struct call *call, const struct json *body,
                                const struct registry_field *names, size_t name_count,
                                struct service_input *ret_input,
                                struct registry_service_definition *ret_service)
{
    *ret_input = (struct service_input){.tags = NULL};
    enum status status = registry_fields_read(call, body, names, name_count, ret_input);
    if (status == STATUS_OK && (ret_input->port < 0 || ret_input->port > UINT16_MAX)) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "\"Port\" is out of range");
    }
    *ret_service = (struct registry_service_definition){
        .id = ret_input->id.length > 0 ? ret_input->id : ret_input->name,
        .name = ret_input->name,
        .address = ret_input->address,
        .port = (uint16_t)ret_input->port,
        .enable_tag_override = ret_input->enable_tag_override,
        .socket_path = ret_input->socket_path,
    };
    if (status == STATUS_OK) {
        status = read_tags(call, ret_input->tags, ret_service);
    }
    if (status == STATUS_OK) {
        status = read_meta(call, ret_input->meta, ret_service);
    }
    if (status == STATUS_OK) {
        status = read_weights(call, ret_input->weights, ret_service);
    }
    if (status == STATUS_OK) {
        status = registry_addresses_read(call, ret_input->tagged_addresses, ret_service);
    }
    if (status == STATUS_OK && ret_input->connect != NULL) {
        status = registry_fields_read(call, ret_input->connect, connect_fields,
                                      ARRAY_LENGTH(connect_fields), ret_service);
    }
    return status;
}

/* An empty "Check" counts as none; an empty entry of "Checks" does not. */
static enum status read_checks(struct call *call, const struct service_input *input,
                               struct registry_check_input *checks, size_t *ret_count)
{
    size_t listed = json_kind(input->checks) == JSON_ARRAY ? json_length(input->checks) : 0;
    size_t count = 0;
    enum status status = STATUS_OK;
    if (!registry_field_is_zero(input->check)) {
        status = registry_check_input_read(call, input->check, &checks[count++]);
    }
    if (count + listed > REGISTRY_CHECKS_PER_INSTANCE_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d checks",
                         REGISTRY_CHECKS_PER_INSTANCE_MAX);
    }
    for (size_t i = 0; status == STATUS_OK && i < listed; i++) {
        status = registry_check_input_read(call, json_at(input->checks, i), &checks[count++]);
    }
    *ret_count = count;
    return status;
}

static enum status validate_input(struct call *call, const struct registry_registration *wanted)
{
    if (wanted->service.name.length == 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "Missing service name");
    }
    if (text_equal(wanted->service.address, TEXT("0.0.0.0")) ||
        text_equal(wanted->service.address, TEXT("::")) ||
        text_equal(wanted->service.address, TEXT("[::]"))) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "Invalid service address");
    }
    if (wanted->service.connect_native && wanted->service.port == 0 &&
        wanted->service.socket_path.length == 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "Validation failed: 1 error occurred:\n\t* Port or SocketPath must be set "
                         "for a Connect native service.\n\n");
    }
    return STATUS_OK;
}

static enum status validate_statuses(struct call *call, const struct registry_check_input *checks,
                                     size_t count)
{
    enum registry_status known;
    for (size_t i = 0; i < count; i++) {
        if (checks[i].status.length > 0 && !registry_status_parse(checks[i].status, &known)) {
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "Status for checks must 'passing', 'warning', 'critical'");
        }
    }
    return STATUS_OK;
}

/* "service:<id>" for the only check of a registration, "service:<id>:1" and so on for several. */
static enum status name_check(struct call *call, const struct registry_registration *registration,
                              size_t position, const struct registry_check_input *input,
                              struct registry_check_definition *check)
{
    const struct registry_service_definition *service = &registration->service;
    check->id = input->id;
    check->name = input->name;
    check->service_id = service->id;
    if (check->id.length == 0 && registration->check_count == 1) {
        check->id = arena_format(call->arena, "service:%.*s", TEXT_ARGUMENTS(service->id));
    } else if (check->id.length == 0) {
        check->id = arena_format(call->arena, "service:%.*s:%zu", TEXT_ARGUMENTS(service->id),
                                 position + 1);
    }
    if (check->name.length == 0) {
        check->name =
            arena_format(call->arena, "Service '%.*s' check", TEXT_ARGUMENTS(service->name));
    }
    return check->id.data != NULL && check->name.data != NULL ? STATUS_OK
                                                              : STATUS_RESOURCE_EXHAUSTED;
}

static enum status define_checks(struct call *call, struct registry_registration *registration,
                                 const struct registry_check_input *inputs)
{
    struct registry_check_definition *checks =
        arena_calloc(call->arena, REGISTRY_CHECKS_PER_INSTANCE_MAX, sizeof(*checks));
    enum status status = checks != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
    for (size_t i = 0; status == STATUS_OK && i < registration->check_count; i++) {
        status = registry_check_input_define(call, &inputs[i], &checks[i]);
        if (status == STATUS_OK) {
            status = name_check(call, registration, i, &inputs[i], &checks[i]);
        }
    }
    registration->checks = checks;
    return status;
}

enum status registry_service_input_read(struct call *call, const struct json *body,
                                        struct registry_registration *ret_registration)
{
    struct registry_check_input checks[REGISTRY_CHECKS_PER_INSTANCE_MAX + 1];
    struct registry_registration registration = {.check_count = 0};
    struct service_input input;
    enum status status =
        read_service(call, body, fields, ARRAY_LENGTH(fields), &input, &registration.service);
    if (status == STATUS_OK) {
        status = read_checks(call, &input, checks, &registration.check_count);
    }
    if (status != STATUS_OK) {
        return fail_decode(call, status);
    }
    status = validate_input(call, &registration);
    if (status == STATUS_OK) {
        status = define_checks(call, &registration, checks);
    }
    if (status == STATUS_OK) {
        status = validate_statuses(call, checks, registration.check_count);
    }
    if (status == STATUS_OK) {
        status = registry_addresses_complete(call, &registration.service);
    }
    if (status == STATUS_OK) {
        *ret_registration = registration;
    }
    return status;
}

enum status registry_catalog_service_read(struct call *call, const struct json *object,
                                          struct registry_service_definition *ret_service)
{
    struct service_input input;
    return read_service(call, object, catalog_fields, ARRAY_LENGTH(catalog_fields), &input,
                        ret_service);
}
