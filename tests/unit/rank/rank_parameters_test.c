#include <math.h>

#include "rank/rank.h"
#include "support/cmocka_test.h"

static void names_all_three_in_the_version(void **state)
{
    (void)state;
    static const struct {
        double minimum_votes;
        double mean;
        const char *version;
        double rounded;
    } rows[] = {
        {25, 7.0868, "1:25:7.087", 7.087}, {0, 0, "1:0:0.000", 0},
        {12.5, 10, "1:12.5:10.000", 10},   {1e6, 5.0004, "1:1000000:5.000", 5},
        {100, 6.9995, "1:100:7.000", 7},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct rank_parameters made = rank_parameters_make(rows[i].minimum_votes, rows[i].mean);
        struct rank_parameters read;
        assert_string_equal(made.version, rows[i].version);
        assert_true(made.mean == rows[i].rounded);
        assert_true(made.minimum_votes == rows[i].minimum_votes);
        assert_true(rank_parameters_parse(text_of(made.version), &read));
        assert_true(rank_parameters_equal(&made, &read) && read.mean == made.mean);
        assert_int_equal(read.formula, RANK_FORMULA);
    }
}

static void refuses_what_is_no_version(void **state)
{
    (void)state;
    static const char *const versions[] = {
        "",         "1",          "1:25",        "2:25:7.087",      "1:25:7.0870", "1:25:7.0875",
        "1:25:7.1", "1:-1:7.000", "1:25:10.001", "1:1000001:7.000", "1:025:7.000", "1:25:nan",
        "1:25:",    "01:25:7.000"};
    struct rank_parameters parameters;
    for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
        if (rank_parameters_parse(text_of(versions[i]), &parameters)) {
            fail_msg("'%s' was taken", versions[i]);
        }
    }
}

static void pulls_few_votes_towards_the_mean(void **state)
{
    (void)state;
    const struct rank_parameters parameters = rank_parameters_make(25, 7.087);
    assert_true(fabs(rank_score(&parameters, 1, 1000) - (10 + 25 * 7.087) / 26) < 1e-12);
    assert_true(fabs(rank_score(&parameters, 1000000, 900000000) - 8.99995) < 1e-4);
    assert_true(rank_mean(3, 2000) == 2000.0 / 3 / 100);
    /* Without m it is the mean. */
    const struct rank_parameters plain = rank_parameters_make(0, 5);
    assert_true(rank_score(&plain, 4, 3000) == 7.5);
}

static void stays_until_the_mean_has_moved_by_the_step(void **state)
{
    (void)state;
    const struct rank_parameters published = rank_parameters_make(25, 7.0);
    struct rank_parameters next;
    static const struct {
        struct rank_totals totals;
        const char *version; /* NULL: it stays */
    } rows[] = {
        {{1000, 700000}, NULL},         {{1000, 700499}, NULL},
        {{1000, 700501}, "1:25:7.005"}, {{1000, 699501}, NULL},
        {{1000, 699499}, "1:25:6.995"}, {{0, 0}, "1:25:5.000"},
        {{1000, 900000}, "1:25:9.000"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        bool moved = rank_parameters_moved(&published, rows[i].totals, &next);
        assert_int_equal(moved, rows[i].version != NULL);
        if (moved) {
            assert_string_equal(next.version, rows[i].version);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_all_three_in_the_version),
        cmocka_unit_test(refuses_what_is_no_version),
        cmocka_unit_test(pulls_few_votes_towards_the_mean),
        cmocka_unit_test(stays_until_the_mean_has_moved_by_the_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
