/* The index that follows a repository: what is asked while it is built, while it changes, and of
 * two over one file. */
#include "metadata/repository/indexed_metadata_search.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "loop/fiber.h"
#include "loop/worker.h"
#include "metadata/repository/memory_metadata_repository.h"
#include "metadata/repository/sqlite_metadata_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"
#include "telemetry/telemetry.h"

enum {
    ARENA_BYTES_MAX = 256 * 1024 * 1024,
    TIMEOUT_MS = 60 * 1000,
    PATH_BYTES = 128,
    ANSWER_BYTES = 512,
    PAGE_BYTES = 64 * 1024,
    LIMIT = 10,
    MANY = INDEXED_SEARCH_DELTA_MIN + 500,
};

struct fixture {
    struct arena arena;
    struct call call;
    struct metadata_repository repository;
    struct indexed_metadata_search *search;
    struct metadata_search port;
    void (*body)(struct fixture *fixture);
};

static const struct log silent = {.fd = -1, .level = LOG_ERROR};

static void open_search(struct fixture *fixture)
{
    assert_int_equal(indexed_metadata_search_create(&fixture->call, fixture->repository, &silent,
                                                    &fixture->search),
                     STATUS_OK);
    fixture->port = indexed_metadata_search_port(fixture->search);
}

static void start_search(struct fixture *fixture)
{
    open_search(fixture);
    assert_int_equal(indexed_metadata_search_start(fixture->search), STATUS_OK);
}

static void end_search(struct fixture *fixture)
{
    indexed_metadata_search_stop(fixture->search);
    indexed_metadata_search_destroy(fixture->search);
}

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    assert_int_equal(memory_metadata_repository_open(&fixture->call, &fixture->repository),
                     STATUS_OK);
    fixture->body(fixture);
    fixture->repository.ops->close(fixture->repository.state);
    arena_deinit(&fixture->arena);
}

#define SEARCH_TEST(name)                                                                          \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

static void put(struct fixture *fixture, const char *id, const char *title, uint32_t popularity)
{
    const struct metadata metadata = {
        .id = text_of(id), .title = text_of(title), .popularity = popularity};
    assert_int_equal(
        fixture->repository.ops->put(fixture->repository.state, &fixture->call, &metadata, NULL),
        STATUS_OK);
    if (fixture->port.ops != NULL) {
        fixture->port.ops->note_change(fixture->port.state);
    }
}

static void remove_entry(struct fixture *fixture, const char *id)
{
    assert_int_equal(fixture->repository.ops->remove(fixture->repository.state, &fixture->call,
                                                     text_of(id), NULL),
                     STATUS_OK);
    fixture->port.ops->note_change(fixture->port.state);
}

static void put_many(struct fixture *fixture, const char *title, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char id[32];
        char numbered[64];
        (void)snprintf(id, sizeof(id), "m%06u", i);
        (void)snprintf(numbered, sizeof(numbered), "%s n%u", title, i);
        put(fixture, id, numbered, i);
    }
}

/* The ids of the answer, best first. */
static enum status ask(struct fixture *fixture, const char *query, size_t limit,
                       char answer[static ANSWER_BYTES])
{
    struct arena arena;
    struct call call;
    struct metadata_match *matches;
    size_t count = 0;
    size_t at = 0;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    enum status status = fixture->port.ops->search(fixture->port.state, &call, text_of(query),
                                                   limit, &matches, &count);
    answer[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || matches[i].score <= matches[i - 1].score);
        at += (size_t)snprintf(answer + at, ANSWER_BYTES - at, "%s%.*s", i > 0 ? " " : "",
                               TEXT_ARGUMENTS(matches[i].id));
    }
    arena_deinit(&arena);
    return status;
}

