/* Threads observe while pages are written: nothing is lost, and no page goes back in time. */
#include <pthread.h>
#include <stdlib.h>

#include "support/cmocka_test.h"
#include "unit/telemetry/telemetry_fixture.h"

enum { THREADS = 3, OBSERVATIONS = 20000 };

static const char *const methods[] = {"/M/Get", "/M/Put", "/M/List", "/M/Delete"};

static const char count_sample[] =
    "marquee_requests_duration_seconds_count{protocol=\"grpc\",method=\"/M/Get\"}";

struct observer {
    struct telemetry *telemetry;
    unsigned thread;
    pthread_t id;
};

static void *observe(void *argument)
{
    struct observer *observer = argument;
    for (unsigned i = 0; i < OBSERVATIONS; i++) {
        telemetry_observe(observer->telemetry, observer->thread, TELEMETRY_SERVED, "grpc",
                          methods[i % ARRAY_LENGTH(methods)], STATUS_OK, 1000);
    }
    return NULL;
}

static double get_count(const struct telemetry *telemetry)
{
    char *page = telemetry_fixture_page(telemetry);
    double count = telemetry_fixture_has(page, count_sample)
                       ? telemetry_fixture_sample(page, count_sample)
                       : 0;
    free(page);
    return count;
}

static void test_pages_among_observers(void **state)
{
    (void)state;
    struct telemetry *telemetry;
    struct observer observers[THREADS];
    assert_int_equal(telemetry_create(THREADS, &telemetry), STATUS_OK);
    for (unsigned i = 0; i < THREADS; i++) {
        observers[i] = (struct observer){.telemetry = telemetry, .thread = i};
        assert_int_equal(pthread_create(&observers[i].id, NULL, observe, &observers[i]), 0);
    }
    double before = 0;
    for (int i = 0; i < 20; i++) {
        double now = get_count(telemetry);
        assert_true(now >= before);
        before = now;
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(observers[i].id, NULL), 0);
    }
    assert_float_equal(get_count(telemetry), THREADS * OBSERVATIONS / (double)ARRAY_LENGTH(methods),
                       0);
    telemetry_destroy(telemetry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pages_among_observers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
