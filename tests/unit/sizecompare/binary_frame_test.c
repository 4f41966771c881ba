/* The walks that keep cut and forged documents away from thrift c_glib and avro-c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sizecompare/binary_frame.h"

#define ID "\x0b\x00\x01\x00\x00\x00\x01i"
#define TITLE "\x0b\x00\x02\x00\x00\x00\x01t"
#define DESCRIPTION "\x0b\x00\x03\x00\x00\x00\x00"
#define DIRECTOR "\x0b\x00\x04\x00\x00\x00\x01r"
#define STOP "\x00"
#define LIST "\x0f\x00\x01\x0c"

struct frame_case {
    const char *name;
    enum sample_shape shape;
    struct text bytes;
    enum status want;
};

typedef enum status (*check_fn)(struct text bytes, enum sample_shape shape);

static void run_cases(const struct frame_case *cases, size_t count, check_fn check)
{
    for (size_t i = 0; i < count; i++) {
        enum status got = check(cases[i].bytes, cases[i].shape);
        if (got != cases[i].want) {
            fail_msg("%s: %s, not %s", cases[i].name, status_name(got), status_name(cases[i].want));
        }
    }
}

static void test_thrift(void **unused)
{
    (void)unused;
    static const struct frame_case cases[] = {
        {"entry", SAMPLE_SINGLE, TEXT_INIT(ID TITLE DESCRIPTION DIRECTOR STOP), STATUS_OK},
        {"any order", SAMPLE_SINGLE, TEXT_INIT(DIRECTOR ID DESCRIPTION TITLE STOP), STATUS_OK},
        {"empty", SAMPLE_SINGLE, TEXT_INIT(""), STATUS_INVALID_ARGUMENT},
        {"no fields", SAMPLE_SINGLE, TEXT_INIT(STOP), STATUS_INVALID_ARGUMENT},
        {"no stop", SAMPLE_SINGLE, TEXT_INIT(ID TITLE DESCRIPTION DIRECTOR),
         STATUS_INVALID_ARGUMENT},
        {"field missing", SAMPLE_SINGLE, TEXT_INIT(ID TITLE DIRECTOR STOP),
         STATUS_INVALID_ARGUMENT},
        {"field twice", SAMPLE_SINGLE, TEXT_INIT(ID ID TITLE DESCRIPTION DIRECTOR STOP),
         STATUS_INVALID_ARGUMENT},
        {"field 5", SAMPLE_SINGLE,
         TEXT_INIT(ID TITLE DESCRIPTION DIRECTOR "\x0b\x00\x05\x00\x00\x00\x00" STOP),
         STATUS_INVALID_ARGUMENT},
        {"field 0", SAMPLE_SINGLE, TEXT_INIT("\x0b\x00\x00\x00\x00\x00\x00" STOP),
         STATUS_INVALID_ARGUMENT},
        {"other type", SAMPLE_SINGLE, TEXT_INIT("\x08\x00\x01\x00\x00\x00\x01" STOP),
         STATUS_INVALID_ARGUMENT},
        {"length past the end", SAMPLE_SINGLE, TEXT_INIT("\x0b\x00\x01\x00\x00\x00\x09" STOP),
         STATUS_INVALID_ARGUMENT},
        {"negative length", SAMPLE_SINGLE, TEXT_INIT("\x0b\x00\x01\xff\xff\xff\xff" STOP),
         STATUS_INVALID_ARGUMENT},
        {"byte behind", SAMPLE_SINGLE, TEXT_INIT(ID TITLE DESCRIPTION DIRECTOR STOP STOP),
         STATUS_INVALID_ARGUMENT},
        {"empty list", SAMPLE_LIST, TEXT_INIT(LIST "\x00\x00\x00\x00" STOP), STATUS_OK},
        {"list of one", SAMPLE_LIST,
         TEXT_INIT(LIST "\x00\x00\x00\x01" ID TITLE DESCRIPTION DIRECTOR STOP STOP), STATUS_OK},
        {"entry for a list", SAMPLE_LIST, TEXT_INIT(ID TITLE DESCRIPTION DIRECTOR STOP),
         STATUS_INVALID_ARGUMENT},
        {"list without stop", SAMPLE_LIST, TEXT_INIT(LIST "\x00\x00\x00\x00"),
         STATUS_INVALID_ARGUMENT},
        {"list of strings", SAMPLE_LIST, TEXT_INIT("\x0f\x00\x01\x0b\x00\x00\x00\x00" STOP),
         STATUS_INVALID_ARGUMENT},
        {"list of fewer", SAMPLE_LIST,
         TEXT_INIT(LIST "\x00\x00\x00\x02" ID TITLE DESCRIPTION DIRECTOR STOP STOP),
         STATUS_INVALID_ARGUMENT},
        {"list too long", SAMPLE_LIST, TEXT_INIT(LIST "\x7f\xff\xff\xff" STOP),
         STATUS_RESOURCE_EXHAUSTED},
    };

    run_cases(cases, ARRAY_LENGTH(cases), thrift_frame_check);
}

static void test_avro(void **unused)
{
    (void)unused;
    static const struct frame_case cases[] = {
        {"entry", SAMPLE_SINGLE, TEXT_INIT("\x02i\x02t\x00\x02r"), STATUS_OK},
        {"empty", SAMPLE_SINGLE, TEXT_INIT(""), STATUS_INVALID_ARGUMENT},
        {"field missing", SAMPLE_SINGLE, TEXT_INIT("\x02i\x02t\x00"), STATUS_INVALID_ARGUMENT},
        {"length past the end", SAMPLE_SINGLE, TEXT_INIT("\x02i\x02t\x00\x04r"),
         STATUS_INVALID_ARGUMENT},
        {"negative length", SAMPLE_SINGLE, TEXT_INIT("\x01\x02t\x00\x02r"),
         STATUS_INVALID_ARGUMENT},
        {"number too long", SAMPLE_SINGLE,
         TEXT_INIT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00\x02t\x00\x02r"),
         STATUS_INVALID_ARGUMENT},
        {"number without end", SAMPLE_SINGLE, TEXT_INIT("\x80"), STATUS_INVALID_ARGUMENT},
        {"byte behind", SAMPLE_SINGLE, TEXT_INIT("\x02i\x02t\x00\x02r\x00"),
         STATUS_INVALID_ARGUMENT},
        {"empty list", SAMPLE_LIST, TEXT_INIT("\x00"), STATUS_OK},
        {"list of one", SAMPLE_LIST, TEXT_INIT("\x02\x02i\x02t\x00\x02r\x00"), STATUS_OK},
        {"two blocks", SAMPLE_LIST, TEXT_INIT("\x02\x02i\x02t\x00\x02r\x02\x02i\x02t\x00\x02r\x00"),
         STATUS_OK},
        {"sized block", SAMPLE_LIST, TEXT_INIT("\x01\x0e\x02i\x02t\x00\x02r\x00"), STATUS_OK},
        {"list without end", SAMPLE_LIST, TEXT_INIT("\x02\x02i\x02t\x00\x02r"),
         STATUS_INVALID_ARGUMENT},
        {"list of fewer", SAMPLE_LIST, TEXT_INIT("\x04\x02i\x02t\x00\x02r\x00"),
         STATUS_INVALID_ARGUMENT},
        {"list too long", SAMPLE_LIST, TEXT_INIT("\x80\x80\x80\x80\x80\x80\x01\x00"),
         STATUS_RESOURCE_EXHAUSTED},
        {"sized list too long", SAMPLE_LIST,
         TEXT_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00"), STATUS_RESOURCE_EXHAUSTED},
    };

    run_cases(cases, ARRAY_LENGTH(cases), avro_frame_check);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thrift),
        cmocka_unit_test(test_avro),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
