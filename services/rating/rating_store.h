/* rating_store.h: where votes live, as the options say: for main.c, and for the commands that work
 * on a store (backup, fsck, snapshot, rebuild). It names the implementations of the port, so that
 * nobody else has to. */
#pragma once

#include "config/config.h"
#include "rating/repository/rating_repository.h"

struct lmdb_store;
struct telemetry;

/* The options of a store, for the tables of programs; and those of how it keeps things, for
 * services. */
#define RATING_STORE_OPTIONS                                                                       \
    {.name = "store",                                                                              \
     .kind = CONFIG_CHOICE,                                                                        \
     .argument = "lmdb|postgres|memory",                                                           \
     .default_value = "lmdb",                                                                      \
     .help = "where votes live"},                                                                  \
        {.name = "data",                                                                           \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "DIRECTORY",                                                                  \
         .default_value = "var/rating",                                                            \
         .help = "the directory of the store"},                                                    \
        {.name = "postgres",                                                                       \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "CONNINFO",                                                                   \
         .help = "of --store postgres: the database, as libpq takes it; no password here"},        \
        {.name = "postgres-schema",                                                                \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "NAME",                                                                       \
         .default_value = "marquee",                                                               \
         .help = "of --store postgres: the schema of the tables"},                                 \
    {                                                                                              \
        .name = "postgres-connections", .kind = CONFIG_INTEGER, .argument = "COUNT",               \
        .default_value = "8", .minimum = 1, .maximum = 256,                                        \
        .help = "of --store postgres: connections for reads, at most; two more are for the rest"   \
    }

#define RATING_STORE_KEEPING_OPTIONS                                                               \
    {.name = "event-id-window",                                                                    \
     .kind = CONFIG_DURATION,                                                                      \
     .argument = "TIME",                                                                           \
     .default_value = "24h",                                                                       \
     .help = "how long an event's id is remembered: the same again does nothing",                  \
     .minimum = 1,                                                                                 \
     .maximum = RATING_STORE_KEEPING_MS_MAX},                                                      \
        {.name = "tombstone-retention",                                                            \
         .kind = CONFIG_DURATION,                                                                  \
         .argument = "TIME",                                                                       \
         .default_value = "30d",                                                                   \
         .help = "how long a deletion is remembered: older votes do not come back",                \
         .minimum = 1,                                                                             \
         .maximum = RATING_STORE_KEEPING_MS_MAX},                                                  \
    {                                                                                              \
        .name = "durability", .kind = CONFIG_CHOICE, .argument = "durable|relaxed",                \
        .default_value = "durable",                                                                \
        .help =                                                                                    \
            "relaxed: synced each second; a loss of power may cost the store (docs/operations.md)" \
    }

#define RATING_STORE_KEEPING_MS_MAX (INT64_C(3650) * 24 * 3600 * 1000)

/* What those options say; texts are borrowed. */
struct rating_store_options {
    struct text store; /* of --store */
    struct text data;
    struct text postgres; /* of --postgres */
    struct text postgres_schema;
    unsigned postgres_connections;
    struct rating_retention retention;
    enum rating_durability durability;
    bool refuse_older; /* never upgrade what is there */
};

/* Of programs with RATING_STORE_OPTIONS; the rest is as by default. */
struct rating_store_options rating_store_options(const struct config *config);

/* Of programs with RATING_STORE_KEEPING_OPTIONS: adds them. */
void rating_store_read_keeping(const struct config *config, struct rating_store_options *options);

struct rating_store {
    struct rating_repository repository;
    struct lmdb_store *lmdb; /* beneath; NULL: it is of another kind */
    bool is_postgres;
};

/* Blocks: at start-up. repository.ops->close() closes it, while the loops of its callers still
 * exist. Fails as the implementation's own open does. */
MUST_USE enum status rating_store_open(struct call *call,
                                       const struct rating_store_options *options,
                                       struct rating_store *ret_store);

/* The same, but makes no new store and upgrades none: that is the service's to do.
 * STATUS_NOT_FOUND: there is none. STATUS_FAILED_PRECONDITION: also when it is of an older version.
 * Its words say where and why it cannot be opened: for whoever gives a command. */
MUST_USE enum status rating_store_open_existing(struct call *call,
                                                const struct rating_store_options *options,
                                                struct rating_store *ret_store);

/* What a stopped process holds in the store and nobody else can have: is taken from it, as far as
 * the store can (PostgreSQL). *ret_count: of how many. Parks the fiber; statuses as the port's
 * reads. */
MUST_USE enum status rating_store_end_stopped(const struct rating_store *store, struct call *call,
                                              size_t *ret_count);

/* The store's own metrics, from now on. It outlives the telemetry's pages. */
void rating_store_add_metrics(const struct rating_store *store, struct telemetry *telemetry);
