/* What the others do while one of the processes is away, and when it is back. */
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

/* After this a call that was to be degraded at once has hung instead. */
#define DEGRADED_MS INT64_C(5000)

static const struct cluster_options with_registry = {.instances = {1, 1, 1}, .registries = 1};
static const struct cluster_options with_fixed_addresses = {.instances = {1, 1, 1}};

struct scene {
    struct cluster cluster;
    struct rpc_client metadata;
    struct rpc_client rating;
    struct rpc_client movie;
    unsigned rating_count; /* as details tell it: plain HTTP carries the mean alone */
};

static void connect_clients(struct scene *scene)
{
    rpc_client_open_one(&scene->metadata, scene->cluster.services[CLUSTER_METADATA][0].address);
    rpc_client_open_one(&scene->rating, scene->cluster.services[CLUSTER_RATING][0].address);
    rpc_client_open_one(&scene->movie, scene->cluster.services[CLUSTER_MOVIE][0].address);
}

static void open_scene(struct scene *scene, const struct cluster_options *options)
{
    cluster_open(&scene->cluster, options);
    struct call *call = &scene->cluster.test.call;
    connect_clients(scene);
    scene->rating_count = options->extra[CLUSTER_MOVIE][0] == NULL ? 1 : 0;
    assert_int_equal(rpc_client_put_metadata(&scene->metadata, call, "rated", "Rated"), STATUS_OK);
    assert_int_equal(rpc_client_put_metadata(&scene->metadata, call, "fresh", "Fresh"), STATUS_OK);
    assert_int_equal(rpc_client_put_rating(&scene->rating, call, "u", "rated", 850), STATUS_OK);
}

static void close_scene(struct scene *scene)
{
    rpc_client_close(&scene->metadata);
    rpc_client_close(&scene->rating);
    rpc_client_close(&scene->movie);
    cluster_close(&scene->cluster);
}

static MovieDetails *details_of(struct scene *scene, const char *id)
{
    struct call call = call_within(&scene->cluster.test.call, DEGRADED_MS);
    MovieDetails *details = NULL;
    assert_int_equal(rpc_client_get_details(&scene->movie, &call, id, &details), STATUS_OK);
    return details;
}

/* Asks until the state is the wanted one: the client connects again with a backoff. */
static MovieDetails *await_state(struct scene *scene, const char *id, RatingState state)
{
    struct call call = call_within(&scene->cluster.test.call, SERVICE_WAIT_MS);
    for (;;) {
        MovieDetails *details = details_of(scene, id);
        if (details->rating_state == state) {
            return details;
        }
        assert_int_equal(call_check(&call), STATUS_OK);
    }
}

static void expect_rated(const struct scene *scene, const MovieDetails *details)
{
    assert_int_equal(details->rating_state, RATING_STATE__RATED);
    assert_true(details->rating == 8.5);
    assert_int_equal(details->rating_count, scene->rating_count);
    assert_int_equal(details->rating_unavailable_reason.len, 0);
}

static void expect_unavailable(const MovieDetails *details)
{
    assert_int_equal(details->metadata->title.len, 5);
    assert_int_equal(details->rating_state, RATING_STATE__UNAVAILABLE);
    assert_true(details->rating == 0);
    assert_int_equal(details->rating_count, 0);
    assert_true(details->rating_unavailable_reason.len > 0);
}

static struct wire_reply get_movie(struct scene *scene)
{
    const char *address = cluster_service(&scene->cluster, CLUSTER_MOVIE)->address;
    struct wire_reply reply = wire_http_get(&scene->cluster.test.call, address, "/movie?id=rated");
    assert_int_equal(reply.status, 200);
    assert_true(wire_http_holds(reply.body, "\"title\":\"Rated\""));
    return reply;
}

static void expect_json_unavailable(struct scene *scene)
{
    struct wire_reply reply = get_movie(scene);
    assert_true(wire_http_holds(reply.body, "\"ratingState\":\"UNAVAILABLE\""));
    assert_true(wire_http_holds(reply.body, "\"ratingUnavailableReason\":\""));
    assert_false(wire_http_holds(reply.body, "\"rating\":"));
}

/* Each of the service's threads finds out by itself that the other is back. */
static void await_json_rated(struct scene *scene)
{
    struct call call = call_within(&scene->cluster.test.call, SERVICE_WAIT_MS);
    struct wire_reply reply = get_movie(scene);
    while (!wire_http_holds(reply.body, "\"ratingState\":\"RATED\"")) {
        assert_int_equal(call_check(&call), STATUS_OK);
        reply = get_movie(scene);
    }
    assert_true(wire_http_holds(reply.body, "\"rating\":8.5,"));
    assert_false(wire_http_holds(reply.body, "\"ratingUnavailableReason\""));
}

