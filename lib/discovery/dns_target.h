/* dns_target.h: reads dns:[//server[,server…]/]host[:port]. Private to the DNS implementation. */
#pragma once

#include "discovery/dns_discovery.h"

struct dns_target {
    struct text servers; /* "127.0.0.1:8600,[::1]:53"; empty: the system's */
    struct text host;    /* without the dot at its end */
    uint16_t port;       /* 0: SRV records have it */
};

/* The texts are parts of `written`. STATUS_INVALID_ARGUMENT: malformed; the call's error says how.
 */
MUST_USE enum status dns_target_parse(struct call *call, struct text written,
                                      struct dns_target *ret_target);
