/* The services behind HAProxy, by the configuration that we ship: it finds them through the
 * registry's DNS. Under load instances are started, told to stop, and killed. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/http_server.h"
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/load.h"

enum {
    CALLERS_OF_A_KIND = 3,
    KINDS = 6,
    CALLERS = CALLERS_OF_A_KIND * KINDS,
    CALLS = 1500, /* between one event and the next */
    REGISTRY_AWAY_MS = 6000,
    HELD_CALLS = 200, /* while an instance is held */
    ENVIRONMENT = 8,  /* variables of HAProxy's configuration */
    VARIABLE_BYTES_MAX = 2 * HTTP_ADDRESS_BYTES_MAX,
    OLD = 0,     /* the instance that is told to stop */
    KILLED = 1,  /* the one that is killed */
    STARTED = 2, /* the one that is started later, and stays */
    SKIPPED = 77,
};

/* HAProxy, with where it listens: sockets that it is given by their numbers, so that the kernel can
 * choose the ports. */
struct haproxy {
    struct service_process process;
    char addresses[CLUSTER_ROLES][HTTP_ADDRESS_BYTES_MAX];
    int sockets[CLUSTER_ROLES + 3];
    char stats[HTTP_ADDRESS_BYTES_MAX];
    /* Of which no instance runs here. */
    char review[HTTP_ADDRESS_BYTES_MAX];
    char recommendation[HTTP_ADDRESS_BYTES_MAX];
    char variables[ENVIRONMENT][VARIABLE_BYTES_MAX];
    const char *environment[ENVIRONMENT + 1];
    unsigned variable_count;
};

struct scene {
    struct cluster cluster;
    struct haproxy haproxy;
    struct rpc_client clients[CLUSTER_ROLES]; /* of HAProxy */
    struct load load;
};

static void set_variable(struct haproxy *haproxy, const char *name, const char *prefix,
                         const char *value)
{
    assert_true(haproxy->variable_count < ENVIRONMENT);
    char *variable = haproxy->variables[haproxy->variable_count];
    assert_true(snprintf(variable, VARIABLE_BYTES_MAX, "%s=%s%s", name, prefix, value) <
                VARIABLE_BYTES_MAX);
    haproxy->environment[haproxy->variable_count++] = variable;
}

static void listen_for(struct haproxy *haproxy, struct call *call, unsigned at, const char *name,
                       char address[static HTTP_ADDRESS_BYTES_MAX])
{
    char number[16];
    assert_int_equal(http_listen(call, TEXT("127.0.0.1:0"), &haproxy->sockets[at], address),
                     STATUS_OK);
    assert_int_equal(fcntl(haproxy->sockets[at], F_SETFD, 0), 0); /* HAProxy's to inherit */
    assert_true(snprintf(number, sizeof(number), "%d", haproxy->sockets[at]) > 0);
    set_variable(haproxy, name, "fd@", number);
}

/* Where HAProxy is to be found; nobody answers there yet. */
static void choose_ports(struct haproxy *haproxy, struct call *call)
{
    static const char *const names[CLUSTER_ROLES] = {
        [CLUSTER_METADATA] = "MARQUEE_PROXY_METADATA",
        [CLUSTER_RATING] = "MARQUEE_PROXY_RATING",
        [CLUSTER_MOVIE] = "MARQUEE_PROXY_MOVIE",
    };
    for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
        listen_for(haproxy, call, role, names[role], haproxy->addresses[role]);
    }
    listen_for(haproxy, call, CLUSTER_ROLES, "MARQUEE_PROXY_STATS", haproxy->stats);
    listen_for(haproxy, call, CLUSTER_ROLES + 1, "MARQUEE_PROXY_REVIEW", haproxy->review);
    listen_for(haproxy, call, CLUSTER_ROLES + 2, "MARQUEE_PROXY_RECOMMENDATION",
               haproxy->recommendation);
}

static void start_haproxy(struct scene *scene, const char *dns_prefix)
{
    struct haproxy *haproxy = &scene->haproxy;
    char path[SERVICE_PATH_BYTES_MAX];
    assert_true(snprintf(path, sizeof(path), "%s/deploy/haproxy/haproxy.cfg",
                         getenv("MARQUEE_SOURCE")) < (int)sizeof(path));
    set_variable(haproxy, "MARQUEE_PROXY_DNS", dns_prefix, scene->cluster.dns[0]);
    service_process_start(&haproxy->process, scene->cluster.directory, "haproxy-check",
                          getenv("MARQUEE_HAPROXY"), (const char *const[]){"-c", "-f", path, NULL},
                          haproxy->environment);
    if (service_process_await_end(&haproxy->process, SERVICE_WAIT_MS) != 0) {
        fail_msg("%.*s", TEXT_ARGUMENTS(buffer_text(&haproxy->process.log)));
    }
    service_process_kill(&haproxy->process);
    service_process_start(&haproxy->process, scene->cluster.directory, "haproxy",
                          getenv("MARQUEE_HAPROXY"), (const char *const[]){"-f", path, NULL},
                          haproxy->environment);
    for (unsigned i = 0; i < ARRAY_LENGTH(haproxy->sockets); i++) {
        (void)close(haproxy->sockets[i]);
    }
}

