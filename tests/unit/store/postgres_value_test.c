/* PostgreSQL's binary values, both ways, and how long a lost server is left alone: without a
 * server. */
#include "store/postgres_value.h"

#include <limits.h>

#include "base/clock.h"
#include "store/postgres_backoff.h"
#include "support/cmocka_test.h"

/* A result of one row, whose columns are these bytes. */
static PGresult *result_of(const struct text *columns, int count)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PGresAttDesc attributes[8];
    char name[] = "column";
    assert_true(count <= 8);
    for (int i = 0; i < count; i++) {
        attributes[i] = (PGresAttDesc){.name = name, .format = 1};
    }
    assert_int_equal(PQsetResultAttrs(result, count, attributes), 1);
    for (int i = 0; i < count; i++) {
        char bytes[512];
        assert_true(columns[i].length <= sizeof(bytes));
        memcpy(bytes, columns[i].data, columns[i].length);
        assert_int_equal(PQsetvalue(result, 0, i, bytes, (int)columns[i].length), 1);
    }
    return result;
}

static void numbers_are_big_endian(void **state)
{
    static const struct text columns[] = {
        TEXT_INIT("\xff\xfe"),
        TEXT_INIT("\x80\x00\x00\x00"),
        TEXT_INIT("\x7f\xff\xff\xff\xff\xff\xff\xff"),
        TEXT_INIT("\x01"),
        TEXT_INIT("a\0b"),
    };
    (void)state;
    PGresult *result = result_of(columns, ARRAY_LENGTH(columns));
    assert_int_equal(postgres_int2(result, 0, 0), -2);
    assert_int_equal(postgres_int4(result, 0, 1), INT32_MIN);
    assert_true(postgres_int8(result, 0, 2) == INT64_MAX);
    assert_true(postgres_bool(result, 0, 3));
    assert_true(text_equal(postgres_text(result, 0, 4), TEXT("a\0b")));
    PQclear(result);
}

static void parameters_are_what_results_are(void **state)
{
    struct postgres_parameters parameters = {.count = 0};
    struct text columns[5];
    (void)state;
    postgres_add_int2(&parameters, INT16_MIN);
    postgres_add_int4(&parameters, -5);
    postgres_add_int8(&parameters, INT64_MIN);
    postgres_add_text(&parameters, TEXT("text"));
    postgres_add_text(&parameters, (struct text){NULL, 0}); /* empty, not SQL's NULL */
    assert_int_equal(parameters.count, 5);
    assert_false(parameters.failed);
    for (unsigned i = 0; i < parameters.count; i++) {
        assert_non_null(parameters.values[i]);
        columns[i] = text_of_bytes(parameters.values[i], (size_t)parameters.lengths[i]);
    }
    PGresult *result = result_of(columns, 5);
    assert_int_equal(postgres_int2(result, 0, 0), INT16_MIN);
    assert_int_equal(postgres_int4(result, 0, 1), -5);
    assert_true(postgres_int8(result, 0, 2) == INT64_MIN);
    assert_true(text_equal(postgres_text(result, 0, 3), TEXT("text")));
    assert_int_equal(postgres_text(result, 0, 4).length, 0);
    PQclear(result);
}

static struct text text_of_array(struct postgres_array *array)
{
    struct postgres_parameters parameters = {.count = 0};
    postgres_add_array(&parameters, array);
    return text_of_bytes(parameters.values[0], (size_t)parameters.lengths[0]);
}

static void arrays_have_a_head(void **state)
{
    struct postgres_array array;
    (void)state;
    postgres_array_init(&array);
    postgres_array_begin(&array, POSTGRES_TEXT);
    postgres_array_add_text(&array, TEXT("ab"));
    postgres_array_add_text(&array, TEXT(""));
    /* Dimensions 1, no NULL, type 25, 2 elements, from 1. */
    assert_true(text_equal(text_of_array(&array), TEXT("\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\2\0\0\0\1"
                                                       "\0\0\0\2"
                                                       "ab\0\0\0\0")));
    postgres_array_begin(&array, POSTGRES_INT2); /* again, empty */
    assert_true(
        text_equal(text_of_array(&array), TEXT("\0\0\0\1\0\0\0\0\0\0\0\x15\0\0\0\0\0\0\0\1")));
    postgres_array_deinit(&array);
}

static void arrays_of_numbers_are_read(void **state)
{
    struct postgres_array array;
    uint32_t values[3] = {9, 9, 9};
    (void)state;
    postgres_array_init(&array);
    postgres_array_begin(&array, POSTGRES_INT4);
    postgres_array_add_int4(&array, 1);
    postgres_array_add_int4(&array, -1);
    const struct text column = text_of_array(&array);
    PGresult *result = result_of(&column, 1);
    assert_true(postgres_int4_array(result, 0, 0, 2, values));
    assert_int_equal(values[0], 1);
    assert_true(values[1] == UINT32_MAX);
    assert_false(postgres_int4_array(result, 0, 0, 3, values));
    assert_false(postgres_int4_array(result, 0, 0, 1, values));
    assert_int_equal(values[2], 9);
    PQclear(result);
    postgres_array_deinit(&array);
}

/* Without memory for one element, no statement is sent that has it. */
static void too_large_an_array_fails(void **state)
{
    struct postgres_array array;
    struct postgres_parameters parameters = {.count = 0};
    (void)state;
    postgres_array_init(&array);
    postgres_array_begin(&array, POSTGRES_BYTEA);
    postgres_array_add_text(&array, (struct text){"", (size_t)INT_MAX + 1});
    postgres_add_array(&parameters, &array);
    assert_true(array.failed && parameters.failed);
    postgres_array_deinit(&array);
}

static void backoff_grows_to_its_limit(void **state)
{
    struct postgres_backoff backoff = {.failures = 0};
    int64_t longest_ns = 0;
    (void)state;
    assert_true(postgres_backoff_is_over(&backoff));
    for (unsigned i = 0; i < 20; i++) {
        int64_t limit_ms = POSTGRES_BACKOFF_MS_MIN * (INT64_C(1) << (i < 10 ? i : 10));
        limit_ms = limit_ms < POSTGRES_BACKOFF_MS_MAX ? limit_ms : POSTGRES_BACKOFF_MS_MAX;
        int64_t before_ns = clock_monotonic_ns();
        postgres_backoff_note_failure(&backoff);
        int64_t wait_ns = backoff.until_ns - before_ns;
        assert_false(postgres_backoff_is_over(&backoff));
        assert_true(wait_ns >= limit_ms * CLOCK_NS_PER_MS / 2);
        assert_true(backoff.until_ns - clock_monotonic_ns() <= limit_ms * CLOCK_NS_PER_MS);
        longest_ns = wait_ns > longest_ns ? wait_ns : longest_ns;
    }
    assert_true(longest_ns >= POSTGRES_BACKOFF_MS_MAX * CLOCK_NS_PER_MS / 2);
    postgres_backoff_note_success(&backoff);
    assert_true(postgres_backoff_is_over(&backoff));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_big_endian),
        cmocka_unit_test(parameters_are_what_results_are),
        cmocka_unit_test(arrays_have_a_head),
        cmocka_unit_test(arrays_of_numbers_are_read),
        cmocka_unit_test(too_large_an_array_fails),
        cmocka_unit_test(backoff_grows_to_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
