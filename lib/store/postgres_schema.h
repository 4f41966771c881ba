/* postgres_schema.h: tables that are made, and made newer, by numbered SQL texts. */
#pragma once

#include "store/postgres_connection.h"

/* The text that makes version N of version N - 1; the first in a table makes 1. Each of its
 * statements ends with its line, by a semicolon outside of $$. */
struct postgres_migration {
    const unsigned char *sql; /* embedded; need not end in NUL */
    size_t length;
};

/* Brings session->schema to version `count`, in one transaction and under a lock, so that of
 * several who start at once one does it. Creates the schema where there is none. Blocks: at
 * start-up. STATUS_FAILED_PRECONDITION: it is of a later version than `count`, or holds something
 * else; otherwise as postgres_connection_open(). */
MUST_USE enum status postgres_schema_migrate(const struct postgres_session *session,
                                             const struct postgres_migration *migrations,
                                             unsigned count, struct store_error *error);

/* Whether session->schema has tables that postgres_schema_migrate() made. Blocks, and fails, as
 * postgres_connection_open(). */
MUST_USE enum status postgres_schema_exists(const struct postgres_session *session,
                                            struct store_error *error, bool *ret_exists);
