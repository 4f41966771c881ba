/* Titles with and without a year, ids at IMDb, and stars as points. */
#include "support/cmocka_test.h"

#include "base/arena.h"
#include "marquee/movielens_title.h"

enum { ARENA_BYTES = 4096 };

static void test_titles(void **state)
{
    static const struct {
        const char *given;
        const char *title;
        int32_t year;
    } cases[] = {
        {"Toy Story (1995)", "Toy Story", 1995},
        {"American President, The (1995)", "American President, The", 1995},
        {"City of Lost Children, The (Cité des enfants perdus, La) (1995)",
         "City of Lost Children, The (Cité des enfants perdus, La)", 1995},
        {"Trailing Space (2001) ", "Trailing Space", 2001},
        {"No Year", "No Year", 0},
        {"Babylon 5", "Babylon 5", 0},
        {"Doctor Who (2007–)", "Doctor Who (2007–)", 0},
        {"Short (199)", "Short (199)", 0},
        {"Letters (19a5)", "Letters (19a5)", 0},
        {"(500) Days of Summer (2009)", "(500) Days of Summer", 2009},
        {"(1995)", "(1995)", 0},
        {"x", "x", 0},
        {"", "", 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text title;
        int32_t year;
        movielens_title_split(text_of(cases[i].given), &title, &year);
        assert_true(text_equal(title, text_of(cases[i].title)));
        assert_int_equal(year, cases[i].year);
    }
}

static void test_imdb_ids(void **state)
{
    static const struct {
        const char *given;
        const char *want; /* NULL: refused */
    } cases[] = {
        {"114709", "tt0114709"},
        {"0114709", "tt0114709"},
        {"1", "tt0000001"},
        {"12345678", "tt12345678"},
        {"", ""},
        {"tt1", NULL},
        {"-1", NULL},
        {"12345678901", NULL},
    };
    char id[MOVIELENS_IMDB_ID_BYTES];
    struct arena arena;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct call call;
        call_init(&call, &arena, 0);
        enum status status = movielens_imdb_id(&call, text_of(cases[i].given), id);
        assert_int_equal(status, cases[i].want != NULL ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        if (cases[i].want != NULL) {
            assert_string_equal(id, cases[i].want);
        }
    }
    arena_deinit(&arena);
}

static void test_stars(void **state)
{
    static const struct {
        const char *given;
        int32_t want; /* -1: refused */
    } cases[] = {
        {"0", 0},      {"0.5", 100}, {"3.5", 700}, {"4.0", 800}, {"5", 1000},
        {"5.0", 1000}, {"5.01", -1}, {"-1", -1},   {"", -1},     {"four", -1},
    };
    struct arena arena;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct call call;
        int32_t points = -1;
        call_init(&call, &arena, 0);
        enum status status = movielens_stars(&call, text_of(cases[i].given), &points);
        assert_int_equal(status, cases[i].want >= 0 ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        assert_int_equal(points, cases[i].want);
    }
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_titles),
        cmocka_unit_test(test_imdb_ids),
        cmocka_unit_test(test_stars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
