/* agent: the node itself, and how its services are. */
#include "base/arena.h"
#include "registry/handler/registry_entries.h"
#include "registry/handler/registry_instance_health.h"
#include "registry/handler/registry_json.h"
#include "registry/handler/registry_query.h"

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
    registry_write_member(request, writer);
    json_write_name(writer, TEXT("Meta"));
    json_open_object(writer);
    json_member_string(writer, REGISTRY_NODE_META_KEY, TEXT(""));
    json_close_object(writer);
    json_close_object(writer);
    registry_json_send(request, json, 0);
}

static void list_members(struct registry_request *request)
{
    struct registry_entries *entries;
    if (!registry_entries_open(request, registry_filter_member_fields, &entries)) {
        return;
    }
    struct registry_json *json = registry_json_begin(request);
    if (json == NULL) {
        return;
    }
    json_open_array(&json->writer);
    struct registry_entry entry = registry_entry_begin(json, NULL);
    registry_write_member(request, &json->writer);
    (void)registry_entry_end(entries, json, entry);
    json_close_array(&json->writer);
    registry_json_send(request, json, 0);
}

static void set_maintenance(struct registry_request *request)
{
    struct text reason;
    bool enable;
    if (registry_query_maintenance(request, &enable, &reason)) {
        registry_reply_write(request, registry_controller_set_node_maintenance(
                                          request->controller, request->call, enable, reason));
    }
}

/* Health, as load balancers ask for it: the status code says it all. */

struct service_health {
    int http_status;
    struct text status;
};

static struct service_health health_of(struct registry_request *request,
                                       const struct registry_instance *instance)
{
    static const int codes[] = {
        [REGISTRY_PASSING] = 200, [REGISTRY_WARNING] = 429, [REGISTRY_CRITICAL] = 503};
    struct registry_instance_health health = registry_instance_health(request->state, instance);
    if (health.in_maintenance) {
        return (struct service_health){503, TEXT("maintenance")};
    }
    return (struct service_health){codes[health.worst],
                                   text_of(registry_status_name(health.worst))};
}

static void write_checks(struct registry_request *request, struct json_writer *writer,
                         const struct registry_instance *instance)
{
    for (const struct registry_check *check = registry_state_first_check(request->state, instance);
         check != NULL; check = registry_state_next_check(request->state, check)) {
        registry_write_health_check(request, writer, check);
    }
}

static void write_health(struct registry_request *request, struct json_writer *writer,
                         const struct registry_instance *instance, struct text status)
{
    json_open_object(writer);
    json_member_string(writer, "AggregatedStatus", status);
    json_write_name(writer, TEXT("Service"));
    registry_write_agent_service(request, writer, instance, NULL);
    json_write_name(writer, TEXT("Checks"));
    json_open_array(writer);
    write_checks(request, writer, instance);
    write_checks(request, writer, NULL);
    json_close_array(writer);
    json_close_object(writer);
}

static bool wants_text(struct registry_request *request)
{
    struct text format;
    return registry_query_text(request, "format", &format) == STATUS_OK &&
           text_equal(format, TEXT("text"));
}

/* The answer, in words or in JSON (which is NULL then). */
static void reply_health(struct registry_request *request, struct registry_json *json,
                         struct service_health health)
{
    if (json == NULL) {
        registry_reply_reason(request, health.http_status, health.status);
        return;
    }
    json->http_status = health.http_status;
    json->reason = health.status;
    registry_json_send(request, json, 0);
}

static void reply_health_of_none(struct registry_request *request)
{
    struct service_health health = {404,
                                    arena_format(request->call->arena, "ServiceId %.*s not found",
                                                 TEXT_ARGUMENTS(request->rest))};
    struct registry_json *json = NULL;
    if (!wants_text(request)) {
        json = registry_json_begin(request);
        if (json == NULL) {
            return;
        }
        json_open_object(&json->writer);
        json_member_string(&json->writer, "AggregatedStatus", TEXT("critical"));
        json_write_name(&json->writer, TEXT("Service"));
        json_write_null(&json->writer);
        json_write_name(&json->writer, TEXT("Checks"));
        json_write_null(&json->writer);
        json_close_object(&json->writer);
    }
    reply_health(request, json, health);
}

static void get_health_by_id(struct registry_request *request)
{
    const struct registry_instance *instance =
        registry_state_find_instance(request->state, request->rest);
    struct registry_json *json = NULL;
    if (request->rest.length == 0) {
        registry_reply_error(request, 500, TEXT("Missing serviceID"));
        return;
    }
    if (instance == NULL) {
        reply_health_of_none(request);
        return;
    }
    struct service_health health = health_of(request, instance);
    if (!wants_text(request)) {
        json = registry_json_begin(request);
        if (json == NULL) {
            return;
        }
        write_health(request, &json->writer, instance, health.status);
    }
    reply_health(request, json, health);
}

/* The worst of all instances. */
static void get_health_by_name(struct registry_request *request)
{
    struct service_health worst = {404,
                                   arena_format(request->call->arena, "ServiceName %.*s Not Found",
                                                TEXT_ARGUMENTS(request->rest))};
    bool any = false;
    struct registry_json *json = registry_json_begin(request);
    if (json == NULL) {
        return;
    }
    if (request->rest.length == 0) {
        registry_reply_error(request, 500, TEXT("Missing service Name"));
        return;
    }
    json_open_array(&json->writer);
    for (const struct registry_instance *instance =
             registry_state_first_instance(request->state, request->rest);
         instance != NULL; instance = registry_state_next_instance(instance)) {
        if (instance->node != NULL) {
            continue;
        }
        struct service_health health = health_of(request, instance);
        write_health(request, &json->writer, instance, health.status);
        if (!any || health.http_status > worst.http_status) {
            worst = health;
        }
        any = true;
    }
    json_close_array(&json->writer);
    reply_health(request, wants_text(request) ? NULL : json, worst);
}

const struct registry_endpoint registry_agent_endpoints[] = {
    {"GET", "/v1/agent/self", describe_agent, "getAgent", "What this node is", REGISTRY_TAKES_TOKEN,
     REGISTRY_REST_NONE, REGISTRY_ANSWERS_OBJECT, false},
    {"GET", "/v1/agent/members", list_members, "listMembers", "The nodes of the cluster: this one",
     REGISTRY_TAKES_TOKEN, REGISTRY_REST_NONE, REGISTRY_ANSWERS_ARRAY, false},
    {"PUT", "/v1/agent/maintenance", set_maintenance, "setMaintenance",
     "Takes the whole node out, or back in", REGISTRY_TAKES_MAINTENANCE, REGISTRY_REST_NONE,
     REGISTRY_ANSWERS_NOTHING, false},
    {"GET", "/v1/agent/health/service/id/*", get_health_by_id, "getHealthById",
     "How an instance is", REGISTRY_TAKES_FORMAT, REGISTRY_REST_ID, REGISTRY_ANSWERS_HEALTH_OF_ONE,
     false},
    {"GET", "/v1/agent/health/service/name/*", get_health_by_name, "getHealthByName",
     "How the instances of a service are", REGISTRY_TAKES_FORMAT, REGISTRY_REST_SERVICE,
     REGISTRY_ANSWERS_HEALTH_OF_ALL, false},
};

const size_t registry_agent_endpoint_count = ARRAY_LENGTH(registry_agent_endpoints);
