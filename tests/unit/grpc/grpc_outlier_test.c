/* Which instances are ejected, for how long, and when that ends. */
#include "grpc/grpc_outlier.h"

#include "base/clock.h"
#include "support/cmocka_test.h"

enum { HOSTS_MAX = 20 };

#define SECOND CLOCK_NS_PER_S

struct scene {
    struct grpc_outlier outlier;
    struct grpc_outlier_host hosts[HOSTS_MAX];
};

static void open_scene(struct scene *scene, const struct grpc_outlier_options *options,
                       size_t count)
{
    *scene = (struct scene){.hosts = {{.added = false}}};
    grpc_outlier_init(&scene->outlier, options);
    for (size_t i = 0; i < count; i++) {
        grpc_outlier_add(&scene->outlier, &scene->hosts[i]);
    }
}

static void count(struct scene *scene, size_t host, unsigned successes, unsigned failures)
{
    for (unsigned i = 0; i < successes; i++) {
        grpc_outlier_count(&scene->outlier, &scene->hosts[host], STATUS_OK, 0, 0);
    }
    for (unsigned i = 0; i < failures; i++) {
        grpc_outlier_count(&scene->outlier, &scene->hosts[host], STATUS_UNAVAILABLE, 0, 0);
    }
}

static bool avoids(const struct scene *scene, size_t host)
{
    return grpc_outlier_avoids(&scene->outlier, &scene->hosts[host]);
}

static void failures_in_a_row_eject_at_once(void **state)
{
    static const struct grpc_outlier_options options = {.consecutive_failures = 3};
    struct scene scene;
    (void)state;
    open_scene(&scene, &options, 3);
    count(&scene, 0, 0, 2);
    count(&scene, 0, 1, 2);
    assert_false(avoids(&scene, 0));
    count(&scene, 0, 0, 1);
    assert_true(avoids(&scene, 0));
    assert_false(avoids(&scene, 1));
}

static void only_some_statuses_speak_against_an_instance(void **state)
{
    static const struct grpc_outlier_options options = {.consecutive_failures = 1};
    static const enum status failures[] = {STATUS_UNKNOWN, STATUS_DEADLINE_EXCEEDED,
                                           STATUS_INTERNAL, STATUS_UNAVAILABLE, STATUS_DATA_LOSS};
    (void)state;
    for (unsigned status = 0; status < STATUS_COUNT; status++) {
        bool want = false;
        struct scene scene;
        open_scene(&scene, &options, 2);
        for (size_t i = 0; i < ARRAY_LENGTH(failures); i++) {
            want = want || failures[i] == (enum status)status;
        }
        grpc_outlier_count(&scene.outlier, &scene.hosts[0], (enum status)status,
                           GRPC_OUTLIER_PATIENCE_MS * CLOCK_NS_PER_MS, 0);
        assert_int_equal(avoids(&scene, 0), want);
    }
}

static void a_hasty_deadline_speaks_against_nobody(void **state)
{
    static const struct grpc_outlier_options options = {.consecutive_failures = 1};
    const int64_t patience_ns = GRPC_OUTLIER_PATIENCE_MS * CLOCK_NS_PER_MS;
    struct scene scene;
    (void)state;
    open_scene(&scene, &options, 2);
    grpc_outlier_count(&scene.outlier, &scene.hosts[0], STATUS_DEADLINE_EXCEEDED, patience_ns - 1,
                       0);
    assert_false(avoids(&scene, 0));
    grpc_outlier_count(&scene.outlier, &scene.hosts[0], STATUS_DEADLINE_EXCEEDED, patience_ns, 0);
    assert_true(avoids(&scene, 0));
}

/* Thirty seconds, then sixty, up to a most; less again after intervals without. */
static void the_time_of_an_ejection_grows(void **state)
{
    static const struct grpc_outlier_options options = {.consecutive_failures = 1,
                                                        .ejection_ms_max = 75000};
    static const int64_t want_s[] = {30, 60, 75, 75};
    struct scene scene;
    int64_t now_ns = 1000 * SECOND;
    (void)state;
    open_scene(&scene, &options, 2);
    for (size_t i = 0; i < ARRAY_LENGTH(want_s); i++) {
        grpc_outlier_count(&scene.outlier, &scene.hosts[0], STATUS_INTERNAL, 0, now_ns);
        assert_true(avoids(&scene, 0));
        grpc_outlier_sweep(&scene.outlier, now_ns + want_s[i] * SECOND - 1);
        assert_true(avoids(&scene, 0));
        now_ns += want_s[i] * SECOND;
        grpc_outlier_sweep(&scene.outlier, now_ns);
        assert_false(avoids(&scene, 0));
    }
    for (int i = 0; i < 3; i++) {
        grpc_outlier_sweep(&scene.outlier, now_ns);
    }
    grpc_outlier_count(&scene.outlier, &scene.hosts[0], STATUS_INTERNAL, 0, now_ns);
    grpc_outlier_sweep(&scene.outlier, now_ns + 60 * SECOND - 1);
    assert_true(avoids(&scene, 0));
    grpc_outlier_sweep(&scene.outlier, now_ns + 60 * SECOND);
    assert_false(avoids(&scene, 0));
}

