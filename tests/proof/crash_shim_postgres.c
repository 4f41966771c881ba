/* Where a program is in a transaction of the store, by its calls of libpq: its statements are
 * prepared once and known by their names, so what each is, is learnt when it is prepared. */
#include <libpq-fe.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "proof/crash_shim.h"

enum { STATEMENTS_MAX = 512, NAME_BYTES = 32 };

enum statement_kind { STATEMENT_OTHER, STATEMENT_BEGIN, STATEMENT_COMMIT, STATEMENT_CLAIM };

/* Those that are not "other". */
struct statement {
    const PGconn *connection;
    enum statement_kind kind;
    char name[NAME_BYTES];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct statement statements[STATEMENTS_MAX];
static size_t statement_count;

/* The store's writer is one thread, with one connection. */
static _Thread_local const PGconn *in_transaction;
static _Thread_local bool commit_sent;
static _Thread_local bool commit_flushed;

static enum statement_kind kind_of(const char *sql)
{
    if (strcmp(sql, "begin") == 0) {
        return STATEMENT_BEGIN;
    }
    if (strcmp(sql, "commit") == 0) {
        return STATEMENT_COMMIT;
    }
    return strstr(sql, "epoch = positions.epoch + 1") != NULL ? STATEMENT_CLAIM : STATEMENT_OTHER;
}

static struct statement *find(const PGconn *connection, const char *name)
{
    for (size_t i = 0; i < statement_count; i++) {
        if (statements[i].connection == connection && strcmp(statements[i].name, name) == 0) {
            return &statements[i];
        }
    }
    return NULL;
}

/* A connection that was closed may have left its address to this one. */
static void learn(const PGconn *connection, const char *name, enum statement_kind kind)
{
    (void)pthread_mutex_lock(&lock);
    struct statement *statement = find(connection, name);
    if (statement == NULL && kind != STATEMENT_OTHER && statement_count < STATEMENTS_MAX) {
        statement = &statements[statement_count++];
    }
    if (statement != NULL) {
        statement->connection = connection;
        statement->kind = kind;
        (void)snprintf(statement->name, NAME_BYTES, "%s", name);
    }
    (void)pthread_mutex_unlock(&lock);
}

static enum statement_kind recall(const PGconn *connection, const char *name)
{
    (void)pthread_mutex_lock(&lock);
    const struct statement *statement = find(connection, name);
    enum statement_kind kind = statement != NULL ? statement->kind : STATEMENT_OTHER;
    (void)pthread_mutex_unlock(&lock);
    return kind;
}

int PQsendPrepare(PGconn *connection, const char *name, const char *sql, int count,
                  const Oid *types)
{
    int (*next)(PGconn *, const char *, const char *, int, const Oid *);
    crash_shim_next("PQsendPrepare", &next);
    learn(connection, name, kind_of(sql));
    return next(connection, name, sql, count, types);
}

static void note_statement(const PGconn *connection, enum statement_kind kind)
{
    if (kind == STATEMENT_CLAIM) {
        crash_point_reached(CRASH_ASSIGNMENT);
    } else if (kind == STATEMENT_BEGIN) {
        crash_point_reached(CRASH_BEFORE_BEGIN);
        in_transaction = connection;
        commit_sent = false;
        commit_flushed = false;
    } else if (kind == STATEMENT_COMMIT) {
        crash_point_reached(CRASH_BEFORE_COMMIT);
        commit_sent = true;
    } else if (in_transaction == connection) {
        crash_point_reached(CRASH_MID_BATCH);
    }
}

int PQsendQueryPrepared(PGconn *connection, const char *name, int count, const char *const *values,
                        const int *lengths, const int *formats, int result_format)
{
    int (*next)(PGconn *, const char *, int, const char *const *, const int *, const int *, int);
    crash_shim_next("PQsendQueryPrepared", &next);
    note_statement(connection, recall(connection, name));
    return next(connection, name, count, values, lengths, formats, result_format);
}

int PQflush(PGconn *connection)
{
    int (*next)(PGconn *);
    crash_shim_next("PQflush", &next);
    int left = next(connection);
    if (left == 0 && in_transaction == connection && commit_sent && !commit_flushed) {
        commit_flushed = true;
        crash_point_reached(CRASH_MID_COMMIT);
    }
    return left;
}

PGresult *PQgetResult(PGconn *connection)
{
    PGresult *(*next)(PGconn *);
    crash_shim_next("PQgetResult", &next);
    PGresult *result = next(connection);
    if (result != NULL && in_transaction == connection && commit_sent &&
        strcmp(PQcmdStatus(result), "COMMIT") == 0) {
        in_transaction = NULL;
        commit_sent = false;
        crash_point_reached(CRASH_AFTER_COMMIT);
    }
    return result;
}
