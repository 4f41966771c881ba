/* registry_dns_name.h: what a DNS name asks the registry for.
 *
 * The forms are Consul's
 * (developer.hashicorp.com/consul/docs/services/discovery/dns-static-lookups), DOMAIN being
 * "consul" unless configured:
 *
 *     [TAG.]SERVICE.service[.DATACENTER].DOMAIN
 *     _SERVICE._TAG[.service][.DATACENTER].DOMAIN     RFC 2782; tag "tcp" or "udp": any
 *     NODE.node[.DATACENTER].DOMAIN
 *     7f000001.addr[.DATACENTER].DOMAIN               an address in hexadecimal: targets of SRV
 *     ns.DOMAIN, DOMAIN
 *
 * Upper and lower case are the same (RFC 4343). */
#pragma once

#include "base/status.h"
#include "base/text.h"

enum {
    REGISTRY_DNS_LABELS_MAX = 127, /* of a name of 255 bytes (RFC 1035 section 2.3.4) */
    REGISTRY_DNS_NAME_BYTES_MAX = 255,
};

enum registry_dns_kind {
    REGISTRY_DNS_FOREIGN,     /* not below the domain: not ours to answer */
    REGISTRY_DNS_NOTHING,     /* below it, in no form that is known */
    REGISTRY_DNS_APEX,        /* the domain */
    REGISTRY_DNS_NAME_SERVER, /* ns.DOMAIN */
    REGISTRY_DNS_SERVICE,
    REGISTRY_DNS_NODE,
    REGISTRY_DNS_ADDRESS,
};

struct registry_dns_name {
    enum registry_dns_kind kind;
    struct text name; /* of the service or the node */
    /* Of a service, its labels joined by '.'; empty: any. */
    struct text tag;
    uint8_t address[16];  /* of REGISTRY_DNS_ADDRESS, in network order */
    size_t address_bytes; /* 4 or 16 */
};

/* labels: of the name as it was asked, without the root. domain, datacenter: borrowed; "consul",
 * "dc1". tag_room: where a tag of several labels is put together. The result points to all of
 * them. */
struct registry_dns_name registry_dns_name_of(const struct text *labels, size_t count,
                                              struct text domain, struct text datacenter,
                                              char tag_room[static REGISTRY_DNS_NAME_BYTES_MAX]);
