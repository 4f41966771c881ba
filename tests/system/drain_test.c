/* A service that is told to stop drains: it is told apart from one that is ill and from one that is
 * gone, gets no new calls, finishes those that it has, and then is gone. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "http/tcp_connect.h"
#include "http/tcp_transport.h"
#include "loop/loop.h"
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "unit/http/raw_peer.h"
#include "json/json.h"

enum {
    CALLERS = 8,
    CALLS = 400,
    CALL_TIMEOUT_MS = 5000,
    TARGET_BYTES_MAX = 256,
    TTL_MS = 3000,
    DRAINS = 0,
    STAYS = 1
};

struct scene {
    struct cluster cluster;
    struct rpc_client movie;
    struct raw_peer slow; /* its request is not whole yet */
    char id[TARGET_BYTES_MAX];
    unsigned calls;
    unsigned failed;
    unsigned awaited;
    bool enough;
    struct fiber_wait progress;
};

static void ask_details(void *argument)
{
    struct scene *scene = argument;
    while (!scene->enough) {
        struct test_call test;
        MovieDetails *details = NULL;
        test_call_init(&test, CALL_TIMEOUT_MS);
        scene->failed +=
            rpc_client_get_details(&scene->movie, &test.call, "m", &details) != STATUS_OK;
        test_call_deinit(&test);
        if (++scene->calls >= scene->awaited) {
            fiber_wait_signal(&scene->progress);
        }
    }
}

static void await_calls(struct scene *scene, unsigned more)
{
    struct test_call test;
    test_call_init(&test, SERVICE_WAIT_MS);
    scene->awaited = scene->calls + more;
    while (scene->calls < scene->awaited) {
        assert_int_equal(fiber_wait(&test.call, &scene->progress), STATUS_OK);
    }
    test_call_deinit(&test);
}

static struct service_process *instance(struct scene *scene, unsigned number)
{
    return &scene->cluster.services[CLUSTER_METADATA][number];
}

/* Both are told; the answer of the second. */
static const struct json *ask_registry(struct scene *scene, const char *target, int status)
{
    struct call *call = &scene->cluster.test.call;
    const struct json *json;
    struct wire_reply reply = wire_http_get(call, scene->cluster.registries[0].address, target);
    assert_int_equal(reply.status, status);
    reply = wire_http_get(call, scene->cluster.registries[1].address, target);
    assert_int_equal(reply.status, status);
    assert_int_equal(json_parse(call, reply.body, &json), STATUS_OK);
    return json;
}

static const struct json *health(struct scene *scene, int status)
{
    char target[2 * TARGET_BYTES_MAX];
    (void)snprintf(target, sizeof(target), "/v1/agent/health/service/id/%s", scene->id);
    return ask_registry(scene, target, status);
}

/* What the registry calls the instance at the address. */
static void find_id(struct scene *scene, const char *address)
{
    const struct json *services = ask_registry(scene, "/v1/agent/services", 200);
    const struct json *service;
    struct text id;
    size_t position = 0;
    struct text rest = text_of(address);
    uint64_t port;
    (void)text_next(&rest, ':');
    assert_true(text_to_u64(rest, &port));
    while (json_next_member(services, &position, &id, &service)) {
        if (json_integer(json_member(service, "Port")) == (int64_t)port) {
            assert_true(text_to_c_string(id, scene->id, sizeof(scene->id)));
            return;
        }
    }
    fail_msg("%s is not registered", address);
}

static void open_half_request(struct scene *scene)
{
    struct http_transport *transport;
    int fd;
    assert_int_equal(tcp_connect(loop_current(), &scene->cluster.test.call,
                                 text_of(instance(scene, DRAINS)->address), &fd),
                     STATUS_OK);
    assert_int_equal(tcp_transport_create(loop_current(), fd, &transport), STATUS_OK);
    raw_peer_open(&scene->slow, transport);
    raw_peer_say(&scene->slow,
                 "PUT /metadata HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n"
                 "content-type: application/json\r\ncontent-length: 28\r\n\r\n");
    assert_true(raw_peer_await(&scene->slow, "100 Continue"));
    raw_peer_say(&scene->slow, "{\"id\":\"late\",\"title\":\"Late\"");
}

static void open_scene(struct scene *scene)
{
    static const struct cluster_options options = {
        .instances = {2, 1, 1}, .registries = 2, .log_level = "debug", .registration_ttl = "3s"};
    struct rpc_client client;
    cluster_open(&scene->cluster, &options);
    rpc_client_open_one(&client, instance(scene, STAYS)->address);
    assert_int_equal(rpc_client_put_metadata(&client, &scene->cluster.test.call, "m", "Movie"),
                     STATUS_OK);
    rpc_client_close(&client);
    rpc_client_open_one(&scene->movie, scene->cluster.services[CLUSTER_MOVIE][0].address);
    find_id(scene, instance(scene, DRAINS)->address);
    open_half_request(scene);
}

static struct text text_member(const struct json *object, const char *name)
{
    const struct json *value = json_member(object, name);
    return json_kind(value) == JSON_STRING ? json_string(value) : TEXT("");
}

