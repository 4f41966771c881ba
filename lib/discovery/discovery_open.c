#include "discovery/discovery_open.h"

#include <stdlib.h>

#include "discovery/consul_discovery.h"
#include "discovery/dns_discovery.h"
#include "discovery/static_discovery.h"
#include "http/http_client.h"

/* A port over Consul's interface, with the HTTP client that it alone uses. */
struct opened {
    struct http_client *client;
    struct discovery_registrar registrar;
    struct discovery_resolver resolver;
};

static enum status open_client(struct loop *loop, struct call *call, struct text registries,
                               const struct http_client_access *access, struct opened **ret_opened,
                               struct consul_discovery_options *options)
{
    if (dns_target_is(text_trim(registries))) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "\"%.*s\" is no registry: with DNS nothing registers, and --services says "
                         "where services are found",
                         TEXT_ARGUMENTS(registries));
    }
    struct opened *opened = calloc(1, sizeof(*opened));
    if (opened == NULL || http_client_create(loop, &opened->client) != STATUS_OK) {
        free(opened);
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for discovery");
    }
    *options =
        (struct consul_discovery_options){.client = opened->client, .registries = registries};
    if (access != NULL) {
        http_client_set_tls(opened->client, &access->tls);
        options->tokens = access->tokens;
    }
    *ret_opened = opened;
    return STATUS_OK;
}

static void release(struct opened *opened)
{
    http_client_destroy(opened->client);
    free(opened);
}

static enum status opened_add(void *state, struct call *call,
                              const struct discovery_registration *registration)
{
    struct discovery_registrar inner = ((struct opened *)state)->registrar;
    return inner.ops->add(inner.state, call, registration);
}

static enum status opened_heartbeat(void *state, struct call *call,
                                    const struct discovery_registration *registration)
{
    struct discovery_registrar inner = ((struct opened *)state)->registrar;
    return inner.ops->heartbeat(inner.state, call, registration);
}

static enum status opened_drain(void *state, struct call *call,
                                const struct discovery_registration *registration)
{
    struct discovery_registrar inner = ((struct opened *)state)->registrar;
    return inner.ops->drain(inner.state, call, registration);
}

static enum status opened_remove(void *state, struct call *call,
                                 const struct discovery_registration *registration)
{
    struct discovery_registrar inner = ((struct opened *)state)->registrar;
    return inner.ops->remove(inner.state, call, registration);
}

static void opened_spread(void *state, struct discovery_spread *ret_spread)
{
    struct discovery_registrar inner = ((struct opened *)state)->registrar;
    inner.ops->spread(inner.state, ret_spread);
}

static void opened_registrar_close(void *state)
{
    struct opened *opened = state;
    opened->registrar.ops->close(opened->registrar.state);
    release(opened);
}

static const struct discovery_registrar_ops registrar_ops = {
    .add = opened_add,
    .heartbeat = opened_heartbeat,
    .drain = opened_drain,
    .remove = opened_remove,
    .spread = opened_spread,
    .close = opened_registrar_close,
};

enum status discovery_open_registrar(struct loop *loop, struct call *call, struct text registries,
                                     const struct http_client_access *access,
                                     struct discovery_registrar *ret_registrar)
{
    struct opened *opened = NULL;
    struct consul_discovery_options options;
    enum status status = open_client(loop, call, registries, access, &opened, &options);
    if (status != STATUS_OK) {
        return status;
    }
    status = consul_registrar_create(call, &options, &opened->registrar);
    if (status != STATUS_OK) {
        release(opened);
        return status;
    }
    *ret_registrar = (struct discovery_registrar){&registrar_ops, opened};
    return STATUS_OK;
}

static enum status opened_watch(void *state, struct call *call, struct text service,
                                uint64_t seen_version, struct discovery_snapshot *ret_snapshot)
{
    struct discovery_resolver inner = ((struct opened *)state)->resolver;
    return inner.ops->watch(inner.state, call, service, seen_version, ret_snapshot);
}

static void opened_resolver_close(void *state)
{
    struct opened *opened = state;
    opened->resolver.ops->close(opened->resolver.state);
    release(opened);
}

static const struct discovery_resolver_ops resolver_ops = {.watch = opened_watch,
                                                           .close = opened_resolver_close};

/* The entry of the service in the list, "service=…", and what follows its '='; both {NULL, 0}:
 * there is none. */
static enum status find_entry(struct call *call, struct text services, struct text service,
                              struct text *ret_entry, struct text *ret_value)
{
    *ret_entry = *ret_value = (struct text){NULL, 0};
    while (services.data != NULL) {
        struct text entry = text_trim(text_next(&services, ';'));
        struct text value = entry;
        if (!text_equal(text_trim(text_next(&value, '=')), service)) {
            continue;
        }
        if (ret_entry->data != NULL) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "service \"%.*s\" is given twice",
                             TEXT_ARGUMENTS(service));
        }
        *ret_entry = entry;
        *ret_value = text_trim(value);
    }
    return STATUS_OK;
}

static enum status open_consul(struct loop *loop, struct call *call, struct text registries,
                               const struct http_client_access *access,
                               struct discovery_resolver *ret_resolver)
{
    struct opened *opened = NULL;
    struct consul_discovery_options options;
    enum status status = open_client(loop, call, registries, access, &opened, &options);
    if (status != STATUS_OK) {
        return status;
    }
    status = consul_resolver_create(call, &options, &opened->resolver);
    if (status != STATUS_OK) {
        release(opened);
        return status;
    }
    *ret_resolver = (struct discovery_resolver){&resolver_ops, opened};
    return STATUS_OK;
}

enum status discovery_open_resolver(struct loop *loop, struct call *call, struct text registries,
                                    struct text services, struct text service,
                                    const struct http_client_access *access,
                                    struct discovery_resolver *ret_resolver)
{
    struct text entry;
    struct text value;
    enum status status = find_entry(call, services, service, &entry, &value);
    if (status != STATUS_OK) {
        return status;
    }
    if (dns_target_is(value)) {
        return dns_resolver_create(loop, call, &(struct dns_resolver_options){.target = value},
                                   ret_resolver);
    }
    if (entry.data != NULL) {
        return static_discovery_resolver_create(call, entry, ret_resolver);
    }
    if (registries.length > 0) {
        return open_consul(loop, call, registries, access, ret_resolver);
    }
    return call_fail(call, STATUS_INVALID_ARGUMENT,
                     "nothing says where the service '%.*s' is: neither --registry nor --services",
                     TEXT_ARGUMENTS(service));
}

bool discovery_can_resolve(struct text registries, struct text services, struct text service)
{
    while (services.data != NULL) {
        struct text entry = text_next(&services, ';');
        if (text_equal(text_trim(text_next(&entry, '=')), service)) {
            return true;
        }
    }
    return registries.length > 0;
}
