#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "discovery/consul_endpoints.h"
#include "loop/fiber.h"
#include "json/json.h"

enum { REGISTRATION_BYTES_MAX = 16 * 1024, MISSING_BYTES_MAX = 256 };

struct consul_registrar {
    struct consul_endpoints endpoints;
    unsigned registered;             /* with so many of them */
    char missing[MISSING_BYTES_MAX]; /* why not with another one */
};

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

static enum status register_at(struct consul_endpoints *endpoints, size_t index, struct call *call,
                               const struct discovery_registration *registration)
{
    struct buffer body;
    buffer_init(&body, REGISTRATION_BYTES_MAX);
    enum status status = write_registration(call, registration, &body);
    if (status == STATUS_OK) {
        status =
            put(endpoints, index, call, TEXT("/v1/agent/service/register"), buffer_text(&body));
    }
    buffer_deinit(&body);
    /* A registry that knows the check already keeps its status, whatever the body says. */
    return status == STATUS_OK ? pass(endpoints, index, call, registration) : status;
}

static enum status add_at(struct consul_endpoints *endpoints, size_t index, struct call *call,
                          const struct discovery_registration *registration)
{
    enum status status = register_at(endpoints, index, call, registration);
    return status == STATUS_NOT_FOUND ? STATUS_UNAVAILABLE : status;
}

static enum status beat_at(struct consul_endpoints *endpoints, size_t index, struct call *call,
                           const struct discovery_registration *registration)
{
    enum status status = pass(endpoints, index, call, registration);
    if (status != STATUS_NOT_FOUND || endpoints->count == 1 || registration->is_draining) {
        return status;
    }
    call_clear_error(call);
    return add_at(endpoints, index, call, registration);
}

static enum status drain_at(struct consul_endpoints *endpoints, size_t index, struct call *call,
                            const struct discovery_registration *registration)
{
    struct text path = path_of(call, "/v1/agent/service/maintenance/", registration->instance_id);
    if (path.data != NULL) {
        path = arena_format(call->arena, "%.*s?enable=true&reason=%s", TEXT_ARGUMENTS(path),
                            DISCOVERY_DRAIN_REASON);
    }
    return path.data != NULL ? put(endpoints, index, call, path, (struct text){NULL, 0})
                             : STATUS_RESOURCE_EXHAUSTED;
}

