#include "registry/handler/registry_check_input.h"

#include "base/arena.h"
#include "registry/handler/registry_fields.h"

#define FIELD(json_name, field_kind, member)                                                       \
    REGISTRY_FIELD(json_name, field_kind, registry_check_input, member)

static const struct registry_field fields[] = {
    FIELD("CheckID", TEXT, check_id),
    FIELD("ID", TEXT, id),
    FIELD("Name", TEXT, name),
    FIELD("Notes", TEXT, notes),
    FIELD("ServiceID", TEXT, service_id),
    FIELD("Status", TEXT, status),
    FIELD("HTTP", TEXT, http),
    FIELD("TCP", TEXT, tcp),
    FIELD("GRPC", TEXT, grpc),
    FIELD("H2PING", TEXT, h2ping),
    FIELD("H2PingUseTLS", BOOLEAN, h2ping_use_tls),
    FIELD("AliasNode", TEXT, alias_node),
    FIELD("AliasService", TEXT, alias_service),
    FIELD("Method", TEXT, method),
    FIELD("Body", TEXT, body),
    FIELD("Header", VALUE, header),
    FIELD("TTL", DURATION, ttl_ns),
    FIELD("Interval", DURATION, interval_ns),
    FIELD("Timeout", DURATION, timeout_ns),
    FIELD("DeregisterCriticalServiceAfter", DURATION, deregister_after_ns),
    FIELD("OutputMaxSize", INTEGER, output_bytes_max),
    FIELD("SuccessBeforePassing", INTEGER, success_before_passing),
    FIELD("FailuresBeforeWarning", INTEGER, failures_before_warning),
    FIELD("FailuresBeforeCritical", INTEGER, failures_before_critical),
    REGISTRY_FIELD_WITHOUT_PLACE("Token", IGNORED),
    REGISTRY_FIELD_WITHOUT_PLACE("Shell", IGNORED),
    REGISTRY_FIELD_WITHOUT_PLACE("DisableRedirects", IGNORED), /* none is followed */
    REGISTRY_FIELD_WITHOUT_PLACE("TLSServerName", REFUSED),
    REGISTRY_FIELD_WITHOUT_PLACE("TLSSkipVerify", REFUSED),
    REGISTRY_FIELD_WITHOUT_PLACE("Script", REFUSED),
    FIELD("ScriptArgs", VALUE, script),
    FIELD("Args", VALUE, script),
    REGISTRY_FIELD_WITHOUT_PLACE("DockerContainerID", REFUSED),
    REGISTRY_FIELD_WITHOUT_PLACE("GRPCUseTLS", REFUSED),
    REGISTRY_FIELD_WITHOUT_PLACE("UDP", REFUSED),
    REGISTRY_FIELD_WITHOUT_PLACE("TCPUseTLS", REFUSED),
    REGISTRY_FIELD_WITHOUT_PLACE("OSService", REFUSED),
    REGISTRY_FIELD_WITHOUT_PLACE("Namespace", REFUSED),
    REGISTRY_FIELD_WITHOUT_PLACE("Partition", REFUSED),
};

enum status registry_check_input_read(struct call *call, const struct json *object,
                                      struct registry_check_input *ret_input)
{
    *ret_input = (struct registry_check_input){.h2ping_use_tls = true};
    enum status status =
        registry_fields_read(call, object, fields, ARRAY_LENGTH(fields), ret_input);
    if (status == STATUS_OK && ret_input->check_id.length > 0) {
        ret_input->id = ret_input->check_id;
    }
    return status;
}

static enum status fail_check(struct call *call, const char *reason)
{
    return call_fail(call, STATUS_INVALID_ARGUMENT, "Invalid check: %s", reason);
}

static bool is_alias(const struct registry_check_input *input)
{
    return input->alias_node.length > 0 || input->alias_service.length > 0;
}

static void choose_kind(const struct registry_check_input *input,
                        struct registry_check_definition *definition)
{
    const struct {
        struct text target;
        enum registry_check_kind kind;
    } targets[] = {
        {input->http, REGISTRY_CHECK_HTTP},
        {input->tcp, REGISTRY_CHECK_TCP},
        {input->grpc, REGISTRY_CHECK_GRPC},
        {input->h2ping, REGISTRY_CHECK_H2PING},
    };
    definition->kind = is_alias(input) ? REGISTRY_CHECK_ALIAS : REGISTRY_CHECK_TTL;
    definition->alias_service = input->alias_service;
    for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
        if (targets[i].target.length > 0) {
            definition->kind = targets[i].kind;
            definition->target = targets[i].target;
            return;
        }
    }
}

