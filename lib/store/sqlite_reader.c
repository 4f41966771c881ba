/* The connections for reading. Those of one turn of a loop share a transaction: taking and giving
 * back SQLite's lock is two system calls, more than the reading itself.
 *
 * What is read is still what was committed last. The head of the WAL's index, which all processes
 * share, changes with each commit (sqlite.org/walformat.html, section 2.1); a transaction that was
 * begun under another head is left for a new one before it is read in. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "loop/loop.h"
#include "store/sqlite_store_private.h"

/* The size in which SQLite maps the index (section 2.2 there): asked for in another, it is refused.
 */
enum { INDEX_MAPPING_BYTES = 32 * 1024 };

static void run_statement(sqlite3_stmt *statement)
{
    (void)sqlite3_step(statement); /* what went wrong shows in the transaction's state */
    (void)sqlite3_reset(statement);
}

static bool is_in_transaction(const struct sqlite_connection *connection)
{
    return sqlite3_get_autocommit(connection->database) == 0;
}

/* Where the WAL's index lies in memory; SQLite keeps it there until the connection is closed.
 * Without it, each read is a transaction of its own. */
static void find_index(struct sqlite_connection *connection)
{
    sqlite3_file *file = NULL;
    volatile void *index = NULL;
    int code = sqlite3_file_control(connection->database, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code == SQLITE_OK && file != NULL && file->pMethods != NULL &&
        file->pMethods->iVersion >= 2 &&
        file->pMethods->xShmMap(file, 0, INDEX_MAPPING_BYTES, 0, &index) == SQLITE_OK) {
        connection->index = index;
    }
}

/* Torn by a commit under way, the copy is no head that will be seen again. */
static void copy_index_head(const struct sqlite_connection *connection, unsigned char *ret_head)
{
    atomic_thread_fence(memory_order_acquire);
    for (size_t i = 0; i < SQLITE_INDEX_HEAD_BYTES; i++) {
        ret_head[i] = connection->index[i];
    }
}

static bool is_current(const struct sqlite_connection *connection)
{
    unsigned char head[SQLITE_INDEX_HEAD_BYTES];
    copy_index_head(connection, head);
    return memcmp(head, connection->index_head, sizeof(head)) == 0;
}

/* The head is noted before SQLite looks at it: a commit in between only ends the transaction early.
 */
static void begin_turn(struct sqlite_connection *connection)
{
    if (connection->index == NULL) {
        return;
    }
    copy_index_head(connection, connection->index_head);
    run_statement(connection->begin);
}

static void end_turn(struct sqlite_connection *connection)
{
    if (is_in_transaction(connection)) {
        run_statement(connection->commit);
    }
}

/* Takes the connection out of the pool. false: somebody is reading on it. */
static bool take_idle(struct sqlite_store *store, struct sqlite_connection *wanted)
{
    struct sqlite_connection **link = &store->pool;
    while (*link != NULL && *link != wanted) {
        link = &(*link)->next;
    }
    if (*link == NULL) {
        return false;
    }
    *link = wanted->next;
    return true;
}

static void give_idle(struct sqlite_store *store, struct sqlite_connection *connection)
{
    connection->next = store->pool;
    store->pool = connection;
}

static void on_turn_end(struct loop_task *task)
{
    struct sqlite_connection *connection = CONTAINER_OF(task, struct sqlite_connection, turn_end);
    struct sqlite_store *store = connection->store;
    if (store == NULL) {
        free(connection); /* closed meanwhile */
        return;
    }
    pthread_mutex_lock(&store->lock);
    connection->is_turn_end_due = false;
    bool is_idle = take_idle(store, connection);
    pthread_mutex_unlock(&store->lock);
    if (is_idle) {
        end_turn(connection);
        pthread_mutex_lock(&store->lock);
        give_idle(store, connection);
        pthread_mutex_unlock(&store->lock);
    }
}

