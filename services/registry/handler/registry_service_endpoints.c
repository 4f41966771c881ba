/* agent/service and agent/services: instances come and go. */
#include "registry/handler/registry_entries.h"
#include "registry/handler/registry_json.h"
#include "registry/handler/registry_query.h"
#include "registry/handler/registry_service_input.h"

static void register_service(struct registry_request *request)
{
    const struct json *body;
    struct registry_registration registration;
    bool replace_checks;
    if (!registry_query_flag(request, "replace-existing-checks", &replace_checks) ||
        !registry_read_json(request, &body)) {
        return;
    }
    enum status status = registry_service_input_read(request->call, body, &registration);
    if (status == STATUS_OK) {
        registration.replace_checks = replace_checks;
        status = registry_controller_put_instance(request->controller, request->call, &registration,
                                                  request->arrival_ns);
    }
    registry_reply_write(request, status);
}

static void deregister_service(struct registry_request *request)
{
    if (request->rest.length == 0) {
        registry_reply_error(request, 400, TEXT("Missing service ID"));
        return;
    }
    registry_reply_write(request, registry_controller_remove_instance(
                                      request->controller, request->call, request->rest));
}

static void set_maintenance(struct registry_request *request)
{
    struct text value;
    struct text reason = {NULL, 0};
    bool enable;
    if (request->rest.length == 0) {
        registry_reply_error(request, 400, TEXT("Missing service ID"));
        return;
    }
    if (registry_query_text(request, "enable", &value) != STATUS_OK) {
        registry_reply_error(request, 400, TEXT("Missing value for enable"));
        return;
    }
    if (!registry_boolean_parse(value, &enable)) {
        registry_reply_format(request, 400, "Invalid value for enable: \"%.*s\"",
                              TEXT_ARGUMENTS(value));
        return;
    }
    if (registry_query_text(request, "reason", &reason) == STATUS_INVALID_ARGUMENT) {
        registry_reply_status(request, STATUS_INVALID_ARGUMENT);
        return;
    }
    registry_reply_write(request,
                         registry_controller_set_maintenance(request->controller, request->call,
                                                             request->rest, enable, reason));
}

static void list_services(struct registry_request *request)
{
    struct registry_entries *entries;
    if (!registry_query_accept(request) ||
        !registry_entries_open(request, registry_filter_agent_fields, &entries)) {
        return;
    }
    struct registry_json *json = registry_json_begin(request);
    if (json == NULL) {
        return;
    }
    json_open_object(&json->writer);
    for (size_t i = 0; i < registry_state_instance_count(request->state); i++) {
        const struct registry_instance *instance = registry_state_instance_at(request->state, i);
        struct registry_entry entry = registry_entry_begin(json, &instance->definition->id);
        registry_write_agent_service(request, &json->writer, instance);
        (void)registry_entry_end(entries, json, entry);
    }
    json_close_object(&json->writer);
    registry_json_send(request, json, 0);
}

static void get_service(struct registry_request *request)
{
    const struct registry_instance *instance =
        registry_state_find_instance(request->state, request->rest);
    if (instance == NULL) {
        registry_reply_format(request, 404, "unknown service ID: %.*s",
                              TEXT_ARGUMENTS(request->rest));
        return;
    }
    struct registry_json *json = registry_json_begin(request);
    if (json != NULL) {
        registry_write_agent_service(request, &json->writer, instance);
        registry_json_send(request, json, 0);
    }
}

/* What clients look for in it: Config.Datacenter, Config.NodeName, Member.Addr. */
static void describe_agent(struct registry_request *request)
{
    struct registry_json *json = registry_json_begin(request);
    if (json == NULL) {
        return;
    }
    struct json_writer *writer = &json->writer;
    json_open_object(writer);
    json_write_name(writer, TEXT("Config"));
    json_open_object(writer);
    json_member_string(writer, "Datacenter", request->handler->datacenter);
    json_member_string(writer, "NodeName", request->handler->node_name);
    json_member_string(writer, "NodeID", text_of(request->handler->node_id));
    json_member_boolean(writer, "Server", true);
    json_member_string(writer, "Version", request->handler->version);
    json_close_object(writer);
    json_write_name(writer, TEXT("Member"));
    json_open_object(writer);
    json_member_string(writer, "Name", request->handler->node_name);
    json_member_string(writer, "Addr", request->handler->node_address);
    json_member_integer(writer, "Status", 1);
    json_close_object(writer);
    json_write_name(writer, TEXT("Meta"));
    json_open_object(writer);
    json_close_object(writer);
    json_close_object(writer);
    registry_json_send(request, json, 0);
}

const struct registry_endpoint registry_service_endpoints[] = {
    {"PUT", "/v1/agent/service/register", register_service},
    {"PUT", "/v1/agent/service/deregister/*", deregister_service},
    {"PUT", "/v1/agent/service/maintenance/*", set_maintenance},
    {"GET", "/v1/agent/service/*", get_service},
    {"GET", "/v1/agent/services", list_services},
    {"GET", "/v1/agent/self", describe_agent},
};

const size_t registry_service_endpoint_count = ARRAY_LENGTH(registry_service_endpoints);
