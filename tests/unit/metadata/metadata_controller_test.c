#include "metadata/controller/metadata_controller.h"

#include "base/arena.h"
#include "metadata/repository/memory_metadata_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "unit/metadata/canned_metadata_search.h"

enum { TIMEOUT_MS = 20000, TEXT_BYTES_MAX = METADATA_DESCRIPTION_BYTES_MAX + 1 };

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

#define CONTROLLER_TEST(name)                                                                      \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

static struct text id_at(struct fixture *fixture, unsigned number)
{
    return arena_format(&fixture->arena, "tt%04u", number);
}

static void put_numbered(struct fixture *fixture, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct metadata metadata = {.id = id_at(fixture, i), .title = TEXT("t")};
        assert_int_equal(
            metadata_controller_put(&fixture->controller, &fixture->call, &metadata, NULL),
            STATUS_OK);
    }
}

static void assert_message(const struct call *call, const char *want)
{
    if (!text_equal(call->error.message, text_of(want))) {
        fail_msg("'%.*s', not '%s'", TEXT_ARGUMENTS(call->error.message), want);
    }
}

/* Every text of an entry, by where it lies. */
static const struct {
    const char *name;
    size_t offset;
    size_t bytes_max;
    bool may_be_empty;
} texts[] = {
    {"movie id", offsetof(struct metadata, id), METADATA_ID_BYTES_MAX, false},
    {"title", offsetof(struct metadata, title), METADATA_TITLE_BYTES_MAX, false},
    {"description", offsetof(struct metadata, description), METADATA_DESCRIPTION_BYTES_MAX, true},
    {"director", offsetof(struct metadata, director), METADATA_DIRECTOR_BYTES_MAX, true},
    {"IMDb id", offsetof(struct metadata, imdb_id), METADATA_EXTERNAL_ID_BYTES_MAX, true},
    {"TMDB id", offsetof(struct metadata, tmdb_id), METADATA_EXTERNAL_ID_BYTES_MAX, true},
};

static enum status put_with(struct fixture *fixture, size_t offset, struct text text,
                            struct call *ret_call)
{
    struct metadata metadata = {.id = TEXT("tt1"), .title = TEXT("title")};
    memcpy((char *)&metadata + offset, &text, sizeof(text));
    *ret_call = call_within(&fixture->call, 0);
    return metadata_controller_put(&fixture->controller, ret_call, &metadata, NULL);
}

static void texts_at_their_limits(struct fixture *fixture)
{
    char *bytes = arena_alloc(&fixture->arena, TEXT_BYTES_MAX);
    struct call call;
    assert_non_null(bytes);
    memset(bytes, 'x', TEXT_BYTES_MAX);
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        size_t offset = texts[i].offset;
        struct text most = text_of_bytes(bytes, texts[i].bytes_max);
        struct text over = text_of_bytes(bytes, texts[i].bytes_max + 1);
        assert_int_equal(put_with(fixture, offset, most, &call), STATUS_OK);
        assert_int_equal(put_with(fixture, offset, over, &call), STATUS_INVALID_ARGUMENT);
        assert_message(&call, arena_format(&fixture->arena, "%s is longer than %zu bytes",
                                           texts[i].name, texts[i].bytes_max)
                                  .data);
        assert_int_equal(put_with(fixture, offset, TEXT("a\xff"), &call), STATUS_INVALID_ARGUMENT);
        assert_int_equal(put_with(fixture, offset, TEXT("a\0b"), &call), STATUS_INVALID_ARGUMENT);
        assert_message(&call, arena_format(&fixture->arena, "%s is not UTF-8 or has a NUL in it",
                                           texts[i].name)
                                  .data);
        assert_int_equal(put_with(fixture, offset, TEXT(""), &call),
                         texts[i].may_be_empty ? STATUS_OK : STATUS_INVALID_ARGUMENT);
    }
}
CONTROLLER_TEST(texts_at_their_limits)

