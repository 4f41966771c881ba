/* catalog/register and catalog/deregister: what others know of nodes that do not register here. */
#include "registry/handler/registry_catalog_input.h"
#include "registry/handler/registry_json.h"
#include "registry/handler/registry_reply.h"

/* "true", or the failure. */
static void reply(struct registry_request *request, enum status status)
{
    if (status == STATUS_INVALID_ARGUMENT) {
        registry_reply_format(request, 400, "Request decode failed: %.*s",
                              TEXT_ARGUMENTS(request->call->error.message));
        return;
    }
    if (status == STATUS_RESOURCE_EXHAUSTED) { /* a limit of ours, of which Consul knows nothing */
        registry_reply_status(request, status);
        return;
    }
    if (status != STATUS_OK) {
        registry_reply_error(request, 500, request->call->error.message);
        return;
    }
    struct registry_json *json = registry_json_begin(request);
    if (json != NULL) {
        json_write_boolean(&json->writer, true);
        registry_json_send(request, json, 0);
    }
}

/* On the registry's own node, what is told is as if it had registered here. */
static void be_own(struct registry_request *request, struct registry_catalog_entry *entry)
{
    if (!text_equal(entry->node.name, request->handler->node_name)) {
        return;
    }
    entry->skip_node_update = true;
    entry->service.node = (struct text){NULL, 0};
    for (size_t i = 0; i < entry->check_count; i++) {
        entry->checks[i].definition.node = (struct text){NULL, 0};
    }
}

static void register_entry(struct registry_request *request)
{
    const struct json *body;
    struct registry_catalog_entry entry;
    if (!registry_read_json(request, &body)) {
        return;
    }
    enum status status = registry_catalog_input_read(request->call, body, &entry);
    if (status != STATUS_OK) {
        reply(request, status);
        return;
    }
    request->audited.node = entry.node.name;
    request->audited.id = entry.service.id;
    request->audited.service = entry.service.name;
    be_own(request, &entry);
    if (!entry.skip_node_update) {
        status = registry_controller_put_node(request->controller, request->call, &entry.node);
    }
    if (status == STATUS_OK && entry.has_service) {
        const struct registry_registration registration = {.service = entry.service};
        status = registry_controller_put_instance(request->controller, request->call, &registration,
                                                  request->arrival_ns);
    }
    for (size_t i = 0; status == STATUS_OK && i < entry.check_count; i++) {
        status = registry_controller_tell_check(request->controller, request->call,
                                                &entry.checks[i].definition, entry.checks[i].output,
                                                request->arrival_ns);
    }
    reply(request, status);
}

static enum status remove_entry(struct registry_request *request,
                                const struct registry_catalog_removal *removal)
{
    char key[REGISTRY_KEY_BYTES_MAX];
    struct text node = removal->node;
    if (text_equal(node, request->handler->node_name)) {
        node = (struct text){NULL, 0};
    }
    if (removal->service_id.length > 0) {
        return registry_controller_remove_instance(request->controller, request->call,
                                                   registry_key(node, removal->service_id, key));
    }
    if (removal->check_id.length > 0) {
        return registry_controller_remove_check(request->controller, request->call,
                                                registry_key(node, removal->check_id, key));
    }
    return registry_controller_remove_node(request->controller, request->call, node);
}

static void deregister_entry(struct registry_request *request)
{
    const struct json *body;
    struct registry_catalog_removal removal;
    if (!registry_read_json(request, &body)) {
        return;
    }
    enum status status = registry_catalog_removal_read(request->call, body, &removal);
    if (status == STATUS_OK) {
        request->audited.node = removal.node;
        request->audited.id = removal.service_id.length > 0 ? removal.service_id : removal.check_id;
        status = remove_entry(request, &removal);
        if (status == STATUS_NOT_FOUND) { /* it is gone, which is what was asked for */
            call_clear_error(request->call);
            status = STATUS_OK;
        }
    }
    reply(request, status);
}

const struct registry_endpoint registry_catalog_writes[] = {
    {"PUT", "/v1/catalog/register", register_entry, "registerEntry",
     "Registers a node, an instance or a check from outside", REGISTRY_TAKES_TOKEN,
     REGISTRY_REST_NONE, REGISTRY_ANSWERS_TRUE, true},
    {"PUT", "/v1/catalog/deregister", deregister_entry, "deregisterEntry",
     "Removes a node, an instance or a check", REGISTRY_TAKES_TOKEN, REGISTRY_REST_NONE,
     REGISTRY_ANSWERS_TRUE, true},
};

const size_t registry_catalog_write_count = ARRAY_LENGTH(registry_catalog_writes);
