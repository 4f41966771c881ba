/* registry_dns.h: the registry over DNS, by UDP and TCP on one port. docs/registry.md lists the
 * names and records.
 *
 * On the controller's loop. Answers come from memory, within the turn in which their query came. */
#pragma once

#include "base/call.h"
#include "http/http_message.h"
#include "registry/controller/registry_controller.h"

struct loop;
struct registry_dns;

enum {
    REGISTRY_DNS_STREAMS_MAX = 256, /* TCP connections; further ones are closed */
    REGISTRY_DNS_STREAM_IDLE_MS = 10000,
    REGISTRY_DNS_STREAM_OUTPUT_MAX = 256 * 1024, /* queries wait while so much is unsent */
    REGISTRY_DNS_TTL_MAX_S = 86400,
};

struct registry_dns_options {
    struct text listen;       /* "127.0.0.1:8600"; port 0 lets the kernel choose */
    struct text domain;       /* "consul": labels of letters, digits, '-' and '_' */
    struct text datacenter;   /* "dc1" */
    struct text node_name;    /* "marquee" */
    struct text node_address; /* of instances without one of their own; empty: "127.0.0.1" */
    uint32_t ttl_s;
};

/* The options' texts are copied. STATUS_INVALID_ARGUMENT: the address or the domain is none.
 * STATUS_FAILED_PRECONDITION: the port is taken; the call's error says so.
 * STATUS_RESOURCE_EXHAUSTED: no memory. The controller must outlive *ret_dns, which is owned by the
 * caller. */
MUST_USE enum status registry_dns_create(struct loop *loop, struct call *call,
                                         const struct registry_controller *controller,
                                         const struct registry_dns_options *options,
                                         struct registry_dns **ret_dns);

/* "127.0.0.1:8600", with the port that was bound. Borrowed. */
const char *registry_dns_address(const struct registry_dns *dns);

/* NULL is accepted. On the loop's thread. */
void registry_dns_destroy(struct registry_dns *dns);
