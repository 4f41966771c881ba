/* A whole system over mutual TLS, with secrets for the services and others for the registry, from
 * one set of options of `marquee up`; and what becomes of who lacks one of them. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/free_addresses.h"
#include "support/in_fiber.h"
#include "unit/http/tls_scene.h"

#define CURL "/usr/bin/curl"
#define SERVICES_SECRET "services-secret-that-is-long"
#define REGISTRY_SECRET "registry-secret-that-is-long"
#define READING_SECRET "reading-secret-that-is-long"
#define NEXT_SECRET "next-secret-that-is-long-too"

enum { PARTS = 6, ARGUMENT_BYTES = 2 * HTTP_ADDRESS_BYTES_MAX, LOG_BYTES_MAX = 256 * 1024 };

static const char *const parts[PARTS] = {"registry", "metadata", "rating",
                                         "movie",    "review",   "recommendation"};
enum { REGISTRY, METADATA, RATING, MOVIE, REVIEW, RECOMMENDATION };

struct scene {
    struct tls_scene tls;
    char addresses[PARTS][HTTP_ADDRESS_BYTES_MAX];
    struct service_process up;
    struct cluster cluster;
};

static const char *format(struct scene *scene, const char *before, const char *value)
{
    struct text text = arena_format(&scene->tls.arena, "%s%s", before, value);
    assert_non_null(text.data);
    return text.data;
}

/* "--name=DIRECTORY/file", valid as long as the scene. */
static const char *file_option(struct scene *scene, const char *name, const char *file)
{
    return format(scene, format(scene, format(scene, "--", name), "="),
                  tls_scene_path(&scene->tls, file));
}

