/* The page as Prometheus reads it, word by word. */
#include <stdlib.h>

#include "support/cmocka_test.h"
#include "unit/telemetry/telemetry_fixture.h"

static void test_nothing_counted(void **state)
{
    (void)state;
    struct telemetry *telemetry;
    assert_int_equal(telemetry_create(1, &telemetry), STATUS_OK);
    char *page = telemetry_fixture_page(telemetry);
    assert_string_equal(page, "# HELP marquee_requests_total Finished, by outcome.\n"
                              "# TYPE marquee_requests_total counter\n"
                              "# HELP marquee_requests_duration_seconds From first to last byte.\n"
                              "# TYPE marquee_requests_duration_seconds histogram\n"
                              "# HELP marquee_dependency_calls_total Finished, by outcome.\n"
                              "# TYPE marquee_dependency_calls_total counter\n"
                              "# HELP marquee_dependency_calls_duration_seconds From first to last "
                              "byte.\n"
                              "# TYPE marquee_dependency_calls_duration_seconds histogram\n");
    free(page);
    telemetry_destroy(telemetry);
}

static void write_lag(void *state, struct telemetry_page *page)
{
    const double *lag = state;
    telemetry_write_family(page, "marquee_lag", "gauge", "Events not yet applied.");
    telemetry_write_sample(page, "marquee_lag", "partition=\"0\"", *lag);
    telemetry_write_sample(page, "marquee_lag", "partition=\"1\"", 0.25);
}

static void write_commits(void *state, struct telemetry_page *page)
{
    (void)state;
    telemetry_write_family(page, "marquee_commits_total", "counter", "Synced to disk.");
    telemetry_write_sample(page, "marquee_commits_total", "", 9007199254740991.0);
}

static void test_one_request_and_sources(void **state)
{
    (void)state;
    struct telemetry *telemetry;
    double lag = 7;
    assert_int_equal(telemetry_create(1, &telemetry), STATUS_OK);
    telemetry_add_source(telemetry, write_lag, &lag);
    telemetry_add_source(telemetry, write_commits, NULL);
    telemetry_observe(telemetry, 0, TELEMETRY_CALLED, "rating", "/R/Get", STATUS_NOT_FOUND,
                      1500000);
    char *page = telemetry_fixture_page(telemetry);
    static const char want[] =
        "# TYPE marquee_dependency_calls_total counter\n"
        "marquee_dependency_calls_total{target=\"rating\",method=\"/R/Get\",status=\"NOT_FOUND\"} "
        "1\n"
        "# HELP marquee_dependency_calls_duration_seconds From first to last byte.\n"
        "# TYPE marquee_dependency_calls_duration_seconds histogram\n"
#define BUCKET(bound, count)                                                                       \
    "marquee_dependency_calls_duration_seconds_bucket{target=\"rating\",method=\"/R/"              \
    "Get\",le=\"" bound "\"} " count "\n"
        BUCKET("5e-05", "0") BUCKET("0.0001", "0") BUCKET("0.00025", "0") BUCKET("0.0005", "0")
            BUCKET("0.001", "0") BUCKET("0.0025", "1") BUCKET("0.005", "1") BUCKET("0.01", "1")
                BUCKET("0.025", "1") BUCKET("0.05", "1") BUCKET("0.1", "1") BUCKET("0.25", "1")
                    BUCKET("0.5", "1") BUCKET("1", "1") BUCKET("5", "1") BUCKET("+Inf", "1")
#undef BUCKET
                        "marquee_dependency_calls_duration_seconds_sum{target=\"rating\",method=\"/"
                        "R/Get\"} "
                        "0.001500000\n"
                        "marquee_dependency_calls_duration_seconds_count{target=\"rating\",method="
                        "\"/R/Get\"} 1\n"
                        "# HELP marquee_lag Events not yet applied.\n"
                        "# TYPE marquee_lag gauge\n"
                        "marquee_lag{partition=\"0\"} 7\n"
                        "marquee_lag{partition=\"1\"} 0.25\n"
                        "# HELP marquee_commits_total Synced to disk.\n"
                        "# TYPE marquee_commits_total counter\n"
                        "marquee_commits_total 9007199254740991\n";
    const char *start = strstr(page, "# TYPE marquee_dependency_calls_total");
    assert_non_null(start);
    assert_string_equal(start, want);
    free(page);
    telemetry_destroy(telemetry);
}

static void test_page_that_does_not_fit(void **state)
{
    (void)state;
    struct telemetry *telemetry;
    assert_int_equal(telemetry_create(1, &telemetry), STATUS_OK);
    telemetry_observe(telemetry, 0, TELEMETRY_SERVED, "grpc", "/M/Get", STATUS_OK, 1);
    char *page = telemetry_fixture_page(telemetry);
    size_t bytes = strlen(page);
    free(page);
    /* buffer_format() needs a byte more for its NUL. */
    for (size_t bytes_max = 0; bytes_max <= bytes + 1; bytes_max++) {
        struct buffer buffer;
        buffer_init(&buffer, bytes_max);
        assert_int_equal(telemetry_write(telemetry, &buffer), bytes_max > bytes);
        buffer_deinit(&buffer);
    }
    telemetry_destroy(telemetry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_counted),
        cmocka_unit_test(test_one_request_and_sources),
        cmocka_unit_test(test_page_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
