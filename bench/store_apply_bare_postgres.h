/* store_apply_bare_postgres.h: the bare loop on PostgreSQL that the rating repository is held
 * against. */
#pragma once

#include <libpq-fe.h>

#include "rating/repository/rating_repository.h"
#include "store/postgres_value.h"

enum { STORE_APPLY_BARE_ARRAYS = 6 };

struct store_apply_bare_postgres {
    PGconn *connection;
    struct postgres_array arrays[STORE_APPLY_BARE_ARRAYS];
    int64_t next_offset;
};

/* Makes the tables, like the repository's own, in the schema `store_apply_bare`, anew. */
void store_apply_bare_postgres_open(struct store_apply_bare_postgres *bare, const char *conninfo);
void store_apply_bare_postgres_close(struct store_apply_bare_postgres *bare);

/* One transaction of unnest upserts, prepared: each vote (its index by user with it), each record's
 * aggregate, the position. Only the server's answers are waited for in the time: votes are sorted
 * and made into arrays before, none is looked up, and there is no change log. */
double store_apply_bare_postgres_seconds(struct store_apply_bare_postgres *bare,
                                         const struct rating_change *changes, size_t count);
