/* agent/service and agent/services: instances come and go. */
#include "base/arena.h"
#include "base/clock.h"
#include "registry/handler/registry_entries.h"
#include "registry/handler/registry_json.h"
#include "registry/handler/registry_query.h"
#include "registry/handler/registry_service_input.h"

static void register_service(struct registry_request *request)
{
    const struct json *body;
    struct registry_registration registration;
    struct text replace_checks;
    if (!registry_read_json(request, &body)) {
        return;
    }
    enum status status = registry_service_input_read(request->call, body, &registration);
    if (status == STATUS_OK) {
        request->audited.id = registration.service.id;
        request->audited.service = registration.service.name;
        registration.replace_checks =
            registry_query_text(request, "replace-existing-checks", &replace_checks) == STATUS_OK &&
            (replace_checks.length == 0 || text_equal(replace_checks, TEXT("true")));
        status = registry_controller_put_instance(request->controller, request->call, &registration,
                                                  request->arrival_ns);
    }
    registry_reply_write(request, status);
}

/* The name of what may be gone when the audit log is told. */
static void note_service(struct registry_request *request)
{
    const struct registry_instance *instance =
        registry_state_find_instance(request->state, request->rest);
    if (instance != NULL && request->handler->audit != NULL) {
        request->audited.service = arena_copy(request->call->arena, instance->definition->name);
    }
}

static void deregister_service(struct registry_request *request)
{
    note_service(request);
    registry_reply_write(request, registry_controller_remove_instance(
                                      request->controller, request->call, request->rest));
}

static void set_maintenance(struct registry_request *request)
{
    struct text reason;
    bool enable;
    note_service(request);
    if (request->rest.length == 0) {
        registry_reply_error(request, 400, TEXT("Missing service ID"));
    } else if (registry_query_maintenance(request, &enable, &reason)) {
        registry_reply_write(request,
                             registry_controller_set_maintenance(request->controller, request->call,
                                                                 request->rest, enable, reason));
    }
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
        if (instance->node == NULL) {
            struct registry_entry entry = registry_entry_begin(json, &instance->definition->id);
            registry_write_agent_service(request, &json->writer, instance, NULL);
            (void)registry_entry_end(entries, json, entry);
        }
    }
    json_close_object(&json->writer);
    registry_json_send(request, json, 0);
}

/* What the reply's hash says: the same for the same content, here and in every process. */
static struct text content_hash(struct registry_request *request,
                                const struct registry_instance *instance)
{
    struct registry_json *json = registry_json_begin(request);
    if (json == NULL) {
        return (struct text){NULL, 0};
    }
    registry_write_agent_service(request, &json->writer, instance, NULL);
    return arena_format(request->call->arena, "%llx",
                        (unsigned long long)text_hash(buffer_text(&json->buffer)));
}

/* One wait for a change of the instance's service. false: its time is up, the registry stops,
 * or it was answered. */
static bool wait_for_change(struct registry_request *request,
                            const struct registry_instance *instance, int64_t due_ns)
{
    const struct registry_subject subject = {
        REGISTRY_TOPIC_SERVICE, arena_copy(request->call->arena, instance->definition->name)};
    int64_t wait_ms = (due_ns - clock_monotonic_ns()) / CLOCK_NS_PER_MS;
    uint64_t index = registry_state_index(request->state, &subject);
    uint64_t changed = index;
    return wait_ms > 0 && subject.service.data != NULL &&
           registry_query_park(request, &subject, index, wait_ms, &changed) && changed != index;
}

/* Waits while the content has the hash that the client knows. false: it was answered. */
static bool wait_for_content(struct registry_request *request, struct text *ret_hash)
{
    struct text known;
    int64_t wait_ms;
    const struct registry_instance *instance;
    if (!registry_query_hash(request, &known, &wait_ms)) {
        return false;
    }
    int64_t due_ns = clock_monotonic_ns() + wait_ms * CLOCK_NS_PER_MS;
    do {
        instance = registry_state_find_instance(request->state, request->rest);
        if (instance == NULL) {
            registry_reply_format(request, 404, "unknown service ID: %.*s",
                                  TEXT_ARGUMENTS(request->rest));
            return false;
        }
        *ret_hash = content_hash(request, instance);
        if (ret_hash->data == NULL) {
            return false;
        }
    } while (text_equal(known, *ret_hash) && wait_for_change(request, instance, due_ns));
    return request->replied == 0;
}

static void get_service(struct registry_request *request)
{
    struct text hash;
    if (!wait_for_content(request, &hash)) {
        return;
    }
    struct registry_json *json = registry_json_begin(request);
    const struct registry_instance *instance =
        registry_state_find_instance(request->state, request->rest);
    if (json != NULL && instance != NULL) {
        json->content_hash = hash;
        registry_write_agent_service(request, &json->writer, instance, &hash);
        registry_json_send(request, json, 0);
    }
}

const struct registry_endpoint registry_service_endpoints[] = {
    {"PUT", "/v1/agent/service/register", register_service, "registerService",
     "Registers an instance", REGISTRY_TAKES_REPLACE, REGISTRY_REST_NONE, REGISTRY_ANSWERS_NOTHING,
     true},
    {"PUT", "/v1/agent/service/deregister/*", deregister_service, "deregisterService",
     "Removes an instance", REGISTRY_TAKES_TOKEN, REGISTRY_REST_ID, REGISTRY_ANSWERS_NOTHING,
     false},
    {"PUT", "/v1/agent/service/maintenance/*", set_maintenance, "setServiceMaintenance",
     "Takes an instance out, or back in", REGISTRY_TAKES_MAINTENANCE, REGISTRY_REST_ID,
     REGISTRY_ANSWERS_NOTHING, false},
    {"GET", "/v1/agent/service/*", get_service, "getService", "An instance", REGISTRY_TAKES_HASH,
     REGISTRY_REST_ID, REGISTRY_ANSWERS_OBJECT, false},
    {"GET", "/v1/agent/services", list_services, "listServices", "The instances of this node",
     REGISTRY_TAKES_FILTER, REGISTRY_REST_NONE, REGISTRY_ANSWERS_OBJECT, false},
};

const size_t registry_service_endpoint_count = ARRAY_LENGTH(registry_service_endpoints);
