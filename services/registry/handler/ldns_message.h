/* ldns_message.h: DNS messages (RFC 1035, EDNS of RFC 6891) around the registry's answers. */
#pragma once

#include "registry/handler/registry_dns_answer.h"

enum {
    DNS_DATAGRAM_BYTES_MIN = 512,  /* what every client takes (RFC 1035 section 4.2.1) */
    DNS_DATAGRAM_BYTES_MAX = 4096, /* however much more it says it takes */
    DNS_MESSAGE_BYTES_MAX = 65535, /* over TCP */
};

/* Who knows the answers. labels: of the name, valid during the call. */
struct dns_source {
    struct registry_dns_answer (*answer)(void *state, const struct text *labels, size_t count,
                                         unsigned type, struct arena *arena);
    void *state;
    struct text domain; /* "consul": the owner of the SOA */
    uint32_t serial;    /* of the SOA */
    uint32_t ttl_s;     /* of all records but those that say that nothing is there */
};

/* Reads a query and writes the reply to it into `reply`, of which datagrams take what the client
 * takes: what does not fit is left out, and TC set, so that the client asks over TCP; addresses of
 * targets are left out first, silently (RFC 2181 section 9). The question is repeated in the case
 * that it came in. A query that cannot be read is answered by FORMERR, another operation than a
 * query by NOTIMP, another class than IN by REFUSED, a later EDNS by BADVERS.
 * Returns the length; 0: no reply is due (a reply, or too short for a header), or no memory. */
size_t ldns_message_reply(const struct dns_source *source, struct text query, bool datagram,
                          struct arena *arena, uint8_t reply[static DNS_MESSAGE_BYTES_MAX]);
