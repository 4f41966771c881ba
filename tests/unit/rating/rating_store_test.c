/* The store that the options ask for, and its metrics. */
#include "rating/rating_store.h"

#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "store/lmdb_store.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"
#include "telemetry/telemetry.h"

enum { TIMEOUT_MS = 20000, ARENA_BYTES_MAX = 1024 * 1024, ARGUMENTS_MAX = 4, ARGUMENT_BYTES = 128 };

static const struct config_option config_options[] = {RATING_STORE_OPTIONS,
                                                      RATING_STORE_KEEPING_OPTIONS};
static const struct config_program program = {
    .name = "program",
    .summary = "A program with a store.",
    .usage = "[OPTIONS]",
    .options = config_options,
    .option_count = ARRAY_LENGTH(config_options),
};

struct fixture {
    struct arena arena;
    struct call call;
    char directory[SCRATCH_PATH_BYTES];
    void (*body)(struct fixture *fixture);
};

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    scratch_directory_make(fixture->directory);
    fixture->body(fixture);
    scratch_directory_remove(fixture->directory);
    arena_deinit(&fixture->arena);
}

#define STORE_TEST(name)                                                                           \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

static struct rating_store_options options_of(struct fixture *fixture, const char *first,
                                              const char *second)
{
    const char *const given[] = {"program", first, second};
    char arguments[ARGUMENTS_MAX][ARGUMENT_BYTES];
    char *argv[ARGUMENTS_MAX] = {NULL};
    char *environment[] = {NULL};
    struct config *config;
    int argc = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(given) && given[i] != NULL; i++) {
        (void)snprintf(arguments[i], ARGUMENT_BYTES, "%s", given[i]);
        argv[argc++] = arguments[i];
    }
    assert_int_equal(
        config_load(&fixture->call, &program, argc, argv, environment, stdout, &config), STATUS_OK);
    struct rating_store_options options = rating_store_options(config);
    rating_store_read_keeping(config, &options);
    return options;
}

static void open_store(struct fixture *fixture, const char *kind, struct rating_store *ret_store)
{
    struct text data = arena_format(&fixture->arena, "--data=%s/rating", fixture->directory);
    const struct rating_store_options options = options_of(fixture, kind, data.data);
    assert_int_equal(rating_store_open(&fixture->call, &options, ret_store), STATUS_OK);
}

static void close_store(const struct rating_store *store)
{
    store->repository.ops->close(store->repository.state);
}

static const struct record_key record = {RECORD_TYPE_MOVIE, TEXT_INIT("m1")};

static void vote(struct fixture *fixture, const struct rating_store *store)
{
    const struct rating_change change = {.key = {.record = record, .user = TEXT("ann")},
                                         .hundredths = 800};
    const struct rating_batch batch = {.changes = &change, .change_count = 1};
    assert_int_equal(store->repository.ops->apply(store->repository.state, &fixture->call, &batch),
                     STATUS_OK);
}

static enum status find(struct fixture *fixture, const struct rating_store *store)
{
    struct rating_aggregate aggregate;
    return store->repository.ops->get_aggregate(store->repository.state, &fixture->call, record,
                                                &aggregate);
}

static void defaults(struct fixture *fixture)
{
    struct rating_store_options options = options_of(fixture, NULL, NULL);
    assert_string_equal(options.store.data, "lmdb");
    assert_string_equal(options.data.data, "var/rating");
    assert_int_equal(options.retention.event_id_window_ms, RATING_EVENT_ID_WINDOW_MS_DEFAULT);
    assert_int_equal(options.retention.tombstone_retention_ms,
                     RATING_TOMBSTONE_RETENTION_MS_DEFAULT);
    assert_int_equal(options.durability, RATING_DURABLE);
}

static void keeping_is_as_it_was_said(struct fixture *fixture)
{
    struct rating_store_options options =
        options_of(fixture, "--event-id-window=90s", "--tombstone-retention=7d");
    assert_int_equal(options.retention.event_id_window_ms, 90 * 1000);
    assert_int_equal(options.retention.tombstone_retention_ms, INT64_C(7) * 24 * 3600 * 1000);
    options = options_of(fixture, "--durability=relaxed", NULL);
    assert_int_equal(options.durability, RATING_RELAXED);
}

