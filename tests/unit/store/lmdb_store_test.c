#include "store/lmdb_store.h"

#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"
#include "unit/store/lmdb_scene.h"

enum { SHORT_MS = 300, ARENA_BYTES_MAX = 4096 };

/* Opening */

static void open_twice(void *argument)
{
    struct lmdb_store_options options = lmdb_scene_options(argument);
    struct store_error error;
    struct lmdb_store *store;
    size_t size;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(lmdb_scene_put(store, 1, 10, LMDB_SCENE_TIMEOUT_MS), STATUS_OK);
    lmdb_store_close(store);
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(lmdb_scene_get(store, 1, &size), STATUS_OK);
    assert_int_equal(size, 10);
    lmdb_store_close(store);
    lmdb_store_close(NULL);
}

static void test_keeps_what_was_written(void **state)
{
    (void)state;
    lmdb_scene_run(open_twice);
}

static void open_other(void *argument)
{
    struct lmdb_store_options options = lmdb_scene_options(argument);
    struct store_error error;
    struct lmdb_store *store;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    lmdb_store_close(store);
    options.schema_version = 4;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(error.detail, argument));
    options = lmdb_scene_options(argument);
    options.kind = "another";
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_FAILED_PRECONDITION);
}

static void test_refuses_another_schema(void **state)
{
    (void)state;
    lmdb_scene_run(open_other);
}

/* From version 3 to 4: every value gets a copy in a map that is new. */
static const char *const newer_maps[] = {"things", "copies"};

static enum status copy_things(struct lmdb_store *store, MDB_txn *txn, uint32_t from,
                               struct store_error *error)
{
    MDB_cursor *cursor;
    MDB_val key;
    MDB_val value;
    CHECK(from == 3);
    int code = mdb_cursor_open(txn, lmdb_store_map(store, 0), &cursor);
    while (code == 0 && (code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        code = mdb_put(txn, lmdb_store_map(store, 1), &key, &value, MDB_NOOVERWRITE);
    }
    return code == MDB_NOTFOUND ? STATUS_OK : lmdb_store_fail(store, error, code, "copying");
}

static enum status refuse_to_upgrade(struct lmdb_store *store, MDB_txn *txn, uint32_t from,
                                     struct store_error *error)
{
    uint32_t number = 1;
    MDB_val key = {.mv_size = sizeof(number), .mv_data = &number};
    (void)from;
    CHECK(mdb_del(txn, lmdb_store_map(store, 0), &key, NULL) == 0);
    return store_fail(error, STATUS_DATA_LOSS, "the store is damaged", "a value is malformed");
}

static size_t count_entries(struct lmdb_store *store, size_t map)
{
    struct arena arena;
    struct call call;
    struct lmdb_reader *reader;
    MDB_stat stat;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, LMDB_SCENE_TIMEOUT_MS);
    assert_int_equal(lmdb_store_read_begin(store, &call, &reader), STATUS_OK);
    assert_int_equal(mdb_stat(reader->txn, lmdb_store_map(store, map), &stat), 0);
    lmdb_store_read_end(store, reader);
    arena_deinit(&arena);
    return stat.ms_entries;
}

static void upgrade(void *argument)
{
    struct lmdb_store_options options = lmdb_scene_options(argument);
    struct store_error error;
    struct lmdb_store *store;
    size_t size;
    options.map_bytes = 256 * 1024; /* too small for the copies */
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    for (uint32_t key = 1; key <= 10; key++) {
        assert_int_equal(lmdb_scene_put(store, key, 20000, LMDB_SCENE_TIMEOUT_MS), STATUS_OK);
    }
    lmdb_store_close(store);
    options.schema_version = 4;
    options.maps = newer_maps;
    options.map_count = ARRAY_LENGTH(newer_maps);
    options.upgrade = refuse_to_upgrade;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_DATA_LOSS);
    assert_string_equal(error.detail, "a value is malformed");
    options.upgrade = copy_things;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(count_entries(store, 1), 10); /* what the refused one deleted is there */
    lmdb_store_close(store);
    options.upgrade = refuse_to_upgrade; /* of this version now: nothing is done */
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(lmdb_scene_get(store, 1, &size), STATUS_OK);
    lmdb_store_close(store);
    options.schema_version = 3;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_FAILED_PRECONDITION);
}

