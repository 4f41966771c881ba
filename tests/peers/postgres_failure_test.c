/* What a PostgreSQL server can do to the rating repository while it works: end its sessions, crash,
 * hand over to another, be lost within a commit. Nothing that was acknowledged is lost, nothing is
 * done twice. The test runs servers of its own (scripts/peers/postgres.sh). */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "peers/postgres_rating_scene.h"
#include "peers/postgres_voters.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"
#include "telemetry/telemetry.h"

enum { SKIPPED = 77, ARENA_BYTES_MAX = 1024 * 1024, TIMEOUT_MS = 60 * 1000, PAGE_BYTES = 65536 };

#define OUR_SESSIONS                                                                               \
    " from pg_stat_activity where application_name = 'marquee' and pid <> pg_backend_pid()"

/* Servers */

struct servers {
    char first[SCRATCH_PATH_BYTES];
    char second[SCRATCH_PATH_BYTES];
};

static void connect_to(const char *hosts)
{
    char conninfo[2 * SCRATCH_PATH_BYTES + 128];
    (void)snprintf(conninfo, sizeof(conninfo),
                   "host=%s user=marquee dbname=postgres target_session_attrs=read-write", hosts);
    assert_int_equal(setenv("MARQUEE_POSTGRES", conninfo, 1), 0);
}

static void run_voters(void (*chaos)(struct postgres_voters *voters))
{
    struct postgres_voters_report report;
    char path[SCRATCH_PATH_BYTES];
    scratch_directory_make(path);
    postgres_voters_run(text_of(path), chaos, &report);
    assert_true(report.acknowledged > 100 && report.ingested > 100);
    scratch_directory_remove(path);
}

/* Sessions that are ended while they work */

enum { TERMINATIONS = 40, CRASHES = 3 };

static void end_sessions(struct postgres_voters *voters)
{
    for (unsigned i = 0; i < TERMINATIONS; i++) {
        postgres_voters_await_acknowledged(voters, 50);
        (void)postgres_scene_ask(postgres_voters_directory(voters),
                                 "select count(pg_terminate_backend(pid))" OUR_SESSIONS);
    }
}

static void sessions_end(void **state)
{
    const struct servers *servers = *state;
    connect_to(servers->first);
    run_voters(end_sessions);
}

/* A crash, and the same server again */

static void crash(struct postgres_voters *voters)
{
    const char *conninfo = getenv("MARQUEE_POSTGRES");
    char path[SCRATCH_PATH_BYTES];
    assert_int_equal(sscanf(conninfo, "host=%63s", path), 1);
    for (unsigned i = 0; i < CRASHES; i++) {
        postgres_voters_await_acknowledged(voters, 300);
        assert_int_equal(postgres_scene_script("stop", path, NULL), 0);
        postgres_voters_await_unknown(voters, 20);
        assert_int_equal(postgres_scene_script("start", path, NULL), 0);
    }
    postgres_voters_await_acknowledged(voters, 300);
}

static void server_crashes(void **state)
{
    const struct servers *servers = *state;
    connect_to(servers->first);
    run_voters(crash);
}

/* Another server takes over */

static void take_over(struct postgres_voters *voters)
{
    struct text directory = postgres_voters_directory(voters);
    const char *conninfo = getenv("MARQUEE_POSTGRES");
    struct servers servers;
    assert_int_equal(sscanf(conninfo, "host=%63[^,],%63s", servers.first, servers.second), 2);
    /* From now on what was acknowledged is on both. */
    (void)postgres_scene_ask(directory, "alter system set synchronous_standby_names = '*'");
    (void)postgres_scene_ask(directory, "select pg_reload_conf()::int");
    postgres_scene_await(directory,
                         "select count(*) from pg_stat_replication where sync_state = 'sync'");
    postgres_voters_await_acknowledged(voters, 500);
    assert_int_equal(postgres_scene_script("stop", servers.first, NULL), 0);
    postgres_voters_await_unknown(voters, 20);
    assert_int_equal(postgres_scene_script("promote", servers.second, NULL), 0);
    postgres_voters_await_acknowledged(voters, 500);
}

