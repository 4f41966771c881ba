/* The JSON form of the report, read by a JSON parser. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "sizecompare/sizecompare.h"
#include "sizecompare/wire_format.h"

static const struct wire_format *format_of(const json_t *row, size_t index)
{
    const struct wire_format *format = wire_formats[index];

    assert_string_equal(json_string_value(json_object_get(row, "format")), format->name);
    assert_string_equal(json_string_value(json_object_get(row, "library")), format->library);
    return format;
}

static void check_document(const json_t *document, const char *shape, json_int_t entries)
{
    static const char *const numbers[] = {"bytes",      "encodeNs",    "decodeNs",
                                          "bytesRatio", "encodeRatio", "decodeRatio"};
    const json_t *formats = json_object_get(document, "formats");

    assert_string_equal(json_string_value(json_object_get(document, "shape")), shape);
    assert_int_equal(json_integer_value(json_object_get(document, "entries")), entries);
    assert_int_equal(json_array_size(formats), WIRE_FORMAT_COUNT);
    for (size_t i = 0; i < WIRE_FORMAT_COUNT; i++) {
        const json_t *row = json_array_get(formats, i);
        const struct wire_format *format = format_of(row, i);
        for (size_t j = 0; j < ARRAY_LENGTH(numbers); j++) {
            double number = json_number_value(json_object_get(row, numbers[j]));
            if (!(number > 0)) {
                fail_msg("%s: %s is %f", format->name, numbers[j], number);
            }
        }
    }
}

static void test_is_a_json_document(void **unused)
{
    (void)unused;
    char *output = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&output, &size);
    assert_non_null(file);
    struct sizecompare_options options = {.output = file, .json = true, .iterations = 1};

    assert_int_equal(sizecompare_run(&options), 0);
    assert_int_equal(fclose(file), 0);
    json_t *report = json_loadb(output, size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(report);
    const json_t *documents = json_object_get(report, "documents");
    assert_int_equal(json_integer_value(json_object_get(report, "rounds")), 5);
    assert_int_equal(json_array_size(documents), 2);
    check_document(json_array_get(documents, 0), "single", 1);
    check_document(json_array_get(documents, 1), "list", SIZECOMPARE_LIST_ENTRIES);
    const json_t *json_row =
        json_array_get(json_object_get(json_array_get(documents, 0), "formats"), 0);
    assert_int_equal(json_integer_value(json_object_get(json_row, "bytes")), 106);
    json_decref(report);
    free(output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_a_json_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
