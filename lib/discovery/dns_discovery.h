/* dns_discovery.h: a resolver over DNS, for services that a registry or Kubernetes publishes there.
 *
 * A target is written as in gRPC (grpc/grpc doc/naming.md): dns:[//server[,server…]/]host[:port].
 *
 *   dns:///rating.marquee.svc.cluster.local:8082    A and AAAA of the host, with that port
 *   dns:///_grpc._tcp.rating.marquee.svc.cluster.local      SRV, which brings the ports (RFC 2782)
 *   dns://127.0.0.1:8600/rating.service.consul      the same, asked of that server
 *
 * Where gRPC takes port 443 when none is given, SRV records are asked for. Servers are numeric,
 * port 53 unless said otherwise; without any, those of /etc/resolv.conf as it is when the resolver
 * is made. Names are whole: no search list, no /etc/hosts. There is no registrar: whoever runs the
 * DNS knows the instances already.
 *
 * Of SRV records, those of the lowest priority are used, with their weights (0 counts as 1);
 * targets' addresses are taken from the additional section, or else asked for. A name that does not
 * exist, or has no such records, is a service without instances. Anything else that is no answer
 * (SERVFAIL, REFUSED, silence) is none: the last list stays. So it is when one target of several
 * cannot be asked.
 *
 * DNS tells nobody of a change: it is asked again when the shortest TTL of an answer is over,
 * within the limits below, and soon when an instance was lost (discovery_watcher_refresh()). */
#pragma once

#include "discovery/discovery.h"

struct loop;

enum {
    DNS_SERVERS_MAX = 8,
    DNS_NAME_BYTES_MAX = 253,
    DNS_LABEL_BYTES_MAX = 63,
    DNS_TARGETS_ASKED_MAX =
        64, /* of SRV records that come without addresses; others are left out */
    /* From one look to the next, and up to a tenth more by chance. */
    DNS_INTERVAL_MIN_MS = 1000,
    DNS_INTERVAL_MAX_MS = 30000,
    DNS_INTERVAL_EMPTY_MAX_MS = 5000, /* while there is no instance, or not every one is known */
    /* Of one server; the next try waits twice as long, and a lookup never longer than the last. */
    DNS_TRY_TIMEOUT_MS = 500,
    DNS_TRIES = 3,
    DNS_LOOKUP_TIMEOUT_MS = 5000,
    /* What fits through any network in one piece (dnsflagday.net/2020); more comes by TCP. */
    DNS_DATAGRAM_BYTES = 1232,
};

struct dns_resolver_options {
    struct text target;      /* copied */
    int64_t interval_min_ms; /* 0: DNS_INTERVAL_MIN_MS; for tests */
};

/* Whether it is written as a target of DNS: begins with "dns:". */
bool dns_target_is(struct text target);

/* STATUS_INVALID_ARGUMENT: the target is malformed; the call's error quotes it.
 * STATUS_RESOURCE_EXHAUSTED: no memory. The resolver is for one service, that of its target: the
 * name that watch() is given does not matter. It is owned by the caller, who ends it by close(),
 * with no operation running, on the loop's thread. */
MUST_USE enum status dns_resolver_create(struct loop *loop, struct call *call,
                                         const struct dns_resolver_options *options,
                                         struct discovery_resolver *ret_resolver);
