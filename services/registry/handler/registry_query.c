#include "registry/handler/registry_query.h"

#include "base/clock.h"
#include "registry/handler/registry_peers.h"
#include "registry/handler/registry_reply.h"
#include "registry/model/registry_duration.h"

/* Moves to the next parameter of that name; false: no more. */
static bool next_parameter(struct text *rest, struct text name, struct text *ret_parameter)
{
    while (rest->data != NULL) {
        struct text parameter = text_next(rest, '&');
        struct text value = parameter;
        if (text_equal(text_next(&value, '='), name)) {
            *ret_parameter = parameter;
            return true;
        }
    }
    return false;
}

static enum status parameter_value(struct registry_request *request, struct text parameter,
                                   struct text name, struct text *ret_value)
{
    if (text_find(parameter, 0, '=') == parameter.length) {
        *ret_value = (struct text){NULL, 0};
        return STATUS_OK;
    }
    return http_query_parameter(request->call, parameter, name, ret_value);
}

enum status registry_query_text(struct registry_request *request, const char *name,
                                struct text *ret_value)
{
    struct text rest = request->query;
    struct text parameter;
    if (!next_parameter(&rest, text_of(name), &parameter)) {
        return STATUS_NOT_FOUND;
    }
    return parameter_value(request, parameter, text_of(name), ret_value);
}

bool registry_boolean_parse(struct text text, bool *ret_value)
{
    static const char *const words[2][6] = {
        {"0", "f", "F", "false", "FALSE", "False"},
        {"1", "t", "T", "true", "TRUE", "True"},
    };
    for (size_t value = 0; value < ARRAY_LENGTH(words); value++) {
        for (size_t i = 0; i < ARRAY_LENGTH(words[value]); i++) {
            if (text_equal(text, text_of(words[value][i]))) {
                *ret_value = value == 1;
                return true;
            }
        }
    }
    return false;
}

bool registry_query_flag(struct registry_request *request, const char *name, bool *ret_value)
{
    struct text value;
    enum status status = registry_query_text(request, name, &value);
    if (status == STATUS_NOT_FOUND) {
        *ret_value = false;
        return true;
    }
    if (status == STATUS_OK && value.length == 0) {
        *ret_value = true;
        return true;
    }
    if (status == STATUS_OK && registry_boolean_parse(value, ret_value)) {
        return true;
    }
    registry_reply_format(request, 400, "Invalid value for ?%s", name);
    return false;
}

bool registry_query_accept(struct registry_request *request)
{
    static const struct {
        const char *name;
        const char *what;
    } refused[] = {{"ns", "Namespaces"}, {"partition", "Partitions"}};
    struct text value;
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        if (registry_query_text(request, refused[i].name, &value) == STATUS_OK &&
            value.length > 0) {
            registry_reply_format(
                request, 400,
                "Invalid query parameter: \"%s\" - %s are a Consul Enterprise feature",
                refused[i].name, refused[i].what);
            return false;
        }
    }
    if (registry_query_text(request, "dc", &value) == STATUS_OK && value.length > 0 &&
        !text_equal(value, request->handler->datacenter)) {
        registry_reply_error(request, 500, TEXT("No path to datacenter"));
        return false;
    }
    return true;
}

static bool has_tag(const struct registry_instance *instance, struct text tag)
{
    const struct registry_service_definition *definition = instance->definition;
    for (size_t i = 0; i < definition->tag_count; i++) {
        if (text_equal_ignoring_case(definition->tags[i], tag)) {
            return true;
        }
    }
    return false;
}

bool registry_query_tags_match(struct registry_request *request,
                               const struct registry_instance *instance)
{
    const struct text name = TEXT("tag");
    struct text rest = request->query;
    struct text parameter;
    struct text tag;
    while (next_parameter(&rest, name, &parameter)) {
        if (parameter_value(request, parameter, name, &tag) != STATUS_OK ||
            (tag.length > 0 && !has_tag(instance, tag))) {
            return false;
        }
    }
    return true;
}

static bool parse_wait(struct registry_request *request, uint64_t *ret_index, int64_t *ret_wait_ms)
{
    struct text value;
    int64_t wait_ns = 0;
    *ret_index = 0;
    enum status status = registry_query_text(request, "wait", &value);
    if (status != STATUS_NOT_FOUND &&
        (status != STATUS_OK || (value.length > 0 && !registry_duration_parse(value, &wait_ns)))) {
        registry_reply_error(request, 400, TEXT("Invalid wait time"));
        return false;
    }
    status = registry_query_text(request, "index", &value);
    if (status != STATUS_NOT_FOUND &&
        (status != STATUS_OK || (value.length > 0 && !text_to_u64(value, ret_index)))) {
        registry_reply_error(request, 400, TEXT("Invalid index"));
        return false;
    }
    *ret_wait_ms = wait_ns / CLOCK_NS_PER_MS;
    return true;
}