static enum status put_genres(struct fixture *fixture, const struct text *genres, size_t count)
{
    const struct metadata metadata = {
        .id = TEXT("tt1"), .title = TEXT("title"), .genres = genres, .genre_count = count};
    struct call call = call_within(&fixture->call, 0);
    return metadata_controller_put(&fixture->controller, &call, &metadata, NULL);
}

static void genres_at_their_limits(struct fixture *fixture)
{
    static const struct text refused[] = {TEXT_INIT(""), TEXT_INIT("a\nb"), TEXT_INIT("\x7f"),
                                          TEXT_INIT("a\0b"), TEXT_INIT("\xc3")};
    char bytes[METADATA_GENRE_BYTES_MAX + 1];
    struct text many[METADATA_GENRES_MAX + 1];
    memset(bytes, 'g', sizeof(bytes));
    for (size_t i = 0; i < ARRAY_LENGTH(many); i++) {
        many[i] = text_of_bytes(bytes, METADATA_GENRE_BYTES_MAX);
    }
    assert_int_equal(put_genres(fixture, many, METADATA_GENRES_MAX), STATUS_OK);
    assert_int_equal(put_genres(fixture, many, METADATA_GENRES_MAX + 1), STATUS_INVALID_ARGUMENT);
    many[0].length++;
    assert_int_equal(put_genres(fixture, many, 1), STATUS_INVALID_ARGUMENT);
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        assert_int_equal(put_genres(fixture, &refused[i], 1), STATUS_INVALID_ARGUMENT);
    }
}
CONTROLLER_TEST(genres_at_their_limits)

static void what_is_not_there(struct fixture *fixture)
{
    struct metadata got;
    struct call call = call_within(&fixture->call, 0);
    assert_int_equal(metadata_controller_get(&fixture->controller, &call, TEXT("tt9"), &got),
                     STATUS_NOT_FOUND);
    assert_message(&call, "there is no movie 'tt9'");
    call_clear_error(&call);
    assert_int_equal(metadata_controller_delete(&fixture->controller, &call, TEXT("tt9"), NULL),
                     STATUS_NOT_FOUND);
    assert_message(&call, "there is no movie 'tt9'");
    call_clear_error(&call);
    assert_int_equal(metadata_controller_get(&fixture->controller, &call, TEXT(""), &got),
                     STATUS_INVALID_ARGUMENT);
    assert_message(&call, "movie id is empty");
}
CONTROLLER_TEST(what_is_not_there)

static struct metadata_page list(struct fixture *fixture, int32_t page_size, struct text token)
{
    struct metadata_page page;
    assert_int_equal(
        metadata_controller_list(&fixture->controller, &fixture->call, page_size, token, &page),
        STATUS_OK);
    return page;
}

static void pages_of_every_length(struct fixture *fixture)
{
    static const struct {
        unsigned entries;
        int32_t page_size;
        unsigned pages;
    } cases[] = {
        {0, 2, 1},
        {1, 2, 1},
        {2, 2, 1}, /* exactly a page: no token that leads to an empty one */
        {3, 2, 2},
        {4, 2, 2},
        {5, 2, 3},
        {METADATA_PAGE_SIZE_DEFAULT, 0, 1},
        {METADATA_PAGE_SIZE_DEFAULT + 1, 0, 2},
        {METADATA_PAGE_SIZE_MAX, METADATA_PAGE_SIZE_MAX, 1},
        {METADATA_PAGE_SIZE_MAX + 1, METADATA_PAGE_SIZE_MAX, 2},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text token = TEXT("");
        unsigned pages = 0;
        unsigned seen = 0;
        put_numbered(fixture, cases[i].entries); /* each case has more than the one before */
        do {
            struct metadata_page page = list(fixture, cases[i].page_size, token);
            for (size_t j = 0; j < page.count; j++) {
                assert_true(text_equal(page.entries[j].id, id_at(fixture, seen++)));
            }
            token = page.next_page_token;
            pages++;
        } while (token.length > 0);
        assert_int_equal(seen, cases[i].entries);
        assert_int_equal(pages, cases[i].pages);
    }
}
CONTROLLER_TEST(pages_of_every_length)

