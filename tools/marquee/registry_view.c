/* What Consul's interface says of services and their checks, as far as people are shown it. */
#include "marquee/registry_view.h"

#include "access/access_tokens.h"
#include "discovery/consul_discovery.h"
#include "discovery/discovery.h"
#include "json/json.h"

enum {
    INSTANCES_FIRST = 16, /* room for so many; doubled as they come */
    ANSWER_MS = 2000,     /* for a registry to show that it is there, when there are others */
};

struct instance_list {
    struct registry_instance *rows;
    size_t count;
    size_t capacity;
};

static enum status get(struct registry_view *view, const char *path, struct text name,
                       const struct json **ret_json)
{
    struct call *call = &view->call;
    struct text registry = view->registry;
    bool is_secure = consul_address_is_secure(&registry);
    struct http_header token = {TEXT("x-consul-token"), {NULL, 0}};
    struct http_client_reply reply;
    if (view->tokens != NULL) {
        token.value = access_tokens_show(view->tokens, call->arena, "");
    }
    const struct http_client_request request = {
        .method = "GET",
        .url = arena_format(call->arena, "%s://%.*s/v1/%s%.*s", is_secure ? "https" : "http",
                            TEXT_ARGUMENTS(registry), path,
                            TEXT_ARGUMENTS(http_percent_encode(call->arena, name))),
        .headers = &token,
        .header_count = view->tokens != NULL ? 1 : 0,
    };
    enum status status = request.url.data == NULL
                             ? STATUS_RESOURCE_EXHAUSTED
                             : http_client_send(view->client, call, &request, &reply);
    if (status == STATUS_OK && reply.status != 200) {
        return call_fail(call, STATUS_UNAVAILABLE, "the registry at %.*s answers %d: %.*s",
                         TEXT_ARGUMENTS(registry), reply.status, TEXT_ARGUMENTS(reply.body));
    }
    if (status != STATUS_OK) {
        struct text why = call->error.message;
        call_clear_error(call);
        return call_fail(call, status, "the registry at %.*s cannot be asked%s%.*s",
                         TEXT_ARGUMENTS(registry), why.length > 0 ? ": " : "", TEXT_ARGUMENTS(why));
    }
    return json_parse(call, reply.body, ret_json);
}

static struct text member_text(const struct json *object, const char *name)
{
    const struct json *value = json_member(object, name);
    return json_kind(value) == JSON_STRING ? json_string(value) : TEXT("");
}

/* Why the instance is not to be called, although it may be well; {NULL, 0}: it may be. */
static struct text maintenance_of(const struct json *check)
{
    if (!text_starts_with(member_text(check, "CheckID"), TEXT("_service_maintenance:"))) {
        return (struct text){NULL, 0};
    }
    return text_equal(member_text(check, "Notes"), TEXT(DISCOVERY_DRAIN_REASON))
               ? TEXT(DISCOVERY_DRAIN_REASON)
               : TEXT("maintenance");
}

/* The worst of the checks; without any it is well. */
static struct text health_of(const struct json *checks)
{
    static const struct text order[] = {TEXT_INIT("passing"), TEXT_INIT("warning"),
                                        TEXT_INIT("critical")};
    size_t worst = 0;
    size_t count = json_kind(checks) == JSON_ARRAY ? json_length(checks) : 0;
    for (size_t i = 0; i < count; i++) {
        struct text status = member_text(json_at(checks, i), "Status");
        struct text maintenance = maintenance_of(json_at(checks, i));
        if (maintenance.length > 0) {
            return maintenance;
        }
        size_t at = 0;
        while (at + 1 < ARRAY_LENGTH(order) && !text_equal(order[at], status)) {
            at++;
        }
        worst = at > worst ? at : worst;
    }
    return order[worst];
}