static enum status remove_at(struct consul_endpoints *endpoints, size_t index, struct call *call,
                             const struct discovery_registration *registration)
{
    struct text path = path_of(call, "/v1/agent/service/deregister/", registration->instance_id);
    if (path.data == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = put(endpoints, index, call, path, (struct text){NULL, 0});
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* One operation at one registry, in a fiber of its own. */
struct attempt {
    struct consul_endpoints *endpoints;
    size_t index;
    enum status (*run)(struct consul_endpoints *endpoints, size_t index, struct call *call,
                       const struct discovery_registration *registration);
    const struct discovery_registration *registration;
    struct call call;
    enum status status;
};

static void run_attempt(void *argument)
{
    struct attempt *self = argument;
    self->status = self->run(self->endpoints, self->index, &self->call, self->registration);
}

/* At all registries at once; like: the rest of each attempt. */
static void attempt_each(struct consul_registrar *self, struct call *call, int64_t timeout_ms,
                         const struct attempt *like, struct attempt *attempts)
{
    struct fiber_group fibers;
    fiber_group_init(&fibers);
    for (size_t i = 0; i < self->endpoints.count; i++) {
        attempts[i] = *like;
        attempts[i].endpoints = &self->endpoints;
        attempts[i].index = i;
        attempts[i].call = call_within(call, timeout_ms);
        bool is_last = i + 1 == self->endpoints.count;
        if (is_last || fiber_group_start(&fibers, run_attempt, &attempts[i]) != STATUS_OK) {
            run_attempt(&attempts[i]);
        }
    }
    fiber_group_join(&fibers);
}

static void note_missing(struct consul_registrar *self, const struct attempt *attempt)
{
    struct text words = attempt->call.error.message;
    (void)snprintf(self->missing, sizeof(self->missing), "%s: %.*s",
                   self->endpoints.addresses[attempt->index], TEXT_ARGUMENTS(words));
}

/* OK of one is enough; else the first failure counts. */
static enum status keep_everywhere(struct consul_registrar *self, struct call *call,
                                   int64_t timeout_ms, const struct attempt *like)
{
    struct attempt attempts[CONSUL_REGISTRIES_MAX];
    const struct attempt *failed = NULL;
    attempt_each(self, call, timeout_ms, like, attempts);
    self->registered = 0;
    for (size_t i = 0; i < self->endpoints.count; i++) {
        if (attempts[i].status == STATUS_OK) {
            self->registered++;
        } else if (failed == NULL) {
            failed = &attempts[i];
            note_missing(self, failed);
        }
    }
    if (self->registered > 0) {
        call_clear_error(call);
        return STATUS_OK;
    }
    CHECK(failed != NULL); /* there is at least one */
    call->error = failed->call.error;
    /* Its own time was up, not the caller's. */
    bool is_late = failed->status == STATUS_DEADLINE_EXCEEDED && call_check(call) == STATUS_OK;
    return is_late ? STATUS_UNAVAILABLE : failed->status;
}

static enum status consul_add(void *state, struct call *call,
                              const struct discovery_registration *registration)
{
    const struct attempt like = {.run = add_at, .registration = registration};
    return keep_everywhere(state, call, 0, &like);
}

static enum status consul_heartbeat(void *state, struct call *call,
                                    const struct discovery_registration *registration)
{
    struct consul_registrar *self = state;
    const struct attempt like = {.run = beat_at, .registration = registration};
    int64_t share_ms = registration->ttl_ms / CONSUL_HEARTBEAT_SHARE;
    return keep_everywhere(self, call, self->endpoints.count > 1 ? share_ms : 0, &like);
}

/* One that does not know the instance sends nobody there: it need not be told. */
static enum status consul_drain(void *state, struct call *call,
                                const struct discovery_registration *registration)
{
    struct consul_registrar *self = state;
    struct attempt attempts[CONSUL_REGISTRIES_MAX];
    const struct attempt like = {.run = drain_at, .registration = registration};
    enum status status = STATUS_NOT_FOUND;
    attempt_each(self, call, 0, &like, attempts);
    for (size_t i = 0; i < self->endpoints.count; i++) {
        call->error = attempts[i].call.error;
        if (attempts[i].status != STATUS_OK && attempts[i].status != STATUS_NOT_FOUND) {
            return attempts[i].status;
        }
        status = attempts[i].status == STATUS_OK ? STATUS_OK : status;
    }
    return status;
}

static enum status consul_remove(void *state, struct call *call,
                                 const struct discovery_registration *registration)
{
    struct consul_registrar *self = state;
    struct attempt attempts[CONSUL_REGISTRIES_MAX];
    const struct attempt like = {.run = remove_at, .registration = registration};
    attempt_each(self, call, 0, &like, attempts);
    for (size_t i = 0; i < self->endpoints.count; i++) {
        if (attempts[i].status != STATUS_OK) {
            call->error = attempts[i].call.error;
            return attempts[i].status;
        }
    }
    return STATUS_OK;
}

static void consul_spread(void *state, struct discovery_spread *ret_spread)
{
    const struct consul_registrar *self = state;
    bool is_everywhere = self->registered == self->endpoints.count;
    *ret_spread = (struct discovery_spread){
        .registries = (unsigned)self->endpoints.count,
        .registered = self->registered,
        .missing = is_everywhere ? TEXT("") : text_of(self->missing),
    };
}

static void consul_close(void *state)
{
    free(state);
}

static const struct discovery_registrar_ops consul_registrar_ops = {
    .add = consul_add,
    .heartbeat = consul_heartbeat,
    .drain = consul_drain,
    .remove = consul_remove,
    .spread = consul_spread,
    .close = consul_close,
};

enum status consul_registrar_create(struct call *call,
                                    const struct consul_discovery_options *options,
                                    struct discovery_registrar *ret_registrar)
{
    struct consul_registrar *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = consul_endpoints_init(&self->endpoints, call, options);
    if (status != STATUS_OK) {
        free(self);
        return status;
    }
    *ret_registrar = (struct discovery_registrar){.ops = &consul_registrar_ops, .state = self};
    return STATUS_OK;
}