/* Entries as large as may be: what a page of the largest size would hold of them is too much. */
static void put_large(struct fixture *fixture, unsigned count)
{
    char *bytes = arena_alloc(&fixture->arena, METADATA_DESCRIPTION_BYTES_MAX);
    assert_non_null(bytes);
    memset(bytes, 'd', METADATA_DESCRIPTION_BYTES_MAX);
    for (unsigned i = 0; i < count; i++) {
        const struct metadata metadata = {
            .id = id_at(fixture, i),
            .title = TEXT("t"),
            .description = text_of_bytes(bytes, METADATA_DESCRIPTION_BYTES_MAX),
        };
        assert_int_equal(
            metadata_controller_put(&fixture->controller, &fixture->call, &metadata, NULL),
            STATUS_OK);
    }
}

static void replies_are_bounded_in_bytes(struct fixture *fixture)
{
    enum { A_PAGE = METADATA_REPLY_BYTES_MAX / (METADATA_DESCRIPTION_BYTES_MAX + 64), COUNT = 300 };
    struct text token = TEXT("");
    unsigned seen = 0;
    put_large(fixture, COUNT);
    do {
        struct metadata_page page = list(fixture, METADATA_PAGE_SIZE_MAX, token);
        size_t bytes = 0;
        for (size_t i = 0; i < page.count; i++) {
            assert_true(text_equal(page.entries[i].id, id_at(fixture, seen++)));
            bytes += metadata_bytes(&page.entries[i]);
        }
        assert_true(bytes <= METADATA_REPLY_BYTES_MAX);
        assert_true(page.count >= A_PAGE || page.next_page_token.length == 0);
        token = page.next_page_token;
    } while (token.length > 0);
    assert_int_equal(seen, COUNT);

    struct metadata_selection selection;
    struct text ids[A_PAGE + 2];
    for (unsigned i = 0; i < ARRAY_LENGTH(ids); i++) {
        ids[i] = id_at(fixture, i);
    }
    assert_int_equal(metadata_controller_batch_get(&fixture->controller, &fixture->call, ids,
                                                   A_PAGE, &selection),
                     STATUS_OK);
    assert_int_equal(metadata_controller_batch_get(&fixture->controller, &fixture->call, ids,
                                                   A_PAGE + 2, &selection),
                     STATUS_RESOURCE_EXHAUSTED);
    assert_message(&fixture->call,
                   "these movies take more than 2097152 bytes: ask for fewer at once");
}
CONTROLLER_TEST(replies_are_bounded_in_bytes)

static void token_outlives_its_entry(struct fixture *fixture)
{
    put_numbered(fixture, 4);
    struct metadata_page first = list(fixture, 2, TEXT(""));
    assert_true(text_equal(first.next_page_token, TEXT("tt0001")));
    assert_int_equal(
        metadata_controller_delete(&fixture->controller, &fixture->call, TEXT("tt0001"), NULL),
        STATUS_OK);
    struct metadata_page second = list(fixture, 2, first.next_page_token);
    assert_int_equal(second.count, 2);
    assert_true(text_equal(second.entries[0].id, TEXT("tt0002")));
    assert_int_equal(second.next_page_token.length, 0);
}
CONTROLLER_TEST(token_outlives_its_entry)

