/* The life of each process: options, start, readiness, stop, and what it says meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/tcp_connect.h"
#include "http/tcp_transport.h"
#include "loop/loop.h"
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "unit/http/raw_peer.h"

enum { EXIT_USAGE = 2 };

static const char *const programs[] = {
    "marquee-registry", "marquee-metadata",       "marquee-rating", "marquee-movie",
    "marquee-review",   "marquee-recommendation", "marquee-single"};

/* A directory and the program that runs in it. */
struct trial {
    char directory[SCRATCH_PATH_BYTES];
    struct service_process process;
};

static void open_trial(struct trial *trial)
{
    scratch_directory_make(trial->directory);
}

static void close_trial(struct trial *trial)
{
    service_process_kill(&trial->process);
    scratch_directory_remove(trial->directory);
}

static void write_file(const struct trial *trial, const char *name, const char *content)
{
    char path[SERVICE_PATH_BYTES_MAX];
    assert_true(snprintf(path, sizeof(path), "%s/%s", trial->directory, name) > 0);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void make_folder(const struct trial *trial, const char *name)
{
    char path[SERVICE_PATH_BYTES_MAX];
    assert_true(snprintf(path, sizeof(path), "%s/%s", trial->directory, name) > 0);
    assert_int_equal(mkdir(path, 0700), 0);
}

/* Runs the program to its end. */
static int run(struct trial *trial, const char *program, const char *const *arguments)
{
    service_process_start(&trial->process, trial->directory, "program", program, arguments, NULL);
    return service_process_await_end(&trial->process, SERVICE_WAIT_MS);
}

/* Log lines of what had started already may stand before it. */
static void expect_one_line(struct trial *trial, const char *program, const char *words)
{
    struct text said = buffer_text(&trial->process.log);
    struct text rest = said;
    struct text last = {NULL, 0};
    unsigned count = 0;
    while (rest.data != NULL) {
        struct text line = text_next(&rest, '\n');
        count += line.length > 0 && !text_starts_with(line, TEXT("time=")) ? 1 : 0;
        last = line.length > 0 ? line : last;
    }
    if (count != 1 || !text_starts_with(last, text_of(program)) || !wire_http_holds(last, words)) {
        fail_msg("%s: wanted one line with \"%s\": %.*s", program, words, TEXT_ARGUMENTS(said));
    }
}

static void run_help(void *argument)
{
    (void)argument;
    for (size_t i = 0; i < ARRAY_LENGTH(programs); i++) {
        struct trial trial;
        open_trial(&trial);
        assert_int_equal(run(&trial, programs[i], (const char *const[]){"--help", NULL}), 0);
        struct text said = buffer_text(&trial.process.log);
        assert_true(text_starts_with(said, text_of(programs[i])));
        assert_true(wire_http_holds(said, "usage: "));
        assert_true(wire_http_holds(said, "--drain-time"));
        close_trial(&trial);
        open_trial(&trial);
        assert_int_equal(run(&trial, programs[i], (const char *const[]){"--version", NULL}), 0);
        expect_one_line(&trial, programs[i], " 0.");
        close_trial(&trial);
    }
}

static void help_and_version_are_told(void **state)
{
    (void)state;
    in_fiber(run_help, NULL);
}

struct refusal {
    const char *name;
    const char *program;
    const char *arguments[5];
    int exit_status;
    const char *words;
};

static const struct refusal refusals[] = {
    {"unknown option", "marquee-rating", {"--nope"}, EXIT_USAGE, "--nope"},
    {"unknown option of movie", "marquee-movie", {"--data=x"}, EXIT_USAGE, "--data"},
    {"no value", "marquee-metadata", {"--listen"}, EXIT_USAGE, "--listen"},
    {"not a number", "marquee-rating", {"--threads=many"}, EXIT_USAGE, "--threads"},
    {"not a choice", "marquee-rating", {"--store=paper"}, EXIT_USAGE, "--store"},
    {"not a time", "marquee-registry", {"--settle-time=soon"}, EXIT_USAGE, "--settle-time"},
    {"an argument too many", "marquee-movie", {"extra"}, EXIT_USAGE, "extra"},
    {"no such file", "marquee-movie", {"--config=none.yaml"}, EXIT_USAGE, "none.yaml"},
    {"no YAML", "marquee-movie", {"--config=bad.yaml"}, EXIT_USAGE, "bad.yaml"},
    {"unknown key", "marquee-rating", {"--config=odd.yaml"}, EXIT_USAGE, "wrong-key"},
    {"bad address", "marquee-movie", {"--listen=nowhere", "--registry="}, 1, "nowhere"},
    {"bad registry", "marquee-movie", {"--listen=127.0.0.1:0", "--registry=:x:"}, 1, ":x:"},
    {"metadata is no database",
     "marquee-metadata",
     {"--listen=127.0.0.1:0", "--registry=", "--data=garbage"},
     1,
     "garbage"},
    {"metadata is no folder",
     "marquee-metadata",
     {"--listen=127.0.0.1:0", "--registry=", "--data=file"},
     1,
     "file"},
    {"votes are no database",
     "marquee-rating",
     {"--listen=127.0.0.1:0", "--registry=", "--data=garbage"},
     1,
     "garbage"},
    {"reviews are no database",
     "marquee-review",
     {"--listen=127.0.0.1:0", "--registry=", "--data=garbage"},
     1,
     "garbage"},
    {"votes are no folder",
     "marquee-rating",
     {"--listen=127.0.0.1:0", "--registry=", "--data=file"},
     1,
     "file"},
    {"events are no database",
     "marquee-rating",
     {"--listen=127.0.0.1:0", "--registry=", "--event-log-directory=garbage"},
     1,
     "garbage"},
};

static void run_refusals(void *argument)
{
    (void)argument;
    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++) {
        const struct refusal *refusal = &refusals[i];
        struct trial trial;
        open_trial(&trial);
        write_file(&trial, "bad.yaml", "listen: [unclosed\n");
        write_file(&trial, "odd.yaml", "rating:\n  wrong-key: 1\n");
        write_file(&trial, "file", "not a folder\n");
        make_folder(&trial, "garbage");
        static const char *const stores[] = {"garbage/data.mdb", "garbage/metadata.sqlite",
                                             "garbage/review.sqlite"};
        for (size_t j = 0; j < ARRAY_LENGTH(stores); j++) {
            char garbage[5000];
            memset(garbage, 'x', sizeof(garbage));
            garbage[sizeof(garbage) - 1] = '\0';
            write_file(&trial, stores[j], garbage);
        }
        int exit_status = run(&trial, refusal->program, refusal->arguments);
        if (exit_status != refusal->exit_status) {
            fail_msg("%s: exit status %d: %.*s", refusal->name, exit_status,
                     TEXT_ARGUMENTS(buffer_text(&trial.process.log)));
        }
        expect_one_line(&trial, refusal->program, refusal->words);
        close_trial(&trial);
    }
}

