/* registry_dns_answer.h: what the registry answers to a DNS question, as records without a wire
 * form. */
#pragma once

#include "base/arena.h"
#include "registry/handler/registry_dns_name.h"
#include "registry/repository/registry_state.h"

/* IANA's numbers of the types that are known here. */
enum registry_dns_type {
    REGISTRY_DNS_A = 1,
    REGISTRY_DNS_NS = 2,
    REGISTRY_DNS_CNAME = 5,
    REGISTRY_DNS_SOA = 6,
    REGISTRY_DNS_AAAA = 28,
    REGISTRY_DNS_SRV = 33,
    REGISTRY_DNS_ANY = 255,
};

/* IANA's numbers of what may come of a question. */
enum registry_dns_result {
    REGISTRY_DNS_OK = 0,
    REGISTRY_DNS_SERVER_FAILURE = 2,
    REGISTRY_DNS_NO_NAME = 3,
    REGISTRY_DNS_REFUSED = 5,
};

struct registry_dns_record {
    enum registry_dns_type type;
    struct text owner;   /* empty: the name that was asked for */
    struct text target;  /* of NS, CNAME and SRV */
    uint8_t address[16]; /* of A and AAAA */
    uint16_t port;       /* of SRV */
    uint16_t weight;     /* of SRV */
};

/* All in the arena. */
struct registry_dns_answer {
    enum registry_dns_result result;
    struct registry_dns_record *records;
    size_t count;
    struct registry_dns_record *additional; /* addresses of targets */
    size_t additional_count;
    bool with_authority; /* nothing was found: the SOA goes along, so that this can be cached */
};

struct registry_dns_zone {
    struct text domain;       /* "consul" */
    struct text datacenter;   /* "dc1" */
    struct text node_name;    /* "marquee" */
    struct text node_address; /* of instances without one of their own: a number */
    struct text own_address;  /* of ns.DOMAIN: a number */
};

/* Instances whose checks, or the node's, are critical are left out; the order is random. A name
 * with no instance left does not exist, as with Consul; one without an address of the type asked
 * for does.
 * type: any number; of a type that is not known, nothing is there. */
struct registry_dns_answer registry_dns_answer_to(const struct registry_dns_zone *zone,
                                                  const struct registry_state *state,
                                                  const struct registry_dns_name *name,
                                                  unsigned type, struct arena *arena);
