#include "metadata/controller/metadata_matching.h"

#include "base/arena.h"
#include "metadata/repository/memory_metadata_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 20000, ARENA_BYTES_MAX = 64 * 1024 * 1024 };

struct fixture {
    struct arena arena;
    struct call call;
    struct metadata_controller controller;
    void (*body)(struct fixture *fixture);
};

static const struct metadata catalogue[] = {
    {.id = TEXT_INIT("m1"),
     .title = TEXT_INIT("The Matrix"),
     .year = 1999,
     .imdb_id = TEXT_INIT("tt0133093"),
     .tmdb_id = TEXT_INIT("603")},
    {.id = TEXT_INIT("m2"),
     .title = TEXT_INIT("Solaris"),
     .year = 1972,
     .imdb_id = TEXT_INIT("tt0069293")},
    {.id = TEXT_INIT("m3"), .title = TEXT_INIT("Solaris"), .year = 2002},
    {.id = TEXT_INIT("m4"), .title = TEXT_INIT("Twin"), .year = 2010},
    {.id = TEXT_INIT("m5"), .title = TEXT_INIT("Twin"), .year = 2010},
    {.id = TEXT_INIT("m6"), .title = TEXT_INIT("Kill (Vol. 1)"), .year = 2003},
    {.id = TEXT_INIT("m7"), .title = TEXT_INIT("Kill (Vol. 2)"), .year = 2003},
    {.id = TEXT_INIT("m8"), .title = TEXT_INIT("Same"), .year = 2000, .tmdb_id = TEXT_INIT("8")},
    {.id = TEXT_INIT("m9"), .title = TEXT_INIT("Other"), .year = 2000, .tmdb_id = TEXT_INIT("8")},
    {.id = TEXT_INIT("ma"), .title = TEXT_INIT("No Year")},
};

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    assert_int_equal(
        memory_metadata_repository_open(&fixture->call, &fixture->controller.repository),
        STATUS_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(catalogue); i++) {
        assert_int_equal(
            metadata_controller_put(&fixture->controller, &fixture->call, &catalogue[i], NULL),
            STATUS_OK);
    }
    fixture->body(fixture);
    fixture->controller.repository.ops->close(fixture->controller.repository.state);
    arena_deinit(&fixture->arena);
}

#define MATCH_TEST(name)                                                                           \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

static const struct {
    const char *name;
    struct metadata_query query;
    enum metadata_match_how how;
    const char *id; /* or the candidates, a space between */
} cases[] = {
    {"imdb", {.imdb_id = TEXT_INIT("tt0133093")}, METADATA_MATCHED_BY_IMDB_ID, "m1"},
    {"imdb before all else",
     {.imdb_id = TEXT_INIT("tt0133093"), .tmdb_id = TEXT_INIT("8"), .id = TEXT_INIT("m2")},
     METADATA_MATCHED_BY_IMDB_ID,
     "m1"},
    {"tmdb when imdb is not known",
     {.imdb_id = TEXT_INIT("tt9"), .tmdb_id = TEXT_INIT("603")},
     METADATA_MATCHED_BY_TMDB_ID,
     "m1"},
    {"a tmdb id of two", {.tmdb_id = TEXT_INIT("8")}, METADATA_MATCH_AMBIGUOUS, "m8 m9"},
    {"ambiguous is not tried further",
     {.tmdb_id = TEXT_INIT("8"), .title = TEXT_INIT("The Matrix"), .year = 1999},
     METADATA_MATCH_AMBIGUOUS,
     "m8 m9"},
    {"own id",
     {.id = TEXT_INIT("m3"), .title = TEXT_INIT("The Matrix"), .year = 1999},
     METADATA_MATCHED_BY_ID,
     "m3"},
    {"title and year",
     {.title = TEXT_INIT("matrix, the"), .year = 1999},
     METADATA_MATCHED_BY_TITLE_AND_YEAR,
     "m1"},
    {"the year tells two apart",
     {.title = TEXT_INIT("Solaris"), .year = 2002},
     METADATA_MATCHED_BY_TITLE_AND_YEAR,
     "m3"},
    {"one year before",
     {.title = TEXT_INIT("Solaris"), .year = 1971},
     METADATA_MATCHED_BY_TITLE_AND_NEAR_YEAR,
     "m2"},
    {"one year after",
     {.title = TEXT_INIT("Solaris"), .year = 2003},
     METADATA_MATCHED_BY_TITLE_AND_NEAR_YEAR,
     "m3"},
    {"two years off", {.title = TEXT_INIT("Solaris"), .year = 2004}, METADATA_NOT_MATCHED, ""},
    {"a title without a year", {.title = TEXT_INIT("The Matrix")}, METADATA_NOT_MATCHED, ""},
    {"an entry without a year",
     {.title = TEXT_INIT("No Year"), .year = 1999},
     METADATA_NOT_MATCHED,
     ""},
    {"twins", {.title = TEXT_INIT("Twin"), .year = 2010}, METADATA_MATCH_AMBIGUOUS, "m4 m5"},
    {"parentheses tell apart",
     {.title = TEXT_INIT("Kill (Vol. 2)"), .year = 2003},
     METADATA_MATCHED_BY_TITLE_AND_YEAR,
     "m7"},
    {"without them", {.title = TEXT_INIT("Kill"), .year = 2003}, METADATA_MATCH_AMBIGUOUS, "m6 m7"},
    {"the same title, known to be another by imdb",
     {.imdb_id = TEXT_INIT("tt1"), .title = TEXT_INIT("The Matrix"), .year = 1999},
     METADATA_NOT_MATCHED,
     ""},
    {"the same title, known to be another by tmdb",
     {.tmdb_id = TEXT_INIT("604"), .title = TEXT_INIT("The Matrix"), .year = 1999},
     METADATA_NOT_MATCHED,
     ""},
    {"an id that the entry does not have yet",
     {.imdb_id = TEXT_INIT("tt1"), .title = TEXT_INIT("Solaris"), .year = 2002},
     METADATA_MATCHED_BY_TITLE_AND_YEAR,
     "m3"},
    {"nothing", {.year = 1999}, METADATA_NOT_MATCHED, ""},
};