/* Until it is what is wanted: the index follows in a moment. */
static void await_at_most(struct fixture *fixture, const char *query, size_t limit,
                          const char *want)
{
    char answer[ANSWER_BYTES];
    int64_t end_ns = clock_monotonic_ns() + TIMEOUT_MS * CLOCK_NS_PER_MS;
    while (ask(fixture, query, limit, answer) != STATUS_OK || strcmp(answer, want) != 0) {
        if (clock_monotonic_ns() > end_ns) {
            fail_msg("'%s': '%s', not '%s'", query, answer, want);
        }
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}

static void await(struct fixture *fixture, const char *query, const char *want)
{
    await_at_most(fixture, query, LIMIT, want);
}

static double metric(struct fixture *fixture, const char *name)
{
    struct telemetry *telemetry;
    struct buffer page;
    double value = -1;
    buffer_init(&page, PAGE_BYTES);
    assert_int_equal(telemetry_create(1, &telemetry), STATUS_OK);
    telemetry_add_source(telemetry, indexed_metadata_search_write_metrics, fixture->search);
    assert_true(telemetry_write(telemetry, &page));
    struct text rest = buffer_text(&page);
    while (rest.length > 0) {
        struct text line = text_next(&rest, '\n');
        size_t length = strlen(name);
        if (line.length > length + 1 && memcmp(line.data, name, length) == 0 &&
            line.data[length] == ' ') {
            value = strtod(line.data + length + 1, NULL);
        }
    }
    telemetry_destroy(telemetry);
    buffer_deinit(&page);
    return value;
}

/* Merging goes on behind what is found already. */
static void await_merge(struct fixture *fixture)
{
    int64_t end_ns = clock_monotonic_ns() + TIMEOUT_MS * CLOCK_NS_PER_MS;
    while (metric(fixture, "marquee_search_delta_documents") > INDEXED_SEARCH_DELTA_MIN) {
        assert_true(clock_monotonic_ns() < end_ns);
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}

static void what_is_there_is_found(struct fixture *fixture)
{
    char answer[ANSWER_BYTES];
    struct metadata_match *matches = NULL;
    size_t count;
    put(fixture, "old", "The Thing", 5);
    put(fixture, "new", "The Thing", 3);
    open_search(fixture);
    assert_int_equal(fixture->port.ops->search(fixture->port.state, &fixture->call, TEXT("thing"),
                                               LIMIT, &matches, &count),
                     STATUS_UNAVAILABLE);
    assert_true(text_equal(fixture->call.error.message,
                           TEXT("the search index is being built: 0 movies so far")));
    call_clear_error(&fixture->call);
    assert_int_equal(indexed_metadata_search_start(fixture->search), STATUS_OK);
    await(fixture, "thing", "old new");
    assert_int_equal(ask(fixture, "nothing of that name", LIMIT, answer), STATUS_OK);
    assert_string_equal(answer, "");
    end_search(fixture);
}
SEARCH_TEST(what_is_there_is_found)

static void changes_are_followed(struct fixture *fixture)
{
    put(fixture, "a", "Alpha", 1);
    put(fixture, "b", "Beta", 1);
    start_search(fixture);
    await(fixture, "alpha", "a");
    put(fixture, "c", "Alpha Centauri", 9);
    await(fixture, "alpha", "a c");
    put(fixture, "a", "Gamma", 1); /* of the large segment */
    await(fixture, "alpha", "c");
    await(fixture, "gamma", "a");
    put(fixture, "a", "Delta", 1); /* of the small one */
    await(fixture, "gamma", "");
    await(fixture, "delta", "a");
    remove_entry(fixture, "b");
    await(fixture, "beta", "");
    remove_entry(fixture, "c");
    await(fixture, "alpha", "");
    assert_true(metric(fixture, "marquee_search_documents") == 1);
    assert_true(metric(fixture, "marquee_search_delta_documents") == 1);
    end_search(fixture);
}
SEARCH_TEST(changes_are_followed)

static void both_segments_become_one(struct fixture *fixture)
{
    put(fixture, "first", "First of all", 1);
    start_search(fixture);
    await(fixture, "first", "first");
    put_many(fixture, "Many", MANY);
    await_at_most(fixture, "many n1499", 1, "m001499");
    put_many(fixture, "Other", MANY);
    await_at_most(fixture, "other n1499", 1, "m001499");
    await(fixture, "many", "");
    await(fixture, "first", "first");
    await_merge(fixture);
    await_at_most(fixture, "other n1499", 1, "m001499");
    await(fixture, "many", "");
    assert_true(metric(fixture, "marquee_search_documents") == MANY + 1);
    assert_true(metric(fixture, "marquee_search_rebuilds_total{segment=\"main\"}") >= 2);
    assert_true(metric(fixture, "marquee_search_question_seconds_count") > 0);
    assert_true(metric(fixture, "marquee_search_failures_total") == 0);
    end_search(fixture);
    start_search(fixture); /* from pages */
    await_at_most(fixture, "other n1499", 1, "m001499");
    assert_true(metric(fixture, "marquee_search_documents") == MANY + 1);
    assert_true(metric(fixture, "marquee_search_rebuilds_total{segment=\"delta\"}") == 0);
    end_search(fixture);
}
SEARCH_TEST(both_segments_become_one)

static void it_ends_while_it_builds(struct fixture *fixture)
{
    put_many(fixture, "Many", MANY);
    start_search(fixture);
    end_search(fixture);
    start_search(fixture);
    fixture->port.ops->note_change(fixture->port.state);
    end_search(fixture);
    open_search(fixture);
    end_search(fixture);
}
SEARCH_TEST(it_ends_while_it_builds)

static void an_answer_without_room(struct fixture *fixture)
{
    struct arena small;
    struct call call = fixture->call;
    struct metadata_match *matches = NULL;
    size_t count = 7;
    put(fixture, "a", "Alpha", 1);
    start_search(fixture);
    await(fixture, "alpha", "a");
    arena_init(&small, 16);
    call.arena = &small;
    assert_int_equal(fixture->port.ops->search(fixture->port.state, &call, TEXT("alpha"), LIMIT,
                                               &matches, &count),
                     STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(count, 7);
    arena_deinit(&small);
    end_search(fixture);
}
SEARCH_TEST(an_answer_without_room)

/* A repository that fails as often as it is told to, in front of another. */
struct faulty {
    struct metadata_repository behind;
    unsigned failures;
    unsigned pages;                                          /* of changes, that were full */
    void (*on_page)(struct faulty *self, struct call *call); /* behind each; NULL: nothing */
    enum status (*list)(void *, struct call *, struct text, size_t, struct metadata **, size_t *);
};

static enum status faulty_get(void *state, struct call *call, struct text id,
                              struct metadata *ret_metadata)
{
    struct faulty *self = state;
    if (self->failures > 0) {
        self->failures--;
        return call_fail(call, STATUS_UNAVAILABLE, "the store is away");
    }
    return self->behind.ops->get(self->behind.state, call, id, ret_metadata);
}

static enum status faulty_list(void *state, struct call *call, struct text after, size_t limit,
                               struct metadata **ret_entries, size_t *ret_count)
{
    struct faulty *self = state;
    if (self->failures > 0) {
        self->failures--;
        return call_fail(call, STATUS_UNAVAILABLE, "the store is away");
    }
    return self->behind.ops->list(self->behind.state, call, after, limit, ret_entries, ret_count);
}

static enum status faulty_list_changes(void *state, struct call *call, int64_t after, size_t limit,
                                       struct metadata_changes *ret_changes)
{
    struct faulty *self = state;
    enum status status =
        self->behind.ops->list_changes(self->behind.state, call, after, limit, ret_changes);
    if (status == STATUS_OK && limit > 0 && ret_changes->count == limit) {
        self->pages++;
        if (self->on_page != NULL) {
            self->on_page(self, call);
        }
    }
    return status;
}

static const struct metadata_repository_ops faulty_ops = {
    .get = faulty_get, .list = faulty_list, .list_changes = faulty_list_changes};

static void a_store_that_comes_back_is_followed(struct fixture *fixture)
{
    struct faulty faulty = {.behind = fixture->repository, .failures = 1};
    put(fixture, "a", "Alpha", 1);
    fixture->repository = (struct metadata_repository){&faulty_ops, &faulty};
    start_search(fixture);
    fixture->repository = faulty.behind;
    await(fixture, "alpha", "a");
    assert_true(metric(fixture, "marquee_search_failures_total") == 1);
    faulty.failures = 1;
    put(fixture, "b", "Beta", 1);
    await(fixture, "beta", "b");
    assert_true(metric(fixture, "marquee_search_failures_total") == 2);
    end_search(fixture);
}
SEARCH_TEST(a_store_that_comes_back_is_followed)

static void put_again(struct faulty *self, struct call *call)
{
    const struct metadata metadata = {.id = TEXT("m000000"), .title = TEXT("Third")};
    assert_int_equal(self->behind.ops->put(self->behind.state, call, &metadata, NULL), STATUS_OK);
    self->on_page = NULL;
}

/* What has changed again while others were read is in two of the pages. */
static void pages_of_changes_are_taken_together(struct fixture *fixture)
{
    struct faulty faulty = {.behind = fixture->repository, .on_page = put_again};
    struct metadata_search port;
    fixture->repository = (struct metadata_repository){&faulty_ops, &faulty};
    start_search(fixture);
    await(fixture, "nothing", "");
    port = fixture->port;
    fixture->repository = faulty.behind;
    fixture->port.ops = NULL; /* is told at the end */
    put_many(fixture, "Second", MANY);
    fixture->port = port;
    port.ops->note_change(port.state);
    await_at_most(fixture, "second n1499", 1, "m001499");
    await(fixture, "third", "m000000");
    await(fixture, "second n0", "");
    assert_int_equal(faulty.pages, 1);
    assert_true(metric(fixture, "marquee_search_documents") == MANY);
    assert_true(metric(fixture, "marquee_search_rebuilds_total{segment=\"delta\"}") == 1);
    end_search(fixture);
}
SEARCH_TEST(pages_of_changes_are_taken_together)

/* Two instances over one file, as two processes would be. */
static void open_shared(struct fixture *fixture, const char *path, struct worker_pool *workers)
{
    const struct sqlite_metadata_repository_options options = {.path = text_of(path),
                                                               .workers = workers};
    assert_int_equal(
        sqlite_metadata_repository_open(&fixture->call, &options, &fixture->repository), STATUS_OK);
    start_search(fixture);
}

static void instances_follow_each_other(struct fixture *fixture)
{
    char directory[SCRATCH_PATH_BYTES];
    char path[PATH_BYTES];
    struct worker_pool *workers;
    struct metadata_repository unused = fixture->repository;
    struct fixture other = {.search = NULL};
    scratch_directory_make(directory);
    (void)snprintf(path, sizeof(path), "%s/metadata.sqlite", directory);
    arena_init(&other.arena, ARENA_BYTES_MAX);
    call_init(&other.call, &other.arena, TIMEOUT_MS);
    assert_int_equal(worker_pool_create("lists", 1, 16, &workers), STATUS_OK);
    open_shared(fixture, path, workers);
    open_shared(&other, path, workers);
    put(fixture, "a", "Alpha", 1);
    await(&other, "alpha", "a");
    put(&other, "a", "Beta", 1);
    put(&other, "b", "Beta", 2);
    await(fixture, "beta", "b a");
    remove_entry(fixture, "b");
    await(&other, "beta", "a");
    end_search(&other);
    end_search(fixture);
    other.repository.ops->close(other.repository.state);
    fixture->repository.ops->close(fixture->repository.state);
    fixture->repository = unused;
    worker_pool_destroy(workers);
    arena_deinit(&other.arena);
    scratch_directory_remove(directory);
}
SEARCH_TEST(instances_follow_each_other)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there_is_found_test),
        cmocka_unit_test(changes_are_followed_test),
        cmocka_unit_test(both_segments_become_one_test),
        cmocka_unit_test(it_ends_while_it_builds_test),
        cmocka_unit_test(an_answer_without_room_test),
        cmocka_unit_test(a_store_that_comes_back_is_followed_test),
        cmocka_unit_test(pages_of_changes_are_taken_together_test),
        cmocka_unit_test(instances_follow_each_other_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
