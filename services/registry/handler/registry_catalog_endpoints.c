/* catalog and status: what there is, well or not. */
#include "base/arena.h"
#include "registry/handler/registry_entries.h"
#include "registry/handler/registry_json.h"
#include "registry/handler/registry_query.h"

/* The instances of a service that the query is about. */
struct kept_instances {
    const struct registry_instance **instances;
    size_t count;
};

static bool is_kept(struct registry_request *request, struct registry_entries *entries,
                    struct registry_json *scratch, const struct registry_instance *instance)
{
    if (!registry_query_node_matches(request, instance->node)) {
        return false;
    }
    if (!registry_entries_have_filter(entries)) {
        return true;
    }
    struct registry_entry entry = registry_entry_begin(scratch, NULL);
    registry_write_catalog_service(request, &scratch->writer, instance);
    bool kept = registry_entry_end(entries, scratch, entry);
    buffer_clear(&scratch->buffer);
    scratch->writer.comma = false;
    return kept;
}

/* false: no memory. */
static bool keep_instances(struct registry_request *request, struct registry_entries *entries,
                           struct registry_json *scratch, const struct registry_instance *first,
                           struct kept_instances *kept)
{
    size_t count = 0;
    const struct registry_instance *instance;
    for (instance = first; instance != NULL; instance = registry_state_next_instance(instance)) {
        count++;
    }
    kept->count = 0;
    kept->instances = arena_calloc(request->call->arena, count + 1, sizeof(*kept->instances));
    for (instance = first; kept->instances != NULL && instance != NULL;
         instance = registry_state_next_instance(instance)) {
        if (is_kept(request, entries, scratch, instance)) {
            kept->instances[kept->count++] = instance;
        }
    }
    return kept->instances != NULL;
}

static bool has_tag(const struct registry_instance *instance, size_t tag_count, struct text tag)
{
    for (size_t i = 0; i < tag_count; i++) {
        if (text_equal(instance->definition->tags[i], tag)) {
            return true;
        }
    }
    return false;
}

static bool tag_seen_before(const struct kept_instances *kept, size_t position, size_t tag_position)
{
    struct text tag = kept->instances[position]->definition->tags[tag_position];
    for (size_t i = 0; i < position; i++) {
        if (has_tag(kept->instances[i], kept->instances[i]->definition->tag_count, tag)) {
            return true;
        }
    }
    return has_tag(kept->instances[position], tag_position, tag);
}

/* "name": [every tag of its instances, once] */
static void write_service_tags(struct json_writer *writer, const struct kept_instances *kept)
{
    if (kept->count == 0) {
        return;
    }
    json_write_name(writer, kept->instances[0]->definition->name);
    json_open_array(writer);
    for (size_t i = 0; i < kept->count; i++) {
        const struct registry_service_definition *definition = kept->instances[i]->definition;
        for (size_t j = 0; j < definition->tag_count; j++) {
            if (!tag_seen_before(kept, i, j)) {
                json_write_string(writer, definition->tags[j]);
            }
        }
    }
    json_close_array(writer);
}

static void list_services(struct registry_request *request)
{
    const struct registry_subject subject = {.topic = REGISTRY_TOPIC_SERVICES};
    struct registry_entries *entries;
    struct kept_instances kept;
    uint64_t index;
    if (!registry_query_accept(request) ||
        !registry_entries_open(request, registry_filter_instance_fields, &entries) ||
        !registry_query_wait(request, &subject, &index)) {
        return;
    }
    struct registry_json *json = registry_json_begin(request);
    struct registry_json *scratch = json != NULL ? registry_json_begin(request) : NULL;
    if (scratch == NULL) {
        return;
    }
    json_open_object(&json->writer);
    for (size_t i = 0; i < registry_state_service_count(request->state); i++) {
        const struct registry_instance *first = registry_state_service_at(request->state, i);
        if (first != NULL && !keep_instances(request, entries, scratch, first, &kept)) {
            registry_reply_error(request, 500, TEXT("no memory"));
            return;
        }
        if (first != NULL) {
            write_service_tags(&json->writer, &kept);
        }
    }
    json_close_object(&json->writer);
    json->status = scratch->status;
    registry_json_send(request, json, index);
}

static void list_instances(struct registry_request *request)
{
    const struct registry_subject subject = {REGISTRY_TOPIC_SERVICE, request->rest};
    struct registry_list list;
    if (!registry_list_begin(request, "Missing service name", registry_filter_instance_fields,
                             &subject, &list)) {
        return;
    }
    for (const struct registry_instance *instance =
             registry_state_first_instance(request->state, request->rest);
         instance != NULL; instance = registry_state_next_instance(instance)) {
        if (registry_query_node_matches(request, instance->node) &&
            registry_query_tags_match(request, instance)) {
            struct registry_entry entry = registry_entry_begin(list.json, NULL);
            registry_write_catalog_service(request, &list.json->writer, instance);
            (void)registry_entry_end(list.entries, list.json, entry);
        }
    }
    registry_list_end(request, &list);
}

static void write_node_entry(struct registry_request *request, struct registry_entries *entries,
                             struct registry_json *json, const struct registry_node *node)
{
    if (registry_query_node_matches(request, node)) {
        struct registry_entry entry = registry_entry_begin(json, NULL);
        registry_write_node(request, &json->writer, NULL, node);
        (void)registry_entry_end(entries, json, entry);
    }
}

static void list_nodes(struct registry_request *request)
{
    const struct registry_subject subject = {.topic = REGISTRY_TOPIC_NODES};
    struct registry_list list;
    if (!registry_list_begin(request, NULL, registry_filter_node_fields, &subject, &list)) {
        return;
    }
    write_node_entry(request, list.entries, list.json, NULL);
    for (size_t i = 0; i < registry_state_node_count(request->state); i++) {
        write_node_entry(request, list.entries, list.json,
                         registry_state_node_at(request->state, i));
    }
    registry_list_end(request, &list);
}