static void what_cannot_be_started_says_so_in_one_line(void **state)
{
    (void)state;
    in_fiber(run_refusals, NULL);
}

static void run_port_in_use(void *argument)
{
    struct trial first;
    (void)argument;
    open_trial(&first);
    const char *const arguments[] = {"--listen=127.0.0.1:0", "--dns-listen=", NULL};
    service_process_start(&first.process, first.directory, "first", "marquee-registry", arguments,
                          NULL);
    service_process_await_ready(&first.process);
    for (size_t i = 0; i < ARRAY_LENGTH(programs) - 1; i++) { /* the last has several */
        char listen[HTTP_ADDRESS_BYTES_MAX + 16];
        struct trial second;
        open_trial(&second);
        assert_true(snprintf(listen, sizeof(listen), "--listen=%s", first.process.address) > 0);
        assert_int_equal(run(&second, programs[i],
                             (const char *const[]){
                                 listen, "--registry=", i == 0 ? "--dns-listen=" : NULL, NULL}),
                         1);
        expect_one_line(&second, programs[i], first.process.address);
        close_trial(&second);
    }
    service_process_stop(&first.process);
    close_trial(&first);
}

static void a_port_in_use_is_refused(void **state)
{
    (void)state;
    in_fiber(run_port_in_use, NULL);
}

struct precedence {
    const char *name;
    const char *arguments[4];
    const char *environment[4];
    const char *host;
};

static const struct precedence precedences[] = {
    {"top of the file", {"--config=top.yaml"}, {NULL}, "127.0.0.2:"},
    {"section over top", {"--config=both.yaml"}, {NULL}, "127.0.0.3:"},
    {"file named by the environment", {NULL}, {"MARQUEE_CONFIG=top.yaml"}, "127.0.0.2:"},
    {"environment over file", {"--config=both.yaml"}, {"MARQUEE_LISTEN=127.0.0.4:0"}, "127.0.0.4:"},
    {"the service's own environment",
     {"--config=both.yaml"},
     {"MARQUEE_LISTEN=127.0.0.4:0", "MARQUEE_METADATA_LISTEN=127.0.0.5:0"},
     "127.0.0.5:"},
    {"flag over all",
     {"--config=both.yaml", "--listen=127.0.0.6:0"},
     {"MARQUEE_LISTEN=127.0.0.4:0", "MARQUEE_METADATA_LISTEN=127.0.0.5:0"},
     "127.0.0.6:"},
};

