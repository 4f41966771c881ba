/* The lists of all movies, and votes through the movie service, over real processes: while the
 * rating service is killed and back, and while metadata is. */
#include "base/clock.h"
#include "loop/fiber.h"
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

/* After this a call that was to be answered from the copy has hung instead. */
#define ANSWERED_MS INT64_C(3000)

struct scene {
    struct cluster cluster;
    struct rpc_client metadata;
    struct rpc_client movie;
};

static void open_scene(struct scene *scene, const char *gateway)
{
    struct cluster_options options = {.instances = {1, 1, 1}, .registries = 1};
    options.extra[CLUSTER_MOVIE][0] = gateway;
    cluster_open(&scene->cluster, &options);
    rpc_client_open_one(&scene->metadata, scene->cluster.services[CLUSTER_METADATA][0].address);
    rpc_client_open_one(&scene->movie, scene->cluster.services[CLUSTER_MOVIE][0].address);
    struct call *call = &scene->cluster.test.call;
    assert_int_equal(rpc_client_put_metadata(&scene->metadata, call, "a", "Alpha"), STATUS_OK);
    assert_int_equal(rpc_client_put_metadata(&scene->metadata, call, "b", "Beta"), STATUS_OK);
    assert_int_equal(rpc_client_put_metadata(&scene->metadata, call, "c", "Gamma"), STATUS_OK);
}

static void close_scene(struct scene *scene)
{
    rpc_client_close(&scene->metadata);
    rpc_client_close(&scene->movie);
    cluster_close(&scene->cluster);
}

/* In time, and never to be waited for. */
static DiscoverMoviesResponse *discover(struct scene *scene)
{
    struct call call = call_within(&scene->cluster.test.call, ANSWERED_MS);
    DiscoverMoviesRequest request = DISCOVER_MOVIES_REQUEST__INIT;
    DiscoverMoviesResponse *response = NULL;
    request.order = MOVIE_ORDER__VOTES;
    enum status status = rpc_client_ask(&scene->movie, &call, "/MovieService/DiscoverMovies",
                                        &request, &discover_movies_response__descriptor, &response);
    if (status != STATUS_OK) {
        assert_int_equal(status, STATUS_UNAVAILABLE); /* the lists are being made */
    }
    return response;
}

static const char *ids_of(struct scene *scene, const DiscoverMoviesResponse *response)
{
    struct text ids = TEXT("");
    for (size_t i = 0; response != NULL && i < response->n_movies; i++) {
        ids = arena_format(&scene->cluster.test.arena, "%.*s%s%.*s", TEXT_ARGUMENTS(ids),
                           i > 0 ? " " : "", (int)response->movies[i]->id.len,
                           (const char *)response->movies[i]->id.data);
    }
    return ids.data;
}

static void await_list(struct scene *scene, const char *wanted)
{
    struct call call = call_within(&scene->cluster.test.call, SERVICE_WAIT_MS);
    for (;;) {
        DiscoverMoviesResponse *response = discover(scene);
        if (strcmp(ids_of(scene, response), wanted) == 0) {
            return;
        }
        assert_int_equal(call_check(&call), STATUS_OK);
        status_ignore(fiber_sleep(&call, 20 * CLOCK_NS_PER_MS)); /* spares the memory */
    }
}

static enum status rate(struct scene *scene, const char *user, const char *movie, int hundredths,
                        RateMovieResponse **ret_response)
{
    struct call call = call_within(&scene->cluster.test.call, ANSWERED_MS);
    RateMovieRequest request = RATE_MOVIE_REQUEST__INIT;
    ExactValue value = EXACT_VALUE__INIT;
    value.hundredths = hundredths;
    request.user_id = rpc_text(user);
    request.movie_id = rpc_text(movie);
    request.value = &value;
    return rpc_client_ask(&scene->movie, &call, "/MovieService/RateMovie", &request,
                          &rate_movie_response__descriptor, ret_response);
}

static void await_rated(struct scene *scene, const char *user, const char *movie, int hundredths)
{
    struct call call = call_within(&scene->cluster.test.call, SERVICE_WAIT_MS);
    RateMovieResponse *response;
    while (rate(scene, user, movie, hundredths, &response) != STATUS_OK) {
        assert_int_equal(call_check(&call), STATUS_OK);
        status_ignore(fiber_sleep(&call, 20 * CLOCK_NS_PER_MS)); /* spares the memory */
    }
}