static void check(const struct metadata_matched *matched, size_t place)
{
    struct text rest = text_of(cases[place].id);
    size_t count = 0;
    bool is_same = matched->how == cases[place].how;
    if (cases[place].how != METADATA_MATCH_AMBIGUOUS) {
        is_same = is_same && text_equal(matched->id, rest) && matched->candidate_count == 0;
    } else {
        is_same = is_same && matched->id.length == 0;
        while (rest.data != NULL && count < matched->candidate_count) {
            is_same = is_same && text_equal(text_next(&rest, ' '), matched->candidates[count++]);
        }
        is_same = is_same && rest.data == NULL && count == matched->candidate_count;
    }
    if (!is_same) {
        fail_msg("%s: %d '%.*s'", cases[place].name, (int)matched->how,
                 TEXT_ARGUMENTS(matched->id));
    }
}

/* All at once: each query gets its own answer. */
static void one_batch(struct fixture *fixture)
{
    struct metadata_query queries[ARRAY_LENGTH(cases)];
    struct metadata_matched *matched;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        queries[i] = cases[i].query;
    }
    assert_int_equal(metadata_controller_match(&fixture->controller, &fixture->call, queries,
                                               ARRAY_LENGTH(cases), &matched),
                     STATUS_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        check(&matched[i], i);
    }
}
MATCH_TEST(one_batch)

static void limits(struct fixture *fixture)
{
    static char bytes[METADATA_TITLE_BYTES_MAX + 1];
    struct metadata_query *queries =
        arena_calloc(&fixture->arena, METADATA_BATCH_MAX + 1, sizeof(*queries));
    struct metadata_matched *matched;
    memset(bytes, 'x', sizeof(bytes));
    const struct {
        struct metadata_query query;
        enum status want;
    } rows[] = {
        {{.title = {bytes, METADATA_TITLE_BYTES_MAX}, .year = 1999}, STATUS_OK},
        {{.title = {bytes, METADATA_TITLE_BYTES_MAX + 1}, .year = 1999}, STATUS_INVALID_ARGUMENT},
        {{.imdb_id = {bytes, METADATA_EXTERNAL_ID_BYTES_MAX + 1}}, STATUS_INVALID_ARGUMENT},
        {{.tmdb_id = {bytes, METADATA_EXTERNAL_ID_BYTES_MAX + 1}}, STATUS_INVALID_ARGUMENT},
        {{.id = {bytes, METADATA_ID_BYTES_MAX + 1}}, STATUS_INVALID_ARGUMENT},
        {{.title = TEXT("\xff"), .year = 1999}, STATUS_INVALID_ARGUMENT},
        {{.title = TEXT("t"), .year = METADATA_YEAR_MIN}, STATUS_OK},
        {{.title = TEXT("t"), .year = METADATA_YEAR_MIN - 1}, STATUS_INVALID_ARGUMENT},
        {{.title = TEXT("t"), .year = METADATA_YEAR_MAX + 1}, STATUS_INVALID_ARGUMENT},
    };
    assert_non_null(queries);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct call call = call_within(&fixture->call, 0);
        assert_int_equal(
            metadata_controller_match(&fixture->controller, &call, &rows[i].query, 1, &matched),
            rows[i].want);
    }
    for (size_t i = 0; i <= METADATA_BATCH_MAX; i++) {
        queries[i].imdb_id = TEXT("tt0133093");
    }
    assert_int_equal(metadata_controller_match(&fixture->controller, &fixture->call, queries,
                                               METADATA_BATCH_MAX, &matched),
                     STATUS_OK);
    assert_true(text_equal(matched[METADATA_BATCH_MAX - 1].id, TEXT("m1")));
    assert_int_equal(metadata_controller_match(&fixture->controller, &fixture->call, queries,
                                               METADATA_BATCH_MAX + 1, &matched),
                     STATUS_INVALID_ARGUMENT);
}
MATCH_TEST(limits)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_batch_test),
        cmocka_unit_test(limits_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
