#include "base/log.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/call.h"
#include "support/cmocka_test.h"

enum { OUTPUT_BYTES = 2 * LOG_LINE_BYTES_MAX };

/* A log into a pipe: what a line is, is seen by what one write made of it. */
struct capture {
    struct log log;
    int reader;
    char line[OUTPUT_BYTES];
    size_t length;
};

static void capture_open(struct capture *capture, enum log_format format)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    capture->reader = ends[0];
    capture->log = (struct log){ends[1], LOG_INFO, format, "rating"};
}

/* Reads what was written so far, which ends in a newline, and has no other. */
static void capture_read(struct capture *capture)
{
    ssize_t got = read(capture->reader, capture->line, OUTPUT_BYTES - 1);
    assert_true(got > 0);
    capture->length = (size_t)got;
    capture->line[got] = '\0';
    assert_ptr_equal(strchr(capture->line, '\n'), &capture->line[got - 1]);
    assert_true(text_is_utf8(text_of_bytes(capture->line, capture->length)));
    assert_in_range(capture->length, 1, LOG_LINE_BYTES_MAX);
}

static void capture_close(struct capture *capture)
{
    assert_int_equal(close(capture->log.fd), 0);
    char byte;
    assert_int_equal(read(capture->reader, &byte, 1), 0); /* nothing more was written */
    assert_int_equal(close(capture->reader), 0);
}

/* The line from `level` on: before it is the time, which is looked at here. */
static const char *after_time(struct capture *capture)
{
    const char *time = capture->log.format == LOG_JSON ? "{\"time\":\"20" : "time=20";
    const char *level = capture->log.format == LOG_JSON ? "\"level\"" : "level=";
    assert_memory_equal(capture->line, time, strlen(time));
    const char *rest = strstr(capture->line, level);
    assert_non_null(rest);
    return rest;
}

