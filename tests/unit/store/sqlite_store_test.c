#include "store/sqlite_store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

enum { ARENA_BYTES_MAX = 64 * 1024, TIMEOUT_MS = 20 * 1000, SHORT_MS = 300, PATH_BYTES = 96 };

static const char *const statements[] = {"INSERT INTO things (name) VALUES (?1)",
                                         "SELECT count(*) FROM things"};

static struct sqlite_store_options options_for(const char *path)
{
    return (struct sqlite_store_options){
        .path = text_of(path),
        .schema = "CREATE TABLE things (name TEXT NOT NULL PRIMARY KEY)",
        .schema_version = 2,
        .statements = statements,
        .statement_count = ARRAY_LENGTH(statements),
    };
}

struct put_job {
    struct group_commit_job job;
    struct text name;
};

static enum status apply_put(struct group_commit_job *base, void *state, struct store_error *error)
{
    struct put_job *job = CONTAINER_OF(base, struct put_job, job);
    struct sqlite_connection *connection = sqlite_store_write_connection(state);
    sqlite3_stmt *statement = connection->statements[0];
    enum status status = STATUS_OK;
    if (!sqlite_bind(statement, 1, job->name) || sqlite3_step(statement) != SQLITE_DONE) {
        status = sqlite_store_fail(state, error, connection, "putting");
    }
    sqlite_connection_reset(statement);
    return status;
}

static void release_put(struct group_commit_job *base)
{
    free(CONTAINER_OF(base, struct put_job, job));
}

/* name: a literal. */
static enum status put(struct sqlite_store *store, struct text name, int64_t timeout_ms)
{
    struct put_job *job = calloc(1, sizeof(*job));
    struct arena arena;
    struct call call;
    assert_non_null(job);
    *job = (struct put_job){.job = {.apply = apply_put, .release = release_put}, .name = name};
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, timeout_ms);
    enum status status = group_commit_run(sqlite_store_writer(store), &call, &job->job);
    if (status == STATUS_OK) {
        release_put(&job->job);
    }
    arena_deinit(&arena);
    return status;
}

static int count_things(struct sqlite_store *store)
{
    struct store_error error;
    struct sqlite_connection *connection;
    assert_int_equal(sqlite_store_read_begin(store, &error, &connection), STATUS_OK);
    sqlite3_stmt *statement = connection->statements[1];
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int count = sqlite3_column_int(statement, 0);
    sqlite_connection_reset(statement);
    sqlite_store_read_end(store, connection);
    return count;
}

static void run_in_scratch(fiber_fn run)
{
    char directory[SCRATCH_PATH_BYTES];
    char path[PATH_BYTES];
    scratch_directory_make(directory);
    (void)snprintf(path, sizeof(path), "%s/inner/file.sqlite", directory);
    in_fiber(run, path);
    scratch_directory_remove(directory);
}

static void open_twice(void *argument)
{
    const struct sqlite_store_options options = options_for(argument);
    struct store_error error;
    struct sqlite_store *store;
    struct sqlite_store *second;
    assert_int_equal(sqlite_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(sqlite_store_open(&options, &error, &second), STATUS_OK);
    assert_int_equal(put(store, TEXT("a"), TIMEOUT_MS), STATUS_OK);
    assert_int_equal(put(second, TEXT("b"), TIMEOUT_MS), STATUS_OK);
    assert_int_equal(count_things(store), 2);
    sqlite_store_close(store);
    sqlite_store_close(second);
    assert_int_equal(sqlite_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(count_things(store), 2);
    sqlite_store_close(store);
    sqlite_store_close(NULL);
}

static void test_keeps_what_was_written(void **state)
{
    (void)state;
    run_in_scratch(open_twice);
}

static void assert_is_its_owners(const char *path, const char *suffix)
{
    char name[PATH_BYTES + 8];
    struct stat about;
    (void)snprintf(name, sizeof(name), "%s%s", path, suffix);
    assert_int_equal(stat(name, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
}

static void look_at_files(void *argument)
{
    const struct sqlite_store_options options = options_for(argument);
    struct store_error error;
    struct sqlite_store *store;
    assert_int_equal(sqlite_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(put(store, TEXT("a"), TIMEOUT_MS), STATUS_OK);
    assert_is_its_owners(argument, "");
    assert_is_its_owners(argument, "-wal");
    assert_is_its_owners(argument, "-shm");
    sqlite_store_close(store);
}

static void test_files_are_their_owners(void **state)
{
    (void)state;
    run_in_scratch(look_at_files);
}

static void read_settings(void *argument)
{
    const struct sqlite_store_options options = options_for(argument);
    struct store_error error;
    struct sqlite_store *store;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite_store_open(&options, &error, &store), STATUS_OK);
    sqlite3 *database = sqlite_store_write_connection(store)->database;
    assert_int_equal(sqlite3_prepare_v2(database, "PRAGMA synchronous", -1, &statement, NULL), 0);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), 2); /* FULL */
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, "PRAGMA journal_mode", -1, &statement, NULL), 0);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(statement, 0), "wal");
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    sqlite_store_close(store);
}