/* The last test of its servers: the first is gone after it. */
static void another_server_takes_over(void **state)
{
    struct servers *servers = *state;
    char hosts[2 * SCRATCH_PATH_BYTES];
    scratch_directory_make(servers->second);
    if (postgres_scene_script("replica", servers->second, servers->first) != 0) {
        fail_msg("no replica of %s", servers->first);
    }
    (void)snprintf(hosts, sizeof(hosts), "%s,%s", servers->first, servers->second);
    connect_to(hosts);
    run_voters(take_over);
}

/* Lost within a commit */

struct commit_case {
    char path[SCRATCH_PATH_BYTES];
    struct rating_repository repository;
    enum status status;
    enum rating_outcome outcomes[2];
    void (*meddle)(struct text directory); /* while the commit waits */
    pthread_t meddler;
};

static void *run_meddler(void *argument)
{
    struct commit_case *self = argument;
    self->meddle(text_of(self->path));
    return NULL;
}

static void apply_one(void *argument)
{
    struct commit_case *self = argument;
    const struct rating_change change = {
        .key = {.record = {RECORD_TYPE_MOVIE, TEXT("movie")}, .user = TEXT("user")},
        .hundredths = 700,
    };
    const struct rating_change changes[] = {change, change};
    const struct rating_batch batch = {
        .changes = changes, .change_count = 2, .outcomes = self->outcomes};
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    self->status = self->repository.ops->apply(self->repository.state, &call, &batch);
    arena_deinit(&arena);
}

static bool page_says(struct commit_case *self, const char *line)
{
    struct telemetry *telemetry;
    struct buffer page;
    buffer_init(&page, PAGE_BYTES);
    assert_int_equal(telemetry_create(1, &telemetry), STATUS_OK);
    telemetry_add_source(telemetry, postgres_rating_write_metrics, self->repository.state);
    assert_true(telemetry_write(telemetry, &page) && buffer_append_byte(&page, '\0'));
    bool says = strstr(page.data, line) != NULL;
    telemetry_destroy(telemetry);
    buffer_deinit(&page);
    return says;
}

static void run_commit_case(void *argument)
{
    struct commit_case *self = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    assert_int_equal(postgres_scene_open(&call, text_of(self->path), &self->repository), STATUS_OK);
    assert_int_equal(pthread_create(&self->meddler, NULL, run_meddler, self), 0);
    /* The meddler says so when all is set. */
    postgres_scene_await(text_of(self->path),
                         "select count(*) from pg_class where relname = 'meddling'");
    apply_one(self);
    assert_int_equal(pthread_join(self->meddler, NULL), 0);
    assert_int_equal(self->status, STATUS_OK);
    assert_int_equal(self->outcomes[0], RATING_APPLIED);
    assert_int_equal(
        postgres_scene_ask(text_of(self->path), "select sum(record_count) from changes"), 2);
    assert_int_equal(
        postgres_scene_ask(text_of(self->path), "select sum(vote_count) from aggregates"), 1);
    assert_true(page_says(self, "marquee_postgres_doubts_total 1\n"));
    self->repository.ops->close(self->repository.state);
    arena_deinit(&arena);
}

static void run_commit(const struct servers *servers, void (*meddle)(struct text directory))
{
    struct commit_case self = {.meddle = meddle};
    connect_to(servers->first);
    scratch_directory_make(self.path);
    in_fiber(run_commit_case, &self);
    (void)postgres_scene_ask(text_of(self.path), "drop table meddling");
    scratch_directory_remove(self.path);
}

#define WAITING_SESSIONS(event) OUR_SESSIONS " and state = 'active' and wait_event = '" event "'"

/* Commits wait for a replica of that name. */
static void require_replica(struct text directory, const char *name)
{
    char sql[128];
    (void)snprintf(sql, sizeof(sql), "alter system set synchronous_standby_names = '%s'", name);
    (void)postgres_scene_ask(directory, sql);
    (void)postgres_scene_ask(directory, "select pg_reload_conf()::int");
    (void)snprintf(sql, sizeof(sql), "select count(*) from pg_settings where setting = '%s'", name);
    postgres_scene_await(directory, sql);
}

