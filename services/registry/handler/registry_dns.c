#include "registry/handler/registry_dns.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/http_server.h"
#include "http/socket_address.h"
#include "loop/loop_poll.h"
#include "registry/handler/registry_dns_private.h"

enum {
    ZONE_BYTES_MAX = 16 * 1024,
    EXCHANGE_BYTES_MAX = 32 * 1024 * 1024, /* of a service with all instances that there may be */
    BIND_ATTEMPTS_MAX = 20,
};

/* Nobody is found: which, while services are still registering again after a start, says nothing.
 * Who is told of a failure keeps the list that it has. */
static bool is_premature(const struct registry_dns *dns, const struct registry_dns_name *name,
                         const struct registry_dns_answer *found)
{
    return name->kind == REGISTRY_DNS_SERVICE && found->result == REGISTRY_DNS_NO_NAME &&
           !registry_controller_has_settled(dns->controller);
}

static struct registry_dns_answer answer(void *state, const struct text *labels, size_t count,
                                         unsigned type, struct arena *arena)
{
    const struct registry_dns *dns = state;
    char tag_room[REGISTRY_DNS_NAME_BYTES_MAX];
    struct registry_dns_name name =
        registry_dns_name_of(labels, count, dns->zone.domain, dns->zone.datacenter, tag_room);
    struct registry_dns_answer found = registry_dns_answer_to(
        &dns->zone, registry_controller_state(dns->controller), &name, type, arena);
    if (is_premature(dns, &name, &found)) {
        found = (struct registry_dns_answer){.result = REGISTRY_DNS_SERVER_FAILURE};
    }
    return found;
}

size_t registry_dns_reply(struct registry_dns *dns, struct text query, bool datagram)
{
    dns->source.serial = (uint32_t)(clock_wall_ms() / 1000);
    size_t length = ldns_message_reply(&dns->source, query, datagram, &dns->exchange, dns->reply);
    arena_reset(&dns->exchange);
    return length;
}

static bool is_label_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

static bool is_domain(struct text domain)
{
    enum { LABEL_BYTES_MAX = 63 };
    /* Room for the rest of the longest name that is made here. */
    bool valid = domain.length > 0 && domain.length <= REGISTRY_DNS_NAME_BYTES_MAX / 2;
    for (struct text rest = domain; valid && rest.data != NULL;) {
        struct text label = text_next(&rest, '.');
        valid = label.length > 0 && label.length <= LABEL_BYTES_MAX;
        for (size_t i = 0; i < label.length; i++) {
            valid = valid && is_label_byte(label.data[i]);
        }
    }
    return valid;
}

static enum status copy_zone(struct registry_dns *dns, struct call *call,
                             const struct registry_dns_options *options)
{
    struct text domain = options->domain;
    struct text own_host;
    uint16_t port;
    if (text_ends_with(domain, TEXT("."))) {
        domain.length--;
    }
    if (!is_domain(domain)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "'%.*s' is no domain for DNS",
                         TEXT_ARGUMENTS(options->domain));
    }
    enum status status = http_address_split(call, text_of(dns->address), &own_host, &port);
    if (status != STATUS_OK) {
        return status;
    }
    struct text node_address =
        options->node_address.length > 0 ? options->node_address : TEXT("127.0.0.1");
    dns->zone = (struct registry_dns_zone){
        .domain = arena_copy(&dns->kept, domain),
        .datacenter = arena_copy(&dns->kept, options->datacenter),
        .node_name = arena_copy(&dns->kept, options->node_name),
        .node_address = arena_copy(&dns->kept, node_address),
        .own_address = arena_copy(&dns->kept, own_host),
    };
    dns->source = (struct dns_source){
        .answer = answer, .state = dns, .domain = dns->zone.domain, .ttl_s = options->ttl_s};
    bool copied = dns->zone.domain.data != NULL && dns->zone.datacenter.data != NULL &&
                  dns->zone.node_name.data != NULL && dns->zone.node_address.data != NULL &&
                  dns->zone.own_address.data != NULL;
    return copied ? STATUS_OK : call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for DNS");
}

