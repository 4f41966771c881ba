/* catalog and status: what there is, well or not. */
#include "registry/handler/registry_entries.h"
#include "registry/handler/registry_json.h"
#include "registry/handler/registry_query.h"

static bool tag_seen_before(const struct registry_instance *first,
                            const struct registry_instance *instance, size_t position)
{
    struct text tag = instance->definition->tags[position];
    for (size_t i = 0; i < position; i++) {
        if (text_equal(instance->definition->tags[i], tag)) {
            return true;
        }
    }
    for (; first != instance; first = registry_state_next_instance(first)) {
        for (size_t i = 0; i < first->definition->tag_count; i++) {
            if (text_equal(first->definition->tags[i], tag)) {
                return true;
            }
        }
    }
    return false;
}

/* "name": [every tag of its instances, once] */
static void write_service_tags(struct json_writer *writer, const struct registry_instance *first)
{
    json_write_name(writer, first->definition->name);
    json_open_array(writer);
    for (const struct registry_instance *instance = first; instance != NULL;
         instance = registry_state_next_instance(instance)) {
        for (size_t i = 0; i < instance->definition->tag_count; i++) {
            if (!tag_seen_before(first, instance, i)) {
                json_write_string(writer, instance->definition->tags[i]);
            }
        }
    }
    json_close_array(writer);
}

static void list_services(struct registry_request *request)
{
    const struct registry_subject subject = {.topic = REGISTRY_TOPIC_SERVICES};
    uint64_t index;
    if (!registry_query_accept(request) || !registry_query_wait(request, &subject, &index)) {
        return;
    }
    struct registry_json *json = registry_json_begin(request);
    if (json == NULL) {
        return;
    }
    json_open_object(&json->writer);
    for (size_t i = 0; i < registry_state_service_count(request->state); i++) {
        const struct registry_instance *first = registry_state_service_at(request->state, i);
        if (first != NULL) {
            write_service_tags(&json->writer, first);
        }
    }
    json_close_object(&json->writer);
    registry_json_send(request, json, index);
}

static void list_instances(struct registry_request *request)
{
    const struct registry_subject subject = {REGISTRY_TOPIC_SERVICE, request->rest};
    struct registry_entries *entries;
    uint64_t index;
    if (request->rest.length == 0) {
        registry_reply_error(request, 400, TEXT("Missing service name"));
        return;
    }
    if (!registry_query_accept(request) ||
        !registry_entries_open(request, registry_filter_instance_fields, &entries) ||
        !registry_query_wait(request, &subject, &index)) {
        return;
    }
    struct registry_json *json = registry_json_begin(request);
    if (json == NULL) {
        return;
    }
    json_open_array(&json->writer);
    for (const struct registry_instance *instance =
             registry_state_first_instance(request->state, request->rest);
         instance != NULL; instance = registry_state_next_instance(instance)) {
        if (registry_query_tags_match(request, instance)) {
            struct registry_entry entry = registry_entry_begin(json, NULL);
            registry_write_catalog_service(request, &json->writer, instance);
            (void)registry_entry_end(entries, json, entry);
        }
    }
    json_close_array(&json->writer);
    registry_json_send(request, json, index);
}

static void list_nodes(struct registry_request *request)
{
    const struct registry_subject subject = {.topic = REGISTRY_TOPIC_NODES};
    struct registry_entries *entries;
    uint64_t index;
    if (!registry_query_accept(request) ||
        !registry_entries_open(request, registry_filter_node_fields, &entries) ||
        !registry_query_wait(request, &subject, &index)) {
        return;
    }
    struct registry_json *json = registry_json_begin(request);
    if (json == NULL) {
        return;
    }
    json_open_array(&json->writer);
    struct registry_entry entry = registry_entry_begin(json, NULL);
    registry_write_node(request, &json->writer, NULL);
    (void)registry_entry_end(entries, json, entry);
    json_close_array(&json->writer);
    registry_json_send(request, json, index);
}

static void get_leader(struct registry_request *request)
{
    struct registry_json *json = registry_json_begin(request);
    if (json != NULL) {
        json_write_string(&json->writer, request->handler->listen_address);
        registry_json_send(request, json, 0);
    }
}

static void list_peers(struct registry_request *request)
{
    struct registry_json *json = registry_json_begin(request);
    if (json != NULL) {
        json_open_array(&json->writer);
        json_write_string(&json->writer, request->handler->listen_address);
        json_close_array(&json->writer);
        registry_json_send(request, json, 0);
    }
}

const struct registry_endpoint registry_catalog_endpoints[] = {
    {"GET", "/v1/catalog/services", list_services},
    {"GET", "/v1/catalog/service/*", list_instances},
    {"GET", "/v1/catalog/nodes", list_nodes},
    {"GET", "/v1/status/leader", get_leader},
    {"GET", "/v1/status/peers", list_peers},
};

const size_t registry_catalog_endpoint_count = ARRAY_LENGTH(registry_catalog_endpoints);