static void require_no_replica(struct text directory)
{
    (void)postgres_scene_ask(directory, "alter system reset synchronous_standby_names");
    (void)postgres_scene_ask(directory, "select pg_reload_conf()::int");
}

/* The commit is done, but waits for a replica that is not there: its answer never comes. */
static void lose_the_answer(struct text directory)
{
    require_replica(directory, "nobody");
    (void)postgres_scene_ask(directory, "set synchronous_commit = local; create table meddling ()");
    postgres_scene_await(directory, "select count(*)" WAITING_SESSIONS("SyncRep"));
    assert_int_equal(
        postgres_scene_ask(directory,
                           "select count(pg_terminate_backend(pid))" WAITING_SESSIONS("SyncRep")),
        1);
    require_no_replica(directory);
}

/* The commit was asked for, but what comes before it waits for a lock. */
static void lose_the_question(struct text directory)
{
    char schema[POSTGRES_SCENE_SCHEMA_BYTES];
    char sql[POSTGRES_SCENE_SCHEMA_BYTES + 64];
    PGconn *holder = PQconnectdb(postgres_scene_conninfo());
    postgres_scene_schema(directory, schema);
    (void)snprintf(sql, sizeof(sql), "begin; select from %s.change_log for update", schema);
    PQclear(PQexec(holder, sql));
    (void)postgres_scene_ask(directory, "create table meddling ()");
    postgres_scene_await(directory, "select count(*)" WAITING_SESSIONS("transactionid"));
    assert_int_equal(
        postgres_scene_ask(
            directory, "select count(pg_terminate_backend(pid))" WAITING_SESSIONS("transactionid")),
        1);
    PQclear(PQexec(holder, "rollback"));
    PQfinish(holder);
}

static void committed_but_not_answered(void **state)
{
    run_commit(*state, lose_the_answer);
}

static void asked_but_not_committed(void **state)
{
    run_commit(*state, lose_the_question);
}

/* A commit that waits for nobody: not for the disk, which cannot be seen here, and so not for a
 * replica that is not there either. */

static void run_relaxed(void *argument)
{
    struct commit_case *self = argument;
    const struct postgres_rating_repository_options options = {.durability = RATING_RELAXED};
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    assert_int_equal(
        postgres_scene_open_with(&call, text_of(self->path), options, &self->repository),
        STATUS_OK);
    apply_one(self);
    assert_int_equal(self->status, STATUS_OK);
    self->repository.ops->close(self->repository.state);
    arena_deinit(&arena);
}

static void relaxed_waits_for_nobody(void **state)
{
    const struct servers *servers = *state;
    struct commit_case self = {.path = ""};
    connect_to(servers->first);
    scratch_directory_make(self.path);
    require_replica(text_of(self.path), "nobody");
    in_fiber(run_relaxed, &self);
    require_no_replica(text_of(self.path));
    scratch_directory_remove(self.path);
}

/* Set-up */

static int start_server(void **state)
{
    struct servers *servers = calloc(1, sizeof(*servers));
    assert_non_null(servers);
    scratch_directory_make(servers->first);
    *state = servers;
    return postgres_scene_script("start", servers->first, NULL);
}

static int stop_servers(void **state)
{
    struct servers *servers = *state;
    (void)postgres_scene_script("stop", servers->first, NULL);
    scratch_directory_remove(servers->first);
    if (servers->second[0] != '\0') {
        (void)postgres_scene_script("stop", servers->second, NULL);
        scratch_directory_remove(servers->second);
    }
    free(servers);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(committed_but_not_answered),
        cmocka_unit_test(asked_but_not_committed),
        cmocka_unit_test(relaxed_waits_for_nobody),
        cmocka_unit_test(sessions_end),
        cmocka_unit_test(server_crashes),
        cmocka_unit_test(another_server_takes_over),
    };
    if (postgres_scene_conninfo() == NULL) {
        (void)puts("skipped: there is no PostgreSQL here");
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, start_server, stop_servers);
}