static void list_datacenters(struct registry_request *request)
{
    struct registry_json *json = registry_json_begin(request);
    if (json != NULL) {
        json_open_array(&json->writer);
        json_write_string(&json->writer, request->handler->datacenter);
        json_close_array(&json->writer);
        registry_json_send(request, json, 0);
    }
}

/* The node that the path names; false: there is none. */
static bool find_node(struct registry_request *request, const struct registry_node **ret_node)
{
    *ret_node = registry_state_find_node(request->state, request->rest);
    return *ret_node != NULL || text_equal(request->rest, request->handler->node_name);
}

/* Waits for what is on the node. false: it was answered. */
static bool open_node(struct registry_request *request, struct registry_entries **ret_entries,
                      uint64_t *ret_index)
{
    const struct registry_subject subject = {.topic = REGISTRY_TOPIC_SERVICES};
    if (request->rest.length == 0) {
        registry_reply_error(request, 400, TEXT("Missing node name"));
        return false;
    }
    return registry_query_accept(request) &&
           registry_entries_open(request, registry_filter_service_fields, ret_entries) &&
           registry_query_wait(request, &subject, ret_index);
}

/* {"Node": {…}, "Services": {id: {…}}} */
static void get_node(struct registry_request *request)
{
    struct registry_entries *entries;
    const struct registry_node *node;
    uint64_t index;
    if (!open_node(request, &entries, &index)) {
        return;
    }
    struct registry_json *json = registry_json_begin(request);
    if (json == NULL) {
        return;
    }
    if (!find_node(request, &node)) {
        json_write_null(&json->writer);
        registry_json_send(request, json, index);
        return;
    }
    json_open_object(&json->writer);
    registry_write_node(request, &json->writer, "Node", node);
    json_write_name(&json->writer, TEXT("Services"));
    json_open_object(&json->writer);
    for (size_t i = 0; i < registry_state_instance_count(request->state); i++) {
        const struct registry_instance *instance = registry_state_instance_at(request->state, i);
        if (instance->node == node) {
            struct registry_entry entry = registry_entry_begin(json, &instance->definition->id);
            registry_write_service(&json->writer, NULL, instance);
            (void)registry_entry_end(entries, json, entry);
        }
    }
    json_close_object(&json->writer);
    json_close_object(&json->writer);
    registry_json_send(request, json, index);
}

/* {"Node": {…}, "Services": [{…}]} */
static void list_services_of_node(struct registry_request *request)
{
    struct registry_entries *entries;
    const struct registry_node *node;
    uint64_t index;
    if (!open_node(request, &entries, &index)) {
        return;
    }
    struct registry_json *json = registry_json_begin(request);
    if (json == NULL) {
        return;
    }
    if (!find_node(request, &node)) {
        json_write_raw(&json->writer, TEXT("{\"Node\":null,\"Services\":null}"));
        registry_json_send(request, json, index);
        return;
    }
    json_open_object(&json->writer);
    registry_write_node(request, &json->writer, "Node", node);
    json_write_name(&json->writer, TEXT("Services"));
    json_open_array(&json->writer);
    for (size_t i = 0; i < registry_state_instance_count(request->state); i++) {
        const struct registry_instance *instance = registry_state_instance_at(request->state, i);
        if (instance->node == node) {
            struct registry_entry entry = registry_entry_begin(json, NULL);
            registry_write_service(&json->writer, NULL, instance);
            (void)registry_entry_end(entries, json, entry);
        }
    }
    json_close_array(&json->writer);
    json_close_object(&json->writer);
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
    {"GET", "/v1/catalog/services", list_services, "listCatalogServices",
     "The names of all services, with their tags", REGISTRY_TAKES_WATCH, REGISTRY_REST_NONE,
     REGISTRY_ANSWERS_OBJECT, false},
    {"GET", "/v1/catalog/service/*", list_instances, "listCatalogInstances",
     "The instances of a service", REGISTRY_TAKES_INSTANCES, REGISTRY_REST_SERVICE,
     REGISTRY_ANSWERS_ARRAY, false},
    {"GET", "/v1/catalog/nodes", list_nodes, "listNodes", "The nodes", REGISTRY_TAKES_WATCH,
     REGISTRY_REST_NONE, REGISTRY_ANSWERS_ARRAY, false},
    {"GET", "/v1/catalog/datacenters", list_datacenters, "listDatacenters",
     "The datacenters: this one", REGISTRY_TAKES_TOKEN, REGISTRY_REST_NONE, REGISTRY_ANSWERS_ARRAY,
     false},
    {"GET", "/v1/catalog/node/*", get_node, "getNode", "A node and what is on it",
     REGISTRY_TAKES_WATCH, REGISTRY_REST_NODE, REGISTRY_ANSWERS_OBJECT, false},
    {"GET", "/v1/catalog/node-services/*", list_services_of_node, "listNodeServices",
     "What is on a node", REGISTRY_TAKES_WATCH, REGISTRY_REST_NODE, REGISTRY_ANSWERS_OBJECT, false},
    {"GET", "/v1/status/leader", get_leader, "getLeader", "The address of the leader: this one",
     REGISTRY_TAKES_TOKEN, REGISTRY_REST_NONE, REGISTRY_ANSWERS_STRING, false},
    {"GET", "/v1/status/peers", list_peers, "listPeers", "The addresses of its peers: this one",
     REGISTRY_TAKES_TOKEN, REGISTRY_REST_NONE, REGISTRY_ANSWERS_ARRAY, false},
};

const size_t registry_catalog_endpoint_count = ARRAY_LENGTH(registry_catalog_endpoints);
