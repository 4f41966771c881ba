/* Where events begin and end, in arrays and in lines, whatever the size of the chunks. */
#include "support/cmocka_test.h"

#include "base/arena.h"
#include "marquee/event_reader.h"
#include "unit/marquee/chunked_source.h"

enum { ARENA_BYTES = 64 * 1024, RESULT_BYTES = 4 * 1024 * 1024 };

/* Events as "line<text>", or "line<too long>"; then "end", or what was said. */
static void read_all(struct text file, size_t chunk_bytes, bool fails, struct buffer *result)
{
    struct chunked_source source = {file, chunk_bytes, fails};
    struct event_reader reader;
    struct event_text event;
    struct arena arena;
    struct call call;
    buffer_clear(result);
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    assert_int_equal(event_reader_init(&reader, chunked_source_bytes(&source)), STATUS_OK);
    enum status status = event_reader_next(&reader, &call, &event);
    for (; status == STATUS_OK; status = event_reader_next(&reader, &call, &event)) {
        struct text shown = event.too_long ? TEXT("too long") : event.json;
        assert_true(!event.too_long || event.json.length == 0);
        assert_true(buffer_format(result, "%d<%.*s>", (int)event.line, TEXT_ARGUMENTS(shown)));
    }
    if (status == STATUS_NOT_FOUND) {
        assert_true(buffer_append(result, TEXT("end")));
        assert_int_equal(event_reader_next(&reader, &call, &event), STATUS_NOT_FOUND);
    } else {
        assert_true(buffer_append(result, call.error.message));
    }
    event_reader_deinit(&reader);
    arena_deinit(&arena);
}

static void assert_result(struct buffer *result, const char *want)
{
    assert_true(buffer_append_byte(result, '\0'));
    assert_string_equal(result->data, want);
}

static void test_events(void **state)
{
    static const struct {
        const char *file;
        const char *want;
    } cases[] = {
        {"", "end"},
        {" \n\t\r\n", "end"},
        {"[]", "end"},
        {" [ \n ] \n", "end"},
        {"{\"a\":1}\n{\"b\":2}\n", "1<{\"a\":1}>2<{\"b\":2}>end"},
        {"\n\n{\"a\":1}\n\n  {\"b\":2}", "3<{\"a\":1}>5<{\"b\":2}>end"},
        {"nonsense\n{}\n", "1<nonsense>2<{}>end"},
        {"[{\"a\":1},{\"b\":[2,3]}]", "1<{\"a\":1}>1<{\"b\":[2,3]}>end"},
        {"[\n{\"a\":1},\n{\"b\":2}\n]\n", "2<{\"a\":1}>3<{\"b\":2}\n>end"},
        {"[{\"a\":\"],}{\\\"\"},{\"\\\\\":1}]", "1<{\"a\":\"],}{\\\"\"}>1<{\"\\\\\":1}>end"},
        {"[1,\"a,b\",null]", "1<1>1<\"a,b\">1<null>end"},
        {"[1 2]", "1<1 2>end"},
        {"[,]", "1<>1<>end"},
        {"[1,]", "1<1>1<>end"},
        {"[}]", "1<}>end"},
        {"[", "line 1: the file ends within the array"},
        {"[{\"a\":1}", "line 1: the file ends within the array"},
        {"[1,\n", "1<1>line 2: the file ends within the array"},
        {"[\"]", "line 1: the file ends within the array"},
        {"[1]\n[2]", "1<1>line 2: something stands behind the end of the array"},
    };
    struct buffer result;
    (void)state;
    buffer_init(&result, RESULT_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text file = text_of(cases[i].file);
        for (size_t chunk = 1; chunk <= file.length + 1; chunk++) {
            read_all(file, chunk, false, &result);
            assert_result(&result, cases[i].want);
        }
    }
    buffer_deinit(&result);
}

/* One of the longest kind, one longer, and one behind it, in both forms. */
static void test_too_long(void **state)
{
    struct buffer file;
    struct buffer result;
    (void)state;
    buffer_init(&file, RESULT_BYTES);
    buffer_init(&result, RESULT_BYTES);
    for (int is_array = 0; is_array < 2; is_array++) {
        buffer_clear(&file);
        assert_true(!is_array || buffer_append_byte(&file, '['));
        for (size_t more = 0; more < 2; more++) {
            size_t length = EVENT_READER_EVENT_BYTES_MAX + more;
            char *room = buffer_reserve(&file, length);
            assert_non_null(room);
            memset(room, 'x', length);
            buffer_extend(&file, length);
            assert_true(buffer_append(&file, is_array ? TEXT(",") : TEXT("\n")));
        }
        assert_true(buffer_append(&file, is_array ? TEXT("1]") : TEXT("1")));
        read_all(buffer_text(&file), EVENT_READER_CHUNK_BYTES, false, &result);
        struct text text = buffer_text(&result);
        assert_true(text.length > EVENT_READER_EVENT_BYTES_MAX);
        assert_true(text_starts_with(text, TEXT("1<xxx")));
        assert_true(text_ends_with(text, is_array ? TEXT("xxx>1<too long>1<1>end")
                                                  : TEXT("xxx>2<too long>3<1>end")));
    }
    buffer_deinit(&file);
    buffer_deinit(&result);
}

static void test_source_fails(void **state)
{
    static const struct {
        const char *file;
        const char *want;
    } cases[] = {
        {"", "the disk is on fire"},
        {"{}\n{", "1<{}>the disk is on fire"},
        {"[1,2", "1<1>the disk is on fire"},
        {"[1]", "1<1>the disk is on fire"},
    };
    struct buffer result;
    (void)state;
    buffer_init(&result, RESULT_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        read_all(text_of(cases[i].file), 1, true, &result);
        assert_result(&result, cases[i].want);
    }
    buffer_deinit(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_source_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
