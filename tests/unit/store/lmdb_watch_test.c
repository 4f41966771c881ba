/* Who reads an old snapshot, what a store says of itself, and readers while the map grows. */
#include "store/lmdb_watch.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "store/lmdb_backup.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "telemetry/telemetry.h"
#include "unit/store/lmdb_scene.h"

enum {
    SMALL_MAP_BYTES = 64 * 1024,
    VALUE_BYTES = 20000,
    GROWTH_COUNT = 200, /* values: 64 KiB become 4 MiB and more */
    PAGE_BYTES_MAX = 64 * 1024,
};

static struct lmdb_store *open_small(const char *path)
{
    struct lmdb_store_options options = lmdb_scene_options(path);
    struct store_error error;
    struct lmdb_store *store;
    options.map_bytes = SMALL_MAP_BYTES;
    CHECK(lmdb_store_open(&options, &error, &store) == STATUS_OK);
    return store;
}

static void put(struct lmdb_store *store, uint32_t key, size_t size)
{
    assert_int_equal(lmdb_scene_put(store, key, size, LMDB_SCENE_TIMEOUT_MS), STATUS_OK);
}

static struct lmdb_watch_report look(struct lmdb_store *store)
{
    struct store_error error;
    struct lmdb_watch_report report;
    assert_int_equal(lmdb_watch_look(store, &error, &report), STATUS_OK);
    return report;
}

/* Roles */

static MDB_env *open_raw(const char *path)
{
    MDB_env *env;
    CHECK(mdb_env_create(&env) == 0 && mdb_env_set_maxdbs(env, 8) == 0);
    CHECK(mdb_env_open(env, path, MDB_RDONLY | MDB_NOTLS, 0600) == 0);
    return env;
}

/* Reads one snapshot until it is killed. */
static int hold_reader(const char *path, const char *fd)
{
    MDB_txn *txn;
    CHECK(mdb_txn_begin(open_raw(path), NULL, MDB_RDONLY, &txn) == 0);
    lmdb_scene_say(fd);
    return pause();
}

/* Takes every slot there is. */
static int hold_all_slots(const char *path, const char *fd)
{
    MDB_env *env = open_raw(path);
    MDB_txn *txn;
    int code;
    do {
        code = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
    } while (code == 0);
    CHECK(code == MDB_READERS_FULL);
    lmdb_scene_say(fd);
    return pause();
}

static size_t size_of(MDB_txn *txn, MDB_dbi map, uint32_t number)
{
    MDB_val key = {.mv_size = sizeof(number), .mv_data = &number};
    MDB_val value;
    return mdb_get(txn, map, &key, &value) == 0 ? value.mv_size : 0;
}

/* Its snapshot must be the same when it is continued. */
static int keep_snapshot(const char *path, const char *fd)
{
    MDB_env *env = open_raw(path);
    MDB_txn *txn;
    MDB_dbi map;
    CHECK(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0);
    CHECK(mdb_dbi_open(txn, "things", 0, &map) == 0);
    CHECK(size_of(txn, map, 1) == 10);
    lmdb_scene_say(fd);
    CHECK(raise(SIGSTOP) == 0);
    CHECK(size_of(txn, map, 1) == 10 && size_of(txn, map, GROWTH_COUNT) == 0);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return 0;
}

static void read_all(struct lmdb_store *store, size_t *ret_found)
{
    *ret_found = 0;
    for (uint32_t key = 1; key <= GROWTH_COUNT; key++) {
        size_t size;
        *ret_found += lmdb_scene_get(store, key, &size) == STATUS_OK && size == VALUE_BYTES;
    }
}

/* Reads until everything has come. */
static int read_along(const char *path, const char *fd)
{
    struct lmdb_store *store = open_small(path);
    size_t found;
    read_all(store, &found);
    lmdb_scene_say(fd);
    while (found < GROWTH_COUNT) {
        read_all(store, &found);
    }
    lmdb_store_close(store);
    return 0;
}

/* Watching */

