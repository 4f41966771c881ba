/* What a process says of itself. */
#include "telemetry/telemetry_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "support/cmocka_test.h"
#include "unit/telemetry/telemetry_fixture.h"

enum { HELD_BYTES = 64 * 1024 * 1024, PAGE_STEP = 4096 };

static char *page_now(double *start)
{
    struct telemetry *telemetry;
    assert_int_equal(telemetry_create(1, &telemetry), STATUS_OK);
    telemetry_add_source(telemetry, telemetry_process_write, start);
    char *page = telemetry_fixture_page(telemetry);
    telemetry_destroy(telemetry);
    return page;
}

static double sample_now(double *start, const char *name)
{
    char *page = page_now(start);
    double value = telemetry_fixture_sample(page, name);
    free(page);
    return value;
}

static void test_start(void **state)
{
    (void)state;
    time_t before = time(NULL);
    double start = telemetry_process_start();
    assert_true(start >= (double)before && start <= (double)time(NULL) + 1);
    assert_true(sample_now(&start, "process_start_time_seconds") == start);
}

static void test_memory_is_seen_to_grow(void **state)
{
    double start = 0;
    (void)state;
    double before = sample_now(&start, "process_resident_memory_bytes");
    char *held = malloc(HELD_BYTES);
    assert_non_null(held);
    for (size_t i = 0; i < HELD_BYTES; i += PAGE_STEP) {
        held[i] = 1;
    }
    double after = sample_now(&start, "process_resident_memory_bytes");
    assert_true(after - before > HELD_BYTES / 2);
    assert_int_equal(held[HELD_BYTES / 2], 1);
    free(held);
}

static void test_descriptors_are_counted(void **state)
{
    double start = 0;
    (void)state;
    double before = sample_now(&start, "process_open_fds");
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_true(sample_now(&start, "process_open_fds") == before + 1);
    (void)fclose(file);
    assert_true(sample_now(&start, "process_max_fds") >= before);
}

static void test_time_is_spent(void **state)
{
    double start = 0;
    (void)state;
    double before = sample_now(&start, "process_cpu_seconds_total");
    clock_t begun = clock();
    while (clock() - begun < CLOCKS_PER_SEC / 50) {
    }
    assert_true(sample_now(&start, "process_cpu_seconds_total") > before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_memory_is_seen_to_grow),
        cmocka_unit_test(test_descriptors_are_counted),
        cmocka_unit_test(test_time_is_spent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
