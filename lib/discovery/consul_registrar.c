#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "discovery/consul_endpoints.h"
#include "json/json.h"

enum { REGISTRATION_BYTES_MAX = 16 * 1024 };

/* Consul's least value. */
static const char deregister_after[] = "1m";

static void write_meta(struct json_writer *writer,
                       const struct discovery_registration *registration)
{
    json_write_name(writer, TEXT("Meta"));
    json_open_object(writer);
    if (registration->tls) {
        json_member_string(writer, CONSUL_META_TLS, TEXT("true"));
    }
    if (registration->zone.length > 0) {
        json_member_string(writer, CONSUL_META_ZONE, registration->zone);
    }
    json_close_object(writer);
}

/* One with a warning gets calls as Consul has it unless told: one part. */
static void write_weights(struct json_writer *writer,
                          const struct discovery_registration *registration)
{
    json_write_name(writer, TEXT("Weights"));
    json_open_object(writer);
    json_member_integer(writer, "Passing", registration->weight);
    json_member_integer(writer, "Warning", 1);
    json_close_object(writer);
}

static enum status write_registration(struct call *call,
                                      const struct discovery_registration *registration,
                                      struct buffer *buffer)
{
    struct json_writer writer;
    struct text ttl = arena_format(call->arena, "%lldms", (long long)registration->ttl_ms);
    json_writer_init(&writer, buffer);
    json_open_object(&writer);
    json_member_string(&writer, "ID", registration->instance_id);
    json_member_string(&writer, "Name", registration->service);
    json_member_string(&writer, "Address", registration->host);
    json_member_integer(&writer, "Port", registration->port);
    write_meta(&writer, registration);
    if (registration->weight > 0) {
        write_weights(&writer, registration);
    }
    json_write_name(&writer, TEXT("Check"));
    json_open_object(&writer);
    json_member_string(&writer, "CheckID", registration->instance_id);
    json_member_string(&writer, "TTL", ttl);
    json_member_string(&writer, "Status", TEXT("passing"));
    json_member_string(&writer, "DeregisterCriticalServiceAfter", text_of(deregister_after));
    json_close_object(&writer);
    json_close_object(&writer);
    return json_writer_end(&writer) && ttl.data != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

/* What a reply to a write means. HashiCorp's registry before 1.14 answers 500 where the check of a
 * TTL is unknown. */
static enum status status_of_reply(struct call *call, const struct http_client_reply *reply)
{
    static const struct text unknown_ttl = TEXT_INIT("CheckID");
    if (reply->status >= 200 && reply->status < 300) {
        return STATUS_OK;
    }
    enum status status = STATUS_UNAVAILABLE;
    if (reply->status == 404 ||
        (reply->status == 500 && text_starts_with(reply->body, unknown_ttl))) {
        status = STATUS_NOT_FOUND;
    } else if (reply->status >= 400 && reply->status < 500) {
        status = status_from_http(reply->status);
    }
    return call_fail(call, status, "the registry answers %d: %.*s", reply->status,
                     TEXT_ARGUMENTS(reply->body));
}

static enum status put(struct consul_endpoints *endpoints, size_t index, struct call *call,
                       struct text path, struct text body)
{
    struct http_header json = {TEXT("content-type"), TEXT("application/json")};
    struct http_client_request request = {
        .method = "PUT",
        .url = path,
        .headers = &json,
        .header_count = body.length > 0 ? 1 : 0,
        .body = body,
    };
    struct http_client_reply reply;
    enum status status =
        consul_endpoints_send(endpoints, index, call, CONSUL_REQUEST_TIMEOUT_MS, &request, &reply);
    return status == STATUS_OK ? status_of_reply(call, &reply) : status;
}

/* "prefix" + the instance's id, encoded. */
static struct text path_of(struct call *call, const char *prefix, struct text instance_id)
{
    struct text id = http_percent_encode(call->arena, instance_id);
    if (id.data == NULL) {
        return id;
    }
    return arena_format(call->arena, "%s%.*s", prefix, TEXT_ARGUMENTS(id));
}

static enum status pass(struct consul_endpoints *endpoints, size_t index, struct call *call,
                        const struct discovery_registration *registration)
{
    struct text path = path_of(call, "/v1/agent/check/pass/", registration->instance_id);
    if (path.data == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    return put(endpoints, index, call, path, (struct text){NULL, 0});
}

/* Over all registries: NOT_FOUND of one before everything, so that it is registered again; then OK
 * of one; else the first failure. */
static enum status worse(enum status all, enum status one)
{
    if (all == STATUS_NOT_FOUND || one == STATUS_NOT_FOUND) {
        return STATUS_NOT_FOUND;
    }
    return all == STATUS_OK || one == STATUS_OK ? STATUS_OK : all;
}

static bool is_over(enum status status)
{
    return status == STATUS_CANCELLED || status == STATUS_DEADLINE_EXCEEDED;
}

static enum status add_to(struct consul_endpoints *endpoints, size_t index, struct call *call,
                          const struct discovery_registration *registration, struct text body)
{
    enum status status = put(endpoints, index, call, TEXT("/v1/agent/service/register"), body);
    /* A registry that knows the check already keeps its status, whatever the body says. */
    return status == STATUS_OK ? pass(endpoints, index, call, registration) : status;
}

static enum status consul_add(void *state, struct call *call,
                              const struct discovery_registration *registration)
{
    struct consul_endpoints *endpoints = state;
    struct buffer body;
    buffer_init(&body, REGISTRATION_BYTES_MAX);
    enum status all = write_registration(call, registration, &body);
    bool added = false;
    for (size_t i = 0; all != STATUS_RESOURCE_EXHAUSTED && i < endpoints->count; i++) {
        all = add_to(endpoints, i, call, registration, buffer_text(&body));
        added = added || all == STATUS_OK;
        if (is_over(all)) {
            break;
        }
    }
    buffer_deinit(&body);
    if (added) {
        call_clear_error(call);
        return STATUS_OK;
    }
    return all == STATUS_NOT_FOUND ? STATUS_UNAVAILABLE : all;
}

static enum status consul_heartbeat(void *state, struct call *call,
                                    const struct discovery_registration *registration)
{
    struct consul_endpoints *endpoints = state;
    enum status all = STATUS_UNAVAILABLE;
    for (size_t i = 0; i < endpoints->count; i++) {
        enum status one = pass(endpoints, i, call, registration);
        if (is_over(one)) {
            return one;
        }
        all = i == 0 ? one : worse(all, one);
    }
    return all;
}

static enum status consul_remove(void *state, struct call *call,
                                 const struct discovery_registration *registration)
{
    struct consul_endpoints *endpoints = state;
    struct text path = path_of(call, "/v1/agent/service/deregister/", registration->instance_id);
    if (path.data == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status all = STATUS_OK;
    for (size_t i = 0; i < endpoints->count; i++) {
        enum status one = put(endpoints, i, call, path, (struct text){NULL, 0});
        if (is_over(one)) {
            return one;
        }
        if (one != STATUS_OK && one != STATUS_NOT_FOUND && all == STATUS_OK) {
            all = one;
        }
    }
    return all;
}

static void consul_close(void *state)
{
    free(state);
}

static const struct discovery_registrar_ops consul_registrar_ops = {
    .add = consul_add,
    .heartbeat = consul_heartbeat,
    .remove = consul_remove,
    .close = consul_close,
};

enum status consul_registrar_create(struct call *call,
                                    const struct consul_discovery_options *options,
                                    struct discovery_registrar *ret_registrar)
{
    struct consul_endpoints *endpoints = calloc(1, sizeof(*endpoints));
    if (endpoints == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = consul_endpoints_init(endpoints, call, options);
    if (status != STATUS_OK) {
        free(endpoints);
        return status;
    }
    *ret_registrar = (struct discovery_registrar){.ops = &consul_registrar_ops, .state = endpoints};
    return STATUS_OK;
}