static enum status check_times(struct call *call, const struct registry_check_input *input,
                               enum registry_check_kind kind)
{
    bool is_active = registry_check_kind_is_active(kind) || !registry_field_is_zero(input->script);
    if (input->interval_ns > 0 && input->ttl_ns > 0) {
        return fail_check(call, "Interval and TTL cannot both be specified");
    }
    if (is_active && input->interval_ns <= 0) {
        return fail_check(
            call, "Interval must be > 0 for Script, HTTP, H2PING, TCP, UDP or OSService checks");
    }
    if (is_active && is_alias(input)) {
        return fail_check(call, "Interval cannot be set for Alias checks");
    }
    if (is_alias(input) && input->ttl_ns > 0) {
        return fail_check(call, "TTL must be not be set for Alias checks");
    }
    if (!is_active && !is_alias(input) && input->ttl_ns <= 0) {
        return fail_check(call, "TTL must be > 0 for TTL checks");
    }
    return STATUS_OK;
}

static enum status check_counts(struct call *call, const struct registry_check_input *input)
{
    if (input->output_bytes_max < 0) {
        return fail_check(call, "MaxOutputMaxSize must be positive");
    }
    if (input->failures_before_warning > input->failures_before_critical) {
        return fail_check(call,
                          "FailuresBeforeWarning can't be higher than FailuresBeforeCritical");
    }
    return STATUS_OK;
}

/* What Consul can and this registry cannot. */
static enum status check_support(struct call *call, const struct registry_check_input *input)
{
    if (!registry_field_is_zero(input->script)) {
        return call_fail(call, STATUS_FAILED_PRECONDITION,
                         "Scripts are disabled on this agent from remote calls; to enable, "
                         "configure 'enable_script_checks' to true");
    }
    if (input->h2ping.length > 0 && input->h2ping_use_tls) {
        return fail_check(call, "this registry does not support \"H2PING\" with \"H2PingUseTLS\"");
    }
    if (input->alias_node.length > 0) {
        return fail_check(call, "this registry does not support \"AliasNode\"");
    }
    return STATUS_OK;
}

static unsigned clamp_count(int64_t count)
{
    return count < 0 ? 0 : count > INT32_MAX ? (unsigned)INT32_MAX : (unsigned)count;
}

/* {"Name": ["value", …]}: one header a value. */
static enum status read_headers(struct call *call, const struct json *object,
                                struct registry_check_definition *definition)
{
    size_t position = 0;
    struct text name;
    const struct json *values;
    struct registry_check_header *headers =
        arena_calloc(call->arena, REGISTRY_CHECK_HEADERS_MAX, sizeof(*headers));
    if (headers == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    while (json_next_member(object, &position, &name, &values)) {
        for (size_t i = 0; json_kind(values) == JSON_ARRAY && i < json_length(values); i++) {
            const struct json *value = json_at(values, i);
            if (json_kind(value) != JSON_STRING) {
                return fail_check(call, "a header is no string");
            }
            if (definition->header_count == REGISTRY_CHECK_HEADERS_MAX) {
                return fail_check(call, "too many headers");
            }
            headers[definition->header_count++] =
                (struct registry_check_header){.name = name, .value = json_string(value)};
        }
    }
    definition->headers = headers;
    return STATUS_OK;
}

enum status registry_check_input_define(struct call *call, const struct registry_check_input *input,
                                        struct registry_check_definition *ret_definition)
{
    struct registry_check_definition definition = {
        .notes = input->notes,
        .service_id = input->service_id,
        .initial = REGISTRY_CRITICAL,
        .ttl_ns = input->ttl_ns > 0 ? input->ttl_ns : 0,
        .interval_ns = input->interval_ns > 0 ? input->interval_ns : 0,
        .timeout_ns = input->timeout_ns > 0 ? input->timeout_ns : 0,
        .deregister_after_ns = input->deregister_after_ns > 0 ? input->deregister_after_ns : 0,
        .output_bytes_max = (size_t)clamp_count(input->output_bytes_max),
        .success_before_passing = clamp_count(input->success_before_passing),
        .failures_before_warning = clamp_count(input->failures_before_warning),
        .failures_before_critical = clamp_count(input->failures_before_critical),
        .method = input->method,
        .body = input->body,
    };
    choose_kind(input, &definition);
    enum status status = check_times(call, input, definition.kind);
    if (status == STATUS_OK) {
        status = check_counts(call, input);
    }
    if (status == STATUS_OK) {
        status = check_support(call, input);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (input->status.length > 0 && !registry_status_parse(input->status, &definition.initial)) {
        definition.initial = REGISTRY_CRITICAL;
    }
    if (json_kind(input->header) == JSON_OBJECT) {
        status = read_headers(call, input->header, &definition);
    }
    if (status == STATUS_OK) {
        *ret_definition = definition;
    }
    return status;
}
