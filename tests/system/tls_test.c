/* The programs over TLS: services that call each other with certificates, the command line and curl
 * as clients, strangers, and certificates that change while they run. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/http_client.h"
#include "http/tcp_connect.h"
#include "http/tcp_transport.h"
#include "loop/loop.h"
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "unit/http/tls_scene.h"

#define CURL "/usr/bin/curl"

struct scene {
    struct tls_scene tls;
    struct cluster cluster;
};

/* "--name=DIRECTORY/file", valid as long as the scene. */
static const char *file_option(struct scene *scene, const char *name, const char *file)
{
    struct text option =
        arena_format(&scene->tls.arena, "--%s=%s/%s", name, scene->tls.directory, file);
    assert_non_null(option.data);
    return option.data;
}

static const char *option(struct scene *scene, const char *name, const char *value)
{
    struct text text = arena_format(&scene->tls.arena, "--%s=%s", name, value);
    assert_non_null(text.data);
    return text.data;
}

/* metadata and rating want certificates of their clients, movie does not; movie shows its own. */
static void open_cluster(struct scene *scene)
{
    struct cluster_options options = {.instances = {1, 1, 1}};
    tls_scene_copy(&scene->tls, "server.pem", "live.pem");
    tls_scene_copy(&scene->tls, "server.key", "live.key");
    for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
        options.extra[role][0] = file_option(scene, "tls-certificate", "live.pem");
        options.extra[role][1] = file_option(scene, "tls-key", "live.key");
        options.extra[role][2] = role == CLUSTER_MOVIE
                                     ? file_option(scene, "tls-ca", "ca.pem")
                                     : file_option(scene, "tls-client-ca", "ca.pem");
    }
    cluster_open(&scene->cluster, &options);
}

static const char *address_of(struct scene *scene, enum cluster_role role)
{
    return cluster_service(&scene->cluster, role)->address;
}

/* Runs a program to its end; what it says must hold the words. Returns its exit status. */
static int run(struct scene *scene, const char *program, const char *const *arguments,
               const char *words)
{
    struct service_process process = {.id = 0};
    service_process_start(&process, scene->cluster.directory, "client", program, arguments, NULL);
    int status = service_process_await_end(&process, SERVICE_WAIT_MS);
    if (!wire_http_holds(buffer_text(&process.log), words)) {
        fail_msg("%s says: %.*s", program, TEXT_ARGUMENTS(buffer_text(&process.log)));
    }
    service_process_kill(&process);
    return status;
}

static void use_command_line(struct scene *scene)
{
    const char *metadata = option(scene, "metadata", address_of(scene, CLUSTER_METADATA));
    const char *movie = option(scene, "movie", address_of(scene, CLUSTER_MOVIE));
    const char *rating = option(scene, "rating", address_of(scene, CLUSTER_RATING));
    const char *ca = file_option(scene, "tls-ca", "ca.pem");
    const char *certificate = file_option(scene, "tls-certificate", "client.pem");
    const char *key = file_option(scene, "tls-key", "client.key");
    const char *const put[] = {"metadata",  "put", "m1", "--title=Stalker", metadata, ca,
                               certificate, key,   NULL};
    const char *const put_nameless[] = {"metadata", "put", "m2",           "--title=Solaris",
                                        metadata,   ca,    "--timeout=2s", NULL};
    const char *const rate[] = {"rate", "u1", "m1", "9", rating, ca, certificate, key, NULL};
    const char *const show[] = {"movie", "m1", movie, ca, NULL};
    const char *const show_stranger[] = {
        "movie", "m1", movie, file_option(scene, "tls-ca", "stranger.pem"), "--timeout=2s", NULL};
    const char *const show_plainly[] = {"movie", "m1", movie, "--timeout=2s", NULL};
    assert_int_equal(run(scene, "marquee", put, "ok"), 0);
    assert_int_equal(run(scene, "marquee", put_nameless, "certificate required"), 1);
    assert_int_equal(run(scene, "marquee", rate, "ok"), 0);
    assert_int_equal(run(scene, "marquee", show, "Stalker"), 0);
    assert_int_equal(run(scene, "marquee", show, "9.0"), 0);
    assert_int_equal(run(scene, "marquee", show_stranger, "certificate is not accepted"), 1);
    assert_int_equal(run(scene, "marquee", show_plainly, "no instance can be reached"), 1);
    struct service_process *service = cluster_service(&scene->cluster, CLUSTER_METADATA);
    assert_true(service_process_await(service, "peer did not return a certificate", 0));
    service = cluster_service(&scene->cluster, CLUSTER_MOVIE);
    assert_true(service_process_await(service, "unknown ca", 0));
    assert_true(service_process_await(service, "it does not speak TLS", 0));
}

