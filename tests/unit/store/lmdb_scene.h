/* lmdb_scene.h: an LMDB store of values under numbers, in a scratch directory, and other processes
 * that use it. */
#pragma once

#include <sys/types.h>

#include "loop/fiber.h"
#include "store/lmdb_store.h"

enum { LMDB_SCENE_TIMEOUT_MS = 20 * 1000 };

/* A store of kind "test", version 3, with the one map "things". path is borrowed. */
struct lmdb_store_options lmdb_scene_options(const char *path);

/* Writes `size` bytes, which are the number's last, under the number. In a fiber. */
enum status lmdb_scene_put(struct lmdb_store *store, uint32_t key, size_t size, int64_t timeout_ms);

/* STATUS_NOT_FOUND: nothing is there. CHECKs each byte. From any thread. */
enum status lmdb_scene_get(struct lmdb_store *store, uint32_t key, size_t *ret_size);

/* Runs run(path of a scratch directory) in a fiber. */
void lmdb_scene_run(fiber_fn run);

struct lmdb_scene_child {
    pid_t pid;
    int words; /* what it says */
};

/* This program again: PROGRAM role path FD, where it is to say to FD that it is so far. */
struct lmdb_scene_child lmdb_scene_start_child(const char *role, const char *path);

/* Blocks until the child has said a byte. */
void lmdb_scene_await_child(const struct lmdb_scene_child *child);
void lmdb_scene_kill_child(const struct lmdb_scene_child *child);

/* The child's side. */
void lmdb_scene_say(const char *fd);