static void test_upgrades_an_older_schema(void **state)
{
    (void)state;
    lmdb_scene_run(upgrade);
}

/* What syncs, counted: LMDB's calls come here. */
static atomic_int syncs;
static sem_t synced;

int fdatasync(int fd);
int fdatasync(int fd)
{
    int result = fsync(fd);
    atomic_fetch_add(&syncs, 1);
    (void)sem_post(&synced); /* never so many that it would overflow */
    return result;
}

/* Blocks until there were more than `before`. */
static void await_more_syncs(int before)
{
    struct timespec until;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &until), 0);
    until.tv_sec += LMDB_SCENE_TIMEOUT_MS / 1000;
    while (atomic_load(&syncs) <= before) {
        assert_int_equal(sem_timedwait(&synced, &until), 0);
    }
}

/* By the store's own writer: nobody has to ask for it. */
static void write_relaxed(void *argument)
{
    enum { WRITES = 20 };
    struct lmdb_store_options options = lmdb_scene_options(argument);
    struct store_error error;
    struct lmdb_store *store;
    options.relaxed = true;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    int before = atomic_load(&syncs);
    for (uint32_t key = 1; key <= WRITES; key++) {
        assert_int_equal(lmdb_scene_put(store, key, 10, LMDB_SCENE_TIMEOUT_MS), STATUS_OK);
    }
    assert_true(atomic_load(&syncs) - before < WRITES);
    await_more_syncs(before);
    before = atomic_load(&syncs);
    assert_int_equal(lmdb_scene_put(store, WRITES + 1, 10, LMDB_SCENE_TIMEOUT_MS), STATUS_OK);
    lmdb_store_close(store);
    assert_true(atomic_load(&syncs) > before);

    options.relaxed = false;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    before = atomic_load(&syncs);
    assert_int_equal(lmdb_scene_put(store, WRITES + 2, 10, LMDB_SCENE_TIMEOUT_MS), STATUS_OK);
    assert_true(atomic_load(&syncs) > before);
    lmdb_store_close(store);
}

static void test_relaxed_syncs_later(void **state)
{
    (void)state;
    assert_int_equal(sem_init(&synced, 0, 0), 0);
    lmdb_scene_run(write_relaxed);
    assert_int_equal(sem_destroy(&synced), 0);
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
    const struct lmdb_store_options options = lmdb_scene_options(path);
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
    struct lmdb_store_options options = lmdb_scene_options(root);
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
    struct lmdb_store_options options = lmdb_scene_options(argument);
    struct store_error error;
    struct lmdb_store *store;
    size_t size;
    options.map_bytes = 64 * 1024;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    for (uint32_t i = 0; i < 50; i++) {
        assert_int_equal(lmdb_scene_put(store, i, 20000, LMDB_SCENE_TIMEOUT_MS), STATUS_OK);
        assert_int_equal(lmdb_scene_get(store, i, &size), STATUS_OK);
    }
    assert_int_equal(lmdb_scene_put(store, 50, 3000000, LMDB_SCENE_TIMEOUT_MS),
                     STATUS_OK); /* several doublings at once */
    for (uint32_t i = 0; i < 51; i++) {
        assert_int_equal(lmdb_scene_get(store, i, &size), STATUS_OK);
        assert_int_equal(size, i < 50 ? 20000 : 3000000);
    }
    lmdb_store_close(store);
}

static void test_grows_when_full(void **state)
{
    (void)state;
    lmdb_scene_run(outgrow);
}

/* Roles */

static int hold_write_lock(const char *path, const char *fd)
{
    MDB_env *env;
    MDB_txn *txn;
    CHECK(mdb_env_create(&env) == 0 && mdb_env_set_maxdbs(env, 8) == 0);
    CHECK(mdb_env_open(env, path, 0, 0600) == 0 && mdb_txn_begin(env, NULL, 0, &txn) == 0);
    lmdb_scene_say(fd);
    CHECK(raise(SIGSTOP) == 0);
    return 1;
}

