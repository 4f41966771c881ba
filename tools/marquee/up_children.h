/* up_children.h: what `marquee up` runs, with which arguments. */
#pragma once

#include "marquee/session.h"
#include "marquee/supervisor.h"

struct up_addresses {
    struct text registry; /* "HOST:PORT", as the services listen; each ends in NUL */
    struct text dns;      /* of the registry; empty: none */
    struct text metadata;
    struct text rating;
    struct text movie;
    struct text review;
    struct text recommendation;
};

/* Files that say who may come in and who is trusted; empty: none. Each name ends in NUL. */
struct up_access {
    struct text certificate;
    struct text key;
    struct text client_ca;
    struct text ca;
    struct text peer_name;            /* no file: in the certificate */
    struct text tokens;               /* of the services, which show it to each other too */
    struct text grants;               /* of the services: tokens with scopes */
    bool trusts_network;              /* whoever reaches them may use them */
    bool opens_reads;                 /* to read, none is needed */
    struct text registry_tokens;      /* of the registry, to which the services show it */
    struct text registry_read_tokens; /* of the registry */
};

/* What the rating service does with bursts of votes: its options of these names. */
struct up_guard {
    struct text guard; /* ends in NUL */
    int64_t window_ms;
    int64_t floor;
    int64_t multiple;
};

/* How the services are put together. */
struct up_shape {
    struct text data;          /* the directory; ends in NUL */
    bool single_process;       /* the services in one */
    struct text rating_source; /* of the movie service: "call", "cached", "local"; ends in NUL */
    struct up_guard guard;
};

/* Whether all speak TLS. */
bool up_access_is_secure(const struct up_access *access);

/* STATUS_INVALID_ARGUMENT: a file without the one that it goes with. */
MUST_USE enum status up_access_check(struct call *call, const struct up_access *access);

/* "0.0.0.0:8081" as a client on this machine reaches it: "127.0.0.1:8081". Valid in the arena or
 * borrowed from `address`; empty: no memory. */
struct text up_address_reached(struct arena *arena, struct text address);

/* STATUS_FAILED_PRECONDITION: something listens there already. STATUS_INVALID_ARGUMENT: it is no
 * address with a fixed port. The call's error says which. */
MUST_USE enum status up_addresses_check(struct call *call, const struct up_addresses *addresses);

/* Fills in the supervisor's children, the registry first.
 * STATUS_INVALID_ARGUMENT: one process has no other source of ratings than to ask itself.
 * STATUS_NOT_FOUND: a program is missing. STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status up_children_define(struct supervisor *supervisor, struct call *call,
                                        const struct up_addresses *addresses,
                                        const struct up_access *access,
                                        const struct up_shape *shape);
