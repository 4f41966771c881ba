/* Copies of a database that others write. */
#include "store/sqlite_backup.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cmocka_test.h"
#include "support/scratch_directory.h"

/* Of more pages than one step copies. */
enum { PATH_BYTES = 128, COPIES = 5, ROWS_AT_FIRST = 300, ROW_BYTES = 40000 };

static void run(sqlite3 *database, const char *sql)
{
    char *words = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &words) != SQLITE_OK) {
        CHECK(words == NULL); /* says them */
    }
}

static sqlite3 *open_database(const char *path)
{
    sqlite3 *database;
    CHECK(sqlite3_open(path, &database) == SQLITE_OK);
    CHECK(sqlite3_busy_timeout(database, 10000) == SQLITE_OK);
    return database;
}

static void write_row(sqlite3 *database)
{
    char sql[160];
    (void)snprintf(sql, sizeof(sql),
                   "BEGIN IMMEDIATE; INSERT INTO first (blob) VALUES (randomblob(%d));"
                   "INSERT INTO second (blob) VALUES ('x'); COMMIT",
                   ROW_BYTES);
    run(database, sql);
}

static void create(const char *path)
{
    sqlite3 *database = open_database(path);
    run(database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA user_version = 7;"
                  "CREATE TABLE first (id INTEGER PRIMARY KEY, blob);"
                  "CREATE TABLE second (id INTEGER PRIMARY KEY, blob)");
    for (int i = 0; i < ROWS_AT_FIRST; i++) {
        write_row(database);
    }
    CHECK(sqlite3_close(database) == SQLITE_OK);
}

static int64_t number_of(const char *path, const char *sql)
{
    sqlite3 *database = open_database(path);
    sqlite3_stmt *statement;
    CHECK(sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK);
    CHECK(sqlite3_step(statement) == SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    CHECK(sqlite3_finalize(statement) == SQLITE_OK && sqlite3_close(database) == SQLITE_OK);
    return number;
}

struct writing {
    const char *path;
    atomic_bool stop;
    atomic_int rows;
};

static void *write_on(void *argument)
{
    struct writing *writing = argument;
    sqlite3 *database = open_database(writing->path);
    run(database, "PRAGMA synchronous = OFF");
    while (!atomic_load(&writing->stop)) {
        write_row(database);
        atomic_fetch_add(&writing->rows, 1);
    }
    CHECK(sqlite3_close(database) == SQLITE_OK);
    return NULL;
}

static enum status back_up(const char *from, const char *to, uint64_t *ret_bytes)
{
    struct store_error error = {.message = ""};
    enum status status = sqlite_backup(text_of(from), text_of(to), &error, ret_bytes);
    assert_true(status == STATUS_OK || error.message[0] != '\0');
    return status;
}

static void assert_is_consistent(const char *copy, uint64_t bytes, int64_t rows_min)
{
    struct stat entry;
    char residue[PATH_BYTES + 16];
    assert_int_equal(stat(copy, &entry), 0);
    assert_int_equal(entry.st_size, bytes);
    assert_int_equal(entry.st_mode & 0777, 0600);
    (void)snprintf(residue, sizeof(residue), "%s-wal", copy);
    assert_int_equal(access(residue, F_OK), -1); /* all of it is in the one file */
    (void)snprintf(residue, sizeof(residue), "%s-journal", copy);
    assert_int_equal(access(residue, F_OK), -1);
    int64_t rows = number_of(copy, "SELECT count(*) FROM first");
    assert_true(rows >= rows_min);
    assert_int_equal(rows, number_of(copy, "SELECT count(*) FROM second"));
    assert_int_equal(rows, number_of(copy, "SELECT max(id) FROM first"));
    assert_int_equal(7, number_of(copy, "PRAGMA user_version"));
    assert_int_equal(1, number_of(copy, "SELECT integrity_check = 'ok' FROM "
                                        "pragma_integrity_check"));
}

static void test_copies_what_was_committed_while_others_write(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_BYTES];
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    pthread_t thread;
    uint64_t bytes;
    scratch_directory_make(root);
    (void)snprintf(from, sizeof(from), "%s/a.sqlite", root);
    create(from);
    struct writing writing = {.path = from};
    assert_int_equal(pthread_create(&thread, NULL, write_on, &writing), 0);
    for (int i = 0; i < COPIES; i++) {
        int64_t rows_min = ROWS_AT_FIRST + atomic_load(&writing.rows);
        (void)snprintf(to, sizeof(to), "%s/copy-%d", root, i);
        assert_int_equal(back_up(from, to, &bytes), STATUS_OK);
        assert_is_consistent(to, bytes, rows_min);
    }
    atomic_store(&writing.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(atomic_load(&writing.rows) > 0);
    scratch_directory_remove(root);
}

static void test_copies_what_nobody_has_open(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_BYTES];
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    uint64_t bytes;
    scratch_directory_make(root);
    (void)snprintf(from, sizeof(from), "%s/a.sqlite", root);
    (void)snprintf(to, sizeof(to), "%s/copy", root);
    create(from);
    assert_int_equal(back_up(from, to, &bytes), STATUS_OK);
    assert_is_consistent(to, bytes, ROWS_AT_FIRST);
    scratch_directory_remove(root);
}

static void test_refusals(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_BYTES];
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    uint64_t bytes = 7;
    scratch_directory_make(root);
    (void)snprintf(from, sizeof(from), "%s/a.sqlite", root);
    (void)snprintf(to, sizeof(to), "%s/copy", root);
    assert_int_equal(back_up(from, to, &bytes), STATUS_NOT_FOUND);
    assert_int_equal(access(to, F_OK), -1);
    int fd = open(from, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "this is no database, but long enough", 36), 36);
    assert_int_equal(close(fd), 0);
    assert_int_equal(back_up(from, to, &bytes), STATUS_DATA_LOSS);
    assert_int_equal(unlink(from), 0);
    create(from);
    assert_int_equal(back_up(from, to, &bytes), STATUS_ALREADY_EXISTS); /* what is left */
    (void)snprintf(to, sizeof(to), "%s/nowhere/copy", root);
    assert_int_equal(back_up(from, to, &bytes), STATUS_UNAVAILABLE);
    assert_int_equal(bytes, 7); /* untouched */
    scratch_directory_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_what_was_committed_while_others_write),
        cmocka_unit_test(test_copies_what_nobody_has_open),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
