#include "marquee/up_children.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "http/socket_address.h"
#include "marquee/own_directory.h"

struct text up_address_reached(struct arena *arena, struct text address)
{
    static const struct {
        struct text any;
        const char *loopback;
    } hosts[] = {{TEXT_INIT("0.0.0.0:"), "127.0.0.1:"}, {TEXT_INIT("[::]:"), "[::1]:"}};
    for (size_t i = 0; i < ARRAY_LENGTH(hosts); i++) {
        if (text_starts_with(address, hosts[i].any)) {
            struct text port = text_slice(address, hosts[i].any.length, address.length);
            return arena_format(arena, "%s%.*s", hosts[i].loopback, TEXT_ARGUMENTS(port));
        }
    }
    return address;
}

/* By binding there as a server would, and letting go again. option: which gave the address. */
static enum status check_address(struct call *call, const char *option, struct text address)
{
    struct text host;
    uint16_t port;
    struct sockaddr_storage place;
    socklen_t length;
    int on = 1;
    enum status status = http_address_split(call, address, &host, &port);
    if (status != STATUS_OK) {
        return status;
    }
    if (port == 0 || !socket_address_parse(host, port, &place, &length)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "%.*s: a numeric host and a port other than 0 are needed here",
                         TEXT_ARGUMENTS(address));
    }
    int fd = socket(place.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return call_fail(call, STATUS_UNAVAILABLE, "%.*s: %s", TEXT_ARGUMENTS(address),
                         strerrordesc_np(errno));
    }
    bool is_free = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
                   bind(fd, (const struct sockaddr *)&place, length) == 0;
    int failure = errno;
    (void)close(fd); /* nothing was sent */
    return is_free ? STATUS_OK
                   : call_fail(call, STATUS_FAILED_PRECONDITION,
                               "%.*s cannot be listened on: %s%s; --%s takes another address",
                               TEXT_ARGUMENTS(address), strerrordesc_np(failure),
                               failure == EADDRINUSE ? " (is Marquee up already?)" : "", option);
}

struct listener {
    const char *option;
    struct text address;
    bool may_be_empty; /* for nowhere */
};

/* Two of one address would be found when the second has started in vain. */
static enum status check_different(struct call *call, const struct listener *listeners,
                                   size_t count)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t j = 0; j < i && listeners[i].address.length > 0; j++) {
            if (text_equal(listeners[i].address, listeners[j].address)) {
                return call_fail(call, STATUS_INVALID_ARGUMENT, "--%s and --%s are both %.*s",
                                 listeners[j].option, listeners[i].option,
                                 TEXT_ARGUMENTS(listeners[i].address));
            }
        }
    }
    return STATUS_OK;
}

enum status up_addresses_check(struct call *call, const struct up_addresses *addresses)
{
    const struct listener listeners[] = {
        {"listen-registry", addresses->registry, false},
        {"listen-dns", addresses->dns, true},
        {"listen-metadata", addresses->metadata, false},
        {"listen-rating", addresses->rating, false},
        {"listen-movie", addresses->movie, false},
        {"listen-review", addresses->review, false},
        {"listen-recommendation", addresses->recommendation, false},
    };
    enum status status = check_different(call, listeners, ARRAY_LENGTH(listeners));
    for (size_t i = 0; i < ARRAY_LENGTH(listeners) && status == STATUS_OK; i++) {
        const struct listener *listener = &listeners[i];
        if (listener->address.length > 0 || !listener->may_be_empty) {
            status = check_address(call, listener->option, listener->address);
        }
    }
    return status;
}

bool up_access_is_secure(const struct up_access *access)
{
    return access->certificate.length > 0;
}

