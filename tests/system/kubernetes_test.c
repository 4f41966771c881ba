/* The manifests of deploy/kubernetes as they would run: the programs with the arguments that stand
 * there, each at an address of its own, found by a server that answers what the cluster's DNS
 * would.
 *
 * Changed are only places: the address to listen on, the disk, the DNS server. A pod's address is
 * one of the sixteen million of the loopback, by chance, so that the manifests' ports can stay. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "support/cluster_dns.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/rpc_client.h"
#include "support/scratch_directory.h"
#include "support/service_process.h"
#include "support/wire_http.h"

enum {
    CALLERS = 16,
    WARM_CALLS = 300,
    AFTER_CALLS = 500,
    CALL_TIMEOUT_MS = 5000,
    ARGUMENT_BYTES_MAX = 512,
    CLOSING_S = 10, /* past the drain, a process may take so long */
    PROGRAMS_BYTES = sizeof("/usr/local/bin/") - 1,
};

static const char *const files[] = {"namespace",      "metadata", "rating", "review",
                                    "recommendation", "movie",    "network"};

static void read_manifests(struct kubernetes_manifests *manifests)
{
    char path[SERVICE_PATH_BYTES_MAX];
    const char *source = getenv("MARQUEE_SOURCE");
    assert_non_null(source);
    *manifests = (struct kubernetes_manifests){.count = 0};
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        assert_true(snprintf(path, sizeof(path), "%s/deploy/kubernetes/%s.yaml", source, files[i]) <
                    (int)sizeof(path));
        kubernetes_manifests_read(manifests, path);
    }
}

static const struct kubernetes_object *workload_of(const struct kubernetes_manifests *manifests,
                                                   const char *name)
{
    const struct kubernetes_object *found =
        kubernetes_manifests_find(manifests, "Deployment", name);
    return found != NULL ? found : kubernetes_manifests_find(manifests, "StatefulSet", name);
}

#define CONTAINER "spec/template/spec/containers/0"

/* What follows "--name=" among the arguments; {NULL, 0}: it is not there. */
static struct text argument_of(const struct kubernetes_object *workload, const char *name)
{
    for (size_t i = 0; i < kubernetes_count(workload, CONTAINER "/args"); i++) {
        struct text argument = kubernetes_text(workload, CONTAINER "/args/%zu", i);
        struct text value = argument;
        if (text_equal(text_next(&value, '='), text_of(name))) {
            return value;
        }
    }
    return (struct text){NULL, 0};
}

static uint64_t number_of(struct text text)
{
    uint64_t number = 0;
    if (!text_to_u64(text, &number)) {
        fail_msg("'%.*s' is no number", TEXT_ARGUMENTS(text));
    }
    return number;
}

