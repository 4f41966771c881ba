/* dns_answer.h: what came back of a DNS question, read. Private to the DNS implementation. */
#pragma once

#include "base/arena.h"
#include "base/call.h"
#include "discovery/dns_discovery.h"

/* IANA's numbers of the record types that are asked for. */
enum dns_type { DNS_TYPE_A = 1, DNS_TYPE_AAAA = 28, DNS_TYPE_SRV = 33 };

struct dns_record {
    enum dns_type type;
    struct text owner;  /* in lower case, without the dot at its end; of an additional record */
    struct text target; /* of SRV: the same; empty: "." */
    struct text host;   /* of A and AAAA: the address in digits */
    uint16_t priority;  /* of SRV, as what follows */
    uint16_t weight;
    uint16_t port;
};

/* All in the arena. */
struct dns_answer {
    const struct dns_record *records; /* of the type that was asked for */
    size_t count;
    const struct dns_record *additional; /* addresses */
    size_t additional_count;
    /* The shortest TTL of the answer, or for how long it holds that there is none (RFC 2308); 0
     * where nothing says so. */
    uint32_t ttl_s;
};

/* Reads a whole message. STATUS_UNAVAILABLE: malformed, or it says that it is no answer (SERVFAIL,
 * REFUSED, …), or it is cut; the call's error says which. STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status dns_answer_read(struct call *call, struct text message, enum dns_type type,
                                     struct dns_answer *ret_answer);
