#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/json.h"

enum { BYTES_MAX = 4096 };

static void assert_written(const struct buffer *buffer, const char *wanted)
{
    if (!text_equal(buffer_text(buffer), text_of(wanted))) {
        fail_msg("%.*s is not %s", TEXT_ARGUMENTS(buffer_text(buffer)), wanted);
    }
}

static void write_everything(struct json_writer *writer)
{
    json_open_object(writer);
    json_member_string(writer, "a", TEXT("x"));
    json_member_integer(writer, "b", INT64_MIN);
    json_member_number(writer, "c", 8.5);
    json_member_boolean(writer, "d", true);
    json_write_name(writer, TEXT("e"));
    json_open_array(writer);
    json_write_null(writer);
    json_open_array(writer);
    json_close_array(writer);
    json_open_object(writer);
    json_close_object(writer);
    size_t start = writer->buffer->length + 1; /* after the comma */
    json_write_raw(writer, TEXT("[1,2]"));
    json_write_copy(writer, start, 5);
    json_write_boolean(writer, false);
    json_write_base64(writer, TEXT("foob"));
    json_write_base64(writer, TEXT(""));
    json_close_array(writer);
    json_write_name(writer, TEXT("f\""));
    json_open_object(writer);
    json_close_object(writer);
    json_close_object(writer);
}

static void test_structure(void **state)
{
    (void)state;
    struct buffer buffer;
    struct json_writer writer;
    buffer_init(&buffer, BYTES_MAX);
    json_writer_init(&writer, &buffer);
    write_everything(&writer);
    assert_true(json_writer_end(&writer));
    assert_written(&buffer, "{\"a\":\"x\",\"b\":-9223372036854775808,\"c\":8.5,\"d\":true,"
                            "\"e\":[null,[],{},[1,2],[1,2],false,\"Zm9vYg==\",\"\"],\"f\\\"\":{}}");
    buffer_deinit(&buffer);
}

static void test_limit(void **state)
{
    (void)state;
    struct buffer buffer;
    struct json_writer writer;
    buffer_init(&buffer, BYTES_MAX);
    json_writer_init(&writer, &buffer);
    write_everything(&writer);
    size_t needed = buffer.length;
    buffer_deinit(&buffer);
    for (size_t limit = 0; limit <= needed; limit++) {
        buffer_init(&buffer, limit);
        json_writer_init(&writer, &buffer);
        write_everything(&writer);
        assert_int_equal(json_writer_end(&writer), limit == needed);
        buffer_deinit(&buffer);
    }
}

static void test_strings(void **state)
{
    (void)state;
    static const struct {
        struct text string;
        const char *json;
    } cases[] = {
        {{NULL, 0}, "\"\""},
        {TEXT_INIT("plain"), "\"plain\""},
        {TEXT_INIT("longer than one word of eight"), "\"longer than one word of eight\""},
        {TEXT_INIT("1234567\"1234567\\1234567\n12345678\xc3\xa9"
                   "1234567\x7f"),
         "\"1234567\\\"1234567\\\\1234567\\n12345678\xc3\xa9"
         "1234567\x7f\""},
        {TEXT_INIT("\"quoted\" \\ /"), "\"\\\"quoted\\\" \\\\ /\""},
        {TEXT_INIT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
        {TEXT_INIT("\x01\x1f\x7f"), "\"\\u0001\\u001f\x7f\""},
        {TEXT_INIT("a\0b"), "\"a\\u0000b\""},
        {TEXT_INIT("\xc3\xa9\xf0\x9f\x8e\xac"), "\"\xc3\xa9\xf0\x9f\x8e\xac\""},
        {TEXT_INIT("a\xff\"b"), "\"a\xef\xbf\xbd\\\"b\""},
        {TEXT_INIT("\xc3"), "\"\xef\xbf\xbd\""},
        {TEXT_INIT("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {TEXT_INIT("\xc3\xa9\xc3"), "\"\xc3\xa9\xef\xbf\xbd\""},
    };
    struct buffer buffer;
    struct json_writer writer;
    buffer_init(&buffer, BYTES_MAX);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        buffer_clear(&buffer);
        json_writer_init(&writer, &buffer);
        json_write_string(&writer, cases[i].string);
        assert_true(json_writer_end(&writer));
        assert_written(&buffer, cases[i].json);
    }
    buffer_deinit(&buffer);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        double number;
        const char *json;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0.0"},
        {8, "8"},
        {8.5, "8.5"},
        {-7.25, "-7.25"},
        {0.1, "0.1"},
        {-0.001, "-0.001"},
        {0.0005, "0.0005"},
        {7.12, "7.12"},
        {-123456789.125, "-123456789.125"},
        {999999999999.5, "999999999999.5"},
        {1000000000000.125, "1000000000000.125"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {999999999999999, "999999999999999"},
        {1e15, "1e+15"},
        {1e300, "1e+300"},
        {5e-324, "4.94065645841247e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {9007199254740993.0, "9007199254740992"},
    };
    struct buffer buffer;
    struct json_writer writer;
    buffer_init(&buffer, BYTES_MAX);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        buffer_clear(&buffer);
        json_writer_init(&writer, &buffer);
        json_write_number(&writer, cases[i].number);
        assert_written(&buffer, cases[i].json);
    }
    buffer_clear(&buffer);
    json_writer_init(&writer, &buffer);
    json_open_array(&writer);
    json_write_single(&writer, 0.1F);
    json_write_single(&writer, 3.4028234663852886e38F);
    json_write_single(&writer, 16777216.0F);
    json_close_array(&writer);
    assert_written(&buffer, "[0.1,3.4028235e+38,16777216]");
    buffer_deinit(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structure),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
