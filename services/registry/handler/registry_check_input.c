#include "registry/handler/registry_check_input.h"

#include "base/arena.h"
#include "registry/handler/registry_fields.h"

#define FIELD(json_name, field_kind, member)                                                       \
    {                                                                                              \
        json_name, REGISTRY_FIELD_##field_kind, offsetof(struct registry_check_input, member)      \
    }
#define WITHOUT_PLACE(json_name, field_kind)                                                       \
    {                                                                                              \
        json_name, REGISTRY_FIELD_##field_kind, 0                                                  \
    }

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
    FIELD("Method", TEXT, method),
    FIELD("Body", TEXT, body),
    FIELD("Header", VALUE, header),
    FIELD("TTL", DURATION, ttl_ns),
    FIELD("Interval", DURATION, interval_ns),
    FIELD("Timeout", DURATION, timeout_ns),
    FIELD("DeregisterCriticalServiceAfter", DURATION, deregister_after_ns),
    WITHOUT_PLACE("Token", IGNORED),
    WITHOUT_PLACE("Shell", IGNORED),
    WITHOUT_PLACE("DisableRedirects", IGNORED), /* none is followed */
    WITHOUT_PLACE("OutputMaxSize", IGNORED),    /* at most REGISTRY_OUTPUT_BYTES_MAX are kept */
    WITHOUT_PLACE("TLSServerName", IGNORED),
    WITHOUT_PLACE("TLSSkipVerify", REFUSED),
    WITHOUT_PLACE("Script", REFUSED),
    WITHOUT_PLACE("ScriptArgs", REFUSED),
    WITHOUT_PLACE("Args", REFUSED),
    WITHOUT_PLACE("DockerContainerID", REFUSED),
    WITHOUT_PLACE("GRPCUseTLS", REFUSED),
    WITHOUT_PLACE("UDP", REFUSED),
    WITHOUT_PLACE("TCPUseTLS", REFUSED),
    WITHOUT_PLACE("H2PING", REFUSED),
    WITHOUT_PLACE("H2PingUseTLS", IGNORED),
    WITHOUT_PLACE("OSService", REFUSED),
    WITHOUT_PLACE("AliasNode", REFUSED),
    WITHOUT_PLACE("AliasService", REFUSED),
    WITHOUT_PLACE("SuccessBeforePassing", REFUSED),
    WITHOUT_PLACE("FailuresBeforeWarning", REFUSED),
    WITHOUT_PLACE("FailuresBeforeCritical", REFUSED),
    WITHOUT_PLACE("Namespace", REFUSED),
    WITHOUT_PLACE("Partition", REFUSED),
};

enum status registry_check_input_read(struct call *call, const struct json *object,
                                      struct registry_check_input *ret_input)
{
    *ret_input = (struct registry_check_input){.header = NULL};
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

static void choose_kind(const struct registry_check_input *input,
                        struct registry_check_definition *definition)
{
    definition->kind = REGISTRY_CHECK_TTL;
    if (input->http.length > 0) {
        definition->kind = REGISTRY_CHECK_HTTP;
        definition->target = input->http;
    } else if (input->tcp.length > 0) {
        definition->kind = REGISTRY_CHECK_TCP;
        definition->target = input->tcp;
    } else if (input->grpc.length > 0) {
        definition->kind = REGISTRY_CHECK_GRPC;
        definition->target = input->grpc;
    }
}

static enum status check_times(struct call *call, const struct registry_check_input *input,
                               enum registry_check_kind kind)
{
    bool is_active = registry_check_kind_is_active(kind);
    if (input->interval_ns > 0 && input->ttl_ns > 0) {
        return fail_check(call, "Interval and TTL cannot both be specified");
    }
    if (is_active && input->interval_ns <= 0) {
        return fail_check(call,
                          "Interval must be > 0 for Script, HTTP, H2PING, TCP, or UDP checks");
    }
    if (!is_active && input->ttl_ns <= 0) {
        return fail_check(call, "TTL must be > 0 for TTL checks");
    }
    return STATUS_OK;
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
        .method = input->method,
        .body = input->body,
    };
    choose_kind(input, &definition);
    enum status status = check_times(call, input, definition.kind);
    if (status != STATUS_OK) {
        return status;
    }
    if (input->status.length > 0) {
        CHECK(registry_status_parse(input->status, &definition.initial));
    }
    if (json_kind(input->header) == JSON_OBJECT) {
        status = read_headers(call, input->header, &definition);
    }
    if (status == STATUS_OK) {
        *ret_definition = definition;
    }
    return status;
}
