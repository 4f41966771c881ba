/* Several rating repositories on the same tables of a real server, at once. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "loop/fiber.h"
#include "peers/postgres_rating_scene.h"
#include "peers/postgres_voters.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

enum { SKIPPED = 77, ARENA_BYTES_MAX = 8 * 1024 * 1024, TIMEOUT_MS = 20 * 1000, OPENERS = 4 };

/* A call, a directory and its repository. */
struct fixture {
    struct arena arena;
    struct call call;
    char path[SCRATCH_PATH_BYTES];
    struct text directory;
    struct rating_repository repository;
    struct postgres_rating_repository_options options;
    void (*body)(struct fixture *fixture);
};

static void run_in_directory(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    assert_int_equal(postgres_scene_open_with(&fixture->call, fixture->directory, fixture->options,
                                              &fixture->repository),
                     STATUS_OK);
    fixture->body(fixture);
    fixture->repository.ops->close(fixture->repository.state);
    arena_deinit(&fixture->arena);
}

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    scratch_directory_make(fixture->path);
    fixture->directory = text_of(fixture->path);
    run_in_directory(fixture);
    scratch_directory_remove(fixture->path);
}

static void run(void (*body)(struct fixture *fixture),
                struct postgres_rating_repository_options options)
{
    struct fixture fixture = {.body = body, .options = options};
    in_fiber(run_body, &fixture);
}

/* Writing the same records at once */

static void vote_for_a_while(struct postgres_voters *voters)
{
    postgres_voters_await_acknowledged(voters, 5000);
}

static void same_records_at_once(void **state)
{
    static const char deadlocks[] = "select sum(deadlocks) from pg_stat_database";
    struct postgres_voters_report report;
    char path[SCRATCH_PATH_BYTES];
    (void)state;
    scratch_directory_make(path);
    long long before = postgres_scene_ask(text_of(path), deadlocks);
    postgres_voters_run(text_of(path), vote_for_a_while, &report);
    assert_true(report.acknowledged > 100 && report.ingested > 100);
    assert_int_equal(report.unknown + report.other + report.reclaims, 0);
    assert_int_equal(postgres_scene_ask(text_of(path), deadlocks), before);
    scratch_directory_remove(path);
}

/* Making the tables at once */

struct opener {
    struct text directory;
    enum status status;
    char message[128];
};

static void open_one(void *argument)
{
    struct opener *opener = argument;
    struct rating_repository repository;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    opener->status = postgres_scene_open(&call, opener->directory, &repository);
    (void)snprintf(opener->message, sizeof(opener->message), "%.*s",
                   TEXT_ARGUMENTS(call.error.message));
    if (opener->status == STATUS_OK) {
        repository.ops->close(repository.state);
    }
    arena_deinit(&arena);
}

static void *open_in_thread(void *argument)
{
    in_fiber(open_one, argument);
    return NULL;
}

static void tables_made_at_once(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    char schema[POSTGRES_SCENE_SCHEMA_BYTES];
    struct opener openers[OPENERS];
    pthread_t threads[OPENERS];
    (void)state;
    scratch_directory_make(path);
    postgres_scene_schema(text_of(path), schema);
    for (unsigned i = 0; i < OPENERS; i++) {
        openers[i] = (struct opener){.directory = text_of(path)};
        assert_int_equal(pthread_create(&threads[i], NULL, open_in_thread, &openers[i]), 0);
    }
    for (unsigned i = 0; i < OPENERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(openers[i].status, STATUS_OK);
    }
    assert_int_equal(
        postgres_scene_ask(text_of(path), "select count(*) * max(version) from schema_versions"),
        1);
    scratch_directory_remove(path);
}

static void later_version_is_refused(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    (void)state;
    scratch_directory_make(path);
    struct opener opener = {.directory = text_of(path)};
    in_fiber(open_one, &opener);
    assert_int_equal(opener.status, STATUS_OK);
    (void)postgres_scene_ask(text_of(path),
                             "insert into schema_versions values (99) returning version");
    in_fiber(open_one, &opener);
    assert_int_equal(opener.status, STATUS_FAILED_PRECONDITION);
    assert_string_equal(opener.message, "the database was made by a later version of this program");
    scratch_directory_remove(path);
}

