/* The feed of changes of metadata: what is told, in which pages, and how long it waits. */
#include "metadata/controller/metadata_feed.h"

#include "base/arena.h"
#include "base/clock.h"
#include "metadata/repository/memory_metadata_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 20000 };

struct fixture {
    struct arena arena;
    struct call call;
    struct metadata_controller controller;
    void (*body)(struct fixture *fixture);
};

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, 64 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    assert_int_equal(
        memory_metadata_repository_open(&fixture->call, &fixture->controller.repository),
        STATUS_OK);
    fixture->body(fixture);
    fixture->controller.repository.ops->close(fixture->controller.repository.state);
    arena_deinit(&fixture->arena);
}

#define FEED_TEST(name)                                                                            \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

static void put_text(struct fixture *fixture, struct text id, struct text description)
{
    const struct metadata metadata = {.id = id, .title = id, .description = description};
    assert_int_equal(metadata_controller_put(&fixture->controller, &fixture->call, &metadata, NULL),
                     STATUS_OK);
}

static void put(struct fixture *fixture, const char *id)
{
    put_text(fixture, text_of(id), TEXT(""));
}

static struct metadata_feed_page changes_after(struct fixture *fixture, int64_t sequence,
                                               int32_t page_size, int32_t wait_ms)
{
    struct metadata_feed_page page = {.count = 77};
    assert_int_equal(metadata_controller_list_changes(&fixture->controller, &fixture->call,
                                                      sequence, page_size, wait_ms, &page),
                     STATUS_OK);
    return page;
}

static void changes_are_told_once_each(struct fixture *fixture)
{
    struct metadata_page listed;
    put(fixture, "a");
    put(fixture, "b");
    assert_int_equal(
        metadata_controller_list(&fixture->controller, &fixture->call, 1, TEXT(""), &listed),
        STATUS_OK);
    assert_int_equal(listed.sequence, 2);
    put(fixture, "c");
    put(fixture, "a");
    put(fixture, "d");
    assert_int_equal(
        metadata_controller_delete(&fixture->controller, &fixture->call, TEXT("b"), NULL),
        STATUS_OK);
    struct metadata_feed_page page = changes_after(fixture, listed.sequence, 0, 0);
    assert_int_equal(page.count, 4);
    assert_false(page.more);
    assert_int_equal(page.sequence, 6);
    assert_true(text_equal(page.changes[0].id, TEXT("c")));
    assert_true(text_equal(page.changes[1].id, TEXT("a")));
    assert_true(text_equal(page.changes[1].metadata.title, TEXT("a")));
    assert_true(text_equal(page.changes[3].id, TEXT("b")));
    assert_true(page.changes[3].is_removed);
    assert_false(page.changes[2].is_removed);
    assert_int_equal(changes_after(fixture, 6, 0, 0).count, 0);
}
FEED_TEST(changes_are_told_once_each)

static void pages_go_on_from_their_sequence(struct fixture *fixture)
{
    put(fixture, "a");
    put(fixture, "b");
    put(fixture, "c");
    struct metadata_feed_page page = changes_after(fixture, 0, 2, 0);
    assert_int_equal(page.count, 2);
    assert_true(page.more);
    assert_int_equal(page.sequence, 2);
    page = changes_after(fixture, page.sequence, 2, 0);
    assert_int_equal(page.count, 1);
    assert_false(page.more);
    assert_true(text_equal(page.changes[0].id, TEXT("c")));
}
FEED_TEST(pages_go_on_from_their_sequence)

/* What does not fit a reply comes with the next. */
static void large_entries_shorten_a_page(struct fixture *fixture)
{
    enum { COUNT = 200 };
    char *description = arena_alloc(&fixture->arena, METADATA_DESCRIPTION_BYTES_MAX);
    size_t seen = 0;
    unsigned pages = 0;
    struct metadata_feed_page page = {.sequence = 0};
    assert_non_null(description);
    memset(description, 'x', METADATA_DESCRIPTION_BYTES_MAX);
    for (unsigned i = 0; i < COUNT; i++) {
        put_text(fixture, arena_format(&fixture->arena, "m%u", i),
                 text_of_bytes(description, METADATA_DESCRIPTION_BYTES_MAX));
    }
    do {
        page = changes_after(fixture, page.sequence, 0, 0);
        size_t bytes = 0;
        for (size_t i = 0; i < page.count; i++) {
            bytes += metadata_bytes(&page.changes[i].metadata);
        }
        assert_true(bytes <= METADATA_REPLY_BYTES_MAX);
        seen += page.count;
        pages++;
    } while (page.more);
    assert_int_equal(seen, COUNT);
    assert_int_equal(pages, 2);
}
FEED_TEST(large_entries_shorten_a_page)

