/* cluster_dns.h: what DNS answers in a Kubernetes cluster for the headless services of some
 * manifests (kubernetes/dns docs/specification.md, section 2.4): addresses and SRV records of the
 * pods that are ready; without one, the name does not exist. */
#pragma once

#include "support/dns_server.h"
#include "support/kubernetes_manifests.h"

enum { CLUSTER_DNS_TTL_S = 5 }; /* as CoreDNS has it unless told otherwise */

struct cluster_pod {
    const struct kubernetes_object *workload; /* that made it; NULL: there is none */
    const char *hostname;                     /* "rating-0" */
    const char *address;                      /* "10.1.2.3" */
    bool ready;
};

/* The server answers for these pods from now on. In a fiber; a failure fails the test. */
void cluster_dns_publish(struct dns_server *server, const struct kubernetes_manifests *manifests,
                         const struct cluster_pod *pods, size_t count);