static void test_commits_are_synced(void **state)
{
    (void)state;
    run_in_scratch(read_settings);
}

static void open_other(void *argument)
{
    struct sqlite_store_options options = options_for(argument);
    struct store_error error;
    struct sqlite_store *store;
    assert_int_equal(sqlite_store_open(&options, &error, &store), STATUS_OK);
    sqlite_store_close(store);
    options.schema_version = 3;
    assert_int_equal(sqlite_store_open(&options, &error, &store), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(error.detail, argument));
}

static void test_refuses_another_version(void **state)
{
    (void)state;
    run_in_scratch(open_other);
}

static void migrate_older(void *argument)
{
    static const char *const steps[] = {
        "never run: the file is of version 2",
        "ALTER TABLE things ADD COLUMN size INTEGER NOT NULL DEFAULT 7",
        "UPDATE things SET size = size + 1",
    };
    const char *const broken[] = {"", steps[1], "UPDATE nothing SET size = 1"};
    struct sqlite_store_options options = options_for(argument);
    struct store_error error;
    struct sqlite_store *store;
    assert_int_equal(sqlite_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(put(store, TEXT("a"), TIMEOUT_MS), STATUS_OK);
    sqlite_store_close(store);
    options.schema_version = 4;
    options.migrations = broken; /* all or nothing: the first step is taken back */
    assert_int_equal(sqlite_store_open(&options, &error, &store), STATUS_INTERNAL);
    options.migrations = steps;
    options.statements = (const char *const[]){steps[2], "SELECT sum(size) FROM things"};
    for (int again = 0; again < 2; again++) {
        assert_int_equal(sqlite_store_open(&options, &error, &store), STATUS_OK);
        assert_int_equal(count_things(store), 8);
        sqlite_store_close(store);
    }
    options.schema_version = 3; /* an older program */
    assert_int_equal(sqlite_store_open(&options, &error, &store), STATUS_FAILED_PRECONDITION);
}

static void test_migrates_an_older_file(void **state)
{
    (void)state;
    run_in_scratch(migrate_older);
}

static void test_refuses_what_is_no_database(void **state)
{
    (void)state;
    char directory[SCRATCH_PATH_BYTES];
    char path[PATH_BYTES];
    char garbage[8192];
    struct store_error error;
    struct sqlite_store *store;
    memset(garbage, 'x', sizeof(garbage));
    scratch_directory_make(directory);
    (void)snprintf(path, sizeof(path), "%s/file.sqlite", directory);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, garbage, sizeof(garbage)), sizeof(garbage));
    assert_int_equal(close(fd), 0);
    const struct sqlite_store_options options = options_for(path);
    assert_int_equal(sqlite_store_open(&options, &error, &store), STATUS_DATA_LOSS);
    assert_non_null(strstr(error.detail, path));
    scratch_directory_remove(directory);
}