static void pages_that_are_refused(struct fixture *fixture)
{
    char bytes[METADATA_ID_BYTES_MAX + 1];
    struct metadata_page page;
    memset(bytes, 'x', sizeof(bytes));
    const struct {
        int32_t page_size;
        struct text token;
        const char *words;
    } cases[] = {
        {-1, TEXT(""), "the page size must be 0 to 1000"},
        {METADATA_PAGE_SIZE_MAX + 1, TEXT(""), "the page size must be 0 to 1000"},
        {INT32_MIN, TEXT(""), "the page size must be 0 to 1000"},
        {1, text_of_bytes(bytes, sizeof(bytes)), "the page token is not one of ours"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct call call = call_within(&fixture->call, 0);
        assert_int_equal(metadata_controller_list(&fixture->controller, &call, cases[i].page_size,
                                                  cases[i].token, &page),
                         STATUS_INVALID_ARGUMENT);
        assert_message(&call, cases[i].words);
    }
}
CONTROLLER_TEST(pages_that_are_refused)

static void batch_keeps_order_and_duplicates(struct fixture *fixture)
{
    static const struct text ids[] = {TEXT_INIT("tt0002"), TEXT_INIT("none"), TEXT_INIT("tt0000"),
                                      TEXT_INIT("tt0002"), TEXT_INIT("none")};
    struct metadata_selection selection;
    put_numbered(fixture, 3);
    assert_int_equal(metadata_controller_batch_get(&fixture->controller, &fixture->call, ids,
                                                   ARRAY_LENGTH(ids), &selection),
                     STATUS_OK);
    assert_int_equal(selection.count, 3);
    assert_true(text_equal(selection.entries[0].id, ids[0]));
    assert_true(text_equal(selection.entries[1].id, ids[2]));
    assert_true(text_equal(selection.entries[2].id, ids[3]));
    assert_int_equal(selection.missing_count, 2);
    assert_true(text_equal(selection.missing[0], TEXT("none")));
    assert_true(text_equal(selection.missing[1], TEXT("none")));
    assert_int_equal(fixture->call.error.message.length, 0);
}
CONTROLLER_TEST(batch_keeps_order_and_duplicates)

static void batch_at_its_limit(struct fixture *fixture)
{
    struct metadata_selection selection;
    struct text *ids = arena_calloc(&fixture->arena, METADATA_BATCH_MAX + 1, sizeof(*ids));
    assert_non_null(ids);
    for (size_t i = 0; i <= METADATA_BATCH_MAX; i++) {
        ids[i] = TEXT("none");
    }
    assert_int_equal(
        metadata_controller_batch_get(&fixture->controller, &fixture->call, ids, 0, &selection),
        STATUS_OK);
    assert_int_equal(selection.count + selection.missing_count, 0);
    assert_int_equal(metadata_controller_batch_get(&fixture->controller, &fixture->call, ids,
                                                   METADATA_BATCH_MAX, &selection),
                     STATUS_OK);
    assert_int_equal(selection.missing_count, METADATA_BATCH_MAX);
    assert_int_equal(metadata_controller_batch_get(&fixture->controller, &fixture->call, ids,
                                                   METADATA_BATCH_MAX + 1, &selection),
                     STATUS_INVALID_ARGUMENT);
    assert_message(&fixture->call, "more than 1000 movie ids at once");
    call_clear_error(&fixture->call);
    ids[1] = TEXT("");
    assert_int_equal(
        metadata_controller_batch_get(&fixture->controller, &fixture->call, ids, 2, &selection),
        STATUS_INVALID_ARGUMENT);
}
CONTROLLER_TEST(batch_at_its_limit)

static const struct metadata_match canned[] = {
    {TEXT_INIT("tt0002"), 3}, {TEXT_INIT("gone"), 2}, {TEXT_INIT("tt0000"), 1}};

static void search_reads_what_is_found(struct fixture *fixture)
{
    struct canned_metadata_search search = {.matches = canned, .count = ARRAY_LENGTH(canned)};
    struct metadata_found *found;
    size_t count;
    put_numbered(fixture, 3);
    fixture->controller.search = canned_metadata_search_port(&search);
    assert_int_equal(metadata_controller_search(&fixture->controller, &fixture->call, TEXT("words"),
                                                0, &found, &count),
                     STATUS_OK);
    assert_true(text_equal(search.query, TEXT("words")));
    assert_int_equal(search.limit, METADATA_MATCHES_DEFAULT);
    assert_int_equal(count, 2);
    assert_true(text_equal(found[0].metadata.id, TEXT("tt0002")) && found[0].score == 3);
    assert_true(text_equal(found[1].metadata.id, TEXT("tt0000")) && found[1].score == 1);
    assert_int_equal(fixture->call.error.message.length, 0);
    search.status = STATUS_UNAVAILABLE;
    assert_int_equal(metadata_controller_search(&fixture->controller, &fixture->call, TEXT("words"),
                                                0, &found, &count),
                     STATUS_UNAVAILABLE);
    assert_message(&fixture->call, "canned");
}
CONTROLLER_TEST(search_reads_what_is_found)

static void searches_at_their_limits(struct fixture *fixture)
{
    static const struct {
        size_t length;
        int32_t page_size;
        enum status status;
        const char *words;
    } cases[] = {
        {0, 1, STATUS_INVALID_ARGUMENT, "the query is empty"},
        {1, METADATA_MATCHES_MAX, STATUS_OK, ""},
        {METADATA_QUERY_BYTES_MAX, 1, STATUS_OK, ""},
        {METADATA_QUERY_BYTES_MAX + 1, 1, STATUS_INVALID_ARGUMENT,
         "the query is longer than 256 bytes"},
        {1, METADATA_MATCHES_MAX + 1, STATUS_INVALID_ARGUMENT, "the page size must be 0 to 100"},
        {1, -1, STATUS_INVALID_ARGUMENT, "the page size must be 0 to 100"},
    };
    char query[METADATA_QUERY_BYTES_MAX + 1];
    struct canned_metadata_search search = {.count = 0};
    struct metadata_found *found;
    size_t count;
    memset(query, 'x', sizeof(query));
    fixture->controller.search = canned_metadata_search_port(&search);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct call call = call_within(&fixture->call, 0);
        assert_int_equal(metadata_controller_search(&fixture->controller, &call,
                                                    text_of_bytes(query, cases[i].length),
                                                    cases[i].page_size, &found, &count),
                         cases[i].status);
        assert_message(&call, cases[i].words);
    }
    fixture->controller.search.ops = NULL;
    assert_int_equal(metadata_controller_search(&fixture->controller, &fixture->call, TEXT("x"), 1,
                                                &found, &count),
                     STATUS_UNIMPLEMENTED);
}
CONTROLLER_TEST(searches_at_their_limits)

