/* What is counted, and where. */
#include <stdio.h>
#include <stdlib.h>

#include "support/cmocka_test.h"
#include "unit/telemetry/telemetry_fixture.h"

#define SERVED(protocol, method, status)                                                           \
    "marquee_requests_total{protocol=\"" protocol "\",method=\"" method "\",status=\"" status "\"" \
    "}"
#define SERVED_COUNT(protocol, method)                                                             \
    "marquee_requests_duration_seconds_count{protocol=\"" protocol "\",method=\"" method "\"}"

enum { THREADS = 3 };

static int setup(void **state)
{
    struct telemetry *telemetry;
    if (telemetry_create(THREADS, &telemetry) != STATUS_OK) {
        return -1;
    }
    *state = telemetry;
    return 0;
}

static int teardown(void **state)
{
    telemetry_destroy(*state);
    return 0;
}

static void test_threads_are_summed(void **state)
{
    for (unsigned thread = 0; thread < THREADS; thread++) {
        for (unsigned i = 0; i <= thread; i++) {
            telemetry_observe(*state, thread, TELEMETRY_SERVED, "grpc", "/M/Get", STATUS_OK, 1000);
        }
    }
    telemetry_observe(*state, 1, TELEMETRY_SERVED, "grpc", "/M/Get", STATUS_NOT_FOUND, 1000);
    telemetry_observe(*state, 2, TELEMETRY_SERVED, "http", "/M/Get", STATUS_OK, 1000);
    telemetry_observe(*state, 2, TELEMETRY_SERVED, "grpc", "/M/Put", STATUS_OK, 1000);
    telemetry_observe(*state, 2, TELEMETRY_CALLED, "grpc", "/M/Get", STATUS_OK, 1000);

    char *page = telemetry_fixture_page(*state);
    static const struct {
        const char *sample;
        double want;
    } cases[] = {
        {SERVED("grpc", "/M/Get", "OK"), 6},
        {SERVED("grpc", "/M/Get", "NOT_FOUND"), 1},
        {SERVED("http", "/M/Get", "OK"), 1},
        {SERVED("grpc", "/M/Put", "OK"), 1},
        {SERVED_COUNT("grpc", "/M/Get"), 7},
        {"marquee_requests_duration_seconds_sum{protocol=\"grpc\",method=\"/M/Get\"}", 0.000007},
        {"marquee_dependency_calls_total{target=\"grpc\",method=\"/M/Get\",status=\"OK\"}", 1},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_float_equal(telemetry_fixture_sample(page, cases[i].sample), cases[i].want, 1e-12);
    }
    assert_false(telemetry_fixture_has(page, SERVED("grpc", "/M/Put", "NOT_FOUND")));
    free(page);
}

/* Names are told apart by pointer, but equal names are one sample. */
static void test_equal_names_are_one_sample(void **state)
{
    static const char one[] = "/M/Get";
    static const char same[] = "/M/Get";
    telemetry_observe(*state, 0, TELEMETRY_SERVED, "grpc", one, STATUS_OK, 1000);
    telemetry_observe(*state, 0, TELEMETRY_SERVED, "grpc", same, STATUS_OK, 1000);
    char *page = telemetry_fixture_page(*state);
    assert_float_equal(telemetry_fixture_sample(page, SERVED("grpc", "/M/Get", "OK")), 2, 0);
    free(page);
}

static void test_every_status_has_its_name(void **state)
{
    for (int status = 0; status < STATUS_COUNT; status++) {
        telemetry_observe(*state, 0, TELEMETRY_SERVED, "grpc", "/M/Get", (enum status)status, 1);
    }
    telemetry_observe(*state, 0, TELEMETRY_SERVED, "grpc", "/M/Get", (enum status)99, 1);
    char *page = telemetry_fixture_page(*state);
    for (int status = 0; status < STATUS_COUNT; status++) {
        char sample[160];
        (void)snprintf(sample, sizeof(sample),
                       "marquee_requests_total{protocol=\"grpc\",method=\"/M/Get\",status=\"%s\"}",
                       status_name((enum status)status));
        double want = status == STATUS_UNKNOWN ? 2 : 1;
        assert_float_equal(telemetry_fixture_sample(page, sample), want, 0);
    }
    free(page);
}

