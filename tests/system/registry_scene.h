/* registry_scene.h: a registry as a process with --data, asked by one client. In a fiber; a failure
 * fails the test. */
#pragma once

#include "base/arena.h"
#include "support/registry_process.h"

struct raw_peer;

enum { SCENE_CALL_MS = 20000, SCENE_TEXT_BYTES_MAX = 1024 };

struct registry_scene {
    struct registry_process registry;
    struct arena arena;
    struct call call;
    const char *faketime; /* a library that shifts the wall clock */
};

/* Runs the story in a fiber, with a scene that is zeroed. */
void registry_scene_run(void (*story)(void *scene));

/* The registry is still to be started. */
void registry_scene_open(struct registry_scene *scene);
void registry_scene_close(struct registry_scene *scene);

/* The reply's status; 0: none came. body: NULL for none. *ret_body, which may be NULL: in the
 * scene's arena. */
int registry_scene_ask(struct registry_scene *scene, const char *method, const char *target,
                       const char *body, struct text *ret_body);
int registry_scene_put(struct registry_scene *scene, const char *target, const char *body);

/* An instance of the service "plain"; the reply's status. */
int registry_scene_register(struct registry_scene *scene, const char *id);

/* One that is looked at by HTTP each second, with a check of the same id. target: "host:port/path".
 */
void registry_scene_register_looked_at(struct registry_scene *scene, const char *id,
                                       const char *target, const char *timeout);

const char *registry_scene_check_status(struct registry_scene *scene, const char *id);

/* A connection to say and hear bytes on. */
void registry_scene_connect(struct registry_scene *scene, struct raw_peer *peer);

/* Of its log, those that hold the words. */
unsigned registry_scene_count_lines(struct registry_scene *scene, const char *words);
