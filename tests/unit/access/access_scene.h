/* access_scene.h: a call and a directory of a test's own, for the tests of lib/access. */
#pragma once

#include "base/arena.h"
#include "base/call.h"
#include "support/scratch_directory.h"

struct access_scene {
    struct arena arena;
    struct call call;
    char directory[SCRATCH_PATH_BYTES];
    char file[SCRATCH_PATH_BYTES + 16];
};

/* cmocka's fixtures; *state: the scene. */
int access_scene_set_up(void **state);
int access_scene_tear_down(void **state);

void access_scene_write(struct access_scene *scene, struct text content);
struct text access_scene_read(struct access_scene *scene);

/* What the call's error says; forgotten then. */
struct text access_scene_error(struct access_scene *scene);