static void run_precedence(void *argument)
{
    (void)argument;
    for (size_t i = 0; i < ARRAY_LENGTH(precedences); i++) {
        const struct precedence *row = &precedences[i];
        struct trial trial;
        open_trial(&trial);
        write_file(&trial, "top.yaml", "registry: \"\"\nlisten: 127.0.0.2:0\n");
        write_file(&trial, "both.yaml",
                   "registry: \"\"\nlisten: 127.0.0.2:0\nmetadata:\n  listen: 127.0.0.3:0\n"
                   "rating:\n  listen: 127.0.0.7:0\n");
        service_process_start(&trial.process, trial.directory, "program", "marquee-metadata",
                              row->arguments, row->environment);
        service_process_await_ready(&trial.process);
        if (!text_starts_with(text_of(trial.process.address), text_of(row->host))) {
            fail_msg("%s: listens on %s", row->name, trial.process.address);
        }
        service_process_stop(&trial.process);
        close_trial(&trial);
    }
}

static void flags_win_over_environment_over_file(void **state)
{
    (void)state;
    in_fiber(run_precedence, NULL);
}

/* A request of which the last byte is still to come. */
static void open_half_request(struct raw_peer *peer, struct call *call, const char *address)
{
    struct http_transport *transport;
    int fd;
    assert_int_equal(tcp_connect(loop_current(), call, text_of(address), &fd), STATUS_OK);
    assert_int_equal(tcp_transport_create(loop_current(), fd, &transport), STATUS_OK);
    raw_peer_open(peer, transport);
    raw_peer_say(peer, "PUT /metadata HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n"
                       "content-type: application/json\r\ncontent-length: 28\r\n\r\n");
    assert_true(raw_peer_await(peer, "100 Continue"));
    raw_peer_say(peer, "{\"id\":\"late\",\"title\":\"Late\"");
}

static void run_stop(void *argument)
{
    const struct cluster_options options = {.instances = {1, 0, 0}, .registries = 1};
    struct cluster cluster;
    struct raw_peer peer;
    (void)argument;
    cluster_open(&cluster, &options);
    struct call *call = &cluster.test.call;
    struct service_process *metadata = cluster_service(&cluster, CLUSTER_METADATA);
    open_half_request(&peer, call, metadata->address);
    service_process_signal(metadata, SIGTERM);
    assert_true(service_process_await(metadata, "stopping", 0));
    /* Gone from the list at once, while the call runs. */
    assert_true(cluster_await_registered(&cluster, CLUSTER_METADATA, 0, 1000));
    assert_false(metadata->ended);
    raw_peer_forget(&peer);
    raw_peer_say(&peer, "}");
    assert_true(raw_peer_await(&peer, "HTTP/1.1 200 OK\r\n"));
    assert_true(raw_peer_await_end(&peer));
    raw_peer_close(&peer);
    int64_t asked_ns = clock_monotonic_ns();
    assert_int_equal(service_process_await_end(metadata, 20000), 0);
    /* With the last call, not at the end of the drain time. */
    assert_true(clock_monotonic_ns() - asked_ns < 10 * CLOCK_NS_PER_S);
    assert_true(service_process_await(metadata, "stopped", 0));
    cluster_start(&cluster, CLUSTER_METADATA, 0);
    struct wire_reply reply = wire_http_get(call, metadata->address, "/metadata?id=late");
    assert_int_equal(reply.status, 200);
    cluster_close(&cluster);
}

static void a_stop_lets_running_calls_finish(void **state)
{
    (void)state;
    in_fiber(run_stop, NULL);
}

static void run_second_signal(void *argument)
{
    const struct cluster_options options = {.instances = {1, 0, 0}};
    struct cluster cluster;
    struct raw_peer peer;
    (void)argument;
    cluster_open(&cluster, &options);
    struct service_process *metadata = cluster_service(&cluster, CLUSTER_METADATA);
    open_half_request(&peer, &cluster.test.call, metadata->address);
    service_process_signal(metadata, SIGTERM);
    assert_true(service_process_await(metadata, "stopping", 0));
    assert_false(metadata->ended);
    service_process_signal(metadata, SIGTERM);
    assert_int_equal(service_process_await_end(metadata, 2000), 1);
    assert_true(raw_peer_await_end(&peer));
    raw_peer_close(&peer);
    service_process_kill(metadata);
    cluster_close(&cluster);
}

static void a_second_signal_ends_at_once(void **state)
{
    (void)state;
    in_fiber(run_second_signal, NULL);
}