/* A duration on a bound counts there; buckets count all that is not longer. */
static void test_buckets(void **state)
{
    static const struct {
        const char *bound;
        int64_t bound_ns;
    } bounds[] = {
        {"5e-05", 50000},    {"0.0001", 100000},  {"0.00025", 250000}, {"0.0005", 500000},
        {"0.001", 1000000},  {"0.0025", 2500000}, {"0.005", 5000000},  {"0.01", 10000000},
        {"0.025", 25000000}, {"0.05", 50000000},  {"0.1", 100000000},  {"0.25", 250000000},
        {"0.5", 500000000},  {"1", 1000000000},   {"5", 5000000000},
    };
    assert_int_equal(ARRAY_LENGTH(bounds), TELEMETRY_BUCKET_COUNT - 1);
    telemetry_observe(*state, 0, TELEMETRY_SERVED, "grpc", "/M/Get", STATUS_OK, -1);
    telemetry_observe(*state, 0, TELEMETRY_SERVED, "grpc", "/M/Get", STATUS_OK, 0);
    for (size_t i = 0; i < ARRAY_LENGTH(bounds); i++) {
        telemetry_observe(*state, 0, TELEMETRY_SERVED, "grpc", "/M/Get", STATUS_OK,
                          bounds[i].bound_ns);
        telemetry_observe(*state, 0, TELEMETRY_SERVED, "grpc", "/M/Get", STATUS_OK,
                          bounds[i].bound_ns + 1);
    }
    char *page = telemetry_fixture_page(*state);
    char sample[160];
    for (size_t i = 0; i < ARRAY_LENGTH(bounds); i++) {
        (void)snprintf(sample, sizeof(sample),
                       "marquee_requests_duration_seconds_bucket{protocol=\"grpc\","
                       "method=\"/M/Get\",le=\"%s\"}",
                       bounds[i].bound);
        assert_float_equal(telemetry_fixture_sample(page, sample), (double)(2 + 2 * i + 1), 0);
    }
    static const char infinity[] = "marquee_requests_duration_seconds_bucket{protocol=\"grpc\","
                                   "method=\"/M/Get\",le=\"+Inf\"}";
    assert_float_equal(telemetry_fixture_sample(page, infinity), 32, 0);
    assert_float_equal(telemetry_fixture_sample(page, SERVED_COUNT("grpc", "/M/Get")), 32, 0);
    free(page);
}

/* Past the limit of one thread, and of all threads' names together, nothing is lost: it is "other".
 */
static void test_beyond_the_limit(void **state)
{
    static const char long_method[] = "/0123456789/0123456789/0123456789/0123456789/0123456789/"
                                      "0123456789/0123456789/0123456789/01"
                                      "234567";
    char names[THREADS][TELEMETRY_ROWS_MAX + 5][16];
    for (unsigned thread = 0; thread < THREADS; thread++) {
        for (unsigned i = 0; i < TELEMETRY_ROWS_MAX + 5; i++) {
            (void)snprintf(names[thread][i], sizeof(names[thread][i]), "/%u/%u", thread, i);
            telemetry_observe(*state, thread, TELEMETRY_SERVED, "grpc", names[thread][i], STATUS_OK,
                              1);
        }
    }
    telemetry_observe(*state, 0, TELEMETRY_SERVED, "grpc", long_method, STATUS_OK, 1);
    telemetry_observe(*state, 0, TELEMETRY_CALLED, "rating", "/M/Get", STATUS_OK, 1);

    char *page = telemetry_fixture_page(*state);
    double total = 0;
    unsigned named = 0;
    for (const char *at = page; (at = strstr(at, "\nmarquee_requests_total{")) != NULL; at++) {
        struct text line = text_of(at + 1);
        line = text_next(&line, '\n');
        double value;
        size_t space = text_find(line, 0, ' ');
        assert_true(text_to_double(text_slice(line, space + 1, line.length), &value));
        total += value;
        named++;
    }
    assert_float_equal(total, THREADS * (TELEMETRY_ROWS_MAX + 5) + 1, 0);
    assert_int_equal(named, TELEMETRY_ROWS_MAX + 1);
    assert_float_equal(telemetry_fixture_sample(page, SERVED("grpc", "/0/0", "OK")), 1, 0);
    assert_float_equal(telemetry_fixture_sample(page, SERVED("other", "other", "OK")),
                       2 * (TELEMETRY_ROWS_MAX + 5) + 5 + 1, 0);
    assert_float_equal(telemetry_fixture_sample(page,
                                                "marquee_dependency_calls_total{target=\"other\","
                                                "method=\"other\",status=\"OK\"}"),
                       1, 0);
    free(page);
}

static void test_longest_name(void **state)
{
    char method[TELEMETRY_KEY_BYTES_MAX] = "/";
    memset(method + 1, 'x', sizeof(method) - 2);
    method[sizeof(method) - 1] = '\0';
    telemetry_observe(*state, 0, TELEMETRY_SERVED, "grpc", method, STATUS_OK, 1);
    char sample[256];
    (void)snprintf(sample, sizeof(sample),
                   "marquee_requests_total{protocol=\"grpc\",method=\"%s\",status=\"OK\"}", method);
    char *page = telemetry_fixture_page(*state);
    assert_float_equal(telemetry_fixture_sample(page, sample), 1, 0);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_threads_are_summed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_equal_names_are_one_sample, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_status_has_its_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_buckets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_beyond_the_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_longest_name, setup, teardown),
    };
    telemetry_destroy(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
