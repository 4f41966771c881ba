/* Weights and zones, from the command line of an instance through the registry to who calls it. */

#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/load.h"

enum {
    CALLERS = 8,
    CALLS = 4000,
    OTHER = 1, /* the instance of rating that is started later */
    /* Of a hundred calls, at an instance of weight 3 beside one of weight 1. */
    HEAVY_SHARE_MIN = 68,
    HEAVY_SHARE_MAX = 82,
};

struct scene {
    struct cluster cluster;
    struct rpc_client movie;
    struct load load;
};

/* Movie asks rating. */
static bool ask_details(void *argument, struct call *call)
{
    struct scene *scene = argument;
    MovieDetails *details;
    return rpc_client_get_details(&scene->movie, call, "m", &details) == STATUS_OK &&
           details->rating_state == RATING_STATE__RATED;
}

/* How many it has logged. */
static unsigned calls_of(struct scene *scene, unsigned instance)
{
    const struct service_process *rating = &scene->cluster.services[CLUSTER_RATING][instance];
    struct text rest = buffer_text(&rating->log);
    unsigned count = 0;
    while (rest.data != NULL) {
        struct text line = text_next(&rest, '\n');
        count += wire_http_holds(line, "\"/RatingService/") ? 1 : 0;
    }
    return count;
}

static void open_scene(struct scene *scene, const struct cluster_options *options,
                       const char *other)
{
    struct cluster *cluster = &scene->cluster;
    cluster_open(cluster, options);
    cluster_put_movie(cluster, "m");
    rpc_client_open_one(&scene->movie, cluster_service(cluster, CLUSTER_MOVIE)->address);
    load_init(&scene->load);
    load_start(&scene->load, CALLERS, ask_details, scene);
    cluster->options.extra[CLUSTER_RATING][0] = other;
    cluster_start(cluster, CLUSTER_RATING, OTHER);
    assert_true(cluster_await_registered(cluster, CLUSTER_RATING, 2, SERVICE_WAIT_MS));
}

static void close_scene(struct scene *scene)
{
    load_stop(&scene->load);
    rpc_client_close(&scene->movie);
    cluster_close(&scene->cluster);
}

static void run_weights(void *argument)
{
    static const struct cluster_options options = {
        .instances = {1, 1, 1}, .registries = 1, .log_level = "debug"};
    struct scene *scene = argument;
    open_scene(scene, &options, "--weight=3");
    cluster_await_call(&scene->cluster, CLUSTER_RATING, OTHER);
    load_await_unharmed(&scene->load, CALLS);
    unsigned light = calls_of(scene, 0);
    unsigned heavy = calls_of(scene, OTHER);
    load_await_unharmed(&scene->load, CALLS);
    light = calls_of(scene, 0) - light;
    heavy = calls_of(scene, OTHER) - heavy;
    print_message("%u calls at weight 1, %u at weight 3\n", light, heavy);
    assert_in_range(100 * heavy / (light + heavy), HEAVY_SHARE_MIN, HEAVY_SHARE_MAX);
    close_scene(scene);
}

static void run_zones(void *argument)
{
    static const struct cluster_options options = {
        .instances = {1, 1, 1},
        .registries = 1,
        .log_level = "debug",
        .extra = {[CLUSTER_RATING] = {"--zone=a"}, [CLUSTER_MOVIE] = {"--zone=a"}},
    };
    struct scene *scene = argument;
    open_scene(scene, &options, "--zone=b");
    load_await_unharmed(&scene->load, CALLS);
    assert_int_equal(calls_of(scene, OTHER), 0);
    /* With nobody left in its zone, movie asks the other. */
    service_process_stop(&scene->cluster.services[CLUSTER_RATING][0]);
    cluster_await_call(&scene->cluster, CLUSTER_RATING, OTHER);
    load_await_unharmed(&scene->load, CALLS);
    close_scene(scene);
}

static void run_scene(void **state, void (*run)(void *scene))
{
    (void)state;
    in_fiber_with(run, sizeof(struct scene));
}

static void calls_follow_weights(void **state)
{
    run_scene(state, run_weights);
}

static void calls_stay_in_the_zone(void **state)
{
    run_scene(state, run_zones);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_follow_weights),
        cmocka_unit_test(calls_stay_in_the_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
