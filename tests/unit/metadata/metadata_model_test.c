#include <math.h>

#include "base/arena.h"
#include "metadata/model/metadata.h"
#include "support/cmocka_test.h"

enum { ARENA_BYTES_MAX = 64 * 1024 };

static char long_bytes[METADATA_DESCRIPTION_BYTES_MAX + 1];

static int set_up(void **state)
{
    (void)state;
    memset(long_bytes, 'x', sizeof(long_bytes));
    return 0;
}

static struct text long_text(size_t length)
{
    return text_of_bytes(long_bytes, length);
}

static const struct metadata plain = {.id = TEXT_INIT("tt1"), .title = TEXT_INIT("Title")};

static enum status validate(const struct metadata *metadata)
{
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    enum status status = metadata_validate(&call, metadata);
    assert_true((call.error.message.length > 0) == (status != STATUS_OK));
    arena_deinit(&arena);
    return status;
}

struct field_case {
    const char *name;
    size_t offset;
    size_t bytes_max;
    bool mandatory;
};

static void test_texts_are_validated(void **state)
{
    (void)state;
    static const struct field_case fields[] = {
        {"id", offsetof(struct metadata, id), METADATA_ID_BYTES_MAX, true},
        {"title", offsetof(struct metadata, title), METADATA_TITLE_BYTES_MAX, true},
        {"description", offsetof(struct metadata, description), METADATA_DESCRIPTION_BYTES_MAX,
         false},
        {"director", offsetof(struct metadata, director), METADATA_DIRECTOR_BYTES_MAX, false},
        {"imdb_id", offsetof(struct metadata, imdb_id), METADATA_EXTERNAL_ID_BYTES_MAX, false},
        {"tmdb_id", offsetof(struct metadata, tmdb_id), METADATA_EXTERNAL_ID_BYTES_MAX, false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        struct metadata metadata = plain;
        struct text *field = (struct text *)(void *)((char *)&metadata + fields[i].offset);
        print_message("  %s\n", fields[i].name);
        *field = long_text(fields[i].bytes_max);
        assert_int_equal(validate(&metadata), STATUS_OK);
        *field = long_text(fields[i].bytes_max + 1);
        assert_int_equal(validate(&metadata), STATUS_INVALID_ARGUMENT);
        *field = TEXT("a\0b");
        assert_int_equal(validate(&metadata), STATUS_INVALID_ARGUMENT);
        *field = TEXT("\xc0\x80");
        assert_int_equal(validate(&metadata), STATUS_INVALID_ARGUMENT);
        *field = TEXT("");
        assert_int_equal(validate(&metadata),
                         fields[i].mandatory ? STATUS_INVALID_ARGUMENT : STATUS_OK);
    }
}

static void test_years_are_validated(void **state)
{
    (void)state;
    static const struct {
        int32_t year;
        enum status want;
    } cases[] = {
        {0, STATUS_OK},
        {METADATA_YEAR_MIN - 1, STATUS_INVALID_ARGUMENT},
        {METADATA_YEAR_MIN, STATUS_OK},
        {METADATA_YEAR_MAX, STATUS_OK},
        {METADATA_YEAR_MAX + 1, STATUS_INVALID_ARGUMENT},
        {-1, STATUS_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct metadata metadata = plain;
        metadata.year = cases[i].year;
        assert_int_equal(validate(&metadata), cases[i].want);
    }
}

static void test_genres_are_validated(void **state)
{
    (void)state;
    const struct {
        struct text genre;
        enum status want;
    } cases[] = {
        {TEXT("Film Noir"), STATUS_OK},
        {long_text(METADATA_GENRE_BYTES_MAX), STATUS_OK},
        {long_text(METADATA_GENRE_BYTES_MAX + 1), STATUS_INVALID_ARGUMENT},
        {TEXT(""), STATUS_INVALID_ARGUMENT},
        {TEXT("two\nlines"), STATUS_INVALID_ARGUMENT},
        {TEXT("\x7f"), STATUS_INVALID_ARGUMENT},
        {TEXT("\xff"), STATUS_INVALID_ARGUMENT},
    };
    struct text many[METADATA_GENRES_MAX + 1];
    struct metadata metadata = plain;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        metadata.genres = &cases[i].genre;
        metadata.genre_count = 1;
        assert_int_equal(validate(&metadata), cases[i].want);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(many); i++) {
        many[i] = TEXT("Drama");
    }
    metadata.genres = many;
    metadata.genre_count = METADATA_GENRES_MAX;
    assert_int_equal(validate(&metadata), STATUS_OK);
    metadata.genre_count = METADATA_GENRES_MAX + 1;
    assert_int_equal(validate(&metadata), STATUS_INVALID_ARGUMENT);
}

static void test_external_scores_are_validated(void **state)
{
    (void)state;
    const struct {
        struct external_score score;
        enum status want;
    } cases[] = {
        {{TEXT("imdb"), 0, 0}, STATUS_OK},
        {{TEXT("a-b_9"), 10, UINT32_MAX}, STATUS_OK},
        {{long_text(METADATA_SOURCE_BYTES_MAX), 5, 1}, STATUS_OK},
        {{long_text(METADATA_SOURCE_BYTES_MAX + 1), 5, 1}, STATUS_INVALID_ARGUMENT},
        {{TEXT(""), 5, 1}, STATUS_INVALID_ARGUMENT},
        {{TEXT("IMDb"), 5, 1}, STATUS_INVALID_ARGUMENT},
        {{TEXT("a b"), 5, 1}, STATUS_INVALID_ARGUMENT},
        {{TEXT("imdb"), 10.000001, 1}, STATUS_INVALID_ARGUMENT},
        {{TEXT("imdb"), -0.000001, 1}, STATUS_INVALID_ARGUMENT},
        {{TEXT("imdb"), NAN, 1}, STATUS_INVALID_ARGUMENT},
        {{TEXT("imdb"), INFINITY, 1}, STATUS_INVALID_ARGUMENT},
    };
    struct external_score many[METADATA_EXTERNAL_SCORES_MAX + 1];
    char sources[METADATA_EXTERNAL_SCORES_MAX + 1];
    struct metadata metadata = plain;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        metadata.external_scores = &cases[i].score;
        metadata.external_score_count = 1;
        assert_int_equal(validate(&metadata), cases[i].want);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(many); i++) {
        sources[i] = (char)('a' + i);
        many[i] = (struct external_score){{&sources[i], 1}, 5, 1};
    }
    metadata.external_scores = many;
    metadata.external_score_count = METADATA_EXTERNAL_SCORES_MAX;
    assert_int_equal(validate(&metadata), STATUS_OK);
    metadata.external_score_count = METADATA_EXTERNAL_SCORES_MAX + 1;
    assert_int_equal(validate(&metadata), STATUS_INVALID_ARGUMENT);
    metadata.external_score_count = 2;
    sources[1] = sources[0];
    assert_int_equal(validate(&metadata), STATUS_INVALID_ARGUMENT);
}