static void write_secrets(struct scene *scene, const char *name, const char *content)
{
    FILE *file = fopen(tls_scene_path(&scene->tls, name), "we");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* more: one more argument, or NULL. */
static void start_up(struct scene *scene, const char *more)
{
    free_addresses_choose(scene->addresses, PARTS);
    write_secrets(scene, "services", "services " SERVICES_SECRET "\n");
    write_secrets(scene, "registry", "# of the registry\nregistry " REGISTRY_SECRET "\n");
    write_secrets(scene, "reading", "page " READING_SECRET "\n");
    tls_scene_copy(&scene->tls, "server.pem", "live.pem");
    tls_scene_copy(&scene->tls, "server.key", "live.key");
    const char *arguments[] = {
        "up",
        format(scene, format(scene, "--data=", scene->tls.directory), "/var"),
        format(scene, "--listen-registry=", scene->addresses[REGISTRY]),
        format(scene, "--listen-metadata=", scene->addresses[METADATA]),
        format(scene, "--listen-rating=", scene->addresses[RATING]),
        format(scene, "--listen-movie=", scene->addresses[MOVIE]),
        format(scene, "--listen-review=", scene->addresses[REVIEW]),
        format(scene, "--listen-recommendation=", scene->addresses[RECOMMENDATION]),
        "--listen-dns=",
        file_option(scene, "tls-certificate", "live.pem"),
        file_option(scene, "tls-key", "live.key"),
        file_option(scene, "tls-client-ca", "ca.pem"),
        file_option(scene, "tls-ca", "ca.pem"),
        file_option(scene, "token-file", "services"),
        file_option(scene, "registry-token-file", "registry"),
        file_option(scene, "registry-read-token-file", "reading"),
        more,
        NULL,
    };
    service_process_start(&scene->up, scene->tls.directory, "up", "marquee", arguments, NULL);
    if (!service_process_await(&scene->up, "Marquee is up.", 0)) {
        fail_msg("%.*s", TEXT_ARGUMENTS(buffer_text(&scene->up.log)));
    }
}

static void stop_up(struct scene *scene)
{
    service_process_signal(&scene->up, SIGTERM);
    assert_int_equal(service_process_await_end(&scene->up, SERVICE_WAIT_MS), 0);
    service_process_kill(&scene->up);
}

/* Runs a program to its end; valid as long as the scene. Returns its exit status. */
static int run(struct scene *scene, const char *program, const char *const *arguments,
               struct text *ret_output)
{
    struct service_process process = {.id = 0};
    service_process_start(&process, scene->tls.directory, "client", program, arguments, NULL);
    int status = service_process_await_end(&process, SERVICE_WAIT_MS);
    *ret_output = arena_copy(&scene->tls.arena, buffer_text(&process.log));
    assert_non_null(ret_output->data);
    service_process_kill(&process);
    return status;
}

static void expect(struct scene *scene, const char *program, const char *const *arguments,
                   int status, const char *words)
{
    struct text output;
    int ended = run(scene, program, arguments, &output);
    if (ended != status || !wire_http_holds(output, words)) {
        fail_msg("%s %s: %d %.*s\nnot: %d %s", program, arguments[0], ended, TEXT_ARGUMENTS(output),
                 status, words);
    }
}

struct client {
    const char *certificate; /* of the scene, or NULL */
    const char *secrets;     /* a file of the scene, or NULL */
};

enum { CLIENT_ARGUMENTS = 9 };

/* "COMMAND [FIRST] --ca --certificate --key --token-file": NULLs end it. */
static void list_arguments(struct scene *scene, const struct client *client, const char *option,
                           const char *arguments[static CLIENT_ARGUMENTS], size_t count)
{
    arguments[count++] = file_option(scene, "tls-ca", "ca.pem");
    arguments[count++] = "--timeout=5s";
    if (client->certificate != NULL) {
        arguments[count++] =
            file_option(scene, "tls-certificate", format(scene, client->certificate, ".pem"));
        arguments[count++] =
            file_option(scene, "tls-key", format(scene, client->certificate, ".key"));
    }
    if (client->secrets != NULL) {
        arguments[count++] = file_option(scene, option, client->secrets);
    }
    arguments[count] = NULL;
}

static int list_services(struct scene *scene, const struct client *client, struct text *ret_output)
{
    const char *arguments[CLIENT_ARGUMENTS] = {
        "services", format(scene, "--registry=https://", scene->addresses[REGISTRY])};
    list_arguments(scene, client, "registry-token-file", arguments, 2);
    return run(scene, "marquee", arguments, ret_output);
}

static void expect_services(struct scene *scene, const struct client *client, int status,
                            const char *words)
{
    struct text output;
    int ended = list_services(scene, client, &output);
    if (ended != status || !wire_http_holds(output, words)) {
        fail_msg("%d %.*s\nnot: %d %s", ended, TEXT_ARGUMENTS(output), status, words);
    }
}

static void expect_movie(struct scene *scene, const struct client *client, int status,
                         const char *words)
{
    const char *arguments[CLIENT_ARGUMENTS] = {"movie", "tt0133093",
                                               format(scene, "--movie=", scene->addresses[MOVIE])};
    list_arguments(scene, client, "call-token-file", arguments, 3);
    expect(scene, "marquee", arguments, status, words);
}

static void use_command_line(struct scene *scene)
{
    static const struct client whole = {"client", "services"};
    static const struct client without_secret = {"client", NULL};
    static const struct client without_certificate = {NULL, "services"};
    static const struct client with_the_registrys = {"client", "registry"};
    expect_movie(scene, &whole, 0, "The Matrix");
    expect_movie(scene, &without_secret, 1, "a bearer token is needed");
    expect_movie(scene, &with_the_registrys, 1, "the bearer token is not valid");
    expect_movie(scene, &without_certificate, 1, "certificate required");

    static const struct client registrar = {"client", "registry"};
    static const struct client reader = {"client", "reading"};
    static const struct client nameless = {NULL, "registry"};
    for (size_t i = METADATA; i < PARTS; i++) {
        expect_services(scene, &registrar, 0, scene->addresses[i]);
        expect_services(scene, &reader, 0, parts[i]);
    }
    expect_services(scene, &without_secret, 1, "answers 403: Permission denied: anonymous token");
    expect_services(scene, &whole, 1, "answers 403: ACL not found");
    expect_services(scene, &nameless, 1, "cannot be asked");
}

/* curl with a certificate; header: one more, or NULL. words: within the body and <status>. */
static void expect_curl(struct scene *scene, size_t part, const char *target, const char *header,
                        const char *words)
{
    const char *url =
        format(scene, format(scene, format(scene, "https://", scene->addresses[part]), ""), target);
    const char *const arguments[] = {"-sS",
                                     "--cacert",
                                     tls_scene_path(&scene->tls, "ca.pem"),
                                     "--cert",
                                     tls_scene_path(&scene->tls, "client.pem"),
                                     "--key",
                                     tls_scene_path(&scene->tls, "client.key"),
                                     "-w",
                                     "<%{http_code}>",
                                     url,
                                     header != NULL ? "-H" : NULL,
                                     header,
                                     NULL};
    expect(scene, CURL, arguments, 0, words);
}

static void use_curl(struct scene *scene)
{
    static const char bearer[] = "Authorization: Bearer " SERVICES_SECRET;
    static const char consul[] = "X-Consul-Token: " READING_SECRET;
    if (access(CURL, X_OK) != 0) {
        print_message("curl is not installed: what it would ask is left out\n");
        return;
    }
    for (size_t i = 0; i < PARTS; i++) {
        expect_curl(scene, i, "/livez", NULL, "<200>");
        expect_curl(scene, i, "/readyz", NULL, "<200>");
        expect_curl(scene, i, "/metrics", NULL, "a bearer token is needed\"}<401>");
    }
    expect_curl(scene, MOVIE, "/metrics", bearer, "marquee_requests_total");
    expect_curl(scene, MOVIE, "/movie?id=tt0133093", NULL, "a bearer token is needed\"}<401>");
    expect_curl(scene, MOVIE, "/movie?id=tt0133093", bearer, "The Matrix");
    expect_curl(scene, METADATA, "/metadata?id=tt0133093", consul, "<401>");
    expect_curl(scene, REGISTRY, "/v1/agent/services", NULL, "<403>");
    expect_curl(scene, REGISTRY, "/v1/agent/services", consul, "<200>");
    expect_curl(scene, REGISTRY, "/v1/agent/services?token=" READING_SECRET, NULL, "<200>");
}

static struct text read_log(struct scene *scene, const char *name)
{
    struct text path =
        arena_format(&scene->tls.arena, "%s/var/log/marquee-%s.log", scene->tls.directory, name);
    char *bytes = arena_alloc(&scene->tls.arena, LOG_BYTES_MAX);
    FILE *file = fopen(path.data, "re");
    assert_non_null(file);
    assert_non_null(bytes);
    size_t length = fread(bytes, 1, LOG_BYTES_MAX, file);
    assert_int_equal(fclose(file), 0);
    return text_of_bytes(bytes, length);
}

/* What came to the registry is in its log, but no secret is in anybody's. */
static void read_logs(struct scene *scene)
{
    static const char *const secrets[] = {SERVICES_SECRET, REGISTRY_SECRET, READING_SECRET};
    struct text registry = read_log(scene, "registry");
    for (size_t i = METADATA; i < PARTS; i++) {
        struct text id = arena_format(&scene->tls.arena,
                                      "method=\"PUT\" path=\"/v1/agent/service/register\" "
                                      "id=\"%s-127.0.0.1-",
                                      parts[i]);
        assert_true(wire_http_holds(registry, id.data));
    }
    assert_true(wire_http_holds(registry, "outcome=\"accepted\" status=200 token=\"registry\" "
                                          "peer=\"127.0.0.1:"));
    assert_true(wire_http_holds(registry, " subject=\"CN=server"));
    assert_false(wire_http_holds(registry, "check/pass"));
    for (size_t i = 0; i < PARTS; i++) {
        for (size_t j = 0; j < ARRAY_LENGTH(secrets); j++) {
            assert_false(wire_http_holds(read_log(scene, parts[i]), secrets[j]));
        }
    }
}

static void await_services(struct scene *scene, const struct client *client, int status,
                           const char *words)
{
    struct call call = call_within(&scene->tls.call, SERVICE_WAIT_MS);
    struct text output = {NULL, 0};
    while (list_services(scene, client, &output) != status || !wire_http_holds(output, words)) {
        if (call_check(&call) != STATUS_OK) {
            fail_msg("waited in vain for %s: %.*s", words, TEXT_ARGUMENTS(output));
        }
    }
}

/* A new secret comes last, then first, then the old one goes: nobody is ever refused. */
static void change_secrets(struct scene *scene)
{
    static const struct client old = {"client", "old"};
    static const struct client new = {"client", "new"};
    write_secrets(scene, "old", REGISTRY_SECRET);
    write_secrets(scene, "new", NEXT_SECRET);
    expect_services(scene, &new, 1, "ACL not found");
    write_secrets(scene, "registry", "registry " REGISTRY_SECRET "\nnext " NEXT_SECRET "\n");
    service_process_signal(&scene->up, SIGHUP);
    await_services(scene, &new, 0, "passing");
    expect_services(scene, &old, 0, "passing");
    write_secrets(scene, "registry", "next " NEXT_SECRET "\n");
    service_process_signal(&scene->up, SIGHUP);
    await_services(scene, &old, 1, "ACL not found");
    expect_services(scene, &new, 0, "passing");
    expect_movie(scene, &(struct client){"client", "services"}, 0, "The Matrix");
}

/* The process that the line "NAME started (process N)" tells last. */
static pid_t process_of(const struct scene *scene, const char *name)
{
    struct text rest = buffer_text(&scene->up.log);
    uint64_t id = 0;
    while (rest.data != NULL) {
        struct text line = text_next(&rest, '\n');
        size_t at = text_find(line, 0, '(');
        if (text_starts_with(line, text_of(name)) &&
            text_starts_with(text_slice(line, at, line.length), TEXT("(process "))) {
            struct text digits = text_slice(line, at + strlen("(process "), line.length);
            assert_true(text_to_u64(text_next(&digits, ')'), &id));
        }
    }
    assert_true(id > 1);
    return (pid_t)id;
}

/* With new certificates for everybody, and connections that are made anew. */
static void change_certificates_and_kill_the_registry(struct scene *scene)
{
    static const struct client client = {"client", "new"};
    size_t before = scene->up.log.length;
    tls_scene_copy(&scene->tls, "next.pem", "live.pem");
    tls_scene_copy(&scene->tls, "next.key", "live.key");
    service_process_signal(&scene->up, SIGHUP);
    assert_int_equal(kill(process_of(scene, "marquee-registry"), SIGKILL), 0);
    assert_true(service_process_await(&scene->up, "marquee-registry        ready", before));
    /* The registry remembers who was there: somebody new is to register. */
    assert_int_equal(kill(process_of(scene, "marquee-metadata"), SIGKILL), 0);
    assert_true(service_process_await(&scene->up, "marquee-metadata        ready", before));
    for (size_t i = METADATA; i < PARTS; i++) {
        await_services(scene, &client, 0, scene->addresses[i]);
    }
    struct test_call patience;
    test_call_init(&patience, SERVICE_WAIT_MS);
    while (!wire_http_holds(read_log(scene, "registry"), "token=\"next\"")) {
        assert_int_equal(fiber_sleep(&patience.call, 100 * CLOCK_NS_PER_MS), STATUS_OK);
    }
    test_call_deinit(&patience);
    assert_true(wire_http_holds(read_log(scene, "registry"), " subject=\"CN=next"));
}

static void run_system(void *argument)
{
    struct scene *scene = argument;
    start_up(scene, NULL);
    use_command_line(scene);
    use_curl(scene);
    read_logs(scene);
    change_secrets(scene);
    change_certificates_and_kill_the_registry(scene);
    stop_up(scene);
}

static void expect_by_name(struct scene *scene, const char *name, int status, const char *words)
{
    const char *const arguments[] = {
        "services",
        format(scene, "--registry=https://", scene->addresses[REGISTRY]),
        format(scene, "--tls-peer-name=", name),
        file_option(scene, "tls-ca", "ca.pem"),
        file_option(scene, "tls-certificate", "client.pem"),
        file_option(scene, "tls-key", "client.key"),
        file_option(scene, "registry-token-file", "registry"),
        NULL};
    expect(scene, "marquee", arguments, status, words);
}

/* All are asked for a name that leads nowhere, at their addresses. */
static void run_by_name(void *argument)
{
    struct scene *scene = argument;
    start_up(scene, "--tls-peer-name=films.test");
    for (size_t i = METADATA; i < PARTS; i++) {
        expect_by_name(scene, "films.test", 0, scene->addresses[i]);
    }
    expect_by_name(scene, "other.test", 1, "no alternative certificate subject name matches");
    stop_up(scene);
}

static void run_single_process(void *argument)
{
    struct scene *scene = argument;
    static const struct client whole = {"client", "services"};
    start_up(scene, "--single-process");
    expect_movie(scene, &whole, 0, "The Matrix");
    expect_movie(scene, &(struct client){"client", NULL}, 1, "a bearer token is needed");
    expect_services(scene, &(struct client){"client", "reading"}, 0, scene->addresses[MOVIE]);
    stop_up(scene);
}

/* Movie asks the others with a secret, by gRPC or HTTP, and says what is wrong without one. */
static void ask_with_secret(struct scene *scene, const char *gateway, const char *secrets,
                            const char *words)
{
    struct cluster_options options = {.instances = {1, 1, 1}};
    write_secrets(scene, "services", SERVICES_SECRET);
    write_secrets(scene, "wrong", NEXT_SECRET);
    for (unsigned role = 0; role < CLUSTER_MOVIE; role++) {
        options.extra[role][0] = file_option(scene, "token-file", "services");
    }
    options.extra[CLUSTER_MOVIE][0] = format(scene, "--gateway=", gateway);
    options.extra[CLUSTER_MOVIE][1] = file_option(scene, "call-token-file", secrets);
    cluster_open(&scene->cluster, &options);
    const char *const put[] = {
        "metadata",
        "put",
        "m1",
        "--title=Stalker",
        format(scene, "--metadata=", cluster_service(&scene->cluster, CLUSTER_METADATA)->address),
        file_option(scene, "call-token-file", "services"),
        NULL};
    expect(scene, "marquee", put, 0, "ok");
    struct wire_reply reply =
        wire_http_get(&scene->cluster.test.call,
                      cluster_service(&scene->cluster, CLUSTER_MOVIE)->address, "/movie?id=m1");
    if (!wire_http_holds(reply.body, words)) {
        fail_msg("%s, %s: %.*s", gateway, secrets, TEXT_ARGUMENTS(reply.body));
    }
    cluster_close(&scene->cluster);
}

static void run_gateways(void *argument)
{
    struct scene *scene = argument;
    ask_with_secret(scene, "grpc", "services", "\"title\":\"Stalker\"");
    ask_with_secret(scene, "http", "services", "\"title\":\"Stalker\"");
    ask_with_secret(scene, "grpc", "wrong", "the metadata service cannot be asked");
    ask_with_secret(scene, "http", "wrong", "the metadata service cannot be asked");
}

/* What does not go together ends the start, with a line that says why. */
static void run_bad_options(void *argument)
{
    struct scene *scene = argument;
    const char *const data = format(scene, format(scene, "--data=", scene->tls.directory), "/var");
    write_secrets(scene, "short", "secret\n");
    const struct {
        const char *program;
        int status;
        const char *arguments[4];
        const char *words;
    } cases[] = {
        {"marquee-registry", 1, {file_option(scene, "token-file", "absent")}, "No such file"},
        {"marquee-registry", 1, {file_option(scene, "token-file", "short")}, "short:1: a secret"},
        {"marquee-registry",
         1,
         {file_option(scene, "read-token-file", "short")},
         "--read-token-file needs --token-file"},
        {"marquee-registry", 1, {"--audit-log=/"}, "/: Is a directory"},
        {"marquee-movie", 1, {file_option(scene, "call-token-file", "short")}, "short:1: a secret"},
        {"marquee", 1, {"services", file_option(scene, "registry-token-file", "short")}, "short:1"},
        {"marquee", 1, {"movie", "m1", file_option(scene, "call-token-file", "short")}, "short:1"},
        {"marquee",
         2,
         {"up", data, file_option(scene, "tls-certificate", "server.pem")},
         "--tls-certificate, --tls-key and --tls-ca are given together"},
        {"marquee",
         2,
         {"up", data, file_option(scene, "tls-client-ca", "ca.pem")},
         "--tls-client-ca needs --tls-certificate"},
        {"marquee",
         2,
         {"up", data, file_option(scene, "registry-read-token-file", "short")},
         "--registry-read-token-file needs --registry-token-file"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *arguments[6] = {NULL};
        size_t count = 0;
        for (size_t j = 0; j < 4 && cases[i].arguments[j] != NULL; j++) {
            arguments[count++] = cases[i].arguments[j];
        }
        if (strcmp(cases[i].program, "marquee") != 0) {
            arguments[count++] = "--listen=127.0.0.1:0";
        }
        expect(scene, cases[i].program, arguments, cases[i].status, cases[i].words);
    }
}

static void in_scene(fiber_fn body)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    tls_scene_init(&scene->tls);
    scene->tls.call.deadline_ns = CALL_NO_DEADLINE;
    in_fiber(body, scene);
    tls_scene_deinit(&scene->tls);
    free(scene);
}

static void test_system(void **state)
{
    (void)state;
    in_scene(run_system);
}

static void test_by_name(void **state)
{
    (void)state;
    in_scene(run_by_name);
}

static void test_single_process(void **state)
{
    (void)state;
    in_scene(run_single_process);
}

static void test_gateways(void **state)
{
    (void)state;
    in_scene(run_gateways);
}

static void test_bad_options(void **state)
{
    (void)state;
    in_scene(run_bad_options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_system),         cmocka_unit_test(test_by_name),
        cmocka_unit_test(test_single_process), cmocka_unit_test(test_gateways),
        cmocka_unit_test(test_bad_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