static bool make_room(struct call *call, struct instance_list *list)
{
    if (list->count < list->capacity) {
        return true;
    }
    size_t capacity = list->capacity > 0 ? 2 * list->capacity : INSTANCES_FIRST;
    struct registry_instance *rows = arena_alloc(call->arena, capacity * sizeof(*rows));
    if (rows == NULL) {
        return false;
    }
    if (list->count > 0) {
        memcpy(rows, list->rows, list->count * sizeof(*rows));
    }
    list->rows = rows;
    list->capacity = capacity;
    return true;
}

static enum status add_entry(struct registry_view *view, const struct json *entry,
                             struct instance_list *list)
{
    const struct json *service = json_member(entry, "Service");
    const struct json *port = json_member(service, "Port");
    struct text address =
        arena_format(view->call.arena, "%.*s:%lld", TEXT_ARGUMENTS(member_text(service, "Address")),
                     json_kind(port) == JSON_INTEGER ? (long long)json_integer(port) : 0);
    if (address.data == NULL || !make_room(&view->call, list)) {
        return call_fail(&view->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the list");
    }
    list->rows[list->count++] = (struct registry_instance){
        .service = member_text(service, "Service"),
        .id = member_text(service, "ID"),
        .address = address,
        .health = health_of(json_member(entry, "Checks")),
    };
    return STATUS_OK;
}

static enum status add_service(struct registry_view *view, struct text name,
                               struct instance_list *list)
{
    const struct json *entries;
    enum status status = get(view, "health/service/", name, &entries);
    size_t count =
        status == STATUS_OK && json_kind(entries) == JSON_ARRAY ? json_length(entries) : 0;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = add_entry(view, json_at(entries, i), list);
    }
    return status;
}

enum status registry_view_list(struct registry_view *view, struct registry_instance **ret_instances,
                               size_t *ret_count)
{
    struct instance_list list = {.count = 0};
    const struct json *services;
    const struct json *tags;
    struct text name;
    size_t position = 0;
    enum status status = get(view, "catalog/services", TEXT(""), &services);
    while (status == STATUS_OK && json_next_member(services, &position, &name, &tags)) {
        status = add_service(view, name, &list);
    }
    view->session->call.error = view->call.error;
    if (status == STATUS_OK) {
        *ret_instances = list.rows;
        *ret_count = list.count;
    }
    return status;
}

/* The first of several that answers; of the others, says why not. The last is taken in any case. */
static void choose_registry(struct registry_view *view)
{
    const struct session *session = view->session;
    struct text registries = config_text(session->config, "registry");
    view->registry = text_trim(text_next(&registries, ','));
    while (registries.data != NULL) {
        const struct json *leader;
        struct registry_view attempt = *view;
        attempt.call = call_within(&view->call, ANSWER_MS);
        if (get(&attempt, "status/leader", TEXT(""), &leader) == STATUS_OK) {
            break;
        }
        (void)fprintf(session->input->errors, "%s: %.*s\n", session->program->name,
                      TEXT_ARGUMENTS(attempt.call.error.message));
        view->registry = text_trim(text_next(&registries, ','));
    }
}

enum status registry_view_open(struct registry_view *view, struct session *session)
{
    const struct config *config = session->config;
    struct text token_file = config_text(config, "registry-token-file");
    *view = (struct registry_view){.session = session};
    enum status status = token_file.length > 0
                             ? access_tokens_open(&session->call, token_file.data, &view->tokens)
                             : STATUS_OK;
    if (status == STATUS_OK) {
        status = http_client_create(session->loop, &view->client);
    }
    if (status != STATUS_OK) {
        return status;
    }
    http_client_set_tls(view->client,
                        &(struct http_client_tls){
                            .ca_file = config_text(config, "tls-ca").data,
                            .certificate_file = config_text(config, "tls-certificate").data,
                            .key_file = config_text(config, "tls-key").data,
                            .peer_name = config_text(config, "tls-peer-name").data,
                        });
    view->call = call_within(&session->call, config_duration_ms(config, "timeout"));
    choose_registry(view);
    return STATUS_OK;
}

void registry_view_close(struct registry_view *view)
{
    http_client_destroy(view->client);
    access_tokens_destroy(view->tokens);
}
