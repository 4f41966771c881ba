#include "store/sqlite_store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite_store_private.h"
#include "store/store_directory.h"

enum { PRAGMA_BYTES = 64 };

/* The writer's transaction. */

static enum status begin_write(void *state, struct store_error *error)
{
    struct sqlite_store *store = state;
    return sqlite_connection_run(store, store->write_connection, "BEGIN IMMEDIATE", error);
}

static enum status commit_write(void *state, struct store_error *error)
{
    struct sqlite_store *store = state;
    return sqlite_connection_run(store, store->write_connection, "COMMIT", error);
}

static bool abort_write(void *state)
{
    struct sqlite_store *store = state;
    sqlite3 *database = store->write_connection->database;
    if (sqlite3_get_autocommit(database) == 0) { /* some errors have rolled back already */
        (void)sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL); /* the cause is known */
    }
    return false;
}

static const struct group_commit_ops write_ops = {
    .begin = begin_write,
    .commit = commit_write,
    .abort = abort_write,
};

struct group_commit *sqlite_store_writer(struct sqlite_store *store)
{
    return store->writer;
}

struct sqlite_connection *sqlite_store_write_connection(struct sqlite_store *store)
{
    return store->write_connection;
}

/* The life of a store */

static enum status add_functions(struct sqlite_store *store,
                                 const struct sqlite_store_options *options,
                                 struct store_error *error)
{
    for (size_t i = 0; i < options->function_count; i++) {
        const struct sqlite_store_function *function = &options->functions[i];
        if (sqlite3_create_function(store->write_connection->database, function->name,
                                    function->argument_count, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                    NULL, function->call, NULL, NULL) != SQLITE_OK) {
            return sqlite_store_fail(store, error, store->write_connection, function->name);
        }
    }
    return STATUS_OK;
}

static enum status size_writer(struct sqlite_store *store,
                               const struct sqlite_store_options *options,
                               struct store_error *error)
{
    char pragma[PRAGMA_BYTES];
    int pages = options->checkpoint_pages > 0 ? options->checkpoint_pages
                                              : (int)SQLITE_STORE_CHECKPOINT_PAGES;
    (void)sqlite3_wal_autocheckpoint(store->write_connection->database, pages); /* always OK */
    (void)snprintf(pragma, sizeof(pragma), "PRAGMA cache_size = -%d",           /* fits */
                   SQLITE_STORE_CACHE_KIB);
    return sqlite_connection_run(store, store->write_connection, pragma, error);
}

static enum status set_up_writer(struct sqlite_store *store,
                                 const struct sqlite_store_options *options,
                                 struct store_error *error)
{
    static const char *const settings[] = {
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL", /* a commit is synced: acknowledged means durable */
        "PRAGMA foreign_keys = ON",
    };
    enum status status = sqlite_connection_open(store, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                                error, &store->write_connection);
    if (status != STATUS_OK) {
        return status;
    }
    (void)sqlite3_busy_timeout(store->write_connection->database,
                               SQLITE_STORE_WRITE_WAIT_MS); /* always OK */
    for (size_t i = 0; i < ARRAY_LENGTH(settings) && status == STATUS_OK; i++) {
        status = sqlite_connection_run(store, store->write_connection, settings[i], error);
    }
    if (status == STATUS_OK) {
        status = size_writer(store, options, error);
    }
    if (status == STATUS_OK) {
        status = add_functions(store, options, error);
    }
    if (status == STATUS_OK) {
        status = sqlite_schema_open(store, options, error);
    }
    if (status == STATUS_OK) {
        status = sqlite_connection_prepare(store, store->write_connection, error);
    }
    return status;
}

/* A new file is its owner's alone, and so are those beside it, which SQLite makes like it: left to
 * SQLite, everybody on the machine could read it. What cannot be made, SQLite tells. One that is
 * there is not opened: to close it again would take the locks away that SQLite may have on it. */
static void make_file(const struct sqlite_store *store)
{
    int fd = open(store->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd >= 0) {
        (void)close(fd); /* nothing was written to it */
    }
}

static enum status open_store(struct sqlite_store *store,
                              const struct sqlite_store_options *options, struct store_error *error)
{
    struct text directory = store_directory_of(options->path);
    enum status status = store_directory_create(directory, error);
    if (status == STATUS_OK) {
        make_file(store);
        status = set_up_writer(store, options, error);
    }
    if (status == STATUS_OK) {
        status = store_directory_sync(directory, error);
    }
    if (status == STATUS_OK) {
        status = group_commit_create("sqlite-writer", &write_ops, store, &store->writer);
    }
    return status;
}

static void free_store(struct sqlite_store *store)
{
    while (store->pool != NULL) {
        struct sqlite_connection *connection = store->pool;
        store->pool = connection->next;
        sqlite_reader_close(connection);
    }
    sqlite_connection_close(store->write_connection); /* last: it takes the WAL in */
    pthread_mutex_destroy(&store->lock);
    free(store->path);
    free(store);
}

enum status sqlite_store_open(const struct sqlite_store_options *options, struct store_error *error,
                              struct sqlite_store **ret_store)
{
    CHECK(options->statement_count <= SQLITE_STORE_STATEMENTS_MAX);
    *error = (struct store_error){.message = ""};
    /* SQLite would count all its memory under one lock, for numbers that nobody asks for. Refused
     * once a store is open, which has asked before. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    struct sqlite_store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    pthread_mutex_init(&store->lock, NULL);
    store->statements = options->statements;
    store->statement_count = options->statement_count;
    store->path = strndup(options->path.data, options->path.length);
    enum status status =
        store->path != NULL ? open_store(store, options, error) : STATUS_RESOURCE_EXHAUSTED;
    if (status != STATUS_OK) {
        free_store(store);
        return status;
    }
    *ret_store = store;
    return STATUS_OK;
}

void sqlite_store_close(struct sqlite_store *store)
{
    if (store == NULL || !group_commit_destroy(store->writer)) {
        return; /* the writer is stuck, and still uses the store */
    }
    free_store(store);
}
