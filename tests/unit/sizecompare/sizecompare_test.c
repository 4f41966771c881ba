/* The whole comparison: the table it prints and how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sizecompare/sizecompare.h"
#include "sizecompare/wire_format.h"

/* What a run printed. */
struct run {
    char *output;
    char *errors;
    int exit_status;
};

static struct run run_with(struct sizecompare_options options)
{
    struct run run = {0};
    size_t output_size = 0;
    size_t errors_size = 0;
    FILE *output = open_memstream(&run.output, &output_size);
    FILE *errors = open_memstream(&run.errors, &errors_size);

    assert_non_null(output);
    assert_non_null(errors);
    if (options.output == NULL) {
        options.output = output;
    }
    options.errors = errors;
    run.exit_status = sizecompare_run(&options);
    assert_int_equal(fclose(output), 0);
    assert_int_equal(fclose(errors), 0);
    return run;
}

static void run_free(struct run *run)
{
    free(run->output);
    free(run->errors);
}

/* The line, cut off the front of the rest. */
static struct text next_line(struct text *rest)
{
    assert_non_null(rest->data);
    return text_next(rest, '\n');
}

/* The word, cut off the front of the line with the spaces before it. */
static struct text next_word(struct text *line)
{
    *line = text_trim(*line);
    struct text word = text_slice(*line, 0, text_find(*line, 0, ' '));
    *line = text_slice(*line, word.length, line->length);
    return word;
}

static void check_row(struct text line, const struct wire_format *format, bool is_first)
{
    assert_true(text_starts_with(line, text_of(format->name)));
    line = text_trim(text_slice(line, strlen(format->name), line.length));
    assert_true(text_starts_with(line, text_of(format->library)));
    line = text_slice(line, strlen(format->library), line.length);
    for (size_t i = 0; i < 3; i++) {
        uint64_t amount = 0;
        double ratio = 0;
        assert_true(text_to_u64(next_word(&line), &amount));
        assert_true(amount > 0);
        struct text ratio_text = next_word(&line);
        assert_true(text_to_double(ratio_text, &ratio));
        assert_true(!is_first || text_equal(ratio_text, TEXT("1.00")));
    }
    assert_int_equal(text_trim(line).length, 0);
}

static void check_section(struct text *rest, struct text title)
{
    assert_true(text_equal(next_line(rest), title));
    assert_true(text_starts_with(next_line(rest), TEXT("format")));
    for (size_t i = 0; i < WIRE_FORMAT_COUNT; i++) {
        check_row(next_line(rest), wire_formats[i], i == 0);
    }
    assert_int_equal(next_line(rest).length, 0);
}

static void test_prints_a_table(void **unused)
{
    (void)unused;
    struct run run = run_with((struct sizecompare_options){.iterations = 1});
    struct text rest = text_of(run.output);

    assert_int_equal(run.exit_status, 0);
    assert_string_equal(run.errors, "");
    check_section(&rest, TEXT("one entry"));
    check_section(&rest, TEXT("a list of 100 entries"));
    assert_true(text_starts_with(next_line(&rest), TEXT("ratio: to JSON;")));
    assert_int_equal(rest.length, 0);
    run_free(&run);
}

static void test_refuses_options_out_of_bounds(void **unused)
{
    (void)unused;
    static const struct {
        int64_t iterations;
        int64_t milliseconds;
    } cases[] = {
        {-1, 0},
        {SIZECOMPARE_ITERATIONS_MAX + 1, 0},
        {0, -1},
        {0, SIZECOMPARE_MILLISECONDS_MAX + 1},
        {INT64_MIN, INT64_MAX},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct run run = run_with((struct sizecompare_options){
            .iterations = cases[i].iterations, .milliseconds = cases[i].milliseconds});
        assert_int_equal(run.exit_status, 2);
        assert_string_equal(run.output, "");
        assert_string_equal(run.errors, "sizecompare: iterations are 0 to 1000000000, "
                                        "milliseconds 0 to 60000\n");
        run_free(&run);
    }
}

static void test_says_why_a_catalogue_cannot_be_used(void **unused)
{
    (void)unused;
    static const struct {
        const char *path;
        const char *want;
    } cases[] = {
        {"/nowhere/x.json", "sizecompare: /nowhere/x.json: no such file\n"},
        {"/", "sizecompare: /: cannot be read\n"},
        {"/dev/null", "sizecompare: /dev/null: not a JSON list of entries with id, title, "
                      "description and director\n"},
        {"/dev/zero", "sizecompare: /dev/zero: too large\n"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct run run =
            run_with((struct sizecompare_options){.catalogue = cases[i].path, .iterations = 1});
        assert_int_equal(run.exit_status, 1);
        assert_string_equal(run.output, "");
        assert_string_equal(run.errors, cases[i].want);
        run_free(&run);
    }
}

static void test_notices_that_the_output_is_full(void **unused)
{
    (void)unused;
    FILE *full = fopen("/dev/full", "we");
    assert_non_null(full);
    struct run run = run_with((struct sizecompare_options){.output = full, .iterations = 1});

    assert_int_equal(run.exit_status, 1);
    assert_string_equal(run.errors, "sizecompare: the output cannot be written\n");
    run_free(&run);
    (void)fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prints_a_table),
        cmocka_unit_test(test_refuses_options_out_of_bounds),
        cmocka_unit_test(test_says_why_a_catalogue_cannot_be_used),
        cmocka_unit_test(test_notices_that_the_output_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
