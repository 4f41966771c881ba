/* What is measured, how often, and what a faulty format leads to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "sizecompare/measure.h"
#include "sizecompare/wire_format.h"

/* How often the counting format has been used since it was opened; printed as its bytes. */
struct counts {
    int encoded;
};

static enum status counting_open(void **ret_state)
{
    struct counts *counts = calloc(1, sizeof(*counts));
    assert_non_null(counts);
    *ret_state = counts;
    return STATUS_OK;
}

static void counting_close(void *state)
{
    free(state);
}

/* As many bytes as there have been documents. */
static enum status counting_encode(void *state, const struct sample_document *document,
                                   struct arena *scratch, struct buffer *bytes)
{
    (void)document;
    (void)scratch;
    struct counts *counts = state;

    counts->encoded++;
    for (int i = 0; i < counts->encoded; i++) {
        if (!buffer_append_byte(bytes, 'x')) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
    }
    return STATUS_OK;
}

static enum status reference_decode(void *state, struct text bytes, enum sample_shape shape,
                                    struct arena *arena, struct sample_document *ret_document)
{
    (void)state;
    (void)bytes;
    (void)shape;
    (void)arena;
    *ret_document = sample_document_reference();
    return STATUS_OK;
}

static enum status lying_decode(void *state, struct text bytes, enum sample_shape shape,
                                struct arena *arena, struct sample_document *ret_document)
{
    static const struct sample_entry other = {
        .fields = {TEXT_INIT("123"), TEXT_INIT("The Movie 3"),
                   TEXT_INIT("Sequel of the legendary The Movie"), TEXT_INIT("Foo Bars")}};

    (void)state;
    (void)bytes;
    (void)arena;
    *ret_document = (struct sample_document){.shape = shape, .entries = &other, .count = 1};
    return STATUS_OK;
}

static enum status failing_open(void **ret_state)
{
    (void)ret_state;
    return STATUS_INTERNAL;
}

static const struct wire_format counting_format = {
    .name = "counting",
    .library = "none 1",
    .open = counting_open,
    .close = counting_close,
    .encode = counting_encode,
    .decode = reference_decode,
};

static const struct wire_format lying_format = {
    .name = "lying",
    .library = "none 1",
    .open = counting_open,
    .close = counting_close,
    .encode = counting_encode,
    .decode = lying_decode,
};

static const struct wire_format broken_format = {
    .name = "broken",
    .library = "none 1",
    .open = failing_open,
    .close = counting_close,
    .encode = counting_encode,
    .decode = reference_decode,
};

static void test_runs_the_iterations_of_each_round(void **unused)
{
    (void)unused;
    const struct wire_format *const formats[] = {&counting_format, &counting_format};
    struct measure_plan plan = {.formats = formats, .format_count = 2, .iterations = 7};
    struct sample_document document = sample_document_reference();
    struct measurement measurements[2];
    const struct wire_format *failed = NULL;

    assert_int_equal(measure_document(&plan, &document, measurements, &failed), STATUS_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_ptr_equal(measurements[i].format, &counting_format);
        assert_int_equal(measurements[i].bytes, 1 + MEASURE_ROUNDS * 7);
        assert_true(measurements[i].encode_ns > 0);
        assert_true(measurements[i].decode_ns > 0);
    }
    assert_null(failed);
}

static void test_fills_the_time_of_each_round(void **unused)
{
    (void)unused;
    const struct wire_format *const formats[] = {&protobuf_format};
    struct measure_plan plan = {.formats = formats, .format_count = 1, .round_ns = CLOCK_NS_PER_MS};
    struct sample_document document = sample_document_reference();
    struct measurement measurement;
    const struct wire_format *failed = NULL;
    int64_t start_ns = clock_monotonic_ns();

    assert_int_equal(measure_document(&plan, &document, &measurement, &failed), STATUS_OK);
    assert_true(clock_monotonic_ns() - start_ns >= 2 * MEASURE_ROUNDS * CLOCK_NS_PER_MS);
    assert_true(measurement.encode_ns < (double)CLOCK_NS_PER_MS);
}

static void test_names_the_format_that_fails(void **unused)
{
    (void)unused;
    static const struct {
        const struct wire_format *format;
        enum status want;
    } cases[] = {
        {&lying_format, STATUS_DATA_LOSS},
        {&broken_format, STATUS_INTERNAL},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct wire_format *const formats[] = {&counting_format, cases[i].format,
                                                     &counting_format};
        struct measure_plan plan = {.formats = formats, .format_count = 3, .iterations = 1};
        struct sample_document document = sample_document_reference();
        struct measurement measurements[3] = {{.bytes = 77}};
        const struct wire_format *failed = NULL;
        assert_int_equal(measure_document(&plan, &document, measurements, &failed), cases[i].want);
        assert_ptr_equal(failed, cases[i].format);
        assert_int_equal(measurements[0].bytes, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_the_iterations_of_each_round),
        cmocka_unit_test(test_fills_the_time_of_each_round),
        cmocka_unit_test(test_names_the_format_that_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
