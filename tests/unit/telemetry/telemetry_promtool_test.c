/* Prometheus's own checker reads the page. Skipped where promtool is not installed. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "support/cmocka_test.h"
#include "unit/telemetry/telemetry_fixture.h"

enum { SKIPPED = 77 };

static int check(const char *page)
{
    FILE *promtool = popen("promtool check metrics", "we");
    assert_non_null(promtool);
    assert_true(fputs(page, promtool) >= 0);
    int status = pclose(promtool);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void write_source(void *state, struct telemetry_page *page)
{
    (void)state;
    telemetry_write_family(page, "marquee_lag", "gauge", "Events not yet applied.");
    telemetry_write_sample(page, "marquee_lag", "partition=\"0\"", 3);
}

static void test_page_is_accepted(void **state)
{
    (void)state;
    struct telemetry *telemetry;
    assert_int_equal(telemetry_create(2, &telemetry), STATUS_OK);
    telemetry_add_source(telemetry, write_source, NULL);
    telemetry_observe(telemetry, 0, TELEMETRY_SERVED, "grpc", "/M/Get", STATUS_OK, 1000);
    telemetry_observe(telemetry, 1, TELEMETRY_SERVED, "http", "GET /metadata", STATUS_NOT_FOUND,
                      2000000);
    telemetry_observe(telemetry, 1, TELEMETRY_CALLED, "rating", "/R/Get", STATUS_UNAVAILABLE, 9);
    char *page = telemetry_fixture_page(telemetry);
    assert_int_equal(check(page), 0);
    free(page);
    telemetry_destroy(telemetry);
}

static void test_the_checker_checks(void **state)
{
    (void)state;
    assert_int_not_equal(check("# TYPE a counter\n# TYPE a counter\na 1\na 1\n"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_is_accepted),
        cmocka_unit_test(test_the_checker_checks),
    };
    if (system("command -v promtool >/dev/null") != 0) {
        (void)fputs("skipped: there is no promtool (./dev peers promtool)\n", stderr);
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
