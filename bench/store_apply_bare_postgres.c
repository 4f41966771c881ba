#include "store_apply_bare_postgres.h"

#include <stdlib.h>

#include "base/clock.h"

static void run(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    CHECK(PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK);
    PQclear(result);
}

static void prepare(PGconn *connection, const char *name, const char *sql)
{
    PGresult *result = PQprepare(connection, name, sql, 0, NULL);
    CHECK(PQresultStatus(result) == PGRES_COMMAND_OK);
    PQclear(result);
}

static void execute(PGconn *connection, const char *name,
                    const struct postgres_parameters *parameters)
{
    static const int binary[POSTGRES_PARAMETERS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1,
                                                        1, 1, 1, 1, 1, 1, 1, 1};
    PGresult *result = PQexecPrepared(connection, name, (int)parameters->count, parameters->values,
                                      parameters->lengths, binary, 1);
    CHECK(PQresultStatus(result) == PGRES_COMMAND_OK);
    PQclear(result);
}

static void make_tables(PGconn *connection)
{
    run(connection, "set client_min_messages = warning;"
                    "drop schema if exists store_apply_bare cascade;"
                    "create schema store_apply_bare; set search_path to store_apply_bare");
    run(connection,
        "create table votes (record_type smallint, record_id text collate \"C\","
        " provider text collate \"C\", user_id text collate \"C\", hundredths smallint not null,"
        " time_ms bigint not null, deleted_ms bigint,"
        " primary key (record_type, record_id, provider, user_id)) partition by hash (record_id);"
        "create index on votes (user_id, record_type, record_id, provider)"
        " where deleted_ms is null;"
        "create index on votes (deleted_ms) where deleted_ms is not null;"
        "create table aggregates (record_type smallint, record_id text collate \"C\","
        " vote_count bigint not null, sum_hundredths bigint not null, histogram integer[] not null,"
        " primary key (record_type, record_id)) partition by hash (record_id);"
        "create table positions (topic text primary key, next_offset bigint not null)");
    run(connection, "do $$ begin for i in 0..7 loop"
                    " execute format('create table votes_%s partition of votes for values with"
                    " (modulus 8, remainder %s) with (fillfactor = 90)', i, i);"
                    " execute format('create table aggregates_%s partition of aggregates for values"
                    " with (modulus 8, remainder %s) with (fillfactor = 50)', i, i);"
                    " end loop; end $$");
}

void store_apply_bare_postgres_open(struct store_apply_bare_postgres *bare, const char *conninfo)
{
    bare->next_offset = 0;
    bare->connection = PQconnectdb(conninfo);
    CHECK(PQstatus(bare->connection) == CONNECTION_OK);
    make_tables(bare->connection);
    prepare(bare->connection, "votes",
            "insert into votes select * from unnest($1::int2[], $2::text[], $3::text[],"
            " $4::text[], $5::int2[], $6::int8[]) on conflict"
            " (record_type, record_id, provider, user_id) do update set"
            " hundredths = excluded.hundredths, time_ms = excluded.time_ms"
            " where votes.time_ms <= excluded.time_ms");
    prepare(bare->connection, "aggregates",
            "insert into aggregates select t, r, c, s, array_fill(1, array[21])"
            " from unnest($1::int2[], $2::text[], $3::int8[], $4::int8[]) as k(t, r, c, s)"
            " on conflict (record_type, record_id) do update set"
            " vote_count = excluded.vote_count, sum_hundredths = excluded.sum_hundredths,"
            " histogram = excluded.histogram");
    prepare(bare->connection, "position",
            "insert into positions values ('ratings', $1::int8) on conflict (topic) do update set"
            " next_offset = excluded.next_offset");
    for (unsigned i = 0; i < STORE_APPLY_BARE_ARRAYS; i++) {
        postgres_array_init(&bare->arrays[i]);
    }
}

void store_apply_bare_postgres_close(struct store_apply_bare_postgres *bare)
{
    for (unsigned i = 0; i < STORE_APPLY_BARE_ARRAYS; i++) {
        postgres_array_deinit(&bare->arrays[i]);
    }
    PQfinish(bare->connection);
}

static int compare_records(const struct record_key *a, const struct record_key *b)
{
    int order = text_compare(a->id, b->id);
    return order != 0 ? order : (a->type > b->type) - (a->type < b->type);
}