static void the_search_is_told_of_changes(struct fixture *fixture)
{
    struct canned_metadata_search search = {.count = 0};
    const struct metadata refused = {.id = TEXT("tt0000")};
    fixture->controller.search = canned_metadata_search_port(&search);
    put_numbered(fixture, 2);
    assert_int_equal(search.changes, 2);
    assert_int_equal(metadata_controller_put(&fixture->controller, &fixture->call, &refused, NULL),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(
        metadata_controller_delete(&fixture->controller, &fixture->call, TEXT("none"), NULL),
        STATUS_NOT_FOUND);
    assert_int_equal(search.changes, 2);
    assert_int_equal(
        metadata_controller_delete(&fixture->controller, &fixture->call, TEXT("tt0000"), NULL),
        STATUS_OK);
    assert_int_equal(search.changes, 3);
}
CONTROLLER_TEST(the_search_is_told_of_changes)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_at_their_limits_test),
        cmocka_unit_test(genres_at_their_limits_test),
        cmocka_unit_test(what_is_not_there_test),
        cmocka_unit_test(pages_of_every_length_test),
        cmocka_unit_test(replies_are_bounded_in_bytes_test),
        cmocka_unit_test(token_outlives_its_entry_test),
        cmocka_unit_test(pages_that_are_refused_test),
        cmocka_unit_test(batch_keeps_order_and_duplicates_test),
        cmocka_unit_test(batch_at_its_limit_test),
        cmocka_unit_test(search_reads_what_is_found_test),
        cmocka_unit_test(searches_at_their_limits_test),
        cmocka_unit_test(the_search_is_told_of_changes_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
