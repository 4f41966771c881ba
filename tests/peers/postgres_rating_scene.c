#include "peers/postgres_rating_scene.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "support/cmocka_test.h"

enum { PATH_BYTES = 256, AWAIT_S = 20, LOOK_MS = 5 };

const char *postgres_scene_conninfo(void)
{
    const char *conninfo = getenv("MARQUEE_POSTGRES");
    return conninfo != NULL && conninfo[0] != '\0' ? conninfo : NULL;
}

static void schema_path(struct text directory, char path[static PATH_BYTES])
{
    int length = snprintf(path, PATH_BYTES, "%.*s/schema", TEXT_ARGUMENTS(directory));
    assert_true(length > 0 && length < PATH_BYTES);
}

static void make_schema(struct text directory)
{
    char path[PATH_BYTES];
    int length = snprintf(path, PATH_BYTES, "%.*s", TEXT_ARGUMENTS(directory));
    assert_true(length > 0 && length < PATH_BYTES);
    assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
    schema_path(directory, path);
    FILE *file = fopen(path, "wx");
    if (file != NULL) {
        (void)fprintf(file, "test_%llu\n", (unsigned long long)random_below(UINT64_MAX));
        assert_int_equal(fclose(file), 0);
    }
}

void postgres_scene_schema(struct text directory, char schema[static POSTGRES_SCENE_SCHEMA_BYTES])
{
    char path[PATH_BYTES];
    make_schema(directory);
    schema_path(directory, path);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%63s", schema), 1);
    assert_int_equal(fclose(file), 0);
}

enum status postgres_scene_open_with(struct call *call, struct text directory,
                                     struct postgres_rating_repository_options options,
                                     struct rating_repository *ret_repository)
{
    char schema[POSTGRES_SCENE_SCHEMA_BYTES];
    postgres_scene_schema(directory, schema);
    options.conninfo = text_of(postgres_scene_conninfo());
    options.schema = text_of(schema);
    return postgres_rating_repository_open(call, &options, ret_repository);
}

enum status postgres_scene_open(struct call *call, struct text directory,
                                struct rating_repository *ret_repository)
{
    const struct postgres_rating_repository_options options = {.connections = 4};
    return postgres_scene_open_with(call, directory, options, ret_repository);
}

PGresult *postgres_scene_query(struct text directory, const char *sql)
{
    char schema[POSTGRES_SCENE_SCHEMA_BYTES];
    char set[POSTGRES_SCENE_SCHEMA_BYTES + 32];
    PGconn *connection = PQconnectdb(postgres_scene_conninfo());
    if (PQstatus(connection) != CONNECTION_OK) {
        fail_msg("%s", PQerrorMessage(connection));
    }
    postgres_scene_schema(directory, schema);
    (void)snprintf(set, sizeof(set), "set search_path to %s", schema);
    PQclear(PQexec(connection, set));
    PGresult *result = PQexec(connection, sql);
    if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
        fail_msg("%s: %s", sql, PQresultErrorMessage(result));
    }
    PQfinish(connection);
    return result;
}

long long postgres_scene_ask(struct text directory, const char *sql)
{
    PGresult *result = postgres_scene_query(directory, sql);
    long long answer = PQntuples(result) > 0 ? atoll(PQgetvalue(result, 0, 0)) : 0;
    PQclear(result);
    return answer;
}

void postgres_scene_await(struct text directory, const char *sql)
{
    int64_t until_ns = clock_monotonic_ns() + AWAIT_S * CLOCK_NS_PER_S;
    while (postgres_scene_ask(directory, sql) == 0) {
        if (clock_monotonic_ns() > until_ns) {
            fail_msg("not within %d s: %s", AWAIT_S, sql);
        }
        (void)poll(NULL, 0, LOOK_MS); /* between two looks */
    }
}

int postgres_scene_script(const char *verb, const char *directory, const char *argument)
{
    char path[PATH_BYTES];
    const char *source = getenv("MARQUEE_SOURCE");
    assert_non_null(source);
    int length = snprintf(path, sizeof(path), "%s/scripts/peers/postgres.sh", source);
    assert_true(length > 0 && (size_t)length < sizeof(path));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)execl("/bin/sh", "sh", path, verb, directory, argument, (char *)NULL);
        _exit(127);
    }
    int ended = 0;
    assert_true(waitpid(child, &ended, 0) == child);
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
}
