/* health: who is well. */
#include "registry/handler/registry_entries.h"
#include "registry/handler/registry_instance_health.h"
#include "registry/handler/registry_json.h"
#include "registry/handler/registry_query.h"

/* This one and those after it. */
static void write_checks(struct registry_request *request, struct json_writer *writer,
                         const struct registry_check *check)
{
    for (; check != NULL; check = registry_state_next_check(request->state, check)) {
        registry_write_check(request, writer, check);
    }
}

/* A check as an entry of its own. */
static void write_check_entry(struct registry_request *request, struct registry_entries *entries,
                              struct registry_json *json, const struct registry_check *check)
{
    struct registry_entry entry = registry_entry_begin(json, NULL);
    registry_write_check(request, &json->writer, check);
    (void)registry_entry_end(entries, json, entry);
}

/* Where in the reply a node was written: most instances of a service share it, and copy it. */
struct written_node {
    const struct registry_node *node;
    size_t start;
    size_t length; /* 0: none was written so far */
};

static void write_node(struct registry_request *request, struct json_writer *writer,
                       const struct registry_node *node, struct written_node *written)
{
    json_write_name(writer, TEXT("Node"));
    if (written->length > 0 && written->node == node) {
        json_write_copy(writer, written->start, written->length);
        return;
    }
    size_t start = writer->buffer->length;
    registry_write_node(request, writer, NULL, node);
    *written = (struct written_node){node, start, writer->buffer->length - start};
}

static void write_entry(struct registry_request *request, struct json_writer *writer,
                        const struct registry_instance *instance, struct written_node *written)
{
    json_open_object(writer);
    write_node(request, writer, instance->node, written);
    registry_write_service(writer, "Service", instance);
    json_write_name(writer, TEXT("Checks"));
    json_open_array(writer);
    write_checks(request, writer,
                 registry_state_first_check_of_node(request->state, instance->node));
    write_checks(request, writer, registry_state_first_check(request->state, instance));
    json_close_array(writer);
    json_close_object(writer);
}

/* Whether the reply is the same for all who ask for this service so: nothing but the flags that
 * have been read selects. */
static bool is_shareable(const struct registry_request *request, const struct registry_list *list)
{
    struct text query = request->query;
    return !registry_entries_have_filter(list->entries) &&
           (query.length == 0 || (memmem(query.data, query.length, "tag", 3) == NULL &&
                                  memmem(query.data, query.length, "node-meta", 9) == NULL));
}

static bool send_shared(struct registry_request *request, const struct registry_list *list,
                        bool only_passing)
{
    const struct registry_shared_list *shared = &request->handler->shared;
    if (shared->revision != registry_state_revision(request->state) || shared->revision == 0 ||
        shared->only_passing != only_passing ||
        !text_equal(buffer_text(&shared->service), request->rest)) {
        return false;
    }
    struct registry_json *json = list->json;
    buffer_clear(&json->buffer);
    json_writer_init(&json->writer, &json->buffer);
    json_write_raw(&json->writer, buffer_text(&shared->text));
    registry_json_send(request, json, list->index);
    return true;
}

static void keep_shared(struct registry_request *request, const struct registry_list *list,
                        bool only_passing)
{
    struct registry_shared_list *shared = &request->handler->shared;
    buffer_clear(&shared->service);
    buffer_clear(&shared->text);
    bool is_kept = list->json->status == STATUS_OK && json_writer_end(&list->json->writer) &&
                   buffer_append(&shared->service, request->rest) &&
                   buffer_append(&shared->text, buffer_text(&list->json->buffer));
    shared->only_passing = only_passing;
    shared->revision = is_kept ? registry_state_revision(request->state) : 0;
}

static void write_instances(struct registry_request *request, const struct registry_list *list,
                            bool only_passing)
{
    struct written_node written = {.length = 0};
    for (const struct registry_instance *instance =
             registry_state_first_instance(request->state, request->rest);
         instance != NULL; instance = registry_state_next_instance(instance)) {
        if ((!only_passing ||
             registry_instance_health(request->state, instance).worst == REGISTRY_PASSING) &&
            registry_query_node_matches(request, instance->node) &&
            registry_query_tags_match(request, instance)) {
            struct registry_entry entry = registry_entry_begin(list->json, NULL);
            write_entry(request, &list->json->writer, instance, &written);
            if (!registry_entry_end(list->entries, list->json, entry)) {
                written.length = 0; /* it was taken back */
            }
        }
    }
    json_close_array(&list->json->writer);
}