static enum status prepare_turns(struct sqlite_store *store, struct sqlite_connection *connection,
                                 struct store_error *error)
{
    sqlite3 *database = connection->database;
    connection->store = store;
    connection->turn_end.run = on_turn_end;
    if (sqlite3_prepare_v3(database, "BEGIN", -1, SQLITE_PREPARE_PERSISTENT, &connection->begin,
                           NULL) != SQLITE_OK ||
        sqlite3_prepare_v3(database, "COMMIT", -1, SQLITE_PREPARE_PERSISTENT, &connection->commit,
                           NULL) != SQLITE_OK) {
        return sqlite_store_fail(store, error, connection, "preparing to read");
    }
    return STATUS_OK;
}

static enum status make_reader(struct sqlite_store *store, struct store_error *error,
                               struct sqlite_connection **ret_connection)
{
    struct sqlite_connection *connection;
    /* Read-write, since only such a connection can recover the WAL of a process that died. */
    enum status status = sqlite_connection_open(store, SQLITE_OPEN_READWRITE, error, &connection);
    if (status != STATUS_OK) {
        return status;
    }
    (void)sqlite3_busy_timeout(connection->database, SQLITE_STORE_READ_WAIT_MS); /* always OK */
    status = sqlite_connection_prepare(store, connection, error);
    if (status == STATUS_OK) {
        status = prepare_turns(store, connection, error);
    }
    if (status != STATUS_OK) {
        sqlite_connection_close(connection);
        return status;
    }
    *ret_connection = connection;
    return STATUS_OK;
}

void sqlite_reader_close(struct sqlite_connection *connection)
{
    sqlite_connection_close_database(connection);
    connection->store = NULL;
    if (!connection->is_turn_end_due) {
        free(connection);
    }
}

/* A worker's thread has no turns: its read is a transaction of its own. */
static void enter_turn(struct sqlite_connection *connection)
{
    bool has_turns = loop_current() != NULL;
    if (is_in_transaction(connection) && (!has_turns || !is_current(connection))) {
        end_turn(connection);
    }
    if (has_turns && !is_in_transaction(connection)) {
        begin_turn(connection);
    }
}

enum status sqlite_store_read_begin(struct sqlite_store *store, struct store_error *error,
                                    struct sqlite_connection **ret_connection)
{
    pthread_mutex_lock(&store->lock);
    struct sqlite_connection *connection = store->pool;
    bool make = connection == NULL && store->readers < SQLITE_STORE_READERS_MAX;
    if (connection != NULL) {
        store->pool = connection->next;
    } else if (make) {
        store->readers++;
    }
    pthread_mutex_unlock(&store->lock);

    enum status status = STATUS_OK;
    if (make) {
        status = make_reader(store, error, &connection);
    } else if (connection == NULL) {
        status = store_fail(error, STATUS_UNAVAILABLE, "too many reads at once", "%s: %zu readers",
                            store->path, (size_t)SQLITE_STORE_READERS_MAX);
    }
    if (make && status != STATUS_OK) {
        pthread_mutex_lock(&store->lock);
        store->readers--;
        pthread_mutex_unlock(&store->lock);
    }
    if (status == STATUS_OK) {
        CHECK(connection != NULL);
        enter_turn(connection);
        *ret_connection = connection;
    }
    return status;
}

void sqlite_store_read_end(struct sqlite_store *store, struct sqlite_connection *connection)
{
    bool is_first = connection->index == NULL;
    bool is_open = is_in_transaction(connection);
    if (is_first) {
        find_index(connection);
    }
    pthread_mutex_lock(&store->lock);
    bool must_end = is_open && !connection->is_turn_end_due;
    connection->is_turn_end_due = connection->is_turn_end_due || must_end;
    give_idle(store, connection);
    pthread_mutex_unlock(&store->lock);
    if (must_end) {
        loop_defer(loop_current(), &connection->turn_end);
    }
}