static enum status bind_datagrams(struct registry_dns *dns, struct call *call)
{
    struct sockaddr_storage where;
    socklen_t length;
    struct text host;
    uint16_t port;
    enum status status = http_address_split(call, text_of(dns->address), &host, &port);
    if (status != STATUS_OK) {
        return status;
    }
    if (!socket_address_parse(host, port, &where, &length)) {
        return STATUS_INVALID_ARGUMENT;
    }
    dns->datagram_fd = socket(where.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (dns->datagram_fd < 0) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "cannot open a socket for DNS");
    }
    if (bind(dns->datagram_fd, (const struct sockaddr *)&where, length) == 0) {
        return STATUS_OK;
    }
    char words[128];
    status = call_fail(call, STATUS_FAILED_PRECONDITION, "cannot answer DNS on %s: %s",
                       dns->address, strerror_r(errno, words, sizeof(words)));
    (void)close(dns->datagram_fd); /* nothing was written to it */
    dns->datagram_fd = -1;
    return status;
}

/* One port for both: where the kernel chooses it for TCP, UDP may find it taken. */
static enum status bind_both(struct registry_dns *dns, struct call *call, struct text listen)
{
    bool any_port = text_ends_with(listen, TEXT(":0"));
    enum status status = STATUS_INTERNAL;
    for (int i = 0; i < (any_port ? BIND_ATTEMPTS_MAX : 1); i++) {
        status = http_listen(call, listen, &dns->stream_fd, dns->address);
        if (status != STATUS_OK) {
            return status;
        }
        status = bind_datagrams(dns, call);
        if (status == STATUS_OK) {
            call_clear_error(call);
            return STATUS_OK;
        }
        (void)close(dns->stream_fd); /* only listened on */
        dns->stream_fd = -1;
    }
    return status;
}

static enum status open_dns(struct registry_dns *dns, struct call *call,
                            const struct registry_dns_options *options)
{
    enum status status = bind_both(dns, call, options->listen);
    if (status == STATUS_OK) {
        status = copy_zone(dns, call, options);
    }
    if (status == STATUS_OK) {
        status = loop_poll_open(dns->loop, dns->datagram_fd, registry_dns_read_datagrams, dns,
                                &dns->datagram_poll);
    }
    return status == STATUS_OK ? registry_dns_accept_streams(dns) : status;
}

enum status registry_dns_create(struct loop *loop, struct call *call,
                                const struct registry_controller *controller,
                                const struct registry_dns_options *options,
                                struct registry_dns **ret_dns)
{
    struct registry_dns *dns = calloc(1, sizeof(*dns));
    if (dns == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for DNS");
    }
    dns->loop = loop;
    dns->controller = controller;
    dns->datagram_fd = -1;
    dns->stream_fd = -1;
    list_init(&dns->streams);
    arena_init(&dns->kept, ZONE_BYTES_MAX);
    arena_init(&dns->exchange, EXCHANGE_BYTES_MAX);
    enum status status = open_dns(dns, call, options);
    if (status != STATUS_OK) {
        registry_dns_destroy(dns);
        return status;
    }
    *ret_dns = dns;
    return STATUS_OK;
}

const char *registry_dns_address(const struct registry_dns *dns)
{
    return dns->address;
}

void registry_dns_destroy(struct registry_dns *dns)
{
    if (dns == NULL) {
        return;
    }
    registry_dns_close_streams(dns);
    loop_poll_close(dns->datagram_poll);
    if (dns->datagram_fd >= 0) {
        (void)close(dns->datagram_fd); /* what is unsent may be lost, as any datagram */
    }
    if (dns->stream_fd >= 0) {
        (void)close(dns->stream_fd); /* only listened on */
    }
    arena_deinit(&dns->exchange);
    arena_deinit(&dns->kept);
    free(dns);
}