/* The kinds of calls: by gRPC and by HTTP/1.1, to services of their own and to one that asks the
 * others through HAProxy too.
 *
 * When an instance dies with a call in it, HAProxy answers 502 only if the call was the first on
 * its client's connection; others it resets as refused, or closes the connection, and leaves it to
 * the client to ask again, as gRPC's and HTTP's clients do. So those of HTTP here have a connection
 * for each request, and miss nothing. */
static bool ask_details(void *argument, struct call *call)
{
    struct scene *scene = argument;
    MovieDetails *details;
    if (rpc_client_get_details(&scene->clients[CLUSTER_MOVIE], call, "m", &details) != STATUS_OK) {
        return false;
    }
    if (details->rating_state != RATING_STATE__RATED) {
        status_ignore(call_fail(call, STATUS_UNAVAILABLE, "details without the rating: %.*s",
                                (int)details->rating_unavailable_reason.len,
                                (const char *)details->rating_unavailable_reason.data));
        return false;
    }
    return true;
}

static bool ask_metadata(void *argument, struct call *call)
{
    struct scene *scene = argument;
    Metadata *metadata;
    return rpc_client_get_metadata(&scene->clients[CLUSTER_METADATA], call, "m", &metadata) ==
           STATUS_OK;
}

static bool put_rating(void *argument, struct call *call)
{
    struct scene *scene = argument;
    return rpc_client_put_rating(&scene->clients[CLUSTER_RATING], call, "u", "m", 700) == STATUS_OK;
}

static bool get_page(struct scene *scene, struct call *call, enum cluster_role role,
                     const char *target, const char *words)
{
    struct wire_reply reply = wire_http_get(call, scene->haproxy.addresses[role], target);
    if (reply.status != 200 || !wire_http_holds(reply.body, words)) {
        status_ignore(call_fail(call, STATUS_UNAVAILABLE, "GET %s: %d %.*s", target, reply.status,
                                TEXT_ARGUMENTS(reply.body)));
        return false;
    }
    return true;
}

static bool get_movie(void *argument, struct call *call)
{
    return get_page(argument, call, CLUSTER_MOVIE, "/movie?id=m", "\"ratingState\":\"RATED\"");
}

static bool get_metadata(void *argument, struct call *call)
{
    return get_page(argument, call, CLUSTER_METADATA, "/metadata?id=m", "\"title\":\"Movie\"");
}

static bool get_rating(void *argument, struct call *call)
{
    return get_page(argument, call, CLUSTER_RATING, "/rating?id=m&type=movie", "7");
}

static void start_load(struct scene *scene)
{
    static const load_call_fn kinds[KINDS] = {ask_details, ask_metadata, put_rating,
                                              get_movie,   get_metadata, get_rating};
    load_init(&scene->load);
    for (unsigned i = 0; i < KINDS; i++) {
        load_start(&scene->load, CALLERS_OF_A_KIND, kinds[i], scene);
    }
}

static void open_scene(struct scene *scene, const char *dns_prefix)
{
    struct cluster_options options = {
        .instances = {2, 2, 2}, .registries = 1, .dns = true, .log_level = "debug"};
    char services[2 * VARIABLE_BYTES_MAX];
    struct test_call test;
    test_call_init(&test, SERVICE_WAIT_MS);
    choose_ports(&scene->haproxy, &test.call);
    assert_true(snprintf(services, sizeof(services), "--services=metadata=%s;rating=%s",
                         scene->haproxy.addresses[CLUSTER_METADATA],
                         scene->haproxy.addresses[CLUSTER_RATING]) < (int)sizeof(services));
    options.extra[CLUSTER_MOVIE][0] = services;
    cluster_open(&scene->cluster, &options);
    /* Here, for later starts read them too. */
    scene->cluster.options.extra[CLUSTER_MOVIE][0] =
        arena_copy(scene->cluster.test.call.arena, text_of(services)).data;
    cluster_put_movie(&scene->cluster, "m");
    start_haproxy(scene, dns_prefix);
    for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
        rpc_client_open_one(&scene->clients[role], scene->haproxy.addresses[role]);
    }
    test_call_deinit(&test);
}

static void close_scene(struct scene *scene)
{
    for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
        rpc_client_close(&scene->clients[role]);
    }
    service_process_kill(&scene->haproxy.process);
    cluster_close(&scene->cluster);
}

/* Until HAProxy has found and checked an instance of each service. */
static void await_answers(struct scene *scene)
{
    static const load_call_fn asks[] = {ask_metadata, put_rating, ask_details};
    struct test_call test;
    test_call_init(&test, SERVICE_WAIT_MS);
    for (size_t i = 0; i < ARRAY_LENGTH(asks);) {
        struct call call = call_within(&test.call, 0);
        i += asks[i](scene, &call) ? 1 : 0;
        assert_int_equal(call_check(&test.call), STATUS_OK);
    }
    test_call_deinit(&test);
}