static void a_high_percentage_of_failures_ejects(void **state)
{
    static const struct grpc_outlier_options options = {
        .failure_percent = 50, .percent_calls_min = 10, .percent_hosts_min = 3};
    struct scene scene;
    (void)state;
    open_scene(&scene, &options, 4);
    count(&scene, 0, 5, 5); /* not more than the half */
    count(&scene, 1, 4, 6);
    count(&scene, 2, 0, 9); /* too few calls */
    count(&scene, 3, 10, 0);
    grpc_outlier_sweep(&scene.outlier, 1);
    assert_false(avoids(&scene, 0));
    assert_true(avoids(&scene, 1));
    assert_false(avoids(&scene, 2));
    /* The counts have begun anew, and now too few instances have had calls enough. */
    open_scene(&scene, &options, 4);
    count(&scene, 0, 0, 10);
    grpc_outlier_sweep(&scene.outlier, 1);
    count(&scene, 1, 10, 0);
    count(&scene, 2, 10, 0);
    grpc_outlier_sweep(&scene.outlier, 2);
    assert_false(avoids(&scene, 0));
}

static void a_rate_far_below_the_others_ejects(void **state)
{
    static const struct grpc_outlier_options options = {
        .rate_deviation = 1900, .rate_calls_min = 100, .rate_hosts_min = 5};
    struct scene scene;
    (void)state;
    /* Rates 1, 1, 1, 1, 0.9: mean 0.98, deviation 0.04; the bound is 0.904. */
    open_scene(&scene, &options, 5);
    for (size_t i = 0; i < 4; i++) {
        count(&scene, i, 100, 0);
    }
    count(&scene, 4, 90, 10);
    grpc_outlier_sweep(&scene.outlier, 1);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(avoids(&scene, i), i == 4);
    }
    /* Rates 1, 1, 1, 0.9, 0.9: mean 0.96, deviation 0.049; the bound is 0.867. */
    open_scene(&scene, &options, 5);
    for (size_t i = 0; i < 5; i++) {
        count(&scene, i, i < 3 ? 100 : 90, i < 3 ? 0 : 10);
    }
    grpc_outlier_sweep(&scene.outlier, 1);
    for (size_t i = 0; i < 5; i++) {
        assert_false(avoids(&scene, i));
    }
    /* One of the five has too few calls to count. */
    open_scene(&scene, &options, 5);
    for (size_t i = 0; i < 5; i++) {
        count(&scene, i, i == 4 ? 0 : 99 + (i > 0), i == 4 ? 100 : 0);
    }
    grpc_outlier_sweep(&scene.outlier, 1);
    assert_false(avoids(&scene, 4));
}

static void no_more_than_a_part_is_ejected(void **state)
{
    static const struct {
        size_t hosts;
        unsigned percent; /* 0: the default */
        size_t want;
    } rows[] = {
        {20, 0, 2}, {20, 25, 5}, {20, 26, 6}, {2, 0, 1}, {1, 100, 1}, {4, 50, 2},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct grpc_outlier_options options = {.consecutive_failures = 1,
                                                     .ejected_percent_max = rows[i].percent};
        struct scene scene;
        open_scene(&scene, &options, rows[i].hosts);
        for (size_t j = 0; j < rows[i].hosts; j++) {
            count(&scene, j, 0, 1);
        }
        assert_int_equal(scene.outlier.ejected, rows[i].want);
    }
}

static void when_most_are_ejected_all_are_used(void **state)
{
    static const struct grpc_outlier_options options = {.consecutive_failures = 1,
                                                        .ejected_percent_max = 100};
    struct scene scene;
    (void)state;
    open_scene(&scene, &options, 4);
    count(&scene, 0, 0, 1);
    count(&scene, 1, 0, 1);
    assert_true(avoids(&scene, 0));
    assert_true(avoids(&scene, 1));
    count(&scene, 2, 0, 1);
    for (size_t i = 0; i < 4; i++) {
        assert_false(avoids(&scene, i));
    }
    open_scene(&scene, &options, 1);
    count(&scene, 0, 0, 1);
    assert_false(avoids(&scene, 0));
}

static void those_that_leave_are_forgotten(void **state)
{
    static const struct grpc_outlier_options options = {.consecutive_failures = 1};
    struct scene scene;
    (void)state;
    open_scene(&scene, &options, 3);
    count(&scene, 0, 0, 1);
    assert_int_equal(scene.outlier.ejected, 1);
    grpc_outlier_remove(&scene.outlier, &scene.hosts[0]);
    grpc_outlier_remove(&scene.outlier, &scene.hosts[0]);
    assert_int_equal(scene.outlier.ejected, 0);
    assert_int_equal(scene.outlier.count, 2);
    count(&scene, 0, 0, 1); /* a call that was under way */
    assert_int_equal(scene.outlier.ejected, 0);
    count(&scene, 1, 0, 1);
    assert_true(avoids(&scene, 1));
}

static void without_options_nobody_is_ejected(void **state)
{
    struct scene scene;
    (void)state;
    open_scene(&scene, NULL, 3);
    count(&scene, 0, 0, 1000);
    grpc_outlier_sweep(&scene.outlier, 1);
    assert_false(avoids(&scene, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_in_a_row_eject_at_once),
        cmocka_unit_test(only_some_statuses_speak_against_an_instance),
        cmocka_unit_test(a_hasty_deadline_speaks_against_nobody),
        cmocka_unit_test(the_time_of_an_ejection_grows),
        cmocka_unit_test(a_high_percentage_of_failures_ejects),
        cmocka_unit_test(a_rate_far_below_the_others_ejects),
        cmocka_unit_test(no_more_than_a_part_is_ejected),
        cmocka_unit_test(when_most_are_ejected_all_are_used),
        cmocka_unit_test(those_that_leave_are_forgotten),
        cmocka_unit_test(without_options_nobody_is_ejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
