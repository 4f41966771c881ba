#include "contract/sqlite_file.h"

#include <sqlite3.h>
#include <stdio.h>

#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { ARENA_BYTES_MAX = 1024 * 1024, TIMEOUT_MS = 60 * 1000 };

void sqlite_file_run(struct sqlite_file *file, void (*body)(void *), void *argument)
{
    char directory[SCRATCH_PATH_BYTES];
    scratch_directory_make(directory);
    (void)snprintf(file->path, sizeof(file->path), "%s/store.sqlite", directory);
    arena_init(&file->arena, ARENA_BYTES_MAX);
    call_init(&file->call, &file->arena, TIMEOUT_MS);
    assert_int_equal(worker_pool_create("lists", 1, 16, &file->workers), STATUS_OK);
    in_fiber(body, argument);
    worker_pool_destroy(file->workers);
    arena_deinit(&file->arena);
    scratch_directory_remove(directory);
}

void sqlite_file_execute(const struct sqlite_file *file, const char *sql)
{
    sqlite3 *database;
    assert_int_equal(sqlite3_open(file->path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}