/* Rules that a schema does not know. */
static void check_workload(const struct kubernetes_manifests *manifests, const char *name)
{
    const struct kubernetes_object *workload = workload_of(manifests, name);
    const struct kubernetes_object *service = kubernetes_manifests_find(manifests, "Service", name);
    const struct kubernetes_object *budget =
        kubernetes_manifests_find(manifests, "PodDisruptionBudget", name);
    assert_true(workload != NULL && service != NULL && budget != NULL);
    assert_true(kubernetes_selects(workload, "spec/selector/matchLabels", workload));
    assert_true(kubernetes_selects(service, "spec/selector", workload));
    assert_true(kubernetes_selects(budget, "spec/selector/matchLabels", workload));
    assert_true(text_equal(kubernetes_text(service, "spec/clusterIP"), TEXT("None")));
    assert_true(text_equal(kubernetes_text(service, "spec/ports/0/name"), TEXT("grpc")));

    struct text port = kubernetes_text(workload, CONTAINER "/ports/0/containerPort");
    struct text listen = argument_of(workload, "--listen");
    static const char *const probes[] = {"startupProbe", "readinessProbe", "livenessProbe"};
    for (size_t i = 0; i < ARRAY_LENGTH(probes); i++) {
        assert_true(
            text_equal(kubernetes_text(workload, CONTAINER "/%s/grpc/port", probes[i]), port));
    }
    assert_true(text_starts_with(listen, TEXT("0.0.0.0:")) && text_ends_with(listen, port));
    assert_true(text_equal(kubernetes_text(service, "spec/ports/0/port"), port));

    /* Nothing that preStop calls can be missing from the image, and all of it fits into the time.
     */
    assert_int_equal(kubernetes_count(workload, CONTAINER "/lifecycle/preStop"), 1);
    uint64_t sleep_s =
        number_of(kubernetes_text(workload, CONTAINER "/lifecycle/preStop/sleep/seconds"));
    struct text drain = argument_of(workload, "--drain-time");
    assert_true(text_ends_with(drain, TEXT("s")));
    uint64_t drain_s = number_of(text_slice(drain, 0, drain.length - 1));
    assert_true(sleep_s > CLUSTER_DNS_TTL_S);
    assert_int_equal(
        number_of(kubernetes_text(workload, "spec/template/spec/terminationGracePeriodSeconds")),
        sleep_s + drain_s + CLOSING_S);

    static const char *const locks[][2] = {
        {"spec/template/spec/securityContext/runAsNonRoot", "true"},
        {"spec/template/spec/securityContext/seccompProfile/type", "RuntimeDefault"},
        {CONTAINER "/securityContext/allowPrivilegeEscalation", "false"},
        {CONTAINER "/securityContext/readOnlyRootFilesystem", "true"},
        {CONTAINER "/securityContext/capabilities/drop/0", "ALL"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(locks); i++) {
        if (!text_equal(kubernetes_text(workload, "%s", locks[i][0]), text_of(locks[i][1]))) {
            fail_msg("%s: %s is not %s", name, locks[i][0], locks[i][1]);
        }
    }
    /* A second pod would have a second store. */
    bool has_disk = text_equal(kubernetes_text(workload, "kind"), TEXT("StatefulSet"));
    assert_int_equal(number_of(kubernetes_text(workload, "spec/replicas")), has_disk ? 1 : 2);
    assert_int_equal(kubernetes_count(workload, "spec/volumeClaimTemplates"), has_disk);
    assert_true(has_disk == (argument_of(workload, "--data").data != NULL));
}

static void test_rules(void **state)
{
    struct kubernetes_manifests manifests;
    (void)state;
    read_manifests(&manifests);
    check_workload(&manifests, "metadata");
    check_workload(&manifests, "rating");
    check_workload(&manifests, "review");
    check_workload(&manifests, "recommendation");
    check_workload(&manifests, "movie");
    kubernetes_manifests_free(&manifests);
}

enum pod_name { METADATA_0, RATING_0, RATING_1, RATING_2, MOVIE_0, PODS };

static const struct {
    const char *workload;
    const char *hostname;
} pod_names[PODS] = {
    [METADATA_0] = {"metadata", "metadata-0"}, [RATING_0] = {"rating", "rating-0"},
    [RATING_1] = {"rating", "rating-1"},       [RATING_2] = {"rating", "rating-2"},
    [MOVIE_0] = {"movie", "movie-7d4b-x2x9"},
};

struct scene {
    char directory[SCRATCH_PATH_BYTES];
    struct kubernetes_manifests manifests;
    struct dns_server dns;
    struct cluster_pod pods[PODS];
    char addresses[PODS][HTTP_ADDRESS_BYTES_MAX];
    struct service_process processes[PODS];
    struct test_call test;
    struct rpc_client movie;
    unsigned calls;
    unsigned failed;
    unsigned unrated;
    bool enough;
    unsigned awaited;
    struct fiber_wait progress;
};

static void publish(struct scene *scene)
{
    cluster_dns_publish(&scene->dns, &scene->manifests, scene->pods, PODS);
}

/* One place that is another here. */
static void replace(char argument[static ARGUMENT_BYTES_MAX], const char *from, const char *to)
{
    char after[ARGUMENT_BYTES_MAX];
    for (char *found = argument; (found = strstr(found, from)) != NULL; found += strlen(to)) {
        size_t before = (size_t)(found - argument);
        assert_true(text_to_c_string(text_of(found + strlen(from)), after, sizeof(after)));
        assert_true(snprintf(found, ARGUMENT_BYTES_MAX - before, "%s%s", to, after) <
                    (int)(ARGUMENT_BYTES_MAX - before));
    }
}

static void start_pod(struct scene *scene, enum pod_name pod)
{
    const struct kubernetes_object *workload = scene->pods[pod].workload;
    char arguments[SERVICE_ARGUMENTS_MAX][ARGUMENT_BYTES_MAX];
    const char *pointers[SERVICE_ARGUMENTS_MAX + 1] = {NULL};
    char program[ARGUMENT_BYTES_MAX];
    char disk[ARGUMENT_BYTES_MAX];
    char server[ARGUMENT_BYTES_MAX];
    size_t count = kubernetes_count(workload, CONTAINER "/args");
    (void)snprintf(disk, sizeof(disk), "%s/%s", scene->directory, pod_names[pod].workload);
    (void)snprintf(server, sizeof(server), "dns://%s/", scene->dns.address); /* both fit */
    assert_true(count > 0 && count <= SERVICE_ARGUMENTS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct text argument = kubernetes_text(workload, CONTAINER "/args/%zu", i);
        assert_true(text_to_c_string(argument, arguments[i], ARGUMENT_BYTES_MAX));
        replace(arguments[i], "0.0.0.0", scene->pods[pod].address);
        replace(arguments[i], "/var/lib/marquee", disk);
        replace(arguments[i], "dns:///", server);
        replace(arguments[i], "--log-format=json", "--log-format=text"); /* the test reads it */
        pointers[i] = arguments[i];
    }
    struct text command = kubernetes_text(workload, CONTAINER "/command/0");
    assert_true(text_starts_with(command, TEXT("/usr/local/bin/")));
    command = text_slice(command, PROGRAMS_BYTES, command.length);
    assert_true(text_to_c_string(command, program, sizeof(program)));
    service_process_start(&scene->processes[pod], scene->directory, pod_names[pod].hostname,
                          program, pointers, NULL);
    service_process_await_ready(&scene->processes[pod]);
    assert_true(
        service_process_await(&scene->processes[pod], "not registered, as --registry is empty", 0));
}

/* Started and ready, so that DNS has it from now on. */
static void add_pod(struct scene *scene, enum pod_name pod)
{
    start_pod(scene, pod);
    scene->pods[pod].ready = true;
    publish(scene);
}

static void open_scene(struct scene *scene)
{
    *scene = (struct scene){.calls = 0};
    scratch_directory_make(scene->directory);
    test_call_init(&scene->test, 0);
    read_manifests(&scene->manifests);
    dns_server_start(&scene->dns);
    for (unsigned pod = 0; pod < PODS; pod++) {
        (void)snprintf(scene->addresses[pod], HTTP_ADDRESS_BYTES_MAX, "127.%u.%u.%u",
                       1 + (unsigned)random_below(254), (unsigned)random_below(256),
                       1 + (unsigned)random_below(254)); /* fits */
        scene->pods[pod] = (struct cluster_pod){
            .workload = workload_of(&scene->manifests, pod_names[pod].workload),
            .hostname = pod_names[pod].hostname,
            .address = scene->addresses[pod],
        };
        assert_non_null(scene->pods[pod].workload);
    }
    publish(scene);
}

static void close_scene(struct scene *scene)
{
    for (unsigned pod = PODS; pod-- > 0;) {
        service_process_stop(&scene->processes[pod]);
    }
    dns_server_stop(&scene->dns);
    dns_server_forget(&scene->dns);
    kubernetes_manifests_free(&scene->manifests);
    test_call_deinit(&scene->test);
    scratch_directory_remove(scene->directory);
}

static enum status ask_once(struct scene *scene, bool *ret_rated)
{
    struct test_call test;
    MovieDetails *details = NULL;
    test_call_init(&test, CALL_TIMEOUT_MS);
    enum status status = rpc_client_get_details(&scene->movie, &test.call, "m", &details);
    *ret_rated = status == STATUS_OK && details->rating_state == RATING_STATE__RATED;
    test_call_deinit(&test);
    return status;
}

static void ask_details(void *argument)
{
    struct scene *scene = argument;
    while (!scene->enough) {
        bool rated;
        enum status status = ask_once(scene, &rated);
        scene->calls++;
        scene->failed += status != STATUS_OK;
        scene->unrated += status == STATUS_OK && !rated;
        if (scene->calls >= scene->awaited) {
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

static void put_data(struct scene *scene)
{
    struct rpc_client client;
    struct call call = call_within(&scene->test.call, SERVICE_WAIT_MS);
    rpc_client_open_one(&client, scene->processes[METADATA_0].address);
    assert_int_equal(rpc_client_put_metadata(&client, &call, "m", "Movie"), STATUS_OK);
    rpc_client_close(&client);
    rpc_client_open_one(&client, scene->processes[RATING_0].address);
    assert_int_equal(rpc_client_put_rating(&client, &call, "u", "m", 700), STATUS_OK);
    rpc_client_close(&client);
}

/* Until movie has found both. */
static void await_found(struct scene *scene)
{
    struct call call = call_within(&scene->test.call, SERVICE_WAIT_MS);
    bool rated = false;
    while (!rated) {
        (void)ask_once(scene, &rated); /* as long as the time allows */
        assert_int_equal(fiber_sleep(&call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}

static bool has_served(struct scene *scene, enum pod_name pod)
{
    struct test_call test;
    test_call_init(&test, SERVICE_WAIT_MS);
    struct wire_reply reply = wire_http_get(&test.call, scene->processes[pod].address, "/metrics");
    bool served = wire_http_holds(
        reply.body, "marquee_requests_total{protocol=\"grpc\",method=\"/RatingService/");
    test_call_deinit(&test);
    return served;
}

static void await_traffic(struct scene *scene, enum pod_name pod)
{
    struct call call = call_within(&scene->test.call, SERVICE_WAIT_MS);
    while (!has_served(scene, pod)) {
        assert_int_equal(call_check(&call), STATUS_OK);
        await_calls(scene, CALLERS);
    }
}

/* Nobody answers for a while: what is known stays. */
static void lose_dns(struct scene *scene)
{
    struct service_process *movie = &scene->processes[MOVIE_0];
    dns_server_stop(&scene->dns);
    assert_true(service_process_await(movie, "goes on with the instances known before", 0));
    await_calls(scene, AFTER_CALLS);
    size_t from = movie->log.length;
    dns_server_start(&scene->dns);
    assert_true(service_process_await(movie, "instances are known again", from));
}

static void run_cluster(void *argument)
{
    struct scene *scene = argument;
    struct fiber_group callers;
    bool rated;
    open_scene(scene);
    /* Before anybody is ready, no name exists. */
    start_pod(scene, MOVIE_0);
    rpc_client_open_one(&scene->movie, scene->processes[MOVIE_0].address);
    assert_int_equal(ask_once(scene, &rated), STATUS_UNAVAILABLE);
    add_pod(scene, METADATA_0);
    add_pod(scene, RATING_0);
    add_pod(scene, RATING_1);
    put_data(scene);
    await_found(scene);

    fiber_wait_init(&scene->progress);
    fiber_group_init(&callers);
    for (unsigned i = 0; i < CALLERS; i++) {
        assert_int_equal(fiber_group_start(&callers, ask_details, scene), STATUS_OK);
    }
    await_calls(scene, WARM_CALLS);
    await_traffic(scene, RATING_0);
    await_traffic(scene, RATING_1);
    /* One goes, with SIGTERM as soon as it has left DNS: without preStop's sleep. */
    scene->pods[RATING_0].ready = false;
    publish(scene);
    service_process_stop(&scene->processes[RATING_0]);
    await_calls(scene, AFTER_CALLS);
    add_pod(scene, RATING_2);
    await_traffic(scene, RATING_2);
    lose_dns(scene);
    scene->enough = true;
    fiber_group_join(&callers);

    print_message("%u calls, %u failed, %u without the rating; %u questions to DNS\n", scene->calls,
                  scene->failed, scene->unrated, scene->dns.datagrams);
    assert_int_equal(scene->failed, 0);
    assert_int_equal(scene->unrated, 0);
    rpc_client_close(&scene->movie);
    close_scene(scene);
}

static void test_cluster(void **state)
{
    (void)state;
    in_fiber_with(run_cluster, sizeof(struct scene));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_cluster),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
