#include "support/cluster_dns.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "support/cmocka_test.h"

enum { RECORDS_BYTES_MAX = 64 * 1024, WEIGHT = 50 };

#define ZONE "cluster.local"

/* The number of a service's port in a pod: that, or that of the container's port of the name. */
static uint64_t target_port(const struct kubernetes_object *service, size_t index,
                            const struct kubernetes_object *workload)
{
    uint64_t number = 0;
    struct text target = kubernetes_text(service, "spec/ports/%zu/targetPort", index);
    if (target.data == NULL) {
        target = kubernetes_text(service, "spec/ports/%zu/port", index);
    }
    static const char ports[] = "spec/template/spec/containers/0/ports";
    for (size_t i = 0; i < kubernetes_count(workload, "%s", ports); i++) {
        if (text_equal(kubernetes_text(workload, "%s/%zu/name", ports, i), target)) {
            target = kubernetes_text(workload, "%s/%zu/containerPort", ports, i);
        }
    }
    assert_true(text_to_u64(target, &number));
    return number;
}

static void write_pod(struct buffer *records, const struct kubernetes_object *service,
                      const struct cluster_pod *pod)
{
    char name[DNS_SERVER_NAME_BYTES_MAX];
    struct text service_name = kubernetes_text(service, "metadata/name");
    struct text namespace = kubernetes_text(service, "metadata/namespace");
    assert_true(snprintf(name, sizeof(name), "%.*s.%.*s.svc." ZONE ".",
                         TEXT_ARGUMENTS(service_name),
                         TEXT_ARGUMENTS(namespace)) < (int)sizeof(name));
    bool fits = buffer_format(records, "%s %d IN A %s\n%s.%s %d IN A %s\n", name, CLUSTER_DNS_TTL_S,
                              pod->address, pod->hostname, name, CLUSTER_DNS_TTL_S, pod->address);
    for (size_t i = 0; i < kubernetes_count(service, "spec/ports"); i++) {
        struct text port = kubernetes_text(service, "spec/ports/%zu/name", i);
        fits = fits && (port.data == NULL ||
                        buffer_format(records, "_%.*s._tcp.%s %d IN SRV 0 %d %u %s.%s\n",
                                      TEXT_ARGUMENTS(port), name, CLUSTER_DNS_TTL_S, WEIGHT,
                                      (unsigned)target_port(service, i, pod->workload),
                                      pod->hostname, name));
    }
    assert_true(fits);
}

static bool is_headless(const struct kubernetes_object *object)
{
    return text_equal(kubernetes_text(object, "kind"), TEXT("Service")) &&
           text_equal(kubernetes_text(object, "spec/clusterIP"), TEXT("None"));
}

void cluster_dns_publish(struct dns_server *server, const struct kubernetes_manifests *manifests,
                         const struct cluster_pod *pods, size_t count)
{
    struct buffer records;
    buffer_init(&records, RECORDS_BYTES_MAX);
    assert_true(buffer_format(
        &records, ZONE ". %d IN SOA ns.dns." ZONE ". hostmaster." ZONE ". 1 7200 1800 86400 %d\n",
        CLUSTER_DNS_TTL_S, CLUSTER_DNS_TTL_S));
    for (size_t i = 0; i < manifests->count; i++) {
        for (size_t j = 0; j < count && is_headless(manifests->objects[i]); j++) {
            if (pods[j].workload != NULL && pods[j].ready &&
                kubernetes_selects(manifests->objects[i], "spec/selector", pods[j].workload)) {
                write_pod(&records, manifests->objects[i], &pods[j]);
            }
        }
    }
    dns_server_set(server, buffer_text(&records));
    buffer_deinit(&records);
}