/* Known, in maintenance, for a reason of its own; its heartbeat goes on. */
static void assert_draining(struct scene *scene)
{
    const struct json *found = health(scene, 503);
    const struct json *checks = json_member(found, "Checks");
    assert_true(text_equal(text_member(found, "AggregatedStatus"), TEXT("maintenance")));
    assert_int_equal(json_length(checks), 2);
    for (size_t i = 0; i < json_length(checks); i++) {
        const struct json *check = json_at(checks, i);
        bool is_maintenance =
            text_starts_with(text_member(check, "CheckID"), TEXT("_service_maintenance:"));
        assert_true(text_equal(text_member(check, "Status"),
                               is_maintenance ? TEXT("critical") : TEXT("passing")));
        assert_true(
            text_equal(text_member(check, "Notes"), is_maintenance ? TEXT("draining") : TEXT("")));
    }
}

/* As the command line tells it. */
static void assert_command_says(struct scene *scene, const char *health)
{
    char registry[HTTP_ADDRESS_BYTES_MAX + 16];
    struct service_process command;
    (void)snprintf(registry, sizeof(registry), "--registry=%s",
                   scene->cluster.registries[0].address);
    service_process_start(&command, scene->cluster.directory, "services", "marquee",
                          (const char *const[]){"services", registry, NULL}, NULL);
    assert_int_equal(service_process_await_end(&command, SERVICE_WAIT_MS), 0);
    struct text line = service_process_line(&command, scene->id);
    if (!wire_http_holds(line, health)) {
        fail_msg("\"%s\" is not in: %.*s", health, TEXT_ARGUMENTS(buffer_text(&command.log)));
    }
    service_process_kill(&command);
}

static void assert_metric(struct scene *scene, const char *sample)
{
    struct wire_reply reply =
        wire_http_get(&scene->cluster.test.call, scene->cluster.registries[0].address, "/metrics");
    assert_true(wire_http_holds(reply.body, sample));
}

static unsigned registered_at(struct scene *scene, unsigned registry)
{
    struct call *call = &scene->cluster.test.call;
    const struct json *list;
    struct wire_reply reply = wire_http_get(call, scene->cluster.registries[registry].address,
                                            "/v1/catalog/service/metadata");
    assert_int_equal(reply.status, 200);
    assert_int_equal(json_parse(call, reply.body, &list), STATUS_OK);
    return (unsigned)json_length(list);
}

/* A registry that has forgotten everybody hears of those who stay, and not of who drains. */
static void forget_at_the_second(struct scene *scene)
{
    struct test_call test;
    cluster_start_registry(&scene->cluster, 1);
    test_call_init(&test, SERVICE_WAIT_MS);
    while (registered_at(scene, 1) == 0) {
        assert_int_equal(fiber_sleep(&test.call, 10 * CLOCK_NS_PER_MS), STATUS_OK);
    }
    /* Three heartbeats. */
    assert_int_equal(fiber_sleep(&test.call, TTL_MS * CLOCK_NS_PER_MS), STATUS_OK);
    assert_int_equal(registered_at(scene, 1), 1);
    test_call_deinit(&test);
}

static void drain_under_load(struct scene *scene)
{
    struct service_process *draining = instance(scene, DRAINS);
    assert_command_says(scene, "passing");
    assert_metric(scene, "marquee_registry_instances{state=\"draining\"} 0\n");
    await_calls(scene, CALLS);
    assert_true(service_process_await(draining, "GetMetadata", 0));
    service_process_signal(draining, SIGTERM);
    assert_true(service_process_await(draining, "stopping", 0));
    assert_true(cluster_await_registered(&scene->cluster, CLUSTER_METADATA, 1, 2000));
    assert_draining(scene);
    assert_command_says(scene, "draining");
    assert_metric(scene, "marquee_registry_instances{state=\"draining\"} 1\n");
    await_calls(scene, CALLS); /* whoever had not heard of it yet, has */
    unsigned lines = service_process_line_count(draining);
    await_calls(scene, CALLS);
    assert_int_equal(service_process_line_count(draining), lines);
    assert_false(draining->ended);
    assert_draining(scene);
    forget_at_the_second(scene);
}

static void finish(struct scene *scene)
{
    struct service_process *draining = instance(scene, DRAINS);
    raw_peer_forget(&scene->slow);
    raw_peer_say(&scene->slow, "}");
    assert_true(raw_peer_await(&scene->slow, "HTTP/1.1 200 OK\r\n"));
    assert_true(raw_peer_await_end(&scene->slow));
    raw_peer_close(&scene->slow);
    assert_int_equal(service_process_await_end(draining, 20000), 0);
    (void)health(scene, 404);
}

static void run_drain(void *argument)
{
    struct scene *scene = argument;
    struct fiber_group callers;
    open_scene(scene);
    fiber_wait_init(&scene->progress);
    fiber_group_init(&callers);
    for (unsigned i = 0; i < CALLERS; i++) {
        assert_int_equal(fiber_group_start(&callers, ask_details, scene), STATUS_OK);
    }
    drain_under_load(scene);
    finish(scene);
    scene->enough = true;
    fiber_group_join(&callers);
    print_message("%u calls, %u failed\n", scene->calls, scene->failed);
    assert_int_equal(scene->failed, 0);
    rpc_client_close(&scene->movie);
    cluster_close(&scene->cluster);
}

static void a_draining_instance_finishes_and_goes(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    (void)state;
    assert_non_null(scene);
    in_fiber(run_drain, scene);
    free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_draining_instance_finishes_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