static void use_curl(struct scene *scene)
{
    struct text url =
        arena_format(&scene->tls.arena, "https://%s/livez", address_of(scene, CLUSTER_MOVIE));
    struct text closed =
        arena_format(&scene->tls.arena, "https://%s/livez", address_of(scene, CLUSTER_METADATA));
    const char *ca = tls_scene_path(&scene->tls, "ca.pem");
    const char *certificate = tls_scene_path(&scene->tls, "client.pem");
    const char *key = tls_scene_path(&scene->tls, "client.key");
    const char *const http1[] = {"-sS",      "--http1.1", "-w",     "<%{http_version}>",
                                 "--cacert", ca,          url.data, NULL};
    const char *const http2[] = {"-sS",      "--http2", "-w",     "<%{http_version}>",
                                 "--cacert", ca,        url.data, NULL};
    const char *const mutual[] = {"-sS",   "-w", "<%{http_version}>", "--cert", certificate,
                                  "--key", key,  "--cacert",          ca,       closed.data,
                                  NULL};
    const char *const nameless[] = {"-sS", "--cacert", ca, closed.data, NULL};
    if (access(CURL, X_OK) != 0) {
        print_message("tls_test: no curl here: not asked\n");
        return;
    }
    assert_int_equal(run(scene, CURL, http1, "<1.1>"), 0);
    assert_int_equal(run(scene, CURL, http2, "<2>"), 0);
    assert_int_equal(run(scene, CURL, mutual, "<2>"), 0);
    assert_int_not_equal(run(scene, CURL, nameless, "certificate required"), 0);
}

/* The client that the gateways have. */
static void use_http_client(struct scene *scene)
{
    struct http_client *client;
    struct http_client_reply reply;
    struct call *call = &scene->tls.call;
    struct http_client_request request = {
        .method = "GET",
        .url = arena_format(call->arena, "https://%s/metrics", address_of(scene, CLUSTER_MOVIE)),
    };
    assert_int_equal(http_client_create(loop_current(), &client), STATUS_OK);
    struct http_client_tls tls = {.ca_file = tls_scene_path(&scene->tls, "ca.pem")};
    http_client_set_tls(client, &tls);
    assert_int_equal(http_client_send(client, call, &request, &reply), STATUS_OK);
    assert_int_equal(reply.status, 200);
    assert_true(wire_http_holds(reply.body, "tls_certificate_not_after_seconds 1"));
    http_client_destroy(client);
    /* Connections are kept by the client: a new one for another authority. */
    assert_int_equal(http_client_create(loop_current(), &client), STATUS_OK);
    tls.ca_file = tls_scene_path(&scene->tls, "stranger.pem");
    http_client_set_tls(client, &tls);
    call_clear_error(call);
    assert_int_equal(http_client_send(client, call, &request, &reply), STATUS_UNAVAILABLE);
    http_client_destroy(client);
}

static void speak_plainly(struct scene *scene)
{
    struct wire_reply reply =
        wire_http_get(&scene->tls.call, address_of(scene, CLUSTER_MOVIE), "/livez");
    assert_int_equal(reply.status, 400);
    assert_true(wire_http_holds(reply.body, "TLS only"));
}

static unsigned count_refusals(struct text log)
{
    static const char words[] = "connection refused";
    unsigned count = 0;
    const char *found;
    while ((found = memmem(log.data, log.length, words, strlen(words))) != NULL) {
        count++;
        log = text_slice(log, (size_t)(found - log.data) + 1, log.length);
    }
    return count;
}

/* Whoever knocks often is counted, but does not fill the log. */
static void knock_often(struct scene *scene)
{
    enum { KNOCKS = 200, LOGGED_A_SECOND = 10 };
    struct service_process *movie = cluster_service(&scene->cluster, CLUSTER_MOVIE);
    unsigned before = count_refusals(buffer_text(&movie->log));
    int64_t start_ns = clock_monotonic_ns();
    for (unsigned i = 0; i < KNOCKS; i++) {
        speak_plainly(scene);
    }
    int64_t seconds = (clock_monotonic_ns() - start_ns) / CLOCK_NS_PER_S;
    /* Seconds are the process's: of those that were begun, each has its lines. */
    unsigned logged = count_refusals(buffer_text(&movie->log)) - before;
    unsigned most = (unsigned)(seconds + 2) * LOGGED_A_SECOND;
    assert_in_range(logged, 1, most < KNOCKS - 1 ? most : KNOCKS - 1);
}