/* Another connection stands for another process: to SQLite they are the same. */
static void wait_behind_writer(void *argument)
{
    const struct sqlite_store_options options = options_for(argument);
    struct store_error error;
    struct sqlite_store *store;
    sqlite3 *other;
    assert_int_equal(sqlite_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(sqlite3_open(argument, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    int64_t began_ns = clock_monotonic_ns();
    assert_int_equal(put(store, TEXT("a"), SHORT_MS), STATUS_UNAVAILABLE); /* by its deadline */
    assert_true(clock_monotonic_ns() - began_ns < 2 * SHORT_MS * CLOCK_NS_PER_MS);
    assert_int_equal(put(store, TEXT("b"), TIMEOUT_MS),
                     STATUS_UNAVAILABLE); /* by the store's wait */
    assert_int_equal(count_things(store), 0);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_int_equal(put(store, TEXT("c"), TIMEOUT_MS), STATUS_OK);
    assert_int_equal(count_things(store), 1);
    sqlite_store_close(store);
}

static void test_busy_store_is_unavailable(void **state)
{
    (void)state;
    run_in_scratch(wait_behind_writer);
}

static void fail_one(void *argument)
{
    const struct sqlite_store_options options = options_for(argument);
    struct store_error error;
    struct sqlite_store *store;
    assert_int_equal(sqlite_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(put(store, TEXT("a"), TIMEOUT_MS), STATUS_OK);
    assert_int_equal(put(store, TEXT("a"), TIMEOUT_MS), STATUS_INTERNAL); /* the key is unique */
    assert_int_equal(put(store, TEXT("b"), TIMEOUT_MS), STATUS_OK);
    assert_int_equal(count_things(store), 2);
    sqlite_store_close(store);
}

static void test_goes_on_after_a_failure(void **state)
{
    (void)state;
    run_in_scratch(fail_one);
}

static sqlite3 *open_elsewhere(const char *path)
{
    sqlite3 *other;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    const char *sql = "SELECT count(*) FROM things"; /* sees that there is a WAL */
    assert_int_equal(sqlite3_exec(other, sql, NULL, NULL, NULL), SQLITE_OK);
    return other;
}

/* Two reads of one turn of the loop, and a commit of somebody else between them. */
static void commit_elsewhere_in_a_turn(void *argument)
{
    const struct sqlite_store_options options = options_for(argument);
    struct store_error error;
    struct sqlite_store *store;
    assert_int_equal(sqlite_store_open(&options, &error, &store), STATUS_OK);
    sqlite3 *other = open_elsewhere(argument);
    assert_int_equal(count_things(store), 0); /* now the store knows where the index lies */
    for (int i = 0; i < 10; i++) {
        assert_int_equal(count_things(store), i);
        const char *sql = "INSERT INTO things VALUES (hex(randomblob(8)))";
        assert_int_equal(sqlite3_exec(other, sql, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(count_things(store), i + 1);
        assert_int_equal(count_things(store), i + 1);
    }
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    sqlite_store_close(store); /* with a transaction that the turn has not ended */
}

static void test_sees_what_was_committed_last(void **state)
{
    (void)state;
    run_in_scratch(commit_elsewhere_in_a_turn);
}

/* Whether the WAL can be written back to the file whole, which it cannot while somebody reads. */
static bool can_checkpoint(sqlite3 *other)
{
    int log_frames;
    int written_frames;
    int code = sqlite3_wal_checkpoint_v2(other, NULL, SQLITE_CHECKPOINT_TRUNCATE, &log_frames,
                                         &written_frames);
    assert_true(code == SQLITE_OK || code == SQLITE_BUSY);
    return code == SQLITE_OK;
}

static void checkpoint_within_and_after_a_turn(void *argument)
{
    const struct sqlite_store_options options = options_for(argument);
    struct store_error error;
    struct sqlite_store *store;
    assert_int_equal(sqlite_store_open(&options, &error, &store), STATUS_OK);
    assert_int_equal(put(store, TEXT("a"), TIMEOUT_MS), STATUS_OK);
    sqlite3 *other = open_elsewhere(argument);
    assert_int_equal(count_things(store), 1);
    assert_int_equal(count_things(store), 1);
    assert_false(can_checkpoint(other));
    assert_int_equal(fiber_sleep(NULL, CLOCK_NS_PER_MS), STATUS_OK);
    assert_true(can_checkpoint(other));
    assert_int_equal(count_things(store), 1);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    sqlite_store_close(store);
}

static void test_reads_for_a_turn_only(void **state)
{
    (void)state;
    run_in_scratch(checkpoint_within_and_after_a_turn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_what_was_written),
        cmocka_unit_test(test_files_are_their_owners),
        cmocka_unit_test(test_commits_are_synced),
        cmocka_unit_test(test_refuses_another_version),
        cmocka_unit_test(test_migrates_an_older_file),
        cmocka_unit_test(test_refuses_what_is_no_database),
        cmocka_unit_test(test_busy_store_is_unavailable),
        cmocka_unit_test(test_goes_on_after_a_failure),
        cmocka_unit_test(test_sees_what_was_committed_last),
        cmocka_unit_test(test_reads_for_a_turn_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
