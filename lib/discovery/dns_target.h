/* dns_target.h: reads dns:[//server[,server…]/]host[:port]. Private to the DNS implementation. */
#pragma once

#include <sys/socket.h>

#include "discovery/dns_discovery.h"

struct dns_target {
    struct sockaddr_storage servers[DNS_SERVERS_MAX]; /* IPv4 or IPv6 */
    size_t server_count;                              /* 0: the system's */
    struct text host;                                 /* without the dot at its end */
    uint16_t port;                                    /* 0: SRV records have it */
};

/* The host is a part of `written`. STATUS_INVALID_ARGUMENT: malformed; the call's error says how.
 */
MUST_USE enum status dns_target_parse(struct call *call, struct text written,
                                      struct dns_target *ret_target);
