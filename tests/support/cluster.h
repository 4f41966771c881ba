/* cluster.h: the registry and the three services as processes, on ports of the kernel's choice,
 * with their data in a directory of the test's own.
 *
 * In a fiber. The directory goes with the cluster, but stays when the test fails. */
#pragma once

#include "support/rpc_client.h"
#include "support/scratch_directory.h"
#include "support/service_process.h"
#include "support/wire_http.h"

enum { CLUSTER_INSTANCES_MAX = 2, CLUSTER_EXTRA_MAX = 8 };

enum cluster_role { CLUSTER_METADATA, CLUSTER_RATING, CLUSTER_MOVIE, CLUSTER_ROLES };

struct cluster_options {
    unsigned instances[CLUSTER_ROLES]; /* of metadata, rating and movie */
    bool registry;                     /* false: movie is told the addresses of the others */
    const char *log_level;             /* NULL: info */
    const char *registration_ttl;      /* NULL: 1s */
    const char *extra[CLUSTER_ROLES][CLUSTER_EXTRA_MAX]; /* further arguments of each role */
};

struct cluster {
    char directory[SCRATCH_PATH_BYTES];
    struct test_call test; /* for what the test itself asks */
    struct cluster_options options;
    struct service_process registry;
    struct service_process services[CLUSTER_ROLES][CLUSTER_INSTANCES_MAX];
    unsigned starts; /* so far: logs are numbered by it */
};

/* Makes the directory and starts everything: the registry, the stores' services, movie last. All
 * are ready, and registered where there is a registry. */
void cluster_open(struct cluster *cluster, const struct cluster_options *options);

/* Stops with SIGTERM what runs (each must end with 0), and removes the directory. */
void cluster_close(struct cluster *cluster);

/* (Re)starts one instance, with the data of its role, on a new port, or on that of before when it
 * was started before. Waits until it is ready. */
void cluster_start(struct cluster *cluster, enum cluster_role role, unsigned instance);

/* Restarts the registry on its port. */
void cluster_start_registry(struct cluster *cluster);

/* SIGKILL. */
void cluster_kill(struct cluster *cluster, enum cluster_role role, unsigned instance);

/* "metadata", "rating", "movie". */
const char *cluster_role_name(enum cluster_role role);

static inline struct service_process *cluster_service(struct cluster *cluster,
                                                      enum cluster_role role)
{
    return &cluster->services[role][0];
}

/* How many passing instances of the role the registry lists. */
unsigned cluster_registered(struct cluster *cluster, enum cluster_role role);

/* Waits, by the registry's blocking query, until it lists so many. false: in vain. */
bool cluster_await_registered(struct cluster *cluster, enum cluster_role role, unsigned count,
                              int64_t timeout_ms);