enum status up_access_check(struct call *call, const struct up_access *access)
{
    bool is_secure = up_access_is_secure(access);
    if (is_secure != (access->key.length > 0) || is_secure != (access->ca.length > 0)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "--tls-certificate, --tls-key and --tls-ca are given together");
    }
    if (access->peer_name.length > 0 && !is_secure) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "--tls-peer-name needs --tls-certificate");
    }
    if (access->client_ca.length > 0 && !is_secure) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "--tls-client-ca needs --tls-certificate");
    }
    if (access->registry_read_tokens.length > 0 && access->registry_tokens.length == 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "--registry-read-token-file needs --registry-token-file");
    }
    return STATUS_OK;
}

/* The child that is being described; a failure stays. */
struct description {
    struct supervisor *supervisor;
    struct call *call;
    const struct up_access *access;
    struct supervisor_child *child;
    size_t argument_count;
    enum status status;
};

static void describe(struct description *description, const char *program)
{
    struct supervisor *supervisor = description->supervisor;
    CHECK(supervisor->child_count < SUPERVISOR_CHILDREN_MAX);
    description->child = &supervisor->children[supervisor->child_count++];
    description->child->name = program;
    description->argument_count = 0;
    if (description->status == STATUS_OK) {
        description->status =
            own_directory_program(description->call, text_of(program), &description->child->path);
    }
}

static void add(struct description *description, const char *name, struct text value)
{
    CHECK(description->argument_count + 2 < SUPERVISOR_ARGUMENTS_MAX);
    description->child->arguments[description->argument_count++] = name;
    description->child->arguments[description->argument_count++] = value.data;
    if (value.data == NULL) {
        description->status = STATUS_RESOURCE_EXHAUSTED;
    }
}

static void add_if_any(struct description *description, const char *name, struct text value)
{
    if (value.length > 0) {
        add(description, name, value);
    }
}

static void add_flag(struct description *description, bool is_set, const char *name)
{
    CHECK(description->argument_count + 1 < SUPERVISOR_ARGUMENTS_MAX);
    if (is_set) {
        description->child->arguments[description->argument_count++] = name;
    }
}

static void add_certificates(struct description *description)
{
    const struct up_access *access = description->access;
    add_if_any(description, "--tls-certificate", access->certificate);
    add_if_any(description, "--tls-key", access->key);
    add_if_any(description, "--tls-client-ca", access->client_ca);
}

/* What a service shows to others and asks of them. */
static void add_access(struct description *description)
{
    const struct up_access *access = description->access;
    add_certificates(description);
    add_flag(description, access->trusts_network, "--trust-network");
    add_if_any(description, "--tls-ca", access->ca);
    add_if_any(description, "--tls-peer-name", access->peer_name);
    add_if_any(description, "--access-file", access->grants);
    add_flag(description, access->opens_reads, "--open-reads");
    add_if_any(description, "--token-file", access->tokens);
    add_if_any(description, "--call-token-file", access->tokens);
    add_if_any(description, "--registry-token-file", access->registry_tokens);
}

static void add_listener(struct description *description, const char *name, struct text address)
{
    struct supervisor_child *child = description->child;
    struct text reached = up_address_reached(description->call->arena, address);
    CHECK(child->address_count < SUPERVISOR_URLS_MAX);
    add(description, name, address);
    if (reached.data == NULL) {
        description->status = STATUS_RESOURCE_EXHAUSTED;
    }
    child->addresses[child->address_count++] = reached;
}

/* An address that means "all" is not one to tell others. */
static void add_discovery(struct description *description, const struct up_addresses *addresses,
                          struct text listened)
{
    struct text reached = up_address_reached(description->call->arena, listened);
    struct text registry = up_address_reached(description->call->arena, addresses->registry);
    if (up_access_is_secure(description->access)) {
        registry = arena_format(description->call->arena, "https://%.*s", TEXT_ARGUMENTS(registry));
    }
    add(description, "--registry", registry);
    add_access(description);
    if (reached.data != NULL && !text_equal(reached, listened)) {
        add(description, "--advertise", reached.data[0] == '[' ? TEXT("::1") : TEXT("127.0.0.1"));
    }
}

static struct text below(struct description *description, struct text data, const char *name)
{
    return arena_format(description->call->arena, "%.*s/%s", TEXT_ARGUMENTS(data), name);
}

