/* sqlite_store.h: a SQLite database as our stores use it: WAL, synced commits, one writer by group
 * commit, a pool of connections for reading, statements prepared once.
 *
 * Several processes, and several stores of one process, may open the same file. Reading never waits
 * for writing. */
#pragma once

#include <sqlite3.h>

#include "loop/loop.h"
#include "store/group_commit.h"
#include "store/store_error.h"

enum {
    SQLITE_STORE_STATEMENTS_MAX = 32,
    SQLITE_STORE_READERS_MAX = 64,        /* at once */
    SQLITE_STORE_WRITE_WAIT_MS = 1000,    /* for another process's write, on the writer's thread */
    SQLITE_STORE_READ_WAIT_MS = 20,       /* for a recovery after a crash, on a loop's thread */
    SQLITE_STORE_CACHE_KIB = 8 * 1024,    /* of the writer's connection */
    SQLITE_STORE_CHECKPOINT_PAGES = 1000, /* unless the options say otherwise */
    SQLITE_INDEX_HEAD_BYTES = 48,         /* of the WAL's index */
};

/* A function that SQL may call: the same for the same arguments. */
struct sqlite_store_function {
    const char *name;
    int argument_count;
    void (*call)(sqlite3_context *context, int count, sqlite3_value **values);
};

struct sqlite_store_options {
    struct text path;   /* a file; it and its folder are created when missing */
    const char *schema; /* SQL that makes the tables of a new file */
    int schema_version; /* at least 1; a file of a newer version is refused */
    /* SQL that makes version i + 2 of version i + 1, schema_version - 1 of them: an older file is
     * brought up to date in one transaction. NULL: it is refused. */
    const char *const *migrations;
    /* What schema and migrations may call; statements may not. */
    const struct sqlite_store_function *functions;
    size_t function_count;
    const char *const *statements; /* SQL, each prepared once a connection; static storage */
    size_t statement_count;        /* at most SQLITE_STORE_STATEMENTS_MAX */
    /* Pages of the WAL after which it is written into the file, by the commit that finds it so
     * long. More: pages that many commits change are written there once, and that commit waits
     * longer. 0: SQLITE_STORE_CHECKPOINT_PAGES. */
    int checkpoint_pages;
};

struct sqlite_store;

/* Used by one thread at a time. */
struct sqlite_connection {
    sqlite3 *database;
    /* By their place in options->statements. To be reset after use: sqlite_connection_reset(). */
    sqlite3_stmt *statements[SQLITE_STORE_STATEMENTS_MAX];
    /* private */
    size_t statement_count;
    struct sqlite_connection *next;
    /* Of readers: the transaction that the reads of a turn of the loop share. */
    struct sqlite_store *store; /* NULL: closed */
    sqlite3_stmt *begin;
    sqlite3_stmt *commit;
    const volatile unsigned char *index; /* of the WAL, in shared memory; NULL: not known yet */
    unsigned char index_head[SQLITE_INDEX_HEAD_BYTES]; /* when the transaction was begun */
    struct loop_task turn_end;
    bool is_turn_end_due; /* the task is in a loop's queue */
};

/* Blocks: at start-up. *ret_store is owned by the caller. STATUS_FAILED_PRECONDITION: the file
 * cannot be used, or its schema is another. STATUS_DATA_LOSS: it is no database or is damaged.
 * STATUS_UNAVAILABLE: it cannot be opened now. */
MUST_USE enum status sqlite_store_open(const struct sqlite_store_options *options,
                                       struct store_error *error, struct sqlite_store **ret_store);

/* Stops the writer and closes the file. No connection may be in use. NULL is accepted. */
void sqlite_store_close(struct sqlite_store *store);

/* Where writes go; each job's apply() gets the struct sqlite_store. Borrowed until close. */
struct group_commit *sqlite_store_writer(struct sqlite_store *store);

/* The connection with the open transaction; in a job's apply() only. */
struct sqlite_connection *sqlite_store_write_connection(struct sqlite_store *store);

/* A connection to read with. STATUS_UNAVAILABLE: none can be had now. From any thread; not kept
 * while a fiber waits. What is read is what was committed last, by whomever. */
MUST_USE enum status sqlite_store_read_begin(struct sqlite_store *store, struct store_error *error,
                                             struct sqlite_connection **ret_connection);
void sqlite_store_read_end(struct sqlite_store *store, struct sqlite_connection *connection);

/* Ends a use of the statement: no row is read and no text bound to it is looked at any more. */
void sqlite_connection_reset(sqlite3_stmt *statement);

/* The status of SQLite's result code, with the connection's words and the file's path.
 * what: "reading an entry". */
enum status sqlite_store_fail(const struct sqlite_store *store, struct store_error *error,
                              const struct sqlite_connection *connection, const char *what);

/* Binds text, which must stay as it is until the statement is reset; an empty text is bound as ''.
 * false: no memory. */
MUST_USE bool sqlite_bind(sqlite3_stmt *statement, int place, struct text text);

/* A column's text. Borrowed until the next step or reset. */
struct text sqlite_column(sqlite3_stmt *statement, int column);