bool registry_query_park(struct registry_request *request, const struct registry_subject *subject,
                         uint64_t index, int64_t wait_ms, uint64_t *ret_index)
{
    struct registry_peer *peer = NULL;
    if (index > 0) {
        peer = registry_peer_enter(request->handler->peers, request->call->identity.peer,
                                   REGISTRY_WATCHERS_PER_PEER_MAX);
        if (peer == NULL) {
            registry_reply_error(request, 429,
                                 TEXT("Your IP is issuing too many concurrent connections, please "
                                      "rate limit your calls"));
            return false;
        }
    }
    enum status status = registry_controller_wait(request->controller, request->call, subject,
                                                  index, wait_ms, ret_index);
    if (peer != NULL) {
        registry_peer_leave(peer);
    }
    if (status != STATUS_OK) {
        registry_reply_status(request, status);
    }
    return status == STATUS_OK;
}

bool registry_query_wait(struct registry_request *request, const struct registry_subject *subject,
                         uint64_t *ret_index)
{
    uint64_t index;
    int64_t wait_ms;
    struct text ignored;
    if (!parse_wait(request, &index, &wait_ms)) {
        return false;
    }
    if (registry_query_text(request, "stale", &ignored) != STATUS_NOT_FOUND &&
        registry_query_text(request, "consistent", &ignored) != STATUS_NOT_FOUND) {
        registry_reply_error(
            request, 400, TEXT("Cannot specify ?stale with ?consistent, conflicting semantics."));
        return false;
    }
    return registry_query_park(request, subject, index, wait_ms, ret_index);
}

bool registry_query_maintenance(struct registry_request *request, bool *ret_enable,
                                struct text *ret_reason)
{
    struct text value;
    *ret_reason = (struct text){NULL, 0};
    if (registry_query_text(request, "enable", &value) != STATUS_OK) {
        registry_reply_error(request, 400, TEXT("Missing value for enable"));
        return false;
    }
    if (!registry_boolean_parse(value, ret_enable)) {
        registry_reply_format(request, 400, "Invalid value for enable: \"%.*s\"",
                              TEXT_ARGUMENTS(value));
        return false;
    }
    if (registry_query_text(request, "reason", ret_reason) == STATUS_INVALID_ARGUMENT) {
        registry_reply_status(request, STATUS_INVALID_ARGUMENT);
        return false;
    }
    return true;
}

bool registry_query_hash(struct registry_request *request, struct text *ret_hash,
                         int64_t *ret_wait_ms)
{
    uint64_t index;
    if (!parse_wait(request, &index, ret_wait_ms)) {
        return false;
    }
    if (*ret_wait_ms <= 0) {
        *ret_wait_ms = REGISTRY_WAIT_DEFAULT_MS;
    } else if (*ret_wait_ms > REGISTRY_WAIT_MAX_MS) {
        *ret_wait_ms = REGISTRY_WAIT_MAX_MS;
    }
    if (registry_query_text(request, "hash", ret_hash) != STATUS_OK) {
        *ret_hash = (struct text){NULL, 0};
    }
    return true;
}

static bool node_has(const struct registry_node *node, struct text key, struct text value)
{
    if (node == NULL) {
        return text_equal(key, TEXT(REGISTRY_NODE_META_KEY)) && value.length == 0;
    }
    for (size_t i = 0; i < node->definition->meta_count; i++) {
        if (text_equal(node->definition->meta[i].key, key) &&
            text_equal(node->definition->meta[i].value, value)) {
            return true;
        }
    }
    return false;
}

bool registry_query_node_matches(struct registry_request *request, const struct registry_node *node)
{
    const struct text name = TEXT("node-meta");
    struct text rest = request->query;
    struct text parameter;
    struct text pair;
    while (next_parameter(&rest, name, &parameter)) {
        if (parameter_value(request, parameter, name, &pair) != STATUS_OK) {
            return false;
        }
        struct text value = pair;
        struct text key = text_next(&value, ':');
        if (!node_has(node, key, value)) {
            return false;
        }
    }
    return true;
}
