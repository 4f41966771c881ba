/* CSV rows, whatever the size of the chunks they come in; what is malformed and where. */
#include "support/cmocka_test.h"

#include "marquee/csv_reader.h"
#include "unit/marquee/row_walk.h"

enum { RESULT_BYTES = 4 * 1024 * 1024 };

static void read_all(struct text csv, size_t chunk_bytes, bool fails, struct buffer *result)
{
    const struct row_walk walk = {ROW_CSV, csv, chunk_bytes, fails};
    row_walk_describe(&walk, result);
}

static void assert_result(struct buffer *result, const char *want)
{
    assert_true(buffer_append_byte(result, '\0'));
    assert_string_equal(result->data, want);
}

static void test_rows(void **state)
{
    static const struct {
        struct text csv;
        const char *want;
    } cases[] = {
        {TEXT_INIT(""), "end"},
        {TEXT_INIT("\n\r\n\n"), "end"},
        {TEXT_INIT("a,b\nc,d\n"), "1[a|b]2[c|d]end"},
        {TEXT_INIT("a,b\r\nc,d"), "1[a|b]2[c|d]end"},
        {TEXT_INIT("\n\na\n"), "3[a]end"},
        {TEXT_INIT(","), "1[|]end"},
        {TEXT_INIT("a,,c,\n"), "1[a||c|]end"},
        {TEXT_INIT("\"\"\n"), "1[]end"},
        {TEXT_INIT("\"\",\"\"\n"), "1[|]end"},
        {TEXT_INIT("11,\"American President, The (1995)\",Comedy|Drama\n"),
         "1[11|American President, The (1995)|Comedy|Drama]end"},
        {TEXT_INIT("\"a \"\"b\"\" c\",d\n"), "1[a \"b\" c|d]end"},
        {TEXT_INIT("\"a\nb\r\nc\",d\ne\n"), "1[a\nb\r\nc|d]4[e]end"},
        {TEXT_INIT("\"a\"\r\nb\r\n"), "1[a]2[b]end"},
        {TEXT_INIT(" a , b \n"), "1[ a | b ]end"},
        {TEXT_INIT("\xef\xbb\xbf"
                   "a,b\nc\n"),
         "1[a|b]2[c]end"},
        {TEXT_INIT("\xef\xbb\xbf\"a,b\",c\n"), "1[a,b|c]end"},
        {TEXT_INIT("\"\xef\xbb\xbf\",c\n"), "1[\xef\xbb\xbf|c]end"},
        {TEXT_INIT("\xef\xbb,c\n"), "1[\xef\xbb|c]end"},
        {TEXT_INIT("\xef\xbb\xbf"), "end"},
        {TEXT_INIT("\xef"), "1[\xef]end"},
        {TEXT_INIT("a\n\xef\xbb\xbf"
                   "b\n"),
         "1[a]2[\xef\xbb\xbf"
         "b]end"},
    };
    struct buffer result;
    (void)state;
    buffer_init(&result, RESULT_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        for (size_t chunk = 1; chunk <= cases[i].csv.length + 1; chunk++) {
            read_all(cases[i].csv, chunk, false, &result);
            assert_result(&result, cases[i].want);
        }
    }
    buffer_deinit(&result);
}

static void test_malformed(void **state)
{
    static const struct {
        struct text csv;
        const char *want;
    } cases[] = {
        {TEXT_INIT("a\"b,c\nd\n"), "1!a quote stands within a field that is not in quotes!2[d]end"},
        {TEXT_INIT("\"a\"b,c\nd\n"),
         "1!something stands between a closing quote and the comma!2[d]end"},
        {TEXT_INIT("a\rb\nc\n"), "1!a carriage return stands within a line!2[c]end"},
        {TEXT_INIT("a\n\"b,\nc\n"), "1[a]2!the file ends within quotes!end"},
        {TEXT_INIT("\"a\nb\"c\nd\n"),
         "1!something stands between a closing quote and the comma!3[d]end"},
        {TEXT_INIT("a\"\"\nb"), "1!a quote stands within a field that is not in quotes!2[b]end"},
    };
    struct buffer result;
    (void)state;
    buffer_init(&result, RESULT_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        read_all(cases[i].csv, 3, false, &result);
        assert_result(&result, cases[i].want);
    }
    buffer_deinit(&result);
}

static void test_limits(void **state)
{
    struct buffer csv;
    struct buffer result;
    (void)state;
    buffer_init(&csv, RESULT_BYTES);
    buffer_init(&result, RESULT_BYTES);
    /* As many fields as may be, and one more. */
    for (size_t row = 0; row < 2; row++) {
        for (size_t i = 1; i < CSV_FIELDS_MAX + row; i++) {
            assert_true(buffer_append_byte(&csv, ','));
        }
        assert_true(buffer_append_byte(&csv, '\n'));
    }
    /* As many bytes as may be, and one more. */
    for (size_t row = 0; row < 2; row++) {
        char *room = buffer_reserve(&csv, CSV_ROW_BYTES_MAX + row);
        assert_non_null(room);
        memset(room, 'x', CSV_ROW_BYTES_MAX + row);
        buffer_extend(&csv, CSV_ROW_BYTES_MAX + row);
        assert_true(buffer_append_byte(&csv, '\n'));
    }
    read_all(buffer_text(&csv), CSV_CHUNK_BYTES, false, &result);
    struct text text = buffer_text(&result);
    assert_true(text_starts_with(text, TEXT("1[|||")));
    assert_non_null(memmem(text.data, text.length, "]2!the row has more than 64 fields!3[xxx", 39));
    assert_true(text_ends_with(text, TEXT("xxx]4!the row is longer than 1 MiB!end")));
    buffer_deinit(&csv);
    buffer_deinit(&result);
}

static void test_source_fails(void **state)
{
    struct buffer result;
    (void)state;
    buffer_init(&result, RESULT_BYTES);
    read_all(TEXT("a\nb"), 1, true, &result);
    assert_result(&result, "1[a]UNAVAILABLE");
    buffer_deinit(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_source_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