/* Sharing commits */

enum { CALLERS = 256 };

struct caller {
    struct fixture *fixture;
    struct vote_key key;
    bool misplaced;     /* with a position that is not where the store is */
    int64_t timeout_ms; /* 0: TIMEOUT_MS */
    char user[16];
    enum status status;
};

static void put_one(void *argument)
{
    struct caller *caller = argument;
    struct fixture *fixture = caller->fixture;
    const struct rating_position position = {
        .topic = TEXT("ratings"), .next_offset = 8, .epoch = 3};
    const struct rating_change change = {.key = caller->key, .hundredths = 500};
    const struct rating_batch batch = {.changes = &change,
                                       .change_count = 1,
                                       .position = caller->misplaced ? &position : NULL,
                                       .from_offset = 7};
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, caller->timeout_ms > 0 ? caller->timeout_ms : TIMEOUT_MS);
    caller->status = fixture->repository.ops->apply(fixture->repository.state, &call, &batch);
    arena_deinit(&arena);
}

static void put_all(struct fixture *fixture, struct caller callers[static CALLERS])
{
    struct fiber_group group;
    fiber_group_init(&group);
    for (unsigned i = 0; i < CALLERS; i++) {
        callers[i].fixture = fixture;
        (void)snprintf(callers[i].user, sizeof(callers[i].user), "user-%u", i);
        if (callers[i].key.user.length == 0) {
            callers[i].key.user = text_of(callers[i].user);
        }
        callers[i].key.record = (struct record_key){RECORD_TYPE_MOVIE, TEXT("movie")};
        assert_int_equal(fiber_group_start(&group, put_one, &callers[i]), STATUS_OK);
    }
    fiber_group_join(&group);
}

static void commits_are_shared(struct fixture *fixture)
{
    static struct caller const none;
    struct caller callers[CALLERS];
    for (unsigned i = 0; i < CALLERS; i++) {
        callers[i] = none;
        callers[i].misplaced = i % 64 == 7;
    }
    put_all(fixture, callers);
    for (unsigned i = 0; i < CALLERS; i++) {
        assert_int_equal(callers[i].status, i % 64 == 7 ? STATUS_ABORTED : STATUS_OK);
    }
    assert_int_equal(
        postgres_scene_ask(fixture->directory, "select sum(vote_count) from aggregates"),
        CALLERS - CALLERS / 64);
    /* The first may go alone; the others wait for it together. */
    assert_true(
        postgres_scene_ask(fixture->directory, "select max(last_group) from commit_marks") <= 8);
}

/* A role that may use the tables, but neither make nor own them. */
static void least_rights_suffice(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    char schema[POSTGRES_SCENE_SCHEMA_BYTES];
    char sql[1024];
    const char *conninfo = postgres_scene_conninfo();
    (void)state;
    scratch_directory_make(path);
    struct opener opener = {.directory = text_of(path)};
    in_fiber(open_one, &opener);
    assert_int_equal(opener.status, STATUS_OK);
    postgres_scene_schema(text_of(path), schema);
    (void)snprintf(sql, sizeof(sql),
                   "create role user_of_%s login; grant usage on schema %s to user_of_%s;"
                   " grant select, insert, update, delete on all tables in schema %s to user_of_%s;"
                   " revoke insert, update, delete on schema_versions from user_of_%s",
                   schema, schema, schema, schema, schema, schema);
    (void)postgres_scene_ask(text_of(path), sql);
    (void)snprintf(sql, sizeof(sql), "%s user=user_of_%s", conninfo, schema);
    char *owner = strdup(conninfo);
    assert_non_null(owner);
    assert_int_equal(setenv("MARQUEE_POSTGRES", sql, 1), 0);
    struct fixture fixture = {.body = commits_are_shared, .path = ""};
    in_fiber(open_one, &opener);
    assert_int_equal(opener.status, STATUS_OK);
    fixture.directory = text_of(path);
    in_fiber(run_in_directory, &fixture);
    assert_int_equal(setenv("MARQUEE_POSTGRES", owner, 1), 0);
    free(owner);
    scratch_directory_remove(path);
}

