/* Two registries that do not know of each other: services register with both and find each other by
 * either. Each is killed under load, then both at once; one hangs. No call fails by it. */
#include <signal.h>
#include <stdio.h>

#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/load.h"

enum {
    CALLERS = 8,
    CALLS = 500,
    TTL_MS = 2000,
    STARTED = 2, /* the instance of which none runs at first */
};

struct scene {
    struct cluster cluster;
    struct rpc_client movie;
    struct load load;
};

/* Movie finds metadata and rating by the registries. */
static bool ask_details(void *argument, struct call *call)
{
    struct scene *scene = argument;
    MovieDetails *details;
    if (rpc_client_get_details(&scene->movie, call, "m", &details) != STATUS_OK) {
        return false;
    }
    if (details->rating_state != RATING_STATE__RATED) {
        status_ignore(call_fail(call, STATUS_UNAVAILABLE, "details without the rating"));
        return false;
    }
    return true;
}

static void open_scene(struct scene *scene)
{
    /* All have registered again before a registry has settled: a third of the TTL is enough. */
    static const struct cluster_options options = {.instances = {2, 2, 2},
                                                   .registries = 2,
                                                   .settle_time = "3s",
                                                   .log_level = "debug",
                                                   .registration_ttl = "2s"};
    cluster_open(&scene->cluster, &options);
    cluster_put_movie(&scene->cluster, "m");
    rpc_client_open(&scene->movie,
                    (const char *const[]){scene->cluster.services[CLUSTER_MOVIE][0].address,
                                          scene->cluster.services[CLUSTER_MOVIE][1].address, NULL});
    load_init(&scene->load);
    load_start(&scene->load, CALLERS, ask_details, scene);
    load_await_unharmed(&scene->load, CALLS);
}

static void close_scene(struct scene *scene)
{
    load_stop(&scene->load);
    if (scene->load.failed > 0) {
        fail_msg("%u of %u calls failed: %s", scene->load.failed, scene->load.calls,
                 scene->load.failure);
    }
    rpc_client_close(&scene->movie);
    cluster_close(&scene->cluster);
}

/* So long that whoever was not heard of is no longer listed. */
static void outlast_the_ttl(struct scene *scene)
{
    load_await_for(&scene->load, TTL_MS + 1000);
}

static void await_listed(struct scene *scene, enum cluster_role role, unsigned count)
{
    if (!cluster_await_registered(&scene->cluster, role, count, SERVICE_WAIT_MS)) {
        fail_msg("not all registries list %u of %s", count, cluster_role_name(role));
    }
}

static void expect_ready(struct scene *scene, const char *words)
{
    struct call call = call_within(&scene->cluster.test.call, SERVICE_WAIT_MS);
    struct wire_reply reply;
    do {
        assert_int_equal(call_check(&call), STATUS_OK);
        reply = wire_http_get(&call, cluster_service(&scene->cluster, CLUSTER_MOVIE)->address,
                              "/readyz");
        assert_int_equal(reply.status, 200);
    } while (!wire_http_holds(reply.body, words));
}

/* `marquee services` goes on to the one that answers, and says which does not. */
static void expect_listed(struct scene *scene, unsigned away)
{
    struct cluster *cluster = &scene->cluster;
    struct service_process command;
    char registries[2 * HTTP_ADDRESS_BYTES_MAX + 32];
    assert_true(snprintf(registries, sizeof(registries), "--registry=%s,%s",
                         cluster->registries[away].address,
                         cluster->registries[1 - away].address) < (int)sizeof(registries));
    service_process_start(&command, cluster->directory, "services", "marquee",
                          (const char *const[]){"services", registries, NULL}, NULL);
    assert_int_equal(service_process_await_end(&command, SERVICE_WAIT_MS), 0);
    struct text complaint = service_process_line(&command, "cannot be asked");
    assert_true(wire_http_holds(complaint, cluster->registries[away].address));
    /* Two of each service, and the complaint. */
    assert_int_equal(service_process_line_count(&command), 2 * CLUSTER_ROLES + 1);
    service_process_kill(&command);
}