static void list_instances(struct registry_request *request)
{
    const struct registry_subject subject = {REGISTRY_TOPIC_SERVICE, request->rest};
    struct registry_list list;
    bool only_passing;
    if (!registry_query_flag(request, "passing", &only_passing) ||
        !registry_list_begin(request, "Missing service name", registry_filter_health_fields,
                             &subject, &list)) {
        return;
    }
    bool is_shared = is_shareable(request, &list);
    if (is_shared && send_shared(request, &list, only_passing)) {
        return;
    }
    write_instances(request, &list, only_passing);
    if (is_shared) {
        keep_shared(request, &list, only_passing);
    }
    registry_json_send(request, list.json, list.index);
}

static void list_checks_of_service(struct registry_request *request)
{
    const struct registry_subject subject = {REGISTRY_TOPIC_SERVICE, request->rest};
    struct registry_list list;
    if (!registry_list_begin(request, "Missing service name", registry_filter_check_fields,
                             &subject, &list)) {
        return;
    }
    for (const struct registry_instance *instance =
             registry_state_first_instance(request->state, request->rest);
         instance != NULL; instance = registry_state_next_instance(instance)) {
        for (const struct registry_check *check =
                 registry_state_first_check(request->state, instance);
             check != NULL; check = registry_state_next_check(request->state, check)) {
            write_check_entry(request, list.entries, list.json, check);
        }
    }
    registry_list_end(request, &list);
}

static void list_checks_of_status(struct registry_request *request)
{
    const struct registry_subject subject = {.topic = REGISTRY_TOPIC_CHECKS};
    struct registry_list list;
    if (!registry_list_begin(request, "Missing check state", registry_filter_check_fields, &subject,
                             &list)) {
        return;
    }
    bool any = text_equal(request->rest, TEXT("any"));
    for (size_t i = 0; i < registry_state_check_count(request->state); i++) {
        const struct registry_check *check = registry_state_check_at(request->state, i);
        if (any || text_equal(request->rest, text_of(registry_status_name(check->status)))) {
            write_check_entry(request, list.entries, list.json, check);
        }
    }
    registry_list_end(request, &list);
}

static void list_checks_of_node(struct registry_request *request)
{
    const struct registry_subject subject = {.topic = REGISTRY_TOPIC_CHECKS};
    struct registry_list list;
    if (!registry_list_begin(request, "Missing node name", registry_filter_check_fields, &subject,
                             &list)) {
        return;
    }
    const struct registry_node *node = registry_state_find_node(request->state, request->rest);
    bool exists = node != NULL || text_equal(request->rest, request->handler->node_name);
    for (size_t i = 0; exists && i < registry_state_check_count(request->state); i++) {
        const struct registry_check *check = registry_state_check_at(request->state, i);
        if (check->node == node) {
            write_check_entry(request, list.entries, list.json, check);
        }
    }
    registry_list_end(request, &list);
}

const struct registry_endpoint registry_health_endpoints[] = {
    {"GET", "/v1/health/service/*", list_instances, "listHealthyInstances",
     "The instances of a service, with their checks", REGISTRY_TAKES_INSTANCES,
     REGISTRY_REST_SERVICE, REGISTRY_ANSWERS_ARRAY, false},
    {"GET", "/v1/health/checks/*", list_checks_of_service, "listServiceChecks",
     "The checks of a service", REGISTRY_TAKES_WATCH, REGISTRY_REST_SERVICE, REGISTRY_ANSWERS_ARRAY,
     false},
    {"GET", "/v1/health/node/*", list_checks_of_node, "listNodeChecks", "The checks of a node",
     REGISTRY_TAKES_WATCH, REGISTRY_REST_NODE, REGISTRY_ANSWERS_ARRAY, false},
    {"GET", "/v1/health/state/*", list_checks_of_status, "listChecksByState",
     "The checks that are so", REGISTRY_TAKES_WATCH, REGISTRY_REST_STATE, REGISTRY_ANSWERS_ARRAY,
     false},
};

const size_t registry_health_endpoint_count = ARRAY_LENGTH(registry_health_endpoints);