static void bad_text_is_refused_alone(struct fixture *fixture)
{
    static struct caller const none;
    struct caller callers[CALLERS];
    for (unsigned i = 0; i < CALLERS; i++) {
        callers[i] = none;
    }
    callers[9].key.user = TEXT("\xff\xfe");
    put_all(fixture, callers);
    for (unsigned i = 0; i < CALLERS; i++) {
        assert_int_equal(callers[i].status, i == 9 ? STATUS_INVALID_ARGUMENT : STATUS_OK);
    }
    assert_int_equal(
        postgres_scene_ask(fixture->directory, "select sum(vote_count) from aggregates"),
        CALLERS - 1);
}

/* The pool */

struct reader {
    struct fixture *fixture;
    int64_t timeout_ms;
    enum status status;
};

static void read_one(void *argument)
{
    struct reader *reader = argument;
    struct fixture *fixture = reader->fixture;
    struct rating_aggregate aggregate;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, reader->timeout_ms);
    reader->status = fixture->repository.ops->get_aggregate(
        fixture->repository.state, &call, (struct record_key){RECORD_TYPE_MOVIE, TEXT("movie")},
        &aggregate);
    arena_deinit(&arena);
}

enum { READERS = 50, POOL = 2 };

static void read_all(struct fixture *fixture, int64_t timeout_ms, enum status want)
{
    struct reader readers[READERS];
    struct fiber_group group;
    fiber_group_init(&group);
    for (unsigned i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.fixture = fixture, .timeout_ms = timeout_ms};
        assert_int_equal(fiber_group_start(&group, read_one, &readers[i]), STATUS_OK);
    }
    fiber_group_join(&group);
    for (unsigned i = 0; i < READERS; i++) {
        assert_int_equal(readers[i].status, want);
    }
}

#define OUR_SESSIONS                                                                               \
    " from pg_stat_activity where application_name = 'marquee' and pid <> pg_backend_pid()"

static void pool_is_bounded(struct fixture *fixture)
{
    read_all(fixture, TIMEOUT_MS, STATUS_NOT_FOUND);
    assert_int_equal(postgres_scene_ask(fixture->directory, "select count(*)" OUR_SESSIONS),
                     POOL + 2); /* and one for writes, one for notices */
}

static void deadlines_hold(struct fixture *fixture)
{
    PGconn *holder = PQconnectdb(postgres_scene_conninfo());
    char schema[POSTGRES_SCENE_SCHEMA_BYTES];
    char sql[POSTGRES_SCENE_SCHEMA_BYTES + 64];
    postgres_scene_schema(fixture->directory, schema);
    (void)snprintf(sql, sizeof(sql), "begin; lock table %s.aggregates", schema);
    PQclear(PQexec(holder, sql));
    read_all(fixture, 200, STATUS_DEADLINE_EXCEEDED); /* those that run, and those that wait */
    PQclear(PQexec(holder, "rollback"));
    PQfinish(holder);
    read_all(fixture, TIMEOUT_MS, STATUS_NOT_FOUND);
}

/* Somebody stopped within a write: the others' callers are answered by their deadlines, reads go
 * on, and what nobody waits for any more is done or not done as a whole. */