/* However little room there is, a copy is whole or is not made. */
static void test_copy_needs_room_for_all(void **state)
{
    (void)state;
    const struct text genres[] = {TEXT("Drama"), TEXT("Noir")};
    const struct external_score score = {TEXT("imdb"), 8.7, 9};
    struct metadata metadata = plain;
    unsigned refused = 0;
    metadata.external_scores = &score;
    metadata.external_score_count = 1;
    metadata.genres = genres;
    metadata.genre_count = ARRAY_LENGTH(genres);
    for (size_t room = 0;; room++) {
        struct arena arena;
        struct metadata copy = {.year = -1};
        arena_init(&arena, room);
        enum status status = metadata_copy(&arena, &metadata, &copy);
        if (status == STATUS_OK) {
            assert_true(text_equal(copy.title, plain.title));
            assert_true(text_equal(copy.genres[1], genres[1]));
            assert_ptr_not_equal(copy.genres, genres);
            assert_true(text_equal(copy.external_scores[0].source, score.source));
            assert_true(copy.external_scores[0].value == score.value);
            arena_deinit(&arena);
            break;
        }
        assert_int_equal(status, STATUS_RESOURCE_EXHAUSTED);
        assert_int_equal(copy.year, -1);
        refused++;
        arena_deinit(&arena);
    }
    assert_true(refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_are_validated),
        cmocka_unit_test(test_years_are_validated),
        cmocka_unit_test(test_genres_are_validated),
        cmocka_unit_test(test_external_scores_are_validated),
        cmocka_unit_test(test_copy_needs_room_for_all),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
