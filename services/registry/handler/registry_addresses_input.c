#include "registry/handler/registry_addresses_input.h"

#include <arpa/inet.h>

#include "base/arena.h"
#include "registry/handler/registry_fields.h"

enum { DEFAULTS = 2 };

struct address_input {
    struct text address;
    int64_t port;
};

struct address_family {
    int family;
    struct text tags[DEFAULTS];
};

static const struct address_family families[] = {
    {AF_INET, {TEXT_INIT("lan_ipv4"), TEXT_INIT("wan_ipv4")}},
    {AF_INET6, {TEXT_INIT("lan_ipv6"), TEXT_INIT("wan_ipv6")}},
};

static bool is_address(struct text text, int family)
{
    char address[INET6_ADDRSTRLEN];
    unsigned char bytes[sizeof(struct in6_addr)];
    return text_to_c_string(text, address, sizeof(address)) &&
           inet_pton(family, address, bytes) == 1;
}

enum status registry_addresses_read(struct call *call, const struct json *object,
                                    struct registry_service_definition *service)
{
    static const struct registry_field fields[] = {
        {"Address", REGISTRY_FIELD_TEXT, offsetof(struct address_input, address)},
        {"Port", REGISTRY_FIELD_INTEGER, offsetof(struct address_input, port)},
    };
    size_t position = 0;
    struct text tag;
    const struct json *value;
    size_t count = json_kind(object) == JSON_OBJECT ? json_length(object) : 0;
    struct registry_tagged_address *addresses =
        arena_calloc(call->arena, count + DEFAULTS, sizeof(*addresses));
    if (addresses == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    service->tagged_addresses = addresses;
    if (object != NULL && json_kind(object) != JSON_OBJECT) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "\"TaggedAddresses\" is no object");
    }
    while (object != NULL && json_next_member(object, &position, &tag, &value)) {
        struct address_input input = {.port = 0};
        enum status status =
            registry_fields_read(call, value, fields, ARRAY_LENGTH(fields), &input);
        if (status != STATUS_OK) {
            return status;
        }
        if (input.port < INT32_MIN || input.port > INT32_MAX) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "\"Port\" is out of range");
        }
        addresses[service->tagged_address_count++] =
            (struct registry_tagged_address){tag, input.address, (int)input.port};
    }
    return STATUS_OK;
}

static const struct registry_tagged_address *
find_address(const struct registry_service_definition *service, struct text tag)
{
    for (size_t i = 0; i < service->tagged_address_count; i++) {
        if (text_equal(service->tagged_addresses[i].tag, tag)) {
            return &service->tagged_addresses[i];
        }
    }
    return NULL;
}

static enum status check_family(struct call *call, const struct address_family *family,
                                const struct registry_service_definition *service)
{
    for (size_t i = 0; i < DEFAULTS; i++) {
        const struct registry_tagged_address *address = find_address(service, family->tags[i]);
        if (address != NULL && !is_address(address->address, family->family)) {
            return call_fail(call, STATUS_FAILED_PRECONDITION,
                             "Service tagged address \"%.*s\" must be a valid %s address",
                             TEXT_ARGUMENTS(family->tags[i]),
                             family->family == AF_INET ? "ipv4" : "ipv6");
        }
    }
    return STATUS_OK;
}

/* A copy of the list with room for those that are added. */
static enum status add_defaults(struct call *call, const struct address_family *family,
                                struct registry_service_definition *service)
{
    struct registry_tagged_address *addresses =
        arena_calloc(call->arena, service->tagged_address_count + DEFAULTS, sizeof(*addresses));
    if (addresses == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (service->tagged_address_count > 0) {
        memcpy(addresses, service->tagged_addresses,
               service->tagged_address_count * sizeof(*addresses));
    }
    size_t count = service->tagged_address_count;
    for (size_t i = 0; i < DEFAULTS; i++) {
        if (find_address(service, family->tags[i]) == NULL) {
            addresses[count++] =
                (struct registry_tagged_address){family->tags[i], service->address, service->port};
        }
    }
    service->tagged_addresses = addresses;
    service->tagged_address_count = count;
    return STATUS_OK;
}

enum status registry_addresses_complete(struct call *call,
                                        struct registry_service_definition *service)
{
    for (size_t i = 0; i < ARRAY_LENGTH(families); i++) {
        enum status status = check_family(call, &families[i], service);
        if (status == STATUS_OK && is_address(service->address, families[i].family)) {
            status = add_defaults(call, &families[i], service);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}
