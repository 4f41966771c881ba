#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "discovery/consul_endpoints.h"
#include "discovery/discovery_snapshot.h"
#include "loop/fiber.h"
#include "json/json.h"

/* Every registry is past it that has settled; one that has just been started holds the query until
 * then. */
#define ANY_INDEX UINT64_C(1)

/* Where a list came from, which is where the next query starts. */
struct list_position {
    uint64_t version; /* of the list */
    uint64_t index;   /* X-Consul-Index that came with it; 0: ask without waiting */
    size_t endpoint;  /* whose index it is */
};

struct followed_service {
    char name[DISCOVERY_SERVICE_BYTES_MAX + 1];
    struct list_position position; /* of the list that came last */
    double polls;                  /* tokens */
    int64_t polls_filled_ns;
};

struct consul_resolver {
    struct consul_endpoints endpoints;
    size_t current; /* the registry that is asked */
    int64_t wait_ms;
    size_t service_count;
    struct followed_service services[CONSUL_WATCHED_SERVICES_MAX];
};

static enum status find_service(struct consul_resolver *resolver, struct call *call,
                                struct text name, struct followed_service **ret_service)
{
    for (size_t i = 0; i < resolver->service_count; i++) {
        if (text_equal(text_of(resolver->services[i].name), name)) {
            *ret_service = &resolver->services[i];
            return STATUS_OK;
        }
    }
    if (resolver->service_count == CONSUL_WATCHED_SERVICES_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "more than %d services are followed",
                         CONSUL_WATCHED_SERVICES_MAX);
    }
    struct followed_service *service = &resolver->services[resolver->service_count];
    if (name.length == 0 || !text_to_c_string(name, service->name, sizeof(service->name))) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the service's name is empty or too long");
    }
    service->polls = CONSUL_POLLS_BURST;
    service->polls_filled_ns = clock_monotonic_ns();
    resolver->service_count++;
    *ret_service = service;
    return STATUS_OK;
}

/* A token bucket, as Consul asks of its clients: a service that changes all the time is polled at
 * a steady rate instead of in a circle. */
static enum status take_poll(struct followed_service *service, struct call *call)
{
    int64_t now_ns = clock_monotonic_ns();
    service->polls += (double)(now_ns - service->polls_filled_ns) / (double)CLOCK_NS_PER_S *
                      CONSUL_POLLS_PER_SECOND;
    service->polls_filled_ns = now_ns;
    if (service->polls > CONSUL_POLLS_BURST) {
        service->polls = CONSUL_POLLS_BURST;
    }
    service->polls -= 1;
    if (service->polls >= 0) {
        return call_check(call);
    }
    return fiber_sleep(
        call, (int64_t)(-service->polls / CONSUL_POLLS_PER_SECOND * (double)CLOCK_NS_PER_S));
}

static struct text member_text(const struct json *object, const char *name)
{
    const struct json *value = json_member(object, name);
    return json_kind(value) == JSON_STRING ? json_string(value) : (struct text){NULL, 0};
}

/* {"Node":{"Address":…},"Service":{"Address":…,"Port":…}}: the service's own address goes before
 * its node's. */
static struct text entry_address(struct arena *arena, const struct json *entry)
{
    const struct json *service = json_member(entry, "Service");
    const struct json *port = json_member(service, "Port");
    struct text host = member_text(service, "Address");
    if (host.length == 0) {
        host = member_text(json_member(entry, "Node"), "Address");
    }
    if (host.length == 0 || json_kind(port) != JSON_INTEGER || json_integer(port) <= 0 ||
        json_integer(port) > UINT16_MAX) {
        return (struct text){NULL, 0};
    }
    return discovery_address(arena, host, (uint16_t)json_integer(port));
}