/* Changes are sent to the log that events come from. */
static void add_log(struct description *description, struct text data)
{
    add(description, "--event-log", TEXT("local"));
    add(description, "--event-log-directory", below(description, data, "eventlog"));
}

static void add_guard(struct description *description, const struct up_guard *guard)
{
    struct arena *arena = description->call->arena;
    add(description, "--burst-guard", guard->guard);
    add(description, "--burst-window", arena_format(arena, "%" PRId64 "ms", guard->window_ms));
    add(description, "--burst-floor", arena_format(arena, "%" PRId64, guard->floor));
    add(description, "--burst-multiple", arena_format(arena, "%" PRId64, guard->multiple));
}

static void describe_services(struct description *description, const struct up_addresses *addresses,
                              const struct up_shape *shape)
{
    struct text data = shape->data;
    describe(description, "marquee-metadata");
    add_listener(description, "--listen", addresses->metadata);
    add(description, "--data", below(description, data, "metadata"));
    add_discovery(description, addresses, addresses->metadata);
    describe(description, "marquee-rating");
    add_listener(description, "--listen", addresses->rating);
    add(description, "--data", below(description, data, "rating"));
    add_log(description, data);
    add(description, "--relay", TEXT("local"));
    add_guard(description, &shape->guard);
    add_discovery(description, addresses, addresses->rating);
    describe(description, "marquee-review");
    add_listener(description, "--listen", addresses->review);
    add(description, "--data", below(description, data, "review"));
    add_discovery(description, addresses, addresses->review);
    describe(description, "marquee-recommendation");
    add_listener(description, "--listen", addresses->recommendation);
    add(description, "--data", below(description, data, "recommendation"));
    add_discovery(description, addresses, addresses->recommendation);
    describe(description, "marquee-movie");
    add_listener(description, "--listen", addresses->movie);
    add_log(description, data);
    add(description, "--rating-source", shape->rating_source);
    add(description, "--session-keys", below(description, data, "session-keys"));
    add_discovery(description, addresses, addresses->movie);
}

static void describe_single(struct description *description, const struct up_addresses *addresses,
                            const struct up_shape *shape)
{
    struct text data = shape->data;
    describe(description, "marquee-single");
    add_listener(description, "--listen-metadata", addresses->metadata);
    add_listener(description, "--listen-rating", addresses->rating);
    add_listener(description, "--listen-movie", addresses->movie);
    add_listener(description, "--listen-review", addresses->review);
    add_listener(description, "--listen-recommendation", addresses->recommendation);
    add(description, "--data", data);
    add(description, "--session-keys", below(description, data, "session-keys"));
    add_log(description, data);
    add(description, "--relay", TEXT("local"));
    add_guard(description, &shape->guard);
    add_discovery(description, addresses, addresses->movie);
}

enum status up_children_define(struct supervisor *supervisor, struct call *call,
                               const struct up_addresses *addresses, const struct up_access *access,
                               const struct up_shape *shape)
{
    if (shape->single_process && !text_equal(shape->rating_source, TEXT("call"))) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "--rating-source %.*s is not for --single-process",
                         TEXT_ARGUMENTS(shape->rating_source));
    }
    struct description description = {.supervisor = supervisor, .call = call, .access = access};
    describe(&description, "marquee-registry");
    add_listener(&description, "--listen", addresses->registry);
    add(&description, "--dns-listen", addresses->dns);
    add(&description, "--data", below(&description, shape->data, "registry"));
    add_certificates(&description);
    add_flag(&description, access->trusts_network, "--trust-network");
    add_if_any(&description, "--token-file", access->registry_tokens);
    add_if_any(&description, "--read-token-file", access->registry_read_tokens);
    if (shape->single_process) {
        describe_single(&description, addresses, shape);
    } else {
        describe_services(&description, addresses, shape);
    }
    return description.status == STATUS_RESOURCE_EXHAUSTED
               ? call_fail(call, description.status, "no memory for the services' arguments")
               : description.status;
}