static void write_much(void *argument)
{
    char **arguments = argument;
    struct lmdb_store_options options = lmdb_scene_options(arguments[2]);
    struct store_error error;
    struct lmdb_store *store;
    options.map_bytes = 64 * 1024;
    CHECK(lmdb_store_open(&options, &error, &store) == STATUS_OK);
    for (uint32_t i = 100; i < 150; i++) {
        CHECK(lmdb_scene_put(store, i, 20000, LMDB_SCENE_TIMEOUT_MS) == STATUS_OK);
    }
    lmdb_scene_say(arguments[3]);
    lmdb_store_close(store);
}

static void wait_behind_stopped_process(void *argument)
{
    const struct lmdb_store_options options = lmdb_scene_options(argument);
    struct store_error error;
    struct lmdb_store *store;
    size_t size;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(lmdb_scene_put(store, 1, 10, LMDB_SCENE_TIMEOUT_MS), STATUS_OK);
    struct lmdb_scene_child child = lmdb_scene_start_child("hold-write-lock", argument);
    lmdb_scene_await_child(&child);
    int64_t began_ns = clock_monotonic_ns();
    assert_int_equal(lmdb_scene_put(store, 2, 10, SHORT_MS), STATUS_UNAVAILABLE);
    assert_true(clock_monotonic_ns() - began_ns < 2 * SHORT_MS * CLOCK_NS_PER_MS);
    assert_int_equal(lmdb_scene_get(store, 1, &size), STATUS_OK); /* reading goes on */
    lmdb_scene_kill_child(&child);
    assert_int_equal(lmdb_scene_put(store, 3, 10, LMDB_SCENE_TIMEOUT_MS),
                     STATUS_OK); /* the lock of the dead is taken */
    assert_int_equal(lmdb_scene_get(store, 2, &size), STATUS_NOT_FOUND);
    lmdb_store_close(store);
}

static void test_stopped_process_does_not_hang_callers(void **state)
{
    (void)state;
    lmdb_scene_run(wait_behind_stopped_process);
}

static void open_behind_stopped_process(void *argument)
{
    const struct lmdb_store_options options = lmdb_scene_options(argument);
    struct store_error error;
    struct lmdb_store *store;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    lmdb_store_close(store);
    struct lmdb_scene_child child = lmdb_scene_start_child("hold-write-lock", argument);
    lmdb_scene_await_child(&child);
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    lmdb_store_close(store);
    lmdb_scene_kill_child(&child);
}

static void test_stopped_process_does_not_hang_opening(void **state)
{
    (void)state;
    lmdb_scene_run(open_behind_stopped_process);
}

static void follow_growth(void *argument)
{
    struct lmdb_store_options options = lmdb_scene_options(argument);
    struct store_error error;
    struct lmdb_store *store;
    size_t size;
    options.map_bytes = 64 * 1024;
    assert_int_equal(lmdb_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(lmdb_scene_put(store, 1, 10, LMDB_SCENE_TIMEOUT_MS), STATUS_OK);
    struct lmdb_scene_child child = lmdb_scene_start_child("write-much", argument);
    lmdb_scene_await_child(&child);
    assert_int_equal(waitpid(child.pid, NULL, 0), child.pid);
    assert_int_equal(close(child.words), 0);
    assert_int_equal(lmdb_scene_get(store, 149, &size),
                     STATUS_OK); /* beyond the map of this process */
    assert_int_equal(lmdb_scene_put(store, 2, 10, LMDB_SCENE_TIMEOUT_MS), STATUS_OK);
    assert_int_equal(lmdb_scene_get(store, 1, &size), STATUS_OK);
    lmdb_store_close(store);
}

static void test_follows_the_growth_of_another_process(void **state)
{
    (void)state;
    lmdb_scene_run(follow_growth);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_what_was_written),
        cmocka_unit_test(test_refuses_another_schema),
        cmocka_unit_test(test_upgrades_an_older_schema),
        cmocka_unit_test(test_relaxed_syncs_later),
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