/* Of those with passing checks only; a weight past the range counts as its end. */
static uint16_t entry_weight(const struct json *service)
{
    const struct json *weight = json_member(json_member(service, "Weights"), "Passing");
    int64_t value = json_kind(weight) == JSON_INTEGER ? json_integer(weight) : 1;
    return (uint16_t)(value < 1 ? 1 : value < DISCOVERY_WEIGHT_MAX ? value : DISCOVERY_WEIGHT_MAX);
}

static enum status parse_entries(struct call *call, struct text body,
                                 struct discovery_snapshot *ret_snapshot)
{
    const struct json *entries;
    enum status status = json_parse(call, body, &entries);
    if (status != STATUS_OK || json_kind(entries) != JSON_ARRAY) {
        call_clear_error(call);
        return call_fail(call, STATUS_UNAVAILABLE, "the registry's answer is no list in JSON");
    }
    size_t count = 0;
    uint64_t ids = 0;
    struct discovery_instance *instances =
        arena_calloc(call->arena, json_length(entries) + 1, sizeof(*instances));
    if (instances == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < json_length(entries); i++) {
        const struct json *entry = json_at(entries, i);
        const struct json *service = json_member(entry, "Service");
        struct discovery_instance *instance = &instances[count];
        instance->address = entry_address(call->arena, entry);
        instance->zone = member_text(json_member(service, "Meta"), CONSUL_META_ZONE);
        instance->weight = entry_weight(service);
        if (instance->address.data != NULL) {
            ids += text_hash(member_text(service, "ID"));
            count++;
        }
    }
    *ret_snapshot = discovery_snapshot_of(instances, count, ids);
    return STATUS_OK;
}

/* The rules for clients: an index below 1 counts as 1, one that goes backwards as none. */
static uint64_t next_index(uint64_t asked, const struct http_client_reply *reply)
{
    uint64_t index = 0;
    struct text header =
        http_header_find(reply->headers, reply->header_count, TEXT("x-consul-index"));
    if (!text_to_u64(header, &index)) {
        return 0;
    }
    if (index < asked) {
        return 0;
    }
    return index > 0 ? index : 1;
}

static struct text query_path(struct consul_resolver *resolver, struct call *call,
                              struct text service, uint64_t index)
{
    struct text name = http_percent_encode(call->arena, service);
    if (name.data == NULL) {
        return name;
    }
    if (index == 0) {
        return arena_format(call->arena, "/v1/health/service/%.*s?passing=1", TEXT_ARGUMENTS(name));
    }
    return arena_format(call->arena, "/v1/health/service/%.*s?passing=1&index=%llu&wait=%lldms",
                        TEXT_ARGUMENTS(name), (unsigned long long)index,
                        (long long)resolver->wait_ms);
}

