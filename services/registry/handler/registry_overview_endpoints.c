/* internal/ui: what the page shows of all services, in one small answer. Ten thousand instances
 * would be megabytes of checks for a browser to add up, at each change of one of them. */
#include "base/arena.h"
#include "registry/handler/registry_instance_health.h"
#include "registry/handler/registry_json.h"
#include "registry/handler/registry_query.h"
#include "registry/handler/registry_reply.h"

enum { OVERVIEW_TAGS_MAX = 64 }; /* of a service, by all its instances: further ones are not told */

struct service_overview {
    struct text name;
    struct text tags[OVERVIEW_TAGS_MAX];
    size_t tag_count;
    size_t instances;
    size_t in_maintenance; /* these and those that drain are counted nowhere below */
    size_t draining;
    size_t instances_by_status[REGISTRY_CRITICAL + 1];
    size_t checks_by_status[REGISTRY_CRITICAL + 1];
};

static void add_tag(struct service_overview *overview, struct text tag)
{
    for (size_t i = 0; i < overview->tag_count; i++) {
        if (text_equal(overview->tags[i], tag)) {
            return;
        }
    }
    if (overview->tag_count < OVERVIEW_TAGS_MAX) {
        overview->tags[overview->tag_count++] = tag;
    }
}

static void add_instance(struct service_overview *overview, const struct registry_state *state,
                         const struct registry_instance *instance)
{
    struct registry_instance_health health = registry_instance_health(state, instance);
    overview->instances++;
    if (health.is_draining) {
        overview->draining++;
    } else if (health.in_maintenance) {
        overview->in_maintenance++;
    } else {
        overview->instances_by_status[health.worst]++;
    }
    for (const struct registry_check *check = registry_state_first_check(state, instance);
         check != NULL; check = registry_state_next_check(state, check)) {
        overview->checks_by_status[check->status]++;
    }
    for (size_t i = 0; i < instance->definition->tag_count; i++) {
        add_tag(overview, instance->definition->tags[i]);
    }
}

static void write_overview(struct json_writer *writer, const struct service_overview *overview)
{
    json_open_object(writer);
    json_member_string(writer, "Name", overview->name);
    json_write_name(writer, TEXT("Tags"));
    json_open_array(writer);
    for (size_t i = 0; i < overview->tag_count; i++) {
        json_write_string(writer, overview->tags[i]);
    }
    json_close_array(writer);
    const struct {
        const char *name;
        size_t count;
    } counts[] = {
        {"InstanceCount", overview->instances},
        {"InstancesPassing", overview->instances_by_status[REGISTRY_PASSING]},
        {"InstancesWarning", overview->instances_by_status[REGISTRY_WARNING]},
        {"InstancesCritical", overview->instances_by_status[REGISTRY_CRITICAL]},
        {"InstancesInMaintenance", overview->in_maintenance},
        {"InstancesDraining", overview->draining},
        {"ChecksPassing", overview->checks_by_status[REGISTRY_PASSING]},
        {"ChecksWarning", overview->checks_by_status[REGISTRY_WARNING]},
        {"ChecksCritical", overview->checks_by_status[REGISTRY_CRITICAL]},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
        json_member_integer(writer, counts[i].name, (int64_t)counts[i].count);
    }
    json_close_object(writer);
}

static void list_services(struct registry_request *request)
{
    const struct registry_subject subject = {.topic = REGISTRY_TOPIC_EVERYTHING};
    uint64_t index;
    if (!registry_query_accept(request) || !registry_query_wait(request, &subject, &index)) {
        return;
    }
    struct registry_json *json = registry_json_begin(request);
    if (json == NULL) {
        return;
    }
    json_open_array(&json->writer);
    for (size_t i = 0; i < registry_state_service_count(request->state); i++) {
        const struct registry_instance *instance = registry_state_service_at(request->state, i);
        if (instance == NULL) {
            continue;
        }
        struct service_overview overview = {.name = instance->definition->name};
        for (; instance != NULL; instance = registry_state_next_instance(instance)) {
            add_instance(&overview, request->state, instance);
        }
        write_overview(&json->writer, &overview);
    }
    json_close_array(&json->writer);
    registry_json_send(request, json, index);
}

const struct registry_endpoint registry_overview_endpoints[] = {
    {"GET", "/v1/internal/ui/services", list_services, "listServiceOverviews",
     "All services as the page shows them", REGISTRY_TAKES_WATCH, REGISTRY_REST_NONE,
     REGISTRY_ANSWERS_ARRAY, false},
};

const size_t registry_overview_endpoint_count = ARRAY_LENGTH(registry_overview_endpoints);