static void locks_hold_nobody_past_the_deadline(struct fixture *fixture)
{
    struct caller caller = {
        .fixture = fixture,
        .key = {.record = {RECORD_TYPE_MOVIE, TEXT("movie")}, .user = TEXT("ann")}};
    char schema[POSTGRES_SCENE_SCHEMA_BYTES];
    char sql[POSTGRES_SCENE_SCHEMA_BYTES + 64];
    put_one(&caller);
    assert_int_equal(caller.status, STATUS_OK);
    PGconn *holder = PQconnectdb(postgres_scene_conninfo());
    postgres_scene_schema(fixture->directory, schema);
    (void)snprintf(sql, sizeof(sql), "begin; select from %s.aggregates for update", schema);
    PQclear(PQexec(holder, sql));
    caller.key.user = TEXT("bob");
    caller.timeout_ms = 300;
    put_one(&caller);
    assert_true(caller.status == STATUS_DEADLINE_EXCEEDED || caller.status == STATUS_UNAVAILABLE);
    read_all(fixture, TIMEOUT_MS, STATUS_OK);
    PQclear(PQexec(holder, "rollback"));
    PQfinish(holder);
    caller.key.user = TEXT("cid");
    caller.timeout_ms = TIMEOUT_MS;
    put_one(&caller);
    assert_int_equal(caller.status, STATUS_OK);
    assert_int_equal(postgres_scene_ask(fixture->directory, "select vote_count from aggregates"),
                     postgres_scene_ask(fixture->directory, "select count(*) from votes"));
}

static void lost_sessions_are_replaced(struct fixture *fixture)
{
    read_all(fixture, TIMEOUT_MS, STATUS_NOT_FOUND);
    assert_true(postgres_scene_ask(fixture->directory,
                                   "select count(pg_terminate_backend(pid))" OUR_SESSIONS) >= POOL);
    read_all(fixture, TIMEOUT_MS, STATUS_NOT_FOUND);
}

/* Notices */

struct awaiting {
    struct fixture *fixture;
    enum status status;
};

static void await_one(void *argument)
{
    struct awaiting *awaiting = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    awaiting->status = awaiting->fixture->repository.ops->await_change(
        awaiting->fixture->repository.state, &call, 0);
    arena_deinit(&arena);
}

/* Another repository's write wakes; also when the session that listens was just lost. */
static void others_changes_are_noticed(struct fixture *fixture)
{
    struct awaiting awaiting = {.fixture = fixture};
    struct fiber_group group;
    struct fixture other = {.call = fixture->call};
    assert_int_equal(postgres_scene_open(&fixture->call, fixture->directory, &other.repository),
                     STATUS_OK);
    assert_true(postgres_scene_ask(fixture->directory,
                                   "select count(pg_terminate_backend(pid))" OUR_SESSIONS
                                   " and query like '%change_log' or query like 'listen%'") >= 1);
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, await_one, &awaiting), STATUS_OK);
    fiber_yield();
    struct caller caller = {
        .fixture = &other,
        .key = {.record = {RECORD_TYPE_MOVIE, TEXT("movie")}, .user = TEXT("user")}};
    put_one(&caller);
    assert_int_equal(caller.status, STATUS_OK);
    fiber_group_join(&group);
    assert_int_equal(awaiting.status, STATUS_OK);
    other.repository.ops->close(other.repository.state);
}

#define FIXTURE_TEST(name, ...)                                                                    \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        run(name, (struct postgres_rating_repository_options){__VA_ARGS__});                       \
    }
FIXTURE_TEST(commits_are_shared, .connections = 0)
FIXTURE_TEST(bad_text_is_refused_alone, .connections = 0)
FIXTURE_TEST(pool_is_bounded, .connections = POOL)
FIXTURE_TEST(deadlines_hold, .connections = POOL)
FIXTURE_TEST(locks_hold_nobody_past_the_deadline, .connections = POOL)
FIXTURE_TEST(lost_sessions_are_replaced, .connections = POOL)
FIXTURE_TEST(others_changes_are_noticed, .connections = POOL)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_records_at_once),
        cmocka_unit_test(tables_made_at_once),
        cmocka_unit_test(later_version_is_refused),
        cmocka_unit_test(commits_are_shared_test),
        cmocka_unit_test(least_rights_suffice),
        cmocka_unit_test(bad_text_is_refused_alone_test),
        cmocka_unit_test(pool_is_bounded_test),
        cmocka_unit_test(deadlines_hold_test),
        cmocka_unit_test(locks_hold_nobody_past_the_deadline_test),
        cmocka_unit_test(lost_sessions_are_replaced_test),
        cmocka_unit_test(others_changes_are_noticed_test),
    };
    if (postgres_scene_conninfo() == NULL) {
        (void)puts("skipped: MARQUEE_POSTGRES names no server (a conninfo)");
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
