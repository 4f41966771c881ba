/* ingest_scene.h: rating services that share one store and one embedded log, and the oracle of the
 * events in it. In a fiber. */
#pragma once

#include "support/cluster.h"
#include "system/rating_oracle.h"

enum { INGEST_SCENE_RATINGS_MAX = 2, INGEST_SCENE_PATH_BYTES = 256 };

struct ingest_scene {
    char directory[SCRATCH_PATH_BYTES];
    char store[INGEST_SCENE_PATH_BYTES];
    char log[INGEST_SCENE_PATH_BYTES];
    char events[INGEST_SCENE_PATH_BYTES];
    struct service_process ratings[INGEST_SCENE_RATINGS_MAX];
    struct rating_oracle oracle;
    unsigned total; /* events in the log, but for the last ones */
};

void ingest_scene_open(struct ingest_scene *scene, uint64_t seed);

/* Stops with SIGTERM what runs, and removes the directory. */
void ingest_scene_close(struct ingest_scene *scene);

/* Starts a rating service. Small batches, so that a kill finds some applied and some not.
 * more: another argument, or NULL. */
void ingest_scene_start(struct ingest_scene *scene, unsigned rating, const char *more);

/* Draws so many events and appends them. */
void ingest_scene_append(struct ingest_scene *scene, unsigned count);

/* Appends these lines, each an event, whatever the oracle thinks. */
void ingest_scene_append_lines(struct ingest_scene *scene, const char *lines);

/* A last bad event goes to each partition in the end: when its letter is there, all before it in
 * that partition has been applied. */
void ingest_scene_append_last(struct ingest_scene *scene);

/* A sample of /metrics, by name and labels, or -1: also where it cannot be asked. */
int64_t ingest_scene_metric(struct ingest_scene *scene, unsigned rating, const char *name);

/* Counters start at 0 with the process, so the end shows in that no dead letter is missing. Fails
 * the test when nothing more is applied for SERVICE_WAIT_MS. */
void ingest_scene_await_all(struct ingest_scene *scene, unsigned rating, struct rpc_client *client);