static void fields_are_written_in_both_formats(void **state)
{
    (void)state;
    static const struct {
        enum log_format format;
        const char *want;
    } cases[] = {
        {LOG_KEY_VALUE, "level=info service=rating message=\"listening\" address=\"[::1]:80\" "
                        "count=-3 share=0.25 ready=true\n"},
        {LOG_JSON, "\"level\":\"info\",\"service\":\"rating\",\"message\":\"listening\","
                   "\"address\":\"[::1]:80\",\"count\":-3,\"share\":0.25,\"ready\":true}\n"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct capture capture;
        capture_open(&capture, cases[i].format);
        log_write(&capture.log, LOG_INFO, "listening",
                  LOG_FIELDS(log_string("address", "[::1]:80"), log_integer("count", -3),
                             log_number("share", 0.25), log_boolean("ready", true)));
        capture_read(&capture);
        assert_string_equal(after_time(&capture), cases[i].want);
        capture_close(&capture);
    }
}

static void no_text_can_leave_its_quotes(void **state)
{
    (void)state;
    static const struct {
        struct text given;
        const char *want;
    } cases[] = {
        {TEXT_INIT(""), "\"\""},
        {TEXT_INIT("a\nlevel=error"), "\"a\\u000alevel=error\""},
        {TEXT_INIT("a\r\t\x1b[2J"), "\"a\\u000d\\u0009\\u001b[2J\""},
        {TEXT_INIT("say \"no\" \\"), "\"say \\\"no\\\" \\\\\""},
        {TEXT_INIT("nul\0nul"), "\"nul\\u0000nul\""},
        {TEXT_INIT("\x7f\xc2\x9b\xc2\x85"), "\"\\u007f\\u009b\\u0085\""},
        {TEXT_INIT("\xc2\xa0\xc3\xa9\xf0\x9f\x8e\xac"), "\"\xc2\xa0\xc3\xa9\xf0\x9f\x8e\xac\""},
        {TEXT_INIT("bad \xff"), "\"bad \\ufffd\""},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        for (int json = 0; json < 2; json++) {
            struct capture capture;
            capture_open(&capture, json ? LOG_JSON : LOG_KEY_VALUE);
            log_write(&capture.log, LOG_ERROR, "m", LOG_FIELDS(log_text("given", cases[i].given)));
            capture_read(&capture);
            const char *value = strstr(capture.line, json ? "\"given\":" : " given=");
            assert_non_null(value);
            value += strlen(json ? "\"given\":" : " given=");
            assert_memory_equal(value, cases[i].want, strlen(cases[i].want));
            assert_string_equal(value + strlen(cases[i].want), json ? "}\n" : "\n");
            capture_close(&capture);
        }
    }
}

/* Wherever the limit falls, in a key, a number or a character, the line is whole. */
static void a_long_line_is_cut_and_says_so(void **state)
{
    (void)state;
    static const char letters[] = "\xe2\x82\xac\xe2\x82\xac";
    char *long_text = malloc(LOG_LINE_BYTES_MAX);
    assert_non_null(long_text);
    for (size_t i = 0; i < LOG_LINE_BYTES_MAX; i++) {
        long_text[i] = letters[i % 3];
    }
    for (size_t length = LOG_LINE_BYTES_MAX - 300; length < LOG_LINE_BYTES_MAX; length++) {
        for (int json = 0; json < 2; json++) {
            struct capture capture;
            capture_open(&capture, json ? LOG_JSON : LOG_KEY_VALUE);
            struct text text = {long_text, length - length % 3};
            log_write(&capture.log, LOG_INFO, "m",
                      LOG_FIELDS(log_string("pad", (const char *[]){"", "x", "xx"}[length % 3]),
                                 log_text("long", text), log_integer("number", 123456),
                                 log_string("tail", "the end of it")));
            capture_read(&capture);
            bool cut = strstr(capture.line, "the end of it") == NULL;
            const char *end = json  ? cut ? ",\"cut\":true}\n" : "\"}\n"
                              : cut ? " cut=true\n"
                                    : "\"\n";
            assert_string_equal(capture.line + capture.length - strlen(end), end);
            /* Numbers are there in whole, or not at all. */
            const char *number = strstr(capture.line, "number");
            assert_true(number == NULL || strstr(number, "123456") != NULL);
            capture_close(&capture);
        }
    }
    free(long_text);
}

static void quieter_lines_are_dropped(void **state)
{
    (void)state;
    struct capture capture;
    capture_open(&capture, LOG_JSON);
    log_write(&capture.log, LOG_DEBUG, "quiet", NULL);
    log_write(NULL, LOG_ERROR, "nowhere", NULL);
    capture.log.level = LOG_ERROR;
    log_write(&capture.log, LOG_WARNING, "quiet", NULL);
    log_write(&capture.log, LOG_ERROR, "loud", NULL);
    capture_read(&capture);
    assert_string_equal(after_time(&capture),
                        "\"level\":\"error\",\"service\":\"rating\",\"message\":\"loud\"}\n");
    capture_close(&capture);
}

static void json_has_no_nan(void **state)
{
    (void)state;
    struct capture capture;
    capture_open(&capture, LOG_JSON);
    log_write(&capture.log, LOG_INFO, "m",
              LOG_FIELDS(log_number("a", (double)NAN), log_number("b", (double)-INFINITY)));
    capture_read(&capture);
    assert_non_null(strstr(capture.line, "\"a\":null,\"b\":null}"));
    capture_close(&capture);
}

static void a_call_is_logged_with_its_trace_and_error(void **state)
{
    (void)state;
    struct capture capture;
    struct arena arena;
    struct call call;
    char id[TRACE_ID_TEXT_BYTES];
    arena_init(&arena, 4096);
    call_init(&call, &arena, 0);
    (void)call_fail(&call, STATUS_NOT_FOUND, "no such film");
    (void)call_fail_detail(&call, STATUS_NOT_FOUND, "films.db");
    capture_open(&capture, LOG_KEY_VALUE);
    log_call(&capture.log, LOG_WARNING, &call, "call", LOG_FIELDS(log_integer("status", 5)));
    capture_read(&capture);
    struct text want =
        arena_format(&arena,
                     "level=warning service=rating message=\"call\" trace=\"%s\" status=5 "
                     "error=\"no such film\" detail=\"films.db\"\n",
                     trace_id_text(&call.identity.trace, id).data);
    assert_string_equal(after_time(&capture), want.data);
    capture_close(&capture);
    arena_deinit(&arena);
}

static void names_are_read(void **state)
{
    (void)state;
    enum log_level level = LOG_ERROR;
    enum log_format format = LOG_JSON;
    assert_true(log_level_parse(TEXT("debug"), &level));
    assert_int_equal(level, LOG_DEBUG);
    assert_true(log_level_parse(TEXT("warning"), &level));
    assert_int_equal(level, LOG_WARNING);
    assert_false(log_level_parse(TEXT("loud"), &level));
    assert_int_equal(level, LOG_WARNING);
    assert_true(log_format_parse(TEXT("text"), &format));
    assert_int_equal(format, LOG_KEY_VALUE);
    assert_true(log_format_parse(TEXT("json"), &format));
    assert_int_equal(format, LOG_JSON);
    assert_false(log_format_parse(TEXT("JSON"), &format));
    assert_int_equal(format, LOG_JSON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_written_in_both_formats),
        cmocka_unit_test(no_text_can_leave_its_quotes),
        cmocka_unit_test(a_long_line_is_cut_and_says_so),
        cmocka_unit_test(quieter_lines_are_dropped),
        cmocka_unit_test(json_has_no_nan),
        cmocka_unit_test(a_call_is_logged_with_its_trace_and_error),
        cmocka_unit_test(names_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