/* One query to the registry at `endpoint`; parks for up to `wait` and its jitter when index > 0. */
static enum status query(struct consul_resolver *resolver, size_t endpoint, struct call *call,
                         struct followed_service *service, uint64_t index,
                         struct discovery_snapshot *ret_snapshot)
{
    struct http_client_reply reply;
    struct http_client_request request = {.method = "GET"};
    int64_t timeout_ms = CONSUL_REQUEST_TIMEOUT_MS;
    request.url = query_path(resolver, call, text_of(service->name), index);
    if (request.url.data == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (index > 0) {
        timeout_ms += resolver->wait_ms + resolver->wait_ms / 16;
    }
    enum status status =
        consul_endpoints_send(&resolver->endpoints, endpoint, call, timeout_ms, &request, &reply);
    if (status != STATUS_OK) {
        return status;
    }
    if (reply.status != 200) {
        return call_fail(call, STATUS_UNAVAILABLE, "the registry answers %d: %.*s", reply.status,
                         TEXT_ARGUMENTS(reply.body));
    }
    struct discovery_snapshot snapshot;
    status = parse_entries(call, reply.body, &snapshot);
    if (status == STATUS_OK) {
        service->position = (struct list_position){
            .version = snapshot.version, .index = next_index(index, &reply), .endpoint = endpoint};
        *ret_snapshot = snapshot;
    }
    return status;
}

/* The index to wait from: none for who has not seen our last list. A registry that was away is
 * asked from the old index again, and another one from any: it may be new and know little yet, and
 * says so by making us wait. */
static uint64_t index_at(const struct followed_service *service, size_t endpoint,
                         uint64_t seen_version)
{
    const struct list_position *position = &service->position;
    if (seen_version == 0 || position->version != seen_version) {
        return 0;
    }
    return position->endpoint == endpoint ? position->index : ANY_INDEX;
}

/* Else another fiber has moved on already. */
static void leave(struct consul_resolver *resolver, size_t endpoint)
{
    if (resolver->current == endpoint) {
        resolver->current = (endpoint + 1) % resolver->endpoints.count;
    }
}

/* The first list that has an instance; an empty one only when nobody has more. */
static enum status query_any(struct consul_resolver *resolver, struct call *call,
                             struct followed_service *service, uint64_t seen_version,
                             struct discovery_snapshot *ret_snapshot)
{
    enum status status = STATUS_UNAVAILABLE;
    bool is_empty = false;
    struct list_position empty_position = {.index = 0};
    struct discovery_snapshot empty = {.version = 0};
    for (size_t tried = 0; tried < resolver->endpoints.count; tried++) {
        size_t endpoint = resolver->current;
        uint64_t index = index_at(service, endpoint, seen_version);
        call_clear_error(call);
        status = query(resolver, endpoint, call, service, index, ret_snapshot);
        if (status == STATUS_OK && ret_snapshot->count == 0) {
            is_empty = true;
            empty = *ret_snapshot;
            empty_position = service->position;
        } else if (status != STATUS_UNAVAILABLE) {
            return status;
        }
        leave(resolver, endpoint);
    }
    if (!is_empty) {
        return status;
    }
    call_clear_error(call);
    resolver->current = empty_position.endpoint;
    service->position = empty_position;
    *ret_snapshot = empty;
    return STATUS_OK;
}

static enum status consul_watch(void *state, struct call *call, struct text name,
                                uint64_t seen_version, struct discovery_snapshot *ret_snapshot)
{
    struct consul_resolver *resolver = state;
    struct followed_service *service = NULL;
    enum status status = find_service(resolver, call, name, &service);
    int64_t started_ns = clock_monotonic_ns();
    while (status == STATUS_OK) {
        status = take_poll(service, call);
        if (status == STATUS_OK) {
            status = query_any(resolver, call, service, seen_version, ret_snapshot);
        }
        /* A reply without news is no reason to come back, until about the time is up. */
        if (status != STATUS_OK || ret_snapshot->version != seen_version ||
            clock_monotonic_ns() - started_ns >= resolver->wait_ms * CLOCK_NS_PER_MS) {
            break;
        }
    }
    return status;
}

static void consul_resolver_close(void *state)
{
    free(state);
}

enum status consul_resolver_create(struct call *call,
                                   const struct consul_discovery_options *options,
                                   struct discovery_resolver *ret_resolver)
{
    static const struct discovery_resolver_ops ops = {
        .watch = consul_watch,
        .close = consul_resolver_close,
    };
    struct consul_resolver *resolver = calloc(1, sizeof(*resolver));
    if (resolver == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = consul_endpoints_init(&resolver->endpoints, call, options);
    if (status != STATUS_OK) {
        free(resolver);
        return status;
    }
    bool has_others = resolver->endpoints.count > 1;
    int64_t wait_ms = has_others ? CONSUL_WAIT_OF_SEVERAL_MS : DISCOVERY_WATCH_MS;
    resolver->wait_ms = options->wait_ms > 0 ? options->wait_ms : wait_ms;
    *ret_resolver = (struct discovery_resolver){.ops = &ops, .state = resolver};
    return STATUS_OK;
}
