/* How formats are told, days and years are read, and what two sources make of one movie. */
#include "base/arena.h"
#include "base/clock.h"
#include "marquee/csv_writer.h"
#include "marquee/import_format.h"
#include "marquee/import_merge.h"
#include "marquee/import_text.h"
#include "marquee/progress.h"
#include "support/cmocka_test.h"

enum { ARENA_BYTES = 64 * 1024 };

static void formats_are_told_by_their_beginning(void **state)
{
    static const struct {
        struct text head;
        const char *format; /* NULL: none */
    } cases[] = {
        {TEXT_INIT("tconst\ttitleType\tprimaryTitle\n"), "imdb-titles"},
        {TEXT_INIT("tconst\taverageRating\tnumVotes\n"), "imdb-scores"},
        {TEXT_INIT("Const,Your Rating,Date Rated,Title\r\ntt1,7"), "imdb-ratings"},
        {TEXT_INIT("\"Const\",\"Your Rating\",\"Title\"\n"), "imdb-ratings"},
        {TEXT_INIT("Date,Name,Year,Letterboxd URI,Rating\n"), "letterboxd"},
        {TEXT_INIT("userId,recordId,recordType,value,providerId,eventTime"), "csv"},
        {TEXT_INIT("  \r\n\t{\"id\":1}"), "json"},
        {TEXT_INIT("[\n"), "json"},
        {TEXT_INIT("userId,movieId,rating,timestamp\n"), NULL},
        {TEXT_INIT("hello\n[1]"), NULL},
        {TEXT_INIT("Letterboxd URI\n"), NULL},
        {TEXT_INIT(""), NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        enum import_format format;
        bool is_told = import_format_of_head(cases[i].head, &format);
        if (is_told != (cases[i].format != NULL) ||
            (is_told && strcmp(import_format_name(format), cases[i].format) != 0)) {
            fail_msg("%.*s", TEXT_ARGUMENTS(cases[i].head));
        }
    }
}

static void formats_have_names(void **state)
{
    struct arena arena;
    struct call call;
    enum import_format format = IMPORT_FORMAT_COUNT;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    for (int i = 0; i < IMPORT_FORMAT_COUNT; i++) {
        struct text name = text_of(import_format_name((enum import_format)i));
        assert_int_equal(import_format_parse(&call, name, &format), STATUS_OK);
        assert_int_equal(format, i);
    }
    assert_int_equal(import_format_parse(&call, TEXT("catalogue"), &format), STATUS_OK);
    assert_int_equal(format, IMPORT_JSON);
    assert_int_equal(import_format_parse(&call, TEXT("xml"), &format), STATUS_INVALID_ARGUMENT);
    arena_deinit(&arena);
}

static void days_and_years(void **state)
{
    static const struct {
        const char *day;
        const char *want; /* NULL: none */
    } days[] = {
        {"2024-05-06", "2024-05-06T00:00:00Z"},
        {" 1999-12-31 ", "1999-12-31T00:00:00Z"},
        {"2024-05-06T07:08:09+01:00", "2024-05-06T06:08:09Z"},
        {"2024-13-06", NULL},
        {"2023-02-29", NULL},
        {"06.05.2024", NULL},
        {"2024", NULL},
        {"", NULL},
    };
    static const struct {
        const char *text;
        int32_t want; /* -1: none */
    } years[] = {{"1999", 1999}, {" 1870", 1870},    {"2200", 2200}, {"", 0},
                 {"1869", -1},   {"2201", -1},       {"MMXX", -1},   {"-1", -1},
                 {"199.", -1},   {"99999999999", -1}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(days); i++) {
        struct arena arena;
        struct call call;
        char text[CLOCK_TIME_TEXT_BYTES];
        int64_t time_ms;
        arena_init(&arena, ARENA_BYTES);
        call_init(&call, &arena, 0);
        enum status status = import_read_date(&call, text_of(days[i].day), &time_ms);
        assert_int_equal(status, days[i].want != NULL ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        if (status == STATUS_OK) {
            assert_true(text_equal(clock_format(time_ms, text), text_of(days[i].want)));
        }
        arena_deinit(&arena);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(years); i++) {
        struct arena arena;
        struct call call;
        int32_t year = -1;
        arena_init(&arena, ARENA_BYTES);
        call_init(&call, &arena, 0);
        enum status status = import_read_year(&call, text_of(years[i].text), &year);
        assert_int_equal(status, years[i].want >= 0 ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        assert_int_equal(year, years[i].want);
        arena_deinit(&arena);
    }
}

static const struct text drama[] = {TEXT_INIT("Drama")};
static const struct text war[] = {TEXT_INIT("War"), TEXT_INIT("Noir")};
static const struct external_score other[] = {{TEXT_INIT("other"), 7, 70}};
static const struct external_score imdb[] = {{TEXT_INIT("imdb"), 8.5, 10}};
static const struct external_score both[] = {{TEXT_INIT("other"), 7, 70},
                                             {TEXT_INIT("imdb"), 8.5, 10}};
static const struct external_score older[] = {{TEXT_INIT("imdb"), 8, 9},
                                              {TEXT_INIT("other"), 7, 70}};
static const struct external_score renewed[] = {{TEXT_INIT("imdb"), 8.5, 10},
                                                {TEXT_INIT("other"), 7, 70}};

static const struct {
    const char *name;
    struct metadata known;
    struct metadata source;
    struct metadata want;
} merges[] = {
    {"nothing new",
     {.id = TEXT_INIT("1"), .title = TEXT_INIT("T"), .year = 1, .genres = drama, .genre_count = 1},
     {.id = TEXT_INIT("2")},
     {.id = TEXT_INIT("1"), .title = TEXT_INIT("T"), .year = 1, .genres = drama, .genre_count = 1}},
    {"all new",
     {.id = TEXT_INIT("1"), .title = TEXT_INIT("T"), .genres = drama, .genre_count = 1},
     {.title = TEXT_INIT("U"),
      .description = TEXT_INIT("d"),
      .director = TEXT_INIT("e"),
      .imdb_id = TEXT_INIT("i"),
      .tmdb_id = TEXT_INIT("t"),
      .year = 2,
      .genres = war,
      .genre_count = 2,
      .popularity = 5,
      .external_scores = imdb,
      .external_score_count = 1},
     {.id = TEXT_INIT("1"),
      .title = TEXT_INIT("U"),
      .description = TEXT_INIT("d"),
      .director = TEXT_INIT("e"),
      .imdb_id = TEXT_INIT("i"),
      .tmdb_id = TEXT_INIT("t"),
      .year = 2,
      .genres = war,
      .genre_count = 2,
      .popularity = 5,
      .external_scores = imdb,
      .external_score_count = 1}},
    {"popularity only rises", {.popularity = 7}, {.popularity = 5}, {.popularity = 7}},
    {"scores of others stay",
     {.external_scores = other, .external_score_count = 1},
     {.external_scores = imdb, .external_score_count = 1},
     {.external_scores = both, .external_score_count = 2}},
    {"a score is renewed in its place",
     {.external_scores = older, .external_score_count = 2},
     {.external_scores = imdb, .external_score_count = 1},
     {.external_scores = renewed, .external_score_count = 2}},
};

static void sources_are_merged(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(merges); i++) {
        struct arena arena;
        struct metadata got;
        arena_init(&arena, ARENA_BYTES);
        assert_int_equal(import_merge(&arena, &merges[i].known, &merges[i].source, &got),
                         STATUS_OK);
        if (!metadata_equal(&got, &merges[i].want)) {
            fail_msg("%s", merges[i].name);
        }
        arena_deinit(&arena);
    }
}

static void fields_are_quoted(void **state)
{
    static const struct {
        const char *field;
        const char *want;
    } cases[] = {
        {NULL, ""},
        {"", ""},
        {"a b", "a b"},
        {"a,b", "\"a,b\""},
        {"a\"b", "\"a\"\"b\""},
        {"a\nb", "\"a\nb\""},
        {" a", "\" a\""},
        {"a ", "\"a \""},
        {"\r", "\"\r\""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char got[64] = "";
        FILE *file = fmemopen(got, sizeof(got), "w");
        assert_non_null(file);
        csv_write_field(file, text_of(cases[i].field));
        assert_int_equal(fclose(file), 0);
        assert_string_equal(got, cases[i].want);
    }
}

/* Half of the work is done, or none, or all: as long again, whatever a busy machine adds to it. */
static void time_that_is_left(void **state)
{
    static const struct {
        int64_t seconds; /* since the beginning */
        uint64_t total;
        uint64_t done;
        uint64_t count;
        const char *want;
    } cases[] = {
        {1000, 1000, 500, 5000,
         "\rrows [###############---------------]  50% 5000 (5/s), 0:16:40 left\x1b[K"},
        {100000, 2, 1, 100000,
         "\rrows [###############---------------]  50% 100000 (1/s), 27:46:40 left\x1b[K"},
        {1000, 1000, 1000, 5000,
         "\rrows [##############################] 100% 5000 (5/s), 0:00:00 left\x1b[K"},
        {1000, 1000, 0, 5000, "\rrows [------------------------------]   0% 5000 (5/s)\x1b[K"},
        {1000, 0, 250, 5000, "\rrows 5000 (5/s)\x1b[K"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char got[256] = "";
        struct progress progress;
        FILE *file = fmemopen(got, sizeof(got), "w");
        assert_non_null(file);
        progress_init(&progress, file, "rows", cases[i].total);
        assert_false(progress.is_shown); /* it is no terminal */
        progress_update(&progress, cases[i].done, cases[i].count);
        progress.is_shown = true;
        progress.started_ns -= cases[i].seconds * CLOCK_NS_PER_S;
        progress_update(&progress, cases[i].done, cases[i].count);
        assert_int_equal(fclose(file), 0);
        assert_string_equal(got, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_are_told_by_their_beginning),
        cmocka_unit_test(formats_have_names),
        cmocka_unit_test(days_and_years),
        cmocka_unit_test(sources_are_merged),
        cmocka_unit_test(fields_are_quoted),
        cmocka_unit_test(time_that_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