static int compare_votes(const void *left, const void *right)
{
    const struct rating_change *const *a = left;
    const struct rating_change *const *b = right;
    int order = compare_records(&(*a)->key.record, &(*b)->key.record);
    return order != 0 ? order : text_compare((*a)->key.user, (*b)->key.user);
}

static void begin_arrays(struct store_apply_bare_postgres *bare, const enum postgres_type *types,
                         unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        postgres_array_begin(&bare->arrays[i], types[i]);
    }
}

static double execute_arrays(struct store_apply_bare_postgres *bare, const char *name,
                             unsigned count)
{
    struct postgres_parameters parameters = {.count = 0};
    for (unsigned i = 0; i < count; i++) {
        postgres_add_array(&parameters, &bare->arrays[i]);
    }
    int64_t began_ns = clock_monotonic_ns();
    execute(bare->connection, name, &parameters);
    return (double)(clock_monotonic_ns() - began_ns);
}

static double put_votes(struct store_apply_bare_postgres *bare, const struct rating_change **sorted,
                        size_t count)
{
    static const enum postgres_type types[] = {POSTGRES_INT2, POSTGRES_TEXT, POSTGRES_TEXT,
                                               POSTGRES_TEXT, POSTGRES_INT2, POSTGRES_INT8};
    begin_arrays(bare, types, ARRAY_LENGTH(types));
    for (size_t i = 0; i < count; i++) {
        const struct rating_change *change = sorted[i];
        if (i == 0 || compare_votes(&sorted[i - 1], &sorted[i]) != 0) {
            postgres_array_add_int2(&bare->arrays[0], (int16_t)change->key.record.type);
            postgres_array_add_text(&bare->arrays[1], change->key.record.id);
            postgres_array_add_text(&bare->arrays[2], change->key.provider);
            postgres_array_add_text(&bare->arrays[3], change->key.user);
            postgres_array_add_int2(&bare->arrays[4], (int16_t)change->hundredths);
            postgres_array_add_int8(&bare->arrays[5], change->time_ms);
        }
    }
    return execute_arrays(bare, "votes", ARRAY_LENGTH(types));
}

static double put_aggregates(struct store_apply_bare_postgres *bare,
                             const struct rating_change **sorted, size_t count)
{
    static const enum postgres_type types[] = {POSTGRES_INT2, POSTGRES_TEXT, POSTGRES_INT8,
                                               POSTGRES_INT8};
    begin_arrays(bare, types, ARRAY_LENGTH(types));
    for (size_t i = 0; i < count; i++) {
        const struct record_key *record = &sorted[i]->key.record;
        if (i == 0 || compare_records(&sorted[i - 1]->key.record, record) != 0) {
            postgres_array_add_int2(&bare->arrays[0], (int16_t)record->type);
            postgres_array_add_text(&bare->arrays[1], record->id);
            postgres_array_add_int8(&bare->arrays[2], 1);
            postgres_array_add_int8(&bare->arrays[3], sorted[i]->hundredths);
        }
    }
    return execute_arrays(bare, "aggregates", ARRAY_LENGTH(types));
}

double store_apply_bare_postgres_seconds(struct store_apply_bare_postgres *bare,
                                         const struct rating_change *changes, size_t count)
{
    const struct rating_change **sorted = calloc(count, sizeof(*sorted));
    struct postgres_parameters position = {.count = 0};
    CHECK(sorted != NULL);
    for (size_t i = 0; i < count; i++) {
        sorted[i] = &changes[i];
    }
    qsort(sorted, count, sizeof(*sorted), compare_votes);
    bare->next_offset += (int64_t)count;
    postgres_add_int8(&position, bare->next_offset);
    int64_t began_ns = clock_monotonic_ns();
    run(bare->connection, "begin");
    double ns = (double)(clock_monotonic_ns() - began_ns);
    ns += put_votes(bare, sorted, count);
    ns += put_aggregates(bare, sorted, count);
    began_ns = clock_monotonic_ns();
    execute(bare->connection, "position", &position);
    run(bare->connection, "commit");
    ns += (double)(clock_monotonic_ns() - began_ns);
    free(sorted);
    return ns / (double)CLOCK_NS_PER_S;
}