static void put_later(void *argument)
{
    put(argument, "late");
}

static void a_change_ends_the_wait(struct fixture *fixture)
{
    int64_t began_ns = clock_monotonic_ns();
    assert_int_equal(fiber_start(loop_current(), put_later, fixture), STATUS_OK);
    struct metadata_feed_page page = changes_after(fixture, 0, 0, 10000);
    assert_int_equal(page.count, 1);
    assert_true(text_equal(page.changes[0].id, TEXT("late")));
    assert_true(clock_monotonic_ns() - began_ns < 5000 * CLOCK_NS_PER_MS);
}
FEED_TEST(a_change_ends_the_wait)

static void end_waits(void *argument)
{
    struct fixture *fixture = argument;
    metadata_controller_end_waits(&fixture->controller);
}

/* Its time, three quarters of the call's, and the end of the service. */
static void waits_end(struct fixture *fixture)
{
    int64_t began_ns = clock_monotonic_ns();
    assert_int_equal(changes_after(fixture, 0, 0, 30).count, 0);
    assert_true(clock_monotonic_ns() - began_ns >= 30 * CLOCK_NS_PER_MS);
    fixture->call.deadline_ns = clock_monotonic_ns() + 400 * CLOCK_NS_PER_MS;
    assert_int_equal(changes_after(fixture, 0, 0, 20000).count, 0);
    fixture->call.deadline_ns = clock_monotonic_ns() + TIMEOUT_MS * CLOCK_NS_PER_MS;
    assert_int_equal(fiber_start(loop_current(), end_waits, fixture), STATUS_OK);
    began_ns = clock_monotonic_ns();
    assert_int_equal(changes_after(fixture, 0, 0, 10000).count, 0);
    assert_int_equal(changes_after(fixture, 0, 0, 10000).count, 0); /* and nobody waits again */
    assert_true(clock_monotonic_ns() - began_ns < 5000 * CLOCK_NS_PER_MS);
}
FEED_TEST(waits_end)

static void limits_and_other_stores(struct fixture *fixture)
{
    static const struct {
        int64_t sequence;
        int32_t page_size;
        int32_t wait_ms;
        enum status status;
        const char *words;
    } cases[] = {
        {-1, 0, 0, STATUS_INVALID_ARGUMENT, "the sequence is below 0"},
        {0, 1001, 0, STATUS_INVALID_ARGUMENT, "the page size must be 0 to 1000"},
        {0, -1, 0, STATUS_INVALID_ARGUMENT, "the page size must be 0 to 1000"},
        {0, 0, 20001, STATUS_INVALID_ARGUMENT, "the wait must be 0 to 20000 ms"},
        {0, 0, -1, STATUS_INVALID_ARGUMENT, "the wait must be 0 to 20000 ms"},
        {3, 0, 20000, STATUS_OUT_OF_RANGE, "there was no change 3 here: the latest is 2"},
    };
    put(fixture, "a");
    put(fixture, "b");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct call call = call_within(&fixture->call, 0);
        struct metadata_feed_page page = {.count = 77};
        assert_int_equal(metadata_controller_list_changes(&fixture->controller, &call,
                                                          cases[i].sequence, cases[i].page_size,
                                                          cases[i].wait_ms, &page),
                         cases[i].status);
        assert_true(text_equal(call.error.message, text_of(cases[i].words)));
        assert_int_equal(page.count, 77);
    }
    assert_int_equal(changes_after(fixture, 0, 1000, 0).count, 2);
}
FEED_TEST(limits_and_other_stores)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_are_told_once_each_test),
        cmocka_unit_test(pages_go_on_from_their_sequence_test),
        cmocka_unit_test(large_entries_shorten_a_page_test),
        cmocka_unit_test(a_change_ends_the_wait_test),
        cmocka_unit_test(waits_end_test),
        cmocka_unit_test(limits_and_other_stores_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
