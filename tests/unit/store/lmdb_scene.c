#include "unit/store/lmdb_scene.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

enum { ARENA_BYTES_MAX = 64 * 1024 };

static const char *const maps[] = {"things"};

struct lmdb_store_options lmdb_scene_options(const char *path)
{
    return (struct lmdb_store_options){
        .path = text_of(path),
        .kind = "test",
        .schema_version = 3,
        .maps = maps,
        .map_count = ARRAY_LENGTH(maps),
    };
}

/* A write of one value under a number. */
struct put_job {
    struct group_commit_job job;
    uint32_t key;
    size_t size;
    char *value;
};

static enum status apply_put(struct group_commit_job *base, void *state, struct store_error *error)
{
    struct put_job *job = CONTAINER_OF(base, struct put_job, job);
    struct lmdb_store *store = state;
    MDB_val key = {.mv_size = sizeof(job->key), .mv_data = &job->key};
    MDB_val value = {.mv_size = job->size, .mv_data = job->value};
    int code = mdb_put(lmdb_store_write_txn(store), lmdb_store_map(store, 0), &key, &value, 0);
    return code == 0 ? STATUS_OK : lmdb_store_fail(store, error, code, "putting");
}

static void release_put(struct group_commit_job *base)
{
    struct put_job *job = CONTAINER_OF(base, struct put_job, job);
    free(job->value);
    free(job);
}

enum status lmdb_scene_put(struct lmdb_store *store, uint32_t key, size_t size, int64_t timeout_ms)
{
    struct put_job *job = calloc(1, sizeof(*job));
    struct arena arena;
    struct call call;
    assert_non_null(job);
    *job = (struct put_job){.job = {.apply = apply_put, .release = release_put},
                            .key = key,
                            .size = size,
                            .value = calloc(1, size)};
    assert_non_null(job->value);
    memset(job->value, (int)(key & 0xff), size);
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, timeout_ms);
    enum status status = group_commit_run(lmdb_store_writer(store), &call, &job->job);
    if (status == STATUS_OK) {
        release_put(&job->job);
    }
    arena_deinit(&arena);
    return status;
}

enum status lmdb_scene_get(struct lmdb_store *store, uint32_t key, size_t *ret_size)
{
    struct arena arena;
    struct call call;
    struct lmdb_reader *reader;
    MDB_val sought = {.mv_size = sizeof(key), .mv_data = &key};
    MDB_val value;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, LMDB_SCENE_TIMEOUT_MS);
    assert_int_equal(lmdb_store_read_begin(store, &call, &reader), STATUS_OK);
    int code = mdb_get(reader->txn, lmdb_store_map(store, 0), &sought, &value);
    *ret_size = code == 0 ? value.mv_size : 0;
    for (size_t i = 0; i < *ret_size; i++) {
        CHECK(((const uint8_t *)value.mv_data)[i] == (key & 0xff));
    }
    lmdb_store_read_end(store, reader);
    arena_deinit(&arena);
    return code == 0 ? STATUS_OK : STATUS_NOT_FOUND;
}

void lmdb_scene_run(fiber_fn run)
{
    char path[SCRATCH_PATH_BYTES];
    scratch_directory_make(path);
    in_fiber(run, path);
    scratch_directory_remove(path);
}

struct lmdb_scene_child lmdb_scene_start_child(const char *role, const char *path)
{
    int ends[2];
    char fd[16];
    struct lmdb_scene_child child;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    child.words = ends[0];
    child.pid = fork();
    if (child.pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);             /* when the test fails */
        (void)snprintf(fd, sizeof(fd), "%d", dup(ends[1])); /* without CLOEXEC */
        (void)execl("/proc/self/exe", "child", role, path, fd, (char *)NULL);
        _exit(127);
    }
    assert_true(child.pid > 0);
    assert_int_equal(close(ends[1]), 0);
    return child;
}

void lmdb_scene_await_child(const struct lmdb_scene_child *child)
{
    char byte;
    assert_int_equal(read(child->words, &byte, 1), 1);
}

void lmdb_scene_kill_child(const struct lmdb_scene_child *child)
{
    assert_int_equal(kill(child->pid, SIGKILL), 0);
    assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
    assert_int_equal(close(child->words), 0);
}

void lmdb_scene_say(const char *fd)
{
    int64_t number;
    CHECK(text_to_i64(text_of(fd), &number));
    CHECK(write((int)number, "!", 1) == 1);
}