/* Each service gets an instance more and loses it again while one registry is away. */
static void change_instances(struct scene *scene)
{
    struct cluster *cluster = &scene->cluster;
    for (unsigned role = CLUSTER_METADATA; role <= CLUSTER_RATING; role++) {
        cluster_start(cluster, role, STARTED);
        cluster_await_call(cluster, role, STARTED);
    }
    load_await_unharmed(&scene->load, CALLS);
    for (unsigned role = CLUSTER_METADATA; role <= CLUSTER_RATING; role++) {
        service_process_stop(&cluster->services[role][STARTED]);
        await_listed(scene, role, 2);
    }
    load_await_unharmed(&scene->load, CALLS);
}

static void run_killed_in_turn(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene);
    for (unsigned i = 0; i < CLUSTER_REGISTRIES_MAX; i++) {
        service_process_kill(&scene->cluster.registries[i]);
        outlast_the_ttl(scene);
        expect_ready(scene, "movie is known to 1 of 2 registries");
        expect_listed(scene, i);
        change_instances(scene);
        cluster_start_registry(&scene->cluster, i);
        for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
            await_listed(scene, role, 2);
        }
        expect_ready(scene, "movie is known to 2 of 2 registries");
        load_await_unharmed(&scene->load, CALLS);
    }
    close_scene(scene);
}

static void run_killed_together(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene);
    for (unsigned i = 0; i < CLUSTER_REGISTRIES_MAX; i++) {
        service_process_kill(&scene->cluster.registries[i]);
    }
    outlast_the_ttl(scene);
    expect_ready(scene, "movie is known to 0 of 2 registries");
    for (unsigned i = 0; i < CLUSTER_REGISTRIES_MAX; i++) {
        cluster_start_registry(&scene->cluster, i);
        load_await_unharmed(&scene->load, CALLS);
    }
    for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
        await_listed(scene, role, 2);
    }
    change_instances(scene);
    close_scene(scene);
}

/* The one that is left goes while the other, just started, knows nobody yet. */
static void run_taken_over_early(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene);
    for (unsigned i = 0; i < CLUSTER_REGISTRIES_MAX; i++) {
        service_process_kill(&scene->cluster.registries[i]);
        load_await_unharmed(&scene->load, CALLS);
        cluster_start_registry(&scene->cluster, i);
        service_process_kill(&scene->cluster.registries[1 - i]);
        outlast_the_ttl(scene);
        cluster_start_registry(&scene->cluster, 1 - i);
        for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
            await_listed(scene, role, 2);
        }
    }
    close_scene(scene);
}

/* It is connected to, and never answers. */
static void run_hung(void *argument)
{
    struct scene *scene = argument;
    struct cluster *cluster = &scene->cluster;
    open_scene(scene);
    for (unsigned i = 0; i < CLUSTER_REGISTRIES_MAX; i++) {
        service_process_signal(&cluster->registries[i], SIGSTOP);
        outlast_the_ttl(scene);
        /* At the other one, heartbeats were in time all along. */
        expect_ready(scene, "movie is known to 1 of 2 registries");
        cluster_start(cluster, CLUSTER_RATING, STARTED);
        cluster_await_call(cluster, CLUSTER_RATING, STARTED);
        service_process_kill(&cluster->services[CLUSTER_RATING][STARTED]);
        service_process_signal(&cluster->registries[i], SIGCONT);
        for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
            await_listed(scene, role, 2);
        }
    }
    load_stop(&scene->load);
    rpc_client_close(&scene->movie);
    cluster_close(cluster);
}

static void run_scene(void **state, void (*run)(void *scene))
{
    (void)state;
    in_fiber_with(run, sizeof(struct scene));
}

static void each_is_killed(void **state)
{
    run_scene(state, run_killed_in_turn);
}

static void both_are_killed(void **state)
{
    run_scene(state, run_killed_together);
}

static void the_new_one_takes_over_early(void **state)
{
    run_scene(state, run_taken_over_early);
}

static void each_hangs(void **state)
{
    run_scene(state, run_hung);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_killed),
        cmocka_unit_test(both_are_killed),
        cmocka_unit_test(the_new_one_takes_over_early),
        cmocka_unit_test(each_hangs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
