/* cluster.h: registries and the three services as processes, on ports of the kernel's choice, with
 * their data in a directory of the test's own.
 *
 * In a fiber. The directory goes with the cluster, but stays when the test fails. */
#pragma once

#include "support/rpc_client.h"
#include "support/scratch_directory.h"
#include "support/service_process.h"
#include "support/wire_http.h"

enum { CLUSTER_INSTANCES_MAX = 3, CLUSTER_REGISTRIES_MAX = 2, CLUSTER_EXTRA_MAX = 8 };

enum cluster_role { CLUSTER_METADATA, CLUSTER_RATING, CLUSTER_MOVIE, CLUSTER_ROLES };

struct cluster_options {
    unsigned instances[CLUSTER_ROLES]; /* of metadata, rating and movie */
    unsigned registries;               /* 0: movie is told the addresses of the others */
    bool dns;                          /* the registries answer DNS too */
    const char *settle_time;           /* of the registries; NULL: 1s */
    const char *log_level;             /* NULL: info */
    const char *registration_ttl;      /* NULL: 1s */
    const char *extra[CLUSTER_ROLES][CLUSTER_EXTRA_MAX]; /* further arguments of each role */
};

struct cluster {
    char directory[SCRATCH_PATH_BYTES];
    struct test_call test; /* for what the test itself asks */
    struct cluster_options options;
    struct service_process registries[CLUSTER_REGISTRIES_MAX];
    char dns[CLUSTER_REGISTRIES_MAX][HTTP_ADDRESS_BYTES_MAX]; /* where they answer it */
    struct service_process services[CLUSTER_ROLES][CLUSTER_INSTANCES_MAX];
    unsigned starts; /* so far: logs are numbered by it */
};

/* Makes the directory and starts everything: the registries, the stores' services, movie last. All
 * are ready, and registered where there are registries. */
void cluster_open(struct cluster *cluster, const struct cluster_options *options);

/* Stops with SIGTERM what runs (each must end with 0), and removes the directory. */
void cluster_close(struct cluster *cluster);

/* (Re)starts one instance, with the data of its role, on a new port, or on that of before when it
 * was started before. Waits until it is ready. */
void cluster_start(struct cluster *cluster, enum cluster_role role, unsigned instance);

/* Restarts a registry on its ports. */
void cluster_start_registry(struct cluster *cluster, unsigned registry);

/* SIGKILL. */
void cluster_kill(struct cluster *cluster, enum cluster_role role, unsigned instance);

/* Puts a movie and a vote of 7 for it, past whatever stands between the services. */
void cluster_put_movie(struct cluster *cluster, const char *id);

/* "metadata", "rating", "movie". */
const char *cluster_role_name(enum cluster_role role);

static inline struct service_process *cluster_service(struct cluster *cluster,
                                                      enum cluster_role role)
{
    return &cluster->services[role][0];
}

/* How many passing instances of the role the first registry lists. */
unsigned cluster_registered(struct cluster *cluster, enum cluster_role role);

/* Waits until the instance has a call of its service from now on, and fails the test if none comes.
 * It logs them: log_level must be debug. */
void cluster_await_call(struct cluster *cluster, enum cluster_role role, unsigned instance);

/* Waits, by blocking queries, until each registry that runs lists so many. false: in vain. */
bool cluster_await_registered(struct cluster *cluster, enum cluster_role role, unsigned count,
                              int64_t timeout_ms);