static void run_drain_time(void *argument)
{
    struct cluster_options options = {.instances = {1, 0, 0}};
    struct cluster cluster;
    struct raw_peer peer;
    (void)argument;
    options.extra[CLUSTER_METADATA][0] = "--drain-time=300ms";
    cluster_open(&cluster, &options);
    struct service_process *metadata = cluster_service(&cluster, CLUSTER_METADATA);
    open_half_request(&peer, &cluster.test.call, metadata->address);
    service_process_signal(metadata, SIGINT);
    assert_int_equal(service_process_await_end(metadata, 10000), 0);
    assert_true(raw_peer_await_end(&peer));
    assert_false(raw_peer_has(&peer, "200 OK"));
    raw_peer_close(&peer);
    service_process_kill(metadata);
    cluster_close(&cluster);
}

static void a_call_that_does_not_end_is_given_up(void **state)
{
    (void)state;
    in_fiber(run_drain_time, NULL);
}

static void run_pages(void *argument)
{
    const struct cluster_options options = {.instances = {1, 1, 1}, .registries = 1};
    struct cluster cluster;
    (void)argument;
    cluster_open(&cluster, &options);
    struct call *call = &cluster.test.call;
    const char *const addresses[] = {cluster.registries[0].address,
                                     cluster_service(&cluster, CLUSTER_METADATA)->address,
                                     cluster_service(&cluster, CLUSTER_RATING)->address,
                                     cluster_service(&cluster, CLUSTER_MOVIE)->address};
    for (size_t i = 0; i < ARRAY_LENGTH(addresses); i++) {
        struct wire_reply reply = wire_http_get(call, addresses[i], "/livez");
        assert_int_equal(reply.status, 200);
        reply = wire_http_get(call, addresses[i], "/readyz");
        assert_int_equal(reply.status, 200);
        assert_true(wire_http_holds(reply.body, "ok   process\n"));
        reply = wire_http_get(call, addresses[i], "/metrics");
        assert_int_equal(reply.status, 200);
        assert_true(text_starts_with(wire_http_header(&reply, "content-type"),
                                     TEXT("text/plain; version=0.0.4")));
        assert_true(wire_http_holds(reply.body, "# TYPE "));
        assert_true(wire_http_holds(reply.body, "_bucket{"));
        assert_true(wire_http_holds(reply.body, "/readyz"));
    }
    struct wire_reply ready = wire_http_get(call, addresses[2], "/readyz");
    assert_true(wire_http_holds(ready.body, "ok   ingestion"));
    cluster_close(&cluster);
}

static void health_and_metrics_are_served(void **state)
{
    (void)state;
    in_fiber(run_pages, NULL);
}

static void run_trace(void *argument)
{
    static const char trace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
    const struct cluster_options options = {
        .instances = {1, 1, 1}, .registries = 1, .log_level = "debug", .registration_ttl = "10s"};
    const char *const gateways[] = {NULL, "--gateway=http"};
    (void)argument;
    for (size_t i = 0; i < ARRAY_LENGTH(gateways); i++) {
        struct cluster cluster;
        struct cluster_options with = options;
        with.extra[CLUSTER_MOVIE][0] = gateways[i];
        cluster_open(&cluster, &with);
        struct call *call = &cluster.test.call;
        assert_int_equal(wire_http_ask(call, cluster_service(&cluster, CLUSTER_METADATA)->address,
                                       "PUT", "/metadata", "",
                                       "{\"id\":\"traced\",\"title\":\"Traced\"}")
                             .status,
                         200);
        struct wire_reply reply = wire_http_ask(
            call, cluster_service(&cluster, CLUSTER_MOVIE)->address, "GET", "/movie?id=traced",
            "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n", NULL);
        assert_int_equal(reply.status, 200);
        for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
            struct service_process *process = cluster_service(&cluster, role);
            assert_true(service_process_await(process, trace, 0));
            struct text line = service_process_line(process, trace);
            assert_true(wire_http_holds(line, "message=\"request\""));
        }
        cluster_close(&cluster);
    }
}

static void a_trace_goes_through_all_services(void **state)
{
    (void)state;
    in_fiber(run_trace, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_and_version_are_told),
        cmocka_unit_test(what_cannot_be_started_says_so_in_one_line),
        cmocka_unit_test(a_port_in_use_is_refused),
        cmocka_unit_test(flags_win_over_environment_over_file),
        cmocka_unit_test(a_stop_lets_running_calls_finish),
        cmocka_unit_test(a_second_signal_ends_at_once),
        cmocka_unit_test(a_call_that_does_not_end_is_given_up),
        cmocka_unit_test(health_and_metrics_are_served),
        cmocka_unit_test(a_trace_goes_through_all_services),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
