#include "discovery/static_discovery.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "discovery/discovery_snapshot.h"
#include "http/http_message.h"
#include "loop/fiber.h"

enum { STATIC_ARENA_BYTES_MAX = 4 * 1024 * 1024 };

struct static_service {
    struct text name;
    struct discovery_snapshot snapshot;
};

struct static_discovery {
    struct arena arena; /* of all texts and lists */
    size_t service_count;
    struct static_service services[STATIC_DISCOVERY_SERVICES_MAX];
};

static enum status registrar_nothing(void *state, struct call *call,
                                     const struct discovery_registration *registration)
{
    (void)state;
    (void)registration;
    return call_check(call);
}

static void registrar_close(void *state)
{
    (void)state;
}

struct discovery_registrar static_discovery_registrar(void)
{
    static const struct discovery_registrar_ops ops = {
        .add = registrar_nothing,
        .heartbeat = registrar_nothing,
        .drain = registrar_nothing,
        .remove = registrar_nothing,
        .close = registrar_close,
    };
    return (struct discovery_registrar){.ops = &ops, .state = NULL};
}

static const struct static_service *find_service(const struct static_discovery *discovery,
                                                 struct text name)
{
    for (size_t i = 0; i < discovery->service_count; i++) {
        if (text_equal(discovery->services[i].name, name)) {
            return &discovery->services[i];
        }
    }
    return NULL;
}

static enum status static_watch(void *state, struct call *call, struct text service,
                                uint64_t seen_version, struct discovery_snapshot *ret_snapshot)
{
    const struct static_service *found = find_service(state, service);
    struct discovery_snapshot snapshot =
        found != NULL ? found->snapshot : discovery_snapshot_of(NULL, 0, 0);
    enum status status = call_check(call);
    if (status == STATUS_OK && snapshot.version == seen_version) {
        status = fiber_sleep(call, DISCOVERY_WATCH_MS * CLOCK_NS_PER_MS);
    }
    if (status == STATUS_OK) {
        *ret_snapshot = snapshot;
    }
    return status;
}

static void static_close(void *state)
{
    struct static_discovery *discovery = state;
    arena_deinit(&discovery->arena);
    free(discovery);
}

static size_t count_parts(struct text text, char separator)
{
    size_t count = 1;
    for (size_t i = 0; i < text.length; i++) {
        count += text.data[i] == separator;
    }
    return count;
}

static enum status parse_addresses(struct static_discovery *discovery, struct call *call,
                                   struct text list, struct discovery_snapshot *ret_snapshot)
{
    size_t count = 0;
    struct discovery_instance *instances =
        arena_calloc(&discovery->arena, count_parts(list, ','), sizeof(*instances));
    if (instances == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (struct text rest = list; rest.data != NULL;) {
        struct text address = text_trim(text_next(&rest, ','));
        struct text host;
        uint16_t port;
        if (address.length == 0) {
            continue;
        }
        enum status status = http_address_split(call, address, &host, &port);
        if (status != STATUS_OK) {
            return status;
        }
        instances[count++].address = address;
    }
    *ret_snapshot = discovery_snapshot_of(instances, count, 0);
    return STATUS_OK;
}

/* "service=host:port,host:port" */
static enum status parse_entry(struct static_discovery *discovery, struct call *call,
                               struct text entry)
{
    struct text addresses = entry;
    struct text name = text_trim(text_next(&addresses, '='));
    if (addresses.data == NULL || name.length == 0 || name.length > DISCOVERY_SERVICE_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "\"%.*s\" is not service=host:port,…",
                         TEXT_ARGUMENTS(entry));
    }
    if (find_service(discovery, name) != NULL) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "service \"%.*s\" is given twice",
                         TEXT_ARGUMENTS(name));
    }
    if (discovery->service_count == STATIC_DISCOVERY_SERVICES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d services",
                         STATIC_DISCOVERY_SERVICES_MAX);
    }
    struct static_service service = {.name = name};
    enum status status = parse_addresses(discovery, call, addresses, &service.snapshot);
    if (status == STATUS_OK) {
        discovery->services[discovery->service_count++] = service;
    }
    return status;
}

static enum status parse_list(struct static_discovery *discovery, struct call *call,
                              struct text list)
{
    struct text copy = arena_copy(&discovery->arena, list);
    if (copy.data == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (struct text rest = copy; rest.data != NULL;) {
        struct text entry = text_trim(text_next(&rest, ';'));
        enum status status = entry.length > 0 ? parse_entry(discovery, call, entry) : STATUS_OK;
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status static_discovery_resolver_create(struct call *call, struct text list,
                                             struct discovery_resolver *ret_resolver)
{
    static const struct discovery_resolver_ops ops = {.watch = static_watch, .close = static_close};
    struct static_discovery *discovery = calloc(1, sizeof(*discovery));
    if (discovery == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    arena_init(&discovery->arena, STATIC_ARENA_BYTES_MAX);
    enum status status = parse_list(discovery, call, list);
    if (status != STATUS_OK) {
        static_close(discovery);
        return status;
    }
    *ret_resolver = (struct discovery_resolver){.ops = &ops, .state = discovery};
    return STATUS_OK;
}