static void see_old_reader(void *argument)
{
    struct lmdb_store *store = open_small(argument);
    put(store, 1, 10);
    struct lmdb_scene_child child = lmdb_scene_start_child("hold-reader", argument);
    lmdb_scene_await_child(&child);
    struct lmdb_watch_report report = look(store);
    assert_int_equal(report.readers, 1);
    assert_int_equal(report.oldest_pid, 0); /* it reads the newest: it is in nobody's way */
    for (uint32_t key = 2; key < 5; key++) {
        put(store, key, 10);
    }
    report = look(store);
    assert_int_equal(report.oldest_pid, child.pid);
    assert_int_equal(report.oldest_behind, 3);
    assert_int_equal(report.oldest_ms, 0);
    int64_t since_ns = clock_monotonic_ns();
    while (report.oldest_ms == 0) {
        CHECK(clock_monotonic_ns() - since_ns < LMDB_SCENE_TIMEOUT_MS * CLOCK_NS_PER_MS);
        report = look(store);
    }
    put(store, 5, 10);
    report = look(store);
    assert_true(report.oldest_ms > 0); /* the same reader */
    assert_int_equal(report.oldest_behind, 4);
    lmdb_scene_kill_child(&child);
    report = look(store);
    assert_int_equal(report.cleared, 1);
    assert_int_equal(report.readers, 0);
    assert_int_equal(report.oldest_pid, 0);
    assert_int_equal(report.oldest_ms, 0);
    lmdb_store_close(store);
}

static void test_tells_who_reads_an_old_snapshot(void **state)
{
    (void)state;
    lmdb_scene_run(see_old_reader);
}

/* Its time begins anew. */
static void see_next_reader(void *argument)
{
    struct lmdb_store *store = open_small(argument);
    struct lmdb_watch_report report = {.oldest_ms = 0};
    put(store, 1, 10);
    struct lmdb_scene_child first = lmdb_scene_start_child("hold-reader", argument);
    lmdb_scene_await_child(&first);
    put(store, 2, 10);
    struct lmdb_scene_child second = lmdb_scene_start_child("hold-reader", argument);
    lmdb_scene_await_child(&second);
    put(store, 3, 10);
    while (report.oldest_ms == 0) {
        report = look(store);
    }
    assert_int_equal(report.oldest_pid, first.pid);
    lmdb_scene_kill_child(&first);
    report = look(store);
    assert_int_equal(report.oldest_pid, second.pid);
    assert_int_equal(report.oldest_behind, 1);
    assert_int_equal(report.oldest_ms, 0);
    lmdb_scene_kill_child(&second);
    lmdb_store_close(store);
}

static void test_another_reader_is_another(void **state)
{
    (void)state;
    lmdb_scene_run(see_next_reader);
}

static void take_slots_of_the_dead(void *argument)
{
    struct lmdb_store *store = open_small(argument);
    struct arena arena;
    struct call call;
    struct lmdb_reader *reader;
    size_t size;
    put(store, 1, 10);
    struct lmdb_scene_child child = lmdb_scene_start_child("hold-all-slots", argument);
    lmdb_scene_await_child(&child);
    arena_init(&arena, PAGE_BYTES_MAX);
    call_init(&call, &arena, LMDB_SCENE_TIMEOUT_MS);
    assert_int_equal(lmdb_store_read_begin(store, &call, &reader), STATUS_UNAVAILABLE);
    arena_deinit(&arena);
    lmdb_scene_kill_child(&child);
    assert_int_equal(lmdb_scene_get(store, 1, &size), STATUS_OK);
    lmdb_store_close(store);
}

static void test_readers_take_the_slots_of_the_dead(void **state)
{
    (void)state;
    lmdb_scene_run(take_slots_of_the_dead);
}

/* Metrics */

static double metric(struct lmdb_store *store, const char *name)
{
    struct telemetry *telemetry;
    struct buffer page;
    char line[64];
    assert_int_equal(telemetry_create(1, &telemetry), STATUS_OK);
    telemetry_add_source(telemetry, lmdb_watch_write_metrics, store);
    buffer_init(&page, PAGE_BYTES_MAX);
    assert_true(telemetry_write(telemetry, &page));
    assert_true(buffer_append_byte(&page, '\0'));
    (void)snprintf(line, sizeof(line), "\nmarquee_store_%s ", name);
    const char *found = strstr(page.data, line);
    assert_non_null(found);
    double value = strtod(found + strlen(line), NULL);
    buffer_deinit(&page);
    telemetry_destroy(telemetry);
    return value;
}

