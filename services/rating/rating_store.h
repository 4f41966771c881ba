/* rating_store.h: where votes live, as the options say: for main.c, and for the commands that work
 * on a store (backup, fsck, snapshot, rebuild). It names the implementations of the port, so that
 * nobody else has to. */
#pragma once

#include "config/config.h"
#include "rating/repository/rating_repository.h"

struct lmdb_store;
struct telemetry;

/* The options of a store, for the tables of programs. */
#define RATING_STORE_OPTIONS                                                                       \
    {.name = "store",                                                                              \
     .kind = CONFIG_CHOICE,                                                                        \
     .argument = "lmdb|memory",                                                                    \
     .default_value = "lmdb",                                                                      \
     .help = "where votes live"},                                                                  \
    {                                                                                              \
        .name = "data", .kind = CONFIG_TEXT, .argument = "DIRECTORY",                              \
        .default_value = "var/rating", .help = "the directory of the store"                        \
    }

/* What those options say; texts are borrowed. */
struct rating_store_options {
    struct text store; /* of --store */
    struct text data;
};

struct rating_store_options rating_store_options(const struct config *config);

struct rating_store {
    struct rating_repository repository;
    struct lmdb_store *lmdb; /* beneath; NULL: it is of another kind */
};

/* Blocks: at start-up. repository.ops->close() closes it, while the loops of its callers still
 * exist. Fails as the implementation's own open does. */
MUST_USE enum status rating_store_open(struct call *call,
                                       const struct rating_store_options *options,
                                       struct rating_store *ret_store);

/* The store's own metrics, from now on. It outlives the telemetry's pages. */
void rating_store_add_metrics(const struct rating_store *store, struct telemetry *telemetry);
