/* Two instances of each service: one of each is killed under load, and calls go on; one hangs, and
 * is left alone. */
#include <signal.h>

#include "base/clock.h"
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/load.h"

enum {
    CALLERS = 16,
    WARM_CALLS = 500,
    AFTER_CALLS = 3000, /* to go on with when all three are dead */
    HUNG_TIMEOUT_MS = 2000,
    TTL_MS = 2000,
    /* Calls that were on their way in a process when it died: one each of a caller, at most, a
       kill. */
    FAILED_MAX = 3 * CALLERS,
    HUNG_CALLS = 40,       /* in a row, without meeting the instance that hangs */
    HUNG_FAILURES_MAX = 8, /* until it is left: five, and what else was on its way */
};

struct scene {
    struct cluster cluster;
    struct rpc_client movie;
    struct load load;
    unsigned unavailable; /* details without the rating */
};

static bool ask_details(void *argument, struct call *call)
{
    struct scene *scene = argument;
    MovieDetails *details = NULL;
    if (rpc_client_get_details(&scene->movie, call, "m", &details) != STATUS_OK) {
        return false;
    }
    assert_true(details->rating_state == RATING_STATE__RATED ||
                details->rating_state == RATING_STATE__UNAVAILABLE);
    scene->unavailable += details->rating_state == RATING_STATE__UNAVAILABLE;
    return true;
}

static void open_scene(struct scene *scene)
{
    const struct cluster_options options = {
        .instances = {2, 2, 2}, .registries = 1, .registration_ttl = "2s"};
    cluster_open(&scene->cluster, &options);
    cluster_put_movie(&scene->cluster, "m");
    rpc_client_open(&scene->movie,
                    (const char *const[]){scene->cluster.services[CLUSTER_MOVIE][0].address,
                                          scene->cluster.services[CLUSTER_MOVIE][1].address, NULL});
}

static void kill_one_of_each(struct scene *scene)
{
    int64_t killed_ns[CLUSTER_ROLES];
    for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
        cluster_kill(&scene->cluster, role, 0);
        killed_ns[role] = clock_monotonic_ns();
        load_await(&scene->load, WARM_CALLS);
    }
    for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
        int64_t left_ms =
            TTL_MS + 1000 - (clock_monotonic_ns() - killed_ns[role]) / CLOCK_NS_PER_MS;
        assert_true(cluster_await_registered(&scene->cluster, role, 1, left_ms > 1 ? left_ms : 1));
    }
}

static void run_killed_under_load(void *argument)
{
    struct scene *scene = argument;
    struct load *load = &scene->load;
    open_scene(scene);
    load_init(load);
    load_start(load, CALLERS, ask_details, scene);
    load_await_unharmed(load, WARM_CALLS);
    kill_one_of_each(scene);
    unsigned failed_by_kills = load->failed;
    load_await(load, AFTER_CALLS);
    load_stop(load);

    print_message(
        "%u calls, %u failed and %u went without the rating when one of each was killed\n",
        load->calls, load->failed, scene->unavailable);
    assert_true(failed_by_kills <= FAILED_MAX);
    assert_int_equal(load->failed, failed_by_kills);
    rpc_client_close(&scene->movie);
    cluster_close(&scene->cluster);
}

static void killed_under_load(void **state)
{
    (void)state;
    in_fiber_with(run_killed_under_load, sizeof(struct scene));
}

/* Whether the rating came with the details. */
static bool ask_rating(struct rpc_client *movie)
{
    struct test_call test;
    MovieDetails *details = NULL;
    test_call_init(&test, HUNG_TIMEOUT_MS);
    assert_int_equal(rpc_client_get_details(movie, &test.call, "m", &details), STATUS_OK);
    bool is_rated = details->rating_state == RATING_STATE__RATED;
    test_call_deinit(&test);
    return is_rated;
}

/* The registry would find out too late. */
static void run_hung(void *argument)
{
    static const struct cluster_options options = {
        .instances = {1, 2, 1},
        .registries = 1,
        .registration_ttl = "60s",
        .extra = {[CLUSTER_MOVIE] = {"--threads=1"}},
    };
    struct scene *scene = argument;
    struct cluster *cluster = &scene->cluster;
    unsigned in_a_row = 0;
    unsigned without = 0;
    cluster_open(cluster, &options);
    cluster_put_movie(cluster, "m");
    rpc_client_open_one(&scene->movie, cluster->services[CLUSTER_MOVIE][0].address);
    assert_true(ask_rating(&scene->movie));
    service_process_signal(&cluster->services[CLUSTER_RATING][0], SIGSTOP);
    while (in_a_row < HUNG_CALLS) {
        bool is_rated = ask_rating(&scene->movie);
        in_a_row = is_rated ? in_a_row + 1 : 0;
        without += !is_rated;
        assert_in_range(without, 0, HUNG_FAILURES_MAX);
    }
    assert_true(without > 0);
    service_process_signal(&cluster->services[CLUSTER_RATING][0], SIGCONT);
    rpc_client_close(&scene->movie);
    cluster_close(cluster);
}

static void a_hung_instance_is_left(void **state)
{
    (void)state;
    in_fiber_with(run_hung, sizeof(struct scene));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_under_load),
        cmocka_unit_test(a_hung_instance_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
