#include "store/lmdb_store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

enum { ARENA_BYTES_MAX = 64 * 1024, TIMEOUT_MS = 20 * 1000, SHORT_MS = 300 };

static const char *const maps[] = {"things"};

static struct lmdb_store_options options_for(const char *path)
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

static enum status put(struct lmdb_store *store, uint32_t key, size_t size, int64_t timeout_ms)
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
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, timeout_ms);
    enum status status = group_commit_run(lmdb_store_writer(store), &call, &job->job);
    if (status == STATUS_OK) {
        release_put(&job->job);
    }
    arena_deinit(&arena);
    return status;
}

static enum status get(struct lmdb_store *store, uint32_t key, size_t *ret_size)
{
    struct arena arena;
    struct call call;
    struct lmdb_reader *reader;
    MDB_val sought = {.mv_size = sizeof(key), .mv_data = &key};
    MDB_val value;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    assert_int_equal(lmdb_store_read_begin(store, &call, &reader), STATUS_OK);
    int code = mdb_get(reader->txn, lmdb_store_map(store, 0), &sought, &value);
    *ret_size = code == 0 ? value.mv_size : 0;
    lmdb_store_read_end(store, reader);
    arena_deinit(&arena);
    return code == 0 ? STATUS_OK : STATUS_NOT_FOUND;
}

static void run_in_scratch(fiber_fn run)
{
    char path[SCRATCH_PATH_BYTES];
    scratch_directory_make(path);
    in_fiber(run, path);
    scratch_directory_remove(path);
}

/* Opening */

static void open_twice(void *argument)
{
    struct lmdb_store_options options = options_for(argument);
    struct store_error error;
    struct lmdb_store *store;
    size_t size;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(put(store, 1, 10, TIMEOUT_MS), STATUS_OK);
    lmdb_store_close(store);
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(get(store, 1, &size), STATUS_OK);
    assert_int_equal(size, 10);
    lmdb_store_close(store);
    lmdb_store_close(NULL);
}

static void test_keeps_what_was_written(void **state)
{
    (void)state;
    run_in_scratch(open_twice);
}

static void open_other(void *argument)
{
    struct lmdb_store_options options = options_for(argument);
    struct store_error error;
    struct lmdb_store *store;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    lmdb_store_close(store);
    options.schema_version = 4;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(error.detail, argument));
    options = options_for(argument);
    options.kind = "another";
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_FAILED_PRECONDITION);
}

static void test_refuses_another_schema(void **state)
{
    (void)state;
    run_in_scratch(open_other);
}

static void test_creates_private_directories(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_BYTES];
    char path[SCRATCH_PATH_BYTES + 8];
    struct store_error error;
    struct lmdb_store *store;
    struct stat entry;
    scratch_directory_make(root);
    (void)snprintf(path, sizeof(path), "%s/a/b", root);
    const struct lmdb_store_options options = options_for(path);
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(stat(path, &entry), 0);
    assert_int_equal(entry.st_mode & 0777, 0700);
    lmdb_store_close(store);
    scratch_directory_remove(root);
}

static void write_file(const char *path, const char *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    assert_int_equal(close(fd), 0);
}

static void test_refuses_what_is_no_store(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_BYTES];
    char file[SCRATCH_PATH_BYTES + 16];
    char garbage[8192];
    struct store_error error;
    struct lmdb_store *store;
    memset(garbage, 'x', sizeof(garbage));
    scratch_directory_make(root);
    (void)snprintf(file, sizeof(file), "%s/data.mdb", root);
    write_file(file, garbage, sizeof(garbage));
    struct lmdb_store_options options = options_for(root);
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_DATA_LOSS);
    assert_string_equal(error.message, "the store is damaged");
    assert_non_null(strstr(error.detail, root));
    options.path = text_of(file);
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_FAILED_PRECONDITION);
    scratch_directory_remove(root);
}

/* Growing */

static void outgrow(void *argument)
{
    struct lmdb_store_options options = options_for(argument);
    struct store_error error;
    struct lmdb_store *store;
    size_t size;
    options.map_bytes = 64 * 1024;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    for (uint32_t i = 0; i < 50; i++) {
        assert_int_equal(put(store, i, 20000, TIMEOUT_MS), STATUS_OK);
        assert_int_equal(get(store, i, &size), STATUS_OK);
    }
    assert_int_equal(put(store, 50, 3000000, TIMEOUT_MS),
                     STATUS_OK); /* several doublings at once */
    for (uint32_t i = 0; i < 51; i++) {
        assert_int_equal(get(store, i, &size), STATUS_OK);
        assert_int_equal(size, i < 50 ? 20000 : 3000000);
    }
    lmdb_store_close(store);
}

static void test_grows_when_full(void **state)
{
    (void)state;
    run_in_scratch(outgrow);
}

/* Other processes: this program again, with a role. */

struct child {
    pid_t pid;
    int words; /* what it says */
};

