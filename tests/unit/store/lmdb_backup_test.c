/* Copies of a store that others write. */
#include "store/lmdb_backup.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"
#include "unit/store/lmdb_scene.h"

enum { PATH_BYTES = 128, COPIES = 10, VALUE_BYTES = 3000, REWRITES = 20, ARENA_BYTES_MAX = 4096 };

static struct lmdb_store *open_store(const char *path)
{
    const struct lmdb_store_options options = lmdb_scene_options(path);
    struct store_error error;
    struct lmdb_store *store;
    CHECK(lmdb_store_open(&options, &error, &store) == STATUS_OK);
    return store;
}

static enum status back_up(const char *from, const char *to, uint64_t *ret_bytes)
{
    struct store_error error = {.message = ""};
    enum status status = lmdb_backup(text_of(from), text_of(to), &error, ret_bytes);
    assert_true(status == STATUS_OK || error.message[0] != '\0');
    return status;
}

/* A child's: key after key, each in a transaction of its own, and the first again and again. */
static void write_on(void *argument)
{
    char **arguments = argument;
    struct lmdb_store *store = open_store(arguments[2]);
    for (uint32_t key = 1;; key++) {
        CHECK(lmdb_scene_put(store, key, VALUE_BYTES, LMDB_SCENE_TIMEOUT_MS) == STATUS_OK);
        CHECK(lmdb_scene_put(store, 0, 1 + key % VALUE_BYTES, LMDB_SCENE_TIMEOUT_MS) == STATUS_OK);
        if (key == 1) {
            lmdb_scene_say(arguments[3]);
        }
    }
}

/* What the copy holds must be what was written up to some moment: the last key. */
static uint32_t last_key_of_prefix(const char *path)
{
    struct lmdb_store *store = open_store(path);
    struct arena arena;
    struct call call;
    struct lmdb_reader *reader;
    MDB_stat stat;
    size_t size;
    uint32_t last = 0;
    while (lmdb_scene_get(store, last + 1, &size) == STATUS_OK) {
        assert_int_equal(size, VALUE_BYTES);
        last++;
    }
    assert_int_equal(lmdb_scene_get(store, 0, &size), STATUS_OK);
    assert_true(size == 1 + last % VALUE_BYTES || size == 1 + (last - 1) % VALUE_BYTES);
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, LMDB_SCENE_TIMEOUT_MS);
    assert_int_equal(lmdb_store_read_begin(store, &call, &reader), STATUS_OK);
    assert_int_equal(mdb_stat(reader->txn, lmdb_store_map(store, 0), &stat), 0);
    assert_int_equal(stat.ms_entries, last + 1); /* nothing from behind it */
    lmdb_store_read_end(store, reader);
    arena_deinit(&arena);
    lmdb_store_close(store);
    return last;
}

static void test_copies_a_prefix_while_others_write(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_BYTES];
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    uint64_t bytes;
    uint32_t before = 1;
    scratch_directory_make(root);
    (void)snprintf(from, sizeof(from), "%s/store", root);
    struct lmdb_scene_child child = lmdb_scene_start_child("write-on", from);
    lmdb_scene_await_child(&child);
    for (int i = 0; i < COPIES; i++) {
        struct stat entry;
        (void)snprintf(to, sizeof(to), "%s/copy-%d", root, i);
        assert_int_equal(back_up(from, to, &bytes), STATUS_OK);
        uint32_t last = last_key_of_prefix(to);
        assert_true(last >= before);
        before = last;
        (void)snprintf(to, sizeof(to), "%s/copy-%d/%s", root, i, LMDB_BACKUP_FILE);
        assert_int_equal(stat(to, &entry), 0);
        assert_int_equal(entry.st_mode & 0777, 0600);
    }
    assert_true(before > 1); /* it did write meanwhile */
    lmdb_scene_kill_child(&child);
    scratch_directory_remove(root);
}

static void fill(void *argument)
{
    struct lmdb_store *store = open_store(argument);
    for (uint32_t i = 0; i < REWRITES; i++) {
        assert_int_equal(lmdb_scene_put(store, 1, (REWRITES - i) * 100000, LMDB_SCENE_TIMEOUT_MS),
                         STATUS_OK);
    }
    lmdb_store_close(store);
}

static void test_leaves_free_pages_out(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_BYTES];
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    struct stat entry;
    uint64_t bytes;
    scratch_directory_make(root);
    (void)snprintf(from, sizeof(from), "%s/store", root);
    (void)snprintf(to, sizeof(to), "%s/copy", root);
    in_fiber(fill, from);
    assert_int_equal(back_up(from, to, &bytes), STATUS_OK);
    assert_true(bytes > 100000 && bytes < 200000);
    (void)snprintf(to, sizeof(to), "%s/copy/%s", root, LMDB_BACKUP_FILE);
    assert_int_equal(stat(to, &entry), 0);
    assert_int_equal(entry.st_size, bytes);
    scratch_directory_remove(root);
}

static void write_file(const char *path, const char *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    assert_int_equal(close(fd), 0);
}

static void test_refusals(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_BYTES];
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    char file[PATH_BYTES];
    char garbage[8192];
    uint64_t bytes = 7;
    scratch_directory_make(root);
    (void)snprintf(from, sizeof(from), "%s/store", root);
    (void)snprintf(to, sizeof(to), "%s/copy", root);
    assert_int_equal(back_up(from, to, &bytes), STATUS_NOT_FOUND);
    assert_int_equal(access(from, F_OK), -1); /* nothing was made */
    in_fiber(fill, from);
    assert_int_equal(back_up(from, to, &bytes), STATUS_ALREADY_EXISTS);
    (void)snprintf(to, sizeof(to), "%s/nowhere/copy", root);
    assert_int_equal(back_up(from, to, &bytes), STATUS_UNAVAILABLE);
    memset(garbage, 'x', sizeof(garbage));
    (void)snprintf(from, sizeof(from), "%s/garbage", root);
    (void)snprintf(file, sizeof(file), "%s/garbage/%s", root, LMDB_BACKUP_FILE);
    (void)snprintf(to, sizeof(to), "%s/other", root);
    assert_int_equal(mkdir(from, 0700), 0);
    write_file(file, garbage, sizeof(garbage));
    assert_int_equal(back_up(from, to, &bytes), STATUS_DATA_LOSS);
    assert_int_equal(bytes, 7); /* untouched */
    scratch_directory_remove(root);
}

static void test_keeps_the_time(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_BYTES];
    struct store_error error;
    scratch_directory_make(root);
    assert_int_equal(lmdb_backup_time_ms(root), 0);
    assert_int_equal(lmdb_backup_note(text_of(root), &error), STATUS_OK);
    int64_t first_ms = lmdb_backup_time_ms(root);
    assert_true(first_ms > 0);
    while (lmdb_backup_time_ms(root) == first_ms) {
        assert_int_equal(lmdb_backup_note(text_of(root), &error), STATUS_OK);
    }
    assert_true(lmdb_backup_time_ms(root) > first_ms);
    assert_int_equal(lmdb_backup_note(TEXT("/nowhere/store"), &error), STATUS_UNAVAILABLE);
    scratch_directory_remove(root);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_a_prefix_while_others_write),
        cmocka_unit_test(test_leaves_free_pages_out),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_keeps_the_time),
    };
    if (argc == 4 && strcmp(argv[1], "write-on") == 0) {
        in_fiber(write_on, argv);
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
