/* TSV rows, whatever the size of the chunks they come in. */
#include <stdlib.h>

#include "marquee/tsv_reader.h"
#include "support/cmocka_test.h"
#include "unit/marquee/row_walk.h"

enum { RESULT_BYTES = 1024 * 1024 };

static void read_all(struct text tsv, size_t chunk_bytes, bool fails, struct buffer *result)
{
    const struct row_walk walk = {ROW_TSV, tsv, chunk_bytes, fails};
    row_walk_describe(&walk, result);
}

static void expect(struct text tsv, bool fails, const char *want)
{
    static const size_t chunks[] = {1, 2, 3, 100000};
    struct buffer result;
    buffer_init(&result, RESULT_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(chunks); i++) {
        read_all(tsv, chunks[i], fails, &result);
        if (!text_equal(buffer_text(&result), text_of(want))) {
            fail_msg("in %zu: '%.*s', not '%s'", chunks[i], TEXT_ARGUMENTS(buffer_text(&result)),
                     want);
        }
    }
    buffer_deinit(&result);
}

static void rows(void **state)
{
    static const struct {
        struct text tsv;
        const char *want;
    } cases[] = {
        {TEXT_INIT(""), "end"},
        {TEXT_INIT("\n\r\n\n"), "end"},
        {TEXT_INIT("a\tb\nc\td\n"), "1[a|b]2[c|d]end"},
        {TEXT_INIT("a\tb\r\nc\td"), "1[a|b]2[c|d]end"},
        {TEXT_INIT("\n\na\n"), "3[a]end"},
        {TEXT_INIT("\\N\tx\t\\N\n"), "1[|x|]end"},
        {TEXT_INIT("\\Nx\t\\n\n"), "1[\\Nx|\\n]end"},
        {TEXT_INIT("\"a\tb\"\n"), "1[\"a|b\"]end"},
        {TEXT_INIT("\t\n"), "1[|]end"},
        {TEXT_INIT("a,b\rc\n"), "1[a,b\rc]end"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        expect(cases[i].tsv, false, cases[i].want);
    }
    expect(TEXT("a\tb\nc"), true, "1[a|b]UNAVAILABLE");
}

static void fields_at_their_limit(void **state)
{
    char line[2 * TSV_FIELDS_MAX + 8];
    struct buffer result;
    (void)state;
    buffer_init(&result, RESULT_BYTES);
    memset(line, '\t', sizeof(line));
    line[TSV_FIELDS_MAX] = '\n';
    line[TSV_FIELDS_MAX + 1] = 'x';
    read_all(text_of_bytes(line, TSV_FIELDS_MAX + 2), 1000, false, &result);
    assert_true(
        text_equal(buffer_text(&result), TEXT("1!the row has more than 32 fields!2[x]end")));
    line[TSV_FIELDS_MAX - 1] = '\n';
    read_all(text_of_bytes(line, TSV_FIELDS_MAX), 1000, false, &result);
    assert_true(text_starts_with(buffer_text(&result), TEXT("1[|")));
    buffer_deinit(&result);
}

static void rows_at_their_limit(void **state)
{
    char *bytes = malloc(TSV_ROW_BYTES_MAX + 8);
    struct buffer result;
    (void)state;
    assert_non_null(bytes);
    buffer_init(&result, RESULT_BYTES);
    memset(bytes, 'x', TSV_ROW_BYTES_MAX + 1);
    memcpy(bytes + TSV_ROW_BYTES_MAX + 1, "\ny\n", 3);
    for (size_t chunk = 100; chunk <= 100000; chunk *= 10) {
        read_all(text_of_bytes(bytes, TSV_ROW_BYTES_MAX + 4), chunk, false, &result);
        assert_true(
            text_equal(buffer_text(&result), TEXT("1!the row is longer than 64 KiB!2[y]end")));
        read_all(text_of_bytes(bytes + 1, TSV_ROW_BYTES_MAX + 3), chunk, false, &result);
        assert_int_equal(result.length, strlen("1[]2[y]end") + TSV_ROW_BYTES_MAX);
    }
    buffer_deinit(&result);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(fields_at_their_limit),
        cmocka_unit_test(rows_at_their_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