static SearchMoviesResponse *search(struct scene *scene, const char *query)
{
    struct call call = call_within(&scene->cluster.test.call, ANSWERED_MS);
    SearchMoviesRequest request = SEARCH_MOVIES_REQUEST__INIT;
    SearchMoviesResponse *response = NULL;
    request.query = rpc_text(query);
    assert_int_equal(rpc_client_ask(&scene->movie, &call, "/MovieService/SearchMovies", &request,
                                    &search_movies_response__descriptor, &response),
                     STATUS_OK);
    return response;
}

static void run_rating_away(void *argument)
{
    struct scene scene;
    RateMovieResponse *rated;
    open_scene(&scene, argument);
    await_rated(&scene, "ann", "c", 800);
    assert_int_equal(rate(&scene, "bob", "c", 700, &rated), STATUS_OK);
    assert_int_equal(rated->summary->count, 2);
    assert_true(rated->summary->mean == 7.5);
    await_rated(&scene, "ann", "b", 900);
    await_list(&scene, "c b a");
    cluster_kill(&scene.cluster, CLUSTER_RATING, 0);
    DiscoverMoviesResponse *list = discover(&scene);
    assert_string_equal(ids_of(&scene, list), "c b a");
    assert_int_equal(list->movies[0]->votes, 2);
    assert_int_equal(rate(&scene, "cid", "a", 500, &rated), STATUS_UNAVAILABLE);
    SearchMoviesResponse *found = search(&scene, "alpha");
    assert_int_equal(found->n_results, 1);
    assert_int_equal(found->results[0]->rating_state, RATING_STATE__UNAVAILABLE);
    assert_true(found->rating_unavailable_reason.len > 0);
    cluster_start(&scene.cluster, CLUSTER_RATING, 0);
    await_rated(&scene, "ann", "a", 500);
    await_rated(&scene, "bob", "a", 500);
    await_rated(&scene, "cid", "a", 500);
    await_list(&scene, "a c b");
    await_rated(&scene, "dee", "b", 800);
    await_rated(&scene, "eve", "b", 800);
    await_rated(&scene, "fay", "b", 800);
    await_list(&scene, "b a c");
    close_scene(&scene);
}

static void lists_outlive_the_rating_service(void **state)
{
    (void)state;
    in_fiber(run_rating_away, NULL);
}

static void lists_outlive_the_rating_service_over_http(void **state)
{
    static char gateway[] = "--gateway=http";
    (void)state;
    in_fiber(run_rating_away, gateway);
}

static void run_metadata_away(void *argument)
{
    struct scene scene;
    (void)argument;
    open_scene(&scene, NULL);
    await_rated(&scene, "ann", "b", 900);
    await_list(&scene, "b a c");
    cluster_kill(&scene.cluster, CLUSTER_METADATA, 0);
    DiscoverMoviesResponse *list = discover(&scene);
    assert_string_equal(ids_of(&scene, list), "b a c");
    assert_int_equal(list->movies[0]->title.len, 4);
    await_rated(&scene, "ann", "c", 700); /* a vote is not lost for want of metadata */
    await_rated(&scene, "bob", "c", 700);
    await_list(&scene, "c b a");
    cluster_start(&scene.cluster, CLUSTER_METADATA, 0);
    rpc_client_close(&scene.metadata);
    rpc_client_open_one(&scene.metadata,
                        cluster_service(&scene.cluster, CLUSTER_METADATA)->address);
    assert_int_equal(
        rpc_client_put_metadata(&scene.metadata, &scene.cluster.test.call, "d", "Delta"),
        STATUS_OK);
    await_list(&scene, "c b a d");
    close_scene(&scene);
}

static void lists_outlive_the_metadata_service(void **state)
{
    (void)state;
    in_fiber(run_metadata_away, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_outlive_the_rating_service),
        cmocka_unit_test(lists_outlive_the_rating_service_over_http),
        cmocka_unit_test(lists_outlive_the_metadata_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