static void measure(void *argument)
{
    struct lmdb_store *store = open_small(argument);
    struct store_error error;
    put(store, 1, 10);
    assert_true(metric(store, "map_bytes") == SMALL_MAP_BYTES);
    assert_true(metric(store, "last_backup_timestamp_seconds") == 0);
    assert_true(metric(store, "oldest_reader_commits") == 0);
    for (uint32_t key = 2; key < 40; key++) {
        put(store, key, VALUE_BYTES);
    }
    double used = metric(store, "used_bytes");
    double map = metric(store, "map_bytes");
    double free_before = metric(store, "free_bytes");
    assert_true(used > 38.0 * VALUE_BYTES && used <= map);
    for (uint32_t key = 2; key < 40; key++) {
        put(store, key, 10); /* the rest of each is free now */
    }
    assert_true(metric(store, "free_bytes") > free_before + 30.0 * VALUE_BYTES);
    assert_true(metric(store, "used_bytes") >= used);
    struct lmdb_scene_child child = lmdb_scene_start_child("hold-reader", argument);
    lmdb_scene_await_child(&child);
    put(store, 1, 10);
    put(store, 1, 10);
    (void)look(store);
    assert_true(metric(store, "readers") == 1);
    assert_true(metric(store, "oldest_reader_commits") == 2);
    lmdb_scene_kill_child(&child);
    double now_s = (double)clock_wall_ms() / 1000;
    assert_int_equal(lmdb_backup_note(text_of(argument), &error), STATUS_OK);
    double at_s = metric(store, "last_backup_timestamp_seconds");
    assert_true(at_s > now_s - 60 && at_s < now_s + 60);
    lmdb_store_close(store);
}

static void test_metrics(void **state)
{
    (void)state;
    lmdb_scene_run(measure);
}

/* Growing while others read */

struct reading {
    struct lmdb_store *store;
    atomic_bool ready;
};

static void *read_in_thread(void *argument)
{
    struct reading *reading = argument;
    size_t found = 0;
    while (found < GROWTH_COUNT) {
        read_all(reading->store, &found);
        atomic_store(&reading->ready, true);
    }
    return NULL;
}

static int exit_status_of(struct lmdb_scene_child *child)
{
    int status;
    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    assert_int_equal(close(child->words), 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void grow_under_readers(void *argument)
{
    struct reading reading = {.store = open_small(argument), .ready = false};
    pthread_t thread;
    int status;
    put(reading.store, 1, 10);
    struct lmdb_scene_child keeper = lmdb_scene_start_child("keep-snapshot", argument);
    lmdb_scene_await_child(&keeper);
    assert_int_equal(waitpid(keeper.pid, &status, WUNTRACED), keeper.pid);
    struct lmdb_scene_child along = lmdb_scene_start_child("read-along", argument);
    lmdb_scene_await_child(&along);
    assert_int_equal(pthread_create(&thread, NULL, read_in_thread, &reading), 0);
    while (!atomic_load(&reading.ready)) {
        fiber_yield();
    }
    for (uint32_t key = 1; key <= GROWTH_COUNT; key++) {
        put(reading.store, key, VALUE_BYTES);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(exit_status_of(&along), 0);
    assert_int_equal(kill(keeper.pid, SIGCONT), 0);
    assert_int_equal(exit_status_of(&keeper), 0);
    assert_true(metric(reading.store, "map_bytes") >= GROWTH_COUNT * VALUE_BYTES);
    lmdb_store_close(reading.store);
}

static void test_grows_while_two_processes_read(void **state)
{
    (void)state;
    lmdb_scene_run(grow_under_readers);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *role;
        int (*run)(const char *path, const char *fd);
    } roles[] = {
        {"hold-reader", hold_reader},
        {"hold-all-slots", hold_all_slots},
        {"keep-snapshot", keep_snapshot},
        {"read-along", read_along},
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tells_who_reads_an_old_snapshot),
        cmocka_unit_test(test_another_reader_is_another),
        cmocka_unit_test(test_readers_take_the_slots_of_the_dead),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_grows_while_two_processes_read),
    };
    for (size_t i = 0; argc == 4 && i < ARRAY_LENGTH(roles); i++) {
        if (strcmp(argv[1], roles[i].role) == 0) {
            return roles[i].run(argv[2], argv[3]);
        }
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