static void run_rating_away(struct scene *scene)
{
    expect_rated(scene, details_of(scene, "rated"));
    assert_int_equal(details_of(scene, "fresh")->rating_state, RATING_STATE__NO_VOTES);
    cluster_kill(&scene->cluster, CLUSTER_RATING, 0);
    expect_unavailable(details_of(scene, "rated"));
    expect_unavailable(details_of(scene, "fresh"));
    expect_json_unavailable(scene);
    cluster_start(&scene->cluster, CLUSTER_RATING, 0);
    expect_rated(scene, await_state(scene, "rated", RATING_STATE__RATED));
    await_json_rated(scene);
    assert_int_equal(await_state(scene, "fresh", RATING_STATE__NO_VOTES)->rating_count, 0);
}

static void rating_away_in_fiber(void *argument)
{
    struct scene scene;
    open_scene(&scene, argument);
    run_rating_away(&scene);
    close_scene(&scene);
}

static void details_go_on_without_rating(void **state)
{
    (void)state;
    in_fiber(rating_away_in_fiber, (void *)(uintptr_t)&with_registry);
}

static void details_go_on_without_rating_at_a_fixed_address(void **state)
{
    (void)state;
    in_fiber(rating_away_in_fiber, (void *)(uintptr_t)&with_fixed_addresses);
}

static void rating_over_http_away_in_fiber(void *argument)
{
    struct cluster_options options = {.instances = {1, 1, 1}, .registries = 1};
    struct scene scene;
    (void)argument;
    options.extra[CLUSTER_MOVIE][0] = "--gateway=http";
    open_scene(&scene, &options);
    run_rating_away(&scene);
    close_scene(&scene);
}

static void details_go_on_without_rating_over_http(void **state)
{
    (void)state;
    in_fiber(rating_over_http_away_in_fiber, NULL);
}

static void metadata_away_in_fiber(void *argument)
{
    struct scene scene;
    MovieDetails *details;
    (void)argument;
    open_scene(&scene, &with_registry);
    const char *movie = cluster_service(&scene.cluster, CLUSTER_MOVIE)->address;
    cluster_kill(&scene.cluster, CLUSTER_METADATA, 0);
    struct call call = call_within(&scene.cluster.test.call, DEGRADED_MS);
    assert_int_equal(rpc_client_get_details(&scene.movie, &call, "rated", &details),
                     STATUS_UNAVAILABLE);
    assert_true(call.error.message.length > 0);
    struct wire_reply reply = wire_http_get(&scene.cluster.test.call, movie, "/movie?id=rated");
    assert_int_equal(reply.status, 503);
    assert_true(text_starts_with(wire_http_header(&reply, "content-type"),
                                 TEXT("application/problem+json")));
    cluster_start(&scene.cluster, CLUSTER_METADATA, 0);
    struct call again = call_within(&scene.cluster.test.call, SERVICE_WAIT_MS);
    while (rpc_client_get_details(&scene.movie, &again, "rated", &details) != STATUS_OK) {
        assert_int_equal(call_check(&again), STATUS_OK);
    }
    expect_rated(&scene, details);
    close_scene(&scene);
}

static void without_metadata_there_are_no_details(void **state)
{
    (void)state;
    in_fiber(metadata_away_in_fiber, NULL);
}

static void registry_away_in_fiber(void *argument)
{
    struct scene scene;
    (void)argument;
    open_scene(&scene, &with_registry);
    size_t said = cluster_service(&scene.cluster, CLUSTER_RATING)->log.length;
    service_process_kill(&scene.cluster.registries[0]);
    /* The loss has been noticed: what follows runs on the last list. */
    assert_true(service_process_await(cluster_service(&scene.cluster, CLUSTER_RATING),
                                      "not registered", said));
    for (unsigned i = 0; i < 20; i++) {
        expect_rated(&scene, details_of(&scene, "rated"));
    }
    cluster_start_registry(&scene.cluster, 0);
    for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
        assert_true(cluster_await_registered(&scene.cluster, role, 1, SERVICE_WAIT_MS));
    }
    expect_rated(&scene, details_of(&scene, "rated"));
    close_scene(&scene);
}

static void calls_go_on_without_the_registry(void **state)
{
    (void)state;
    in_fiber(registry_away_in_fiber, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(details_go_on_without_rating),
        cmocka_unit_test(details_go_on_without_rating_at_a_fixed_address),
        cmocka_unit_test(details_go_on_without_rating_over_http),
        cmocka_unit_test(without_metadata_there_are_no_details),
        cmocka_unit_test(calls_go_on_without_the_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