static struct child start_child(const char *role, const char *path)
{
    int ends[2];
    char fd[16];
    struct child child;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    child.words = ends[0];
    child.pid = fork();
    if (child.pid == 0) {
        (void)snprintf(fd, sizeof(fd), "%d", dup(ends[1])); /* without CLOEXEC */
        (void)execl("/proc/self/exe", "lmdb_store_test", role, path, fd, (char *)NULL);
        _exit(127);
    }
    assert_true(child.pid > 0);
    assert_int_equal(close(ends[1]), 0);
    return child;
}

/* Blocks until the child has said a byte. */
static void await_child(const struct child *child)
{
    char byte;
    assert_int_equal(read(child->words, &byte, 1), 1);
}

static void kill_child(const struct child *child)
{
    assert_int_equal(kill(child->pid, SIGKILL), 0);
    assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
    assert_int_equal(close(child->words), 0);
}

static void say(const char *fd)
{
    int64_t number;
    CHECK(text_to_i64(text_of(fd), &number));
    CHECK(write((int)number, "!", 1) == 1);
}

/* Roles */

static int hold_write_lock(const char *path, const char *fd)
{
    MDB_env *env;
    MDB_txn *txn;
    CHECK(mdb_env_create(&env) == 0 && mdb_env_set_maxdbs(env, 8) == 0);
    CHECK(mdb_env_open(env, path, 0, 0600) == 0 && mdb_txn_begin(env, NULL, 0, &txn) == 0);
    say(fd);
    CHECK(raise(SIGSTOP) == 0);
    return 1;
}

static void write_much(void *argument)
{
    char **arguments = argument;
    struct lmdb_store_options options = options_for(arguments[2]);
    struct store_error error;
    struct lmdb_store *store;
    options.map_bytes = 64 * 1024;
    CHECK(lmdb_store_open(&options, &error, &store) == STATUS_OK);
    for (uint32_t i = 100; i < 150; i++) {
        CHECK(put(store, i, 20000, TIMEOUT_MS) == STATUS_OK);
    }
    say(arguments[3]);
    lmdb_store_close(store);
}

static void wait_behind_stopped_process(void *argument)
{
    const struct lmdb_store_options options = options_for(argument);
    struct store_error error;
    struct lmdb_store *store;
    size_t size;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(put(store, 1, 10, TIMEOUT_MS), STATUS_OK);
    struct child child = start_child("hold-write-lock", argument);
    await_child(&child);
    int64_t began_ns = clock_monotonic_ns();
    assert_int_equal(put(store, 2, 10, SHORT_MS), STATUS_UNAVAILABLE);
    assert_true(clock_monotonic_ns() - began_ns < 2 * SHORT_MS * CLOCK_NS_PER_MS);
    assert_int_equal(get(store, 1, &size), STATUS_OK); /* reading goes on */
    kill_child(&child);
    assert_int_equal(put(store, 3, 10, TIMEOUT_MS), STATUS_OK); /* the lock of the dead is taken */
    assert_int_equal(get(store, 2, &size), STATUS_NOT_FOUND);
    lmdb_store_close(store);
}

static void test_stopped_process_does_not_hang_callers(void **state)
{
    (void)state;
    run_in_scratch(wait_behind_stopped_process);
}

static void open_behind_stopped_process(void *argument)
{
    const struct lmdb_store_options options = options_for(argument);
    struct store_error error;
    struct lmdb_store *store;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    lmdb_store_close(store);
    struct child child = start_child("hold-write-lock", argument);
    await_child(&child);
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    lmdb_store_close(store);
    kill_child(&child);
}

static void test_stopped_process_does_not_hang_opening(void **state)
{
    (void)state;
    run_in_scratch(open_behind_stopped_process);
}

static void follow_growth(void *argument)
{
    struct lmdb_store_options options = options_for(argument);
    struct store_error error;
    struct lmdb_store *store;
    size_t size;
    options.map_bytes = 64 * 1024;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(put(store, 1, 10, TIMEOUT_MS), STATUS_OK);
    struct child child = start_child("write-much", argument);
    await_child(&child);
    assert_int_equal(waitpid(child.pid, NULL, 0), child.pid);
    assert_int_equal(close(child.words), 0);
    assert_int_equal(get(store, 149, &size), STATUS_OK); /* beyond the map of this process */
    assert_int_equal(put(store, 2, 10, TIMEOUT_MS), STATUS_OK);
    assert_int_equal(get(store, 1, &size), STATUS_OK);
    lmdb_store_close(store);
}

static void test_follows_the_growth_of_another_process(void **state)
{
    (void)state;
    run_in_scratch(follow_growth);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_what_was_written),
        cmocka_unit_test(test_refuses_another_schema),
        cmocka_unit_test(test_creates_private_directories),
        cmocka_unit_test(test_refuses_what_is_no_store),
        cmocka_unit_test(test_grows_when_full),
        cmocka_unit_test(test_stopped_process_does_not_hang_callers),
        cmocka_unit_test(test_stopped_process_does_not_hang_opening),
        cmocka_unit_test(test_follows_the_growth_of_another_process),
    };
    if (argc == 4 && strcmp(argv[1], "hold-write-lock") == 0) {
        return hold_write_lock(argv[2], argv[3]);
    }
    if (argc == 4 && strcmp(argv[1], "write-much") == 0) {
        in_fiber(write_much, argv);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
