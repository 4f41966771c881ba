#include "base/trace.h"

#include "support/cmocka_test.h"

#define ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

static void what_is_read_is_written(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        const char *want;
    } cases[] = {
        {"00-" ID "-" SPAN "-01", "00-" ID "-" SPAN "-01"},
        {"00-" ID "-" SPAN "-00", "00-" ID "-" SPAN "-00"},
        {"cc-" ID "-" SPAN "-01", "00-" ID "-" SPAN "-01"},
        {"cc-" ID "-" SPAN "-01-more", "00-" ID "-" SPAN "-01"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct trace trace;
        char buffer[TRACE_PARENT_LENGTH];
        char id[TRACE_ID_TEXT_BYTES];
        assert_true(trace_parse(text_of(cases[i].given), &trace));
        trace_format(&trace, buffer);
        assert_memory_equal(buffer, cases[i].want, TRACE_PARENT_LENGTH);
        assert_string_equal(trace_id_text(&trace, id).data, ID);
    }
}

static void what_is_malformed_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "00-" ID "-" SPAN "-0",
        "00-" ID "-" SPAN "-011",
        "00-" ID "-" SPAN "-01-more",
        "cc-" ID "-" SPAN "-01.more",
        "ff-" ID "-" SPAN "-01",
        "0g-" ID "-" SPAN "-01",
        "00_" ID "-" SPAN "-01",
        "00-" ID "_" SPAN "-01",
        "00-" ID "-" SPAN "_01",
        "00-" ID "-" SPAN "-0x",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" ID "-0000000000000000-01",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct trace trace = {.flags = 7};
        if (trace_parse(text_of(cases[i]), &trace) || trace.flags != 7) {
            fail_msg("%s was taken", cases[i]);
        }
    }
}

static void a_child_keeps_the_trace(void **state)
{
    (void)state;
    struct trace parent = trace_start();
    struct trace other = trace_start();
    struct trace child = trace_child(&parent);
    assert_memory_not_equal(parent.id, other.id, TRACE_ID_BYTES);
    assert_memory_equal(parent.id, child.id, TRACE_ID_BYTES);
    assert_memory_not_equal(parent.span, child.span, TRACE_SPAN_BYTES);
    assert_int_equal(parent.flags, child.flags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_written),
        cmocka_unit_test(what_is_malformed_is_refused),
        cmocka_unit_test(a_child_keeps_the_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
