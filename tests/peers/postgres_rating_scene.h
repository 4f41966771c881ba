/* postgres_rating_scene.h: rating repositories on the server that MARQUEE_POSTGRES names. */
#pragma once

#include <libpq-fe.h>

#include "rating/repository/postgres_rating_repository.h"

/* The conninfo; NULL: there is none. */
const char *postgres_scene_conninfo(void);

/* Opens the repository that belongs to a directory: a schema of its own, named in a file there.
 * Where that is missing, a new one. */
enum status postgres_scene_open(struct call *call, struct text directory,
                                struct rating_repository *ret_repository);

/* The same with options; the conninfo and the schema are set here. */
enum status postgres_scene_open_with(struct call *call, struct text directory,
                                     struct postgres_rating_repository_options options,
                                     struct rating_repository *ret_repository);

enum { POSTGRES_SCENE_SCHEMA_BYTES = 64 };

/* The schema of the directory. */
void postgres_scene_schema(struct text directory, char schema[static POSTGRES_SCENE_SCHEMA_BYTES]);

/* Runs a statement in the schema of the directory, on a connection of its own. PQclear()ed by the
 * caller. A failure fails the test, here and below. */
PGresult *postgres_scene_query(struct text directory, const char *sql);

/* The number that it answers. */
long long postgres_scene_ask(struct text directory, const char *sql);

/* Asks until the answer is not 0. */
void postgres_scene_await(struct text directory, const char *sql);

/* Runs scripts/peers/postgres.sh VERB DIRECTORY [ARGUMENT] and gives its exit status. */
int postgres_scene_script(const char *verb, const char *directory, const char *argument);