/* A tool makes no store where there is none. */
static void what_is_not_there_is_not_made(struct fixture *fixture)
{
    struct text data = arena_format(&fixture->arena, "--data=%s/rating", fixture->directory);
    const struct rating_store_options options = options_of(fixture, "--store=lmdb", data.data);
    struct rating_store store;
    assert_int_equal(rating_store_open_existing(&fixture->call, &options, &store),
                     STATUS_NOT_FOUND);
    assert_int_equal(access(options.data.data, F_OK), -1);
    call_clear_error(&fixture->call);
    open_store(fixture, "--store=lmdb", &store);
    vote(fixture, &store);
    close_store(&store);
    assert_int_equal(rating_store_open_existing(&fixture->call, &options, &store), STATUS_OK);
    assert_int_equal(find(fixture, &store), STATUS_OK);
    close_store(&store);
}

static void lmdb_keeps_votes(struct fixture *fixture)
{
    struct rating_store store;
    open_store(fixture, "--store=lmdb", &store);
    assert_non_null(store.lmdb);
    vote(fixture, &store);
    close_store(&store);
    open_store(fixture, "--store=lmdb", &store);
    assert_int_equal(find(fixture, &store), STATUS_OK);
    close_store(&store);
}

static void memory_forgets_votes(struct fixture *fixture)
{
    struct rating_store store;
    open_store(fixture, "--store=memory", &store);
    assert_null(store.lmdb);
    vote(fixture, &store);
    assert_int_equal(find(fixture, &store), STATUS_OK);
    close_store(&store);
    open_store(fixture, "--store=memory", &store);
    assert_int_equal(find(fixture, &store), STATUS_NOT_FOUND);
    close_store(&store);
}

/* Whether the telemetry's page says so of a store of that kind with one vote. */
static bool page_says(struct fixture *fixture, const char *kind, const char *line)
{
    struct rating_store store;
    struct telemetry *telemetry;
    struct buffer page;
    open_store(fixture, kind, &store);
    vote(fixture, &store);
    assert_int_equal(telemetry_create(1, &telemetry), STATUS_OK);
    rating_store_add_metrics(&store, telemetry);
    buffer_init(&page, ARENA_BYTES_MAX);
    assert_true(telemetry_write(telemetry, &page));
    assert_true(buffer_append_byte(&page, 0));
    bool found = strstr(page.data, line) != NULL;
    buffer_deinit(&page);
    telemetry_destroy(telemetry);
    close_store(&store);
    return found;
}

static void metrics_are_of_the_store(struct fixture *fixture)
{
    assert_true(page_says(fixture, "--store=lmdb", "\nmarquee_store_commits_total 1\n"));
    assert_true(page_says(fixture, "--store=lmdb", "\nmarquee_store_syncs_failed_total 0\n"));
    assert_false(page_says(fixture, "--store=memory", "marquee_store_commits_total"));
}

/* Upkeep comes each second: a store at rest is not written to for it. */
static void expiring_nothing_writes_nothing(struct fixture *fixture)
{
    struct rating_store store;
    struct group_commit_stats before;
    struct group_commit_stats after;
    size_t count = 1;
    open_store(fixture, "--store=lmdb", &store);
    vote(fixture, &store);
    group_commit_read_stats(lmdb_store_writer(store.lmdb), &before);
    assert_int_equal(
        store.repository.ops->expire(store.repository.state, &fixture->call, 10, &count),
        STATUS_OK);
    group_commit_read_stats(lmdb_store_writer(store.lmdb), &after);
    assert_int_equal(count, 0);
    assert_int_equal(after.commits, before.commits);
    close_store(&store);
}

static void others_are_refused(struct fixture *fixture)
{
    const struct rating_store_options options = {.store = TEXT("paper"), .data = TEXT("x")};
    struct rating_store store = {.lmdb = NULL};
    assert_int_equal(rating_store_open(&fixture->call, &options, &store), STATUS_INVALID_ARGUMENT);
    assert_string_equal(fixture->call.error.message.data, "there is no store 'paper'");
    assert_null(store.repository.ops);
}

STORE_TEST(defaults)
STORE_TEST(keeping_is_as_it_was_said)
STORE_TEST(what_is_not_there_is_not_made)
STORE_TEST(lmdb_keeps_votes)
STORE_TEST(memory_forgets_votes)
STORE_TEST(metrics_are_of_the_store)
STORE_TEST(expiring_nothing_writes_nothing)
STORE_TEST(others_are_refused)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_test),
        cmocka_unit_test(keeping_is_as_it_was_said_test),
        cmocka_unit_test(what_is_not_there_is_not_made_test),
        cmocka_unit_test(lmdb_keeps_votes_test),
        cmocka_unit_test(memory_forgets_votes_test),
        cmocka_unit_test(metrics_are_of_the_store_test),
        cmocka_unit_test(expiring_nothing_writes_nothing_test),
        cmocka_unit_test(others_are_refused_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
