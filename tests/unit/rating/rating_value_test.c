#include "rating/model/rating_value.h"

#include "base/arena.h"
#include "support/cmocka_test.h"

enum { ARENA_BYTES = 64 * 1024 };

/* The shortest text of the value, and longer ones: "7.1", "7.10". NULL data: there is none so long.
 */
static struct text write_value(struct arena *arena, int32_t hundredths, int decimals)
{
    int32_t whole = hundredths / RATING_HUNDREDTHS_PER_POINT;
    int32_t rest = hundredths % RATING_HUNDREDTHS_PER_POINT;
    if (decimals == 2) {
        return arena_format(arena, "%d.%02d", whole, rest);
    }
    if (decimals == 1 && rest % 10 == 0) {
        return arena_format(arena, "%d.%d", whole, rest / 10);
    }
    return rest == 0 ? arena_format(arena, "%d", whole) : (struct text){NULL, 0};
}

/* 7.1 has no exact form in binary: each of the 1001 values must still come through both ways. */
static void every_hundredth_is_exact(void **state)
{
    struct arena arena;
    struct call call;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    for (int32_t hundredths = 0; hundredths <= RATING_HUNDREDTHS_MAX; hundredths++) {
        call_init(&call, &arena, 0);
        for (int decimals = 0; decimals <= 2; decimals++) {
            struct text text = write_value(&arena, hundredths, decimals);
            double points;
            int32_t parsed = -1;
            int32_t converted = -1;
            if (text.data == NULL) {
                continue;
            }
            assert_int_equal(rating_value_parse(&call, text, &parsed), STATUS_OK);
            assert_true(text_to_double(text, &points));
            assert_int_equal(rating_value_from_points(&call, points, &converted), STATUS_OK);
            assert_int_equal(parsed, hundredths);
            assert_int_equal(converted, hundredths);
        }
        arena_reset(&arena);
    }
    arena_deinit(&arena);
}

#define NOT_A_RATING(text) "'" text "' is not a rating such as 8 or 7.5 (two decimals at most)"
#define OUT_OF_RANGE "a rating must be 0 to 10 points"
#define TOO_FINE "a rating has two decimals at most"

static void assert_refused(enum status status, struct call *call, const char *words, int32_t value)
{
    assert_int_equal(status, STATUS_INVALID_ARGUMENT);
    if (!text_equal(call->error.message, text_of(words))) {
        fail_msg("'%.*s', not '%s'", TEXT_ARGUMENTS(call->error.message), words);
    }
    assert_int_equal(value, -1);
    call_clear_error(call);
}

static void texts_that_are_refused(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        {"", NOT_A_RATING("")},
        {".", NOT_A_RATING(".")},
        {".5", NOT_A_RATING(".5")},
        {"8.", NOT_A_RATING("8.")},
        {"8.125", NOT_A_RATING("8.125")},
        {"8,5", NOT_A_RATING("8,5")},
        {" 8", NOT_A_RATING(" 8")},
        {"8 ", NOT_A_RATING("8 ")},
        {"+8", NOT_A_RATING("+8")},
        {"8.-5", NOT_A_RATING("8.-5")},
        {"8.5.1", NOT_A_RATING("8.5.1")},
        {"1e1", NOT_A_RATING("1e1")},
        {"nan", NOT_A_RATING("nan")},
        {"0x8", NOT_A_RATING("0x8")},
        {"eight", NOT_A_RATING("eight")},
        {"-", NOT_A_RATING("-")},
        {"--1", NOT_A_RATING("--1")},
        {"-1", OUT_OF_RANGE},
        {"-0.5", OUT_OF_RANGE},
        {"10.01", OUT_OF_RANGE},
        {"11", OUT_OF_RANGE},
        {"18446744073709551615", OUT_OF_RANGE},
        {"18446744073709551616", NOT_A_RATING("18446744073709551616")},
    };
    struct arena arena;
    struct call call;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int32_t value = -1;
        enum status status = rating_value_parse(&call, text_of(cases[i].text), &value);
        assert_refused(status, &call, cases[i].words, value);
    }
    arena_deinit(&arena);
}

static void numbers_that_are_refused(void **state)
{
    static const struct {
        double points;
        const char *words;
    } cases[] = {
        {-0.01, OUT_OF_RANGE}, {10.01, OUT_OF_RANGE}, {1e300, OUT_OF_RANGE}, {7.125, TOO_FINE},
        {0.001, TOO_FINE},     {1e-300, TOO_FINE},    {9.999, TOO_FINE},
    };
    struct arena arena;
    struct call call;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int32_t value = -1;
        enum status status = rating_value_from_points(&call, cases[i].points, &value);
        assert_refused(status, &call, cases[i].words, value);
    }
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_hundredth_is_exact),
        cmocka_unit_test(texts_that_are_refused),
        cmocka_unit_test(numbers_that_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
