/* Votes by scales: what is entered comes back, and nothing is rounded. */
#include "marquee/rating_scale.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "rating/model/rating.h"
#include "support/cmocka_test.h"

static enum status parse(const char *scale, const char *value, int32_t *ret_hundredths,
                         char error[static 128])
{
    struct arena arena;
    struct call call;
    arena_init(&arena, 4096);
    call_init(&call, &arena, 0);
    enum status status = rating_scale_parse(&call, text_of(scale), text_of(value), ret_hundredths);
    (void)snprintf(error, 128, "%.*s", TEXT_ARGUMENTS(call.error.message));
    arena_deinit(&arena);
    return status;
}

static void values_are_read(void **state)
{
    static const struct {
        const char *scale;
        const char *value;
        int32_t want; /* -1: refused */
        const char *error;
    } cases[] = {
        {"5", "4.5", 900, ""},
        {"5", "5", 1000, ""},
        {"5", "5.00", 1000, ""},
        {"5", "0", 0, ""},
        {"5", "3.25", 650, ""},
        {"10", "8.5", 850, ""},
        {"10", "7.31", 731, ""},
        {"10", "10", 1000, ""},
        {"100", "87", 870, ""},
        {"100", "87.5", 875, ""},
        {"100", "87.50", 875, ""},
        {"100", "100", 1000, ""},
        {"100", "87.55", -1, "'87.55' of 100 is finer than hundredths of a point"},
        {"5", "5.01", -1, "'5.01' is not a rating of 0 to 5 stars (two decimals at most)"},
        {"5", "6", -1, "'6' is not a rating of 0 to 5 stars (two decimals at most)"},
        {"10", "10.01", -1, "'10.01' is not a rating of 0 to 10 points (two decimals at most)"},
        {"10", "8.555", -1, "'8.555' is not a rating of 0 to 10 points (two decimals at most)"},
        {"10", "8.", -1, "'8.' is not a rating of 0 to 10 points (two decimals at most)"},
        {"10", ".5", -1, "'.5' is not a rating of 0 to 10 points (two decimals at most)"},
        {"10", "-1", -1, "'-1' is not a rating of 0 to 10 points (two decimals at most)"},
        {"10", "1e1", -1, "'1e1' is not a rating of 0 to 10 points (two decimals at most)"},
        {"10", "", -1, "'' is not a rating of 0 to 10 points (two decimals at most)"},
        {"100", "18446744073709551615", -1,
         "'18446744073709551615' is not a rating of 0 to 100 points (two decimals at most)"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char error[128];
        int32_t hundredths = -1;
        enum status status = parse(cases[i].scale, cases[i].value, &hundredths, error);
        assert_int_equal(status, cases[i].want < 0 ? STATUS_INVALID_ARGUMENT : STATUS_OK);
        assert_int_equal(hundredths, cases[i].want);
        assert_string_equal(error, cases[i].error);
    }
}

/* Every vote that there can be is said exactly by every scale: no two by the same words. */
static void nothing_is_rounded(void **state)
{
    static const char *const scales[] = {"5", "10", "100"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(scales); i++) {
        double end = strtod(scales[i], NULL);
        for (int32_t hundredths = 0; hundredths <= RATING_HUNDREDTHS_MAX; hundredths++) {
            char buffer[RATING_SCALE_TEXT_BYTES + 1] = "";
            char error[128];
            int32_t again = -1;
            struct text text = rating_scale_format(text_of(scales[i]), hundredths, buffer);
            buffer[text.length] = '\0';
            assert_true(strtod(buffer, NULL) * RATING_HUNDREDTHS_MAX / end - hundredths < 1e-9);
            assert_true(hundredths - strtod(buffer, NULL) * RATING_HUNDREDTHS_MAX / end < 1e-9);
            /* Three decimals, as of 9.33 points in stars, are shown and not entered. */
            if (parse(scales[i], buffer, &again, error) == STATUS_OK) {
                assert_int_equal(again, hundredths);
            } else {
                assert_string_equal(scales[i], "5");
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(nothing_is_rounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