/* The subject of the certificate that a new connection is shown. */
static void expect_subject(struct scene *scene, const char *subject)
{
    struct http_transport *transport;
    struct call *call = &scene->tls.call;
    struct tls_context *context = tls_scene_client(&scene->tls, "ca", NULL);
    int fd;
    assert_int_equal(
        tcp_connect(loop_current(), call, text_of(address_of(scene, CLUSTER_MOVIE)), &fd),
        STATUS_OK);
    assert_int_equal(tcp_transport_create(loop_current(), fd, &transport), STATUS_OK);
    assert_int_equal(tls_connect(loop_current(), call, context, transport, TEXT("127.0.0.1"),
                                 TLS_ALPN_HTTP2, &transport),
                     STATUS_OK);
    assert_string_equal(transport->security->subject, subject);
    transport->ops->close(transport->state);
    tls_context_destroy(context);
}

static void change_certificates(struct scene *scene)
{
    struct service_process *movie = cluster_service(&scene->cluster, CLUSTER_MOVIE);
    const char *show = option(scene, "movie", movie->address);
    const char *const ask[] = {"movie", "m1", show, file_option(scene, "tls-ca", "ca.pem"), NULL};
    expect_subject(scene, "CN=server,O=Marquee");
    tls_scene_copy(&scene->tls, "next.pem", "live.pem");
    size_t said = movie->log.length;
    service_process_signal(movie, SIGHUP);
    assert_true(service_process_await(movie, "does not belong to the certificate", said));
    expect_subject(scene, "CN=server,O=Marquee");

    tls_scene_copy(&scene->tls, "next.key", "live.key");
    said = movie->log.length;
    service_process_signal(movie, SIGHUP);
    assert_true(service_process_await(movie, "not_after", said));
    expect_subject(scene, "CN=next,O=Marquee");
    assert_int_equal(run(scene, "marquee", ask, "Stalker"), 0);
}

/* What a process does not start with. */
static void start_badly(struct scene *scene)
{
    const struct {
        const char *arguments[4];
        const char *words;
    } bad[] = {
        {{file_option(scene, "tls-certificate", "server.pem")}, "are given together"},
        {{file_option(scene, "tls-certificate", "server.pem"),
          file_option(scene, "tls-key", "next.key")},
         "does not belong to the certificate"},
        {{file_option(scene, "tls-certificate", "expired.pem"),
          file_option(scene, "tls-key", "expired.key")},
         "expired at"},
        {{file_option(scene, "tls-certificate", "absent.pem"),
          file_option(scene, "tls-key", "server.key")},
         "No such file"},
        {{file_option(scene, "tls-client-ca", "ca.pem")}, "needs --tls-certificate"},
        {{"--tls-peer-name=films.test"}, "needs --tls-ca"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        const char *const arguments[] = {
            "--listen=127.0.0.1:0", "--registry=",       "--store=memory",
            bad[i].arguments[0],    bad[i].arguments[1], NULL};
        assert_int_equal(run(scene, "marquee-metadata", arguments, bad[i].words), 1);
    }
}

static void live(void *argument)
{
    struct scene *scene = argument;
    open_cluster(scene);
    use_command_line(scene);
    use_curl(scene);
    use_http_client(scene);
    speak_plainly(scene);
    knock_often(scene);
    change_certificates(scene);
    start_badly(scene);
    cluster_close(&scene->cluster);
}

static void test_programs(void **state)
{
    (void)state;
    struct scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    tls_scene_init(&scene->tls);
    in_fiber(live, scene);
    tls_scene_deinit(&scene->tls);
    free(scene);
}

/* Movie finds the others in the registry, which says that they speak TLS, and asks them by https,
 * with its certificate. */
static void ask_by_https(void *argument)
{
    struct scene *scene = argument;
    struct cluster_options options = {.instances = {1, 1, 1}, .registries = 1};
    for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
        options.extra[role][0] = file_option(scene, "tls-certificate", "server.pem");
        options.extra[role][1] = file_option(scene, "tls-key", "server.key");
        options.extra[role][2] = role == CLUSTER_MOVIE
                                     ? file_option(scene, "tls-ca", "ca.pem")
                                     : file_option(scene, "tls-client-ca", "ca.pem");
    }
    options.extra[CLUSTER_MOVIE][3] = "--gateway=http";
    cluster_open(&scene->cluster, &options);
    struct wire_reply listed = wire_http_get(&scene->tls.call, scene->cluster.registries[0].address,
                                             "/v1/health/service/metadata");
    assert_true(wire_http_holds(listed.body, "\"Meta\":{\"tls\":\"true\"}"));
    use_command_line(scene);
    cluster_close(&scene->cluster);
}

static void test_http_gateways(void **state)
{
    (void)state;
    struct scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    tls_scene_init(&scene->tls);
    in_fiber(ask_by_https, scene);
    tls_scene_deinit(&scene->tls);
    free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_programs),
        cmocka_unit_test(test_http_gateways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