/* Holds an instance while others work on, so that for certain calls are under way in it. */
static void hold(struct scene *scene, enum cluster_role role, unsigned instance)
{
    service_process_signal(&scene->cluster.services[role][instance], SIGSTOP);
    load_await_unharmed(&scene->load, HELD_CALLS);
}

static void await_stopped(struct scene *scene, enum cluster_role role)
{
    load_await_unharmed(&scene->load, CALLS);
    assert_int_equal(
        service_process_await_end(&scene->cluster.services[role][OLD], SERVICE_WAIT_MS), 0);
}

/* Told to stop, it serves what came to it before, and nobody notices anything. */
static void stop_old(struct scene *scene, enum cluster_role role)
{
    struct service_process *process = &scene->cluster.services[role][OLD];
    hold(scene, role, OLD);
    service_process_signal(process, SIGTERM);
    service_process_signal(process, SIGCONT);
    await_stopped(scene, role);
}

/* The same while calls are under way in it: they wait for the ratings, which are held. */
static void stop_old_movie(struct scene *scene)
{
    struct service_process *movie = &scene->cluster.services[CLUSTER_MOVIE][OLD];
    for (unsigned i = KILLED; i <= STARTED; i++) {
        hold(scene, CLUSTER_RATING, i);
    }
    service_process_signal(movie, SIGTERM);
    assert_true(service_process_await(movie, "message=\"stopping\"", 0));
    load_await_unharmed(&scene->load, HELD_CALLS);
    for (unsigned i = KILLED; i <= STARTED; i++) {
        service_process_signal(&scene->cluster.services[CLUSTER_RATING][i], SIGCONT);
    }
    await_stopped(scene, CLUSTER_MOVIE);
}

/* Whoever was to be answered by the one that is killed does not get that answer, and nobody else
 * misses anything. */
static void kill_one(struct scene *scene, enum cluster_role role)
{
    struct load *load = &scene->load;
    unsigned failed = load->failed;
    hold(scene, role, KILLED);
    cluster_kill(&scene->cluster, role, KILLED);
    load_await(load, CALLS);
    print_message("%s killed: %u calls failed\n", cluster_role_name(role), load->failed - failed);
    assert_in_range(load->failed - failed, 1, CALLERS);
    load_await_unharmed(load, CALLS);
}

/* HAProxy asks every second; what it found stays while nobody answers, and while the registry knows
 * none or few again. */
static void restart_registry(struct scene *scene)
{
    struct cluster *cluster = &scene->cluster;
    service_process_kill(&cluster->registries[0]);
    load_await_for(&scene->load, REGISTRY_AWAY_MS);
    cluster_start_registry(cluster, 0);
    for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
        assert_true(cluster_await_registered(cluster, role, 2, SERVICE_WAIT_MS));
    }
    load_await_unharmed(&scene->load, CALLS);
}

static void run_life_behind_haproxy(void *argument)
{
    struct scene *scene = argument;
    struct cluster *cluster = &scene->cluster;
    struct load *load = &scene->load;
    open_scene(scene, "");
    await_answers(scene);
    start_load(scene);
    for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
        cluster_await_call(cluster, role, OLD);
        cluster_await_call(cluster, role, KILLED);
    }
    load_await_unharmed(load, CALLS);
    restart_registry(scene);

    for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
        cluster_start(cluster, role, STARTED);
        cluster_await_call(cluster, role, STARTED);
    }
    load_await_unharmed(load, CALLS);

    stop_old(scene, CLUSTER_METADATA);
    stop_old(scene, CLUSTER_RATING);
    stop_old_movie(scene);
    for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
        kill_one(scene, role);
    }
    load_stop(load);
    print_message("%u calls, %u failed\n", load->calls, load->failed);
    close_scene(scene);
}

static void run_scene(void **state, void (*run)(void *scene))
{
    struct scene *scene = calloc(1, sizeof(*scene));
    (void)state;
    assert_non_null(scene);
    in_fiber(run, scene);
    free(scene);
}

static void instances_come_and_go(void **state)
{
    run_scene(state, run_life_behind_haproxy);
}

static void run_found_by_tcp(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene, "tcp@");
    await_answers(scene);
    start_load(scene);
    cluster_start(&scene->cluster, CLUSTER_RATING, STARTED);
    cluster_await_call(&scene->cluster, CLUSTER_RATING, STARTED);
    load_await_unharmed(&scene->load, CALLS);
    load_stop(&scene->load);
    close_scene(scene);
}

static void instances_are_found_by_tcp(void **state)
{
    run_scene(state, run_found_by_tcp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instances_come_and_go),
        cmocka_unit_test(instances_are_found_by_tcp),
    };
    const char *program = getenv("MARQUEE_HAPROXY");
    if (program == NULL || access(program, X_OK) != 0) {
        print_message("haproxy_test: skipped, haproxy is missing (package haproxy)\n");
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
