/* The registry under strain: nonsense, bodies without end, a client that never reads, targets that
 * hang. It answers clearly, goes on for the others, and its memory stays bounded. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/http_server.h"
#include "http/socket_address.h"
#include "support/cmocka_test.h"
#include "support/wire_http.h"
#include "system/registry_scene.h"
#include "unit/http/raw_peer.h"

enum {
    BODY_BYTES = 10 * 1024 * 1024,
    GROWTH_BYTES_MAX = 24 * 1024 * 1024, /* of memory, sanitizers included */
};

/* Nonsense */

static const struct {
    const char *method;
    const char *target;
    const char *body;
    int status;
    const char *words;
} nonsense[] = {
    {"PUT", "/v1/agent/service/register", "{", 400, "Request decode failed"},
    {"PUT", "/v1/agent/service/register", "", 400, "Request decode failed: EOF"},
    {"PUT", "/v1/agent/service/register", "null", 400, ""},
    {"PUT", "/v1/agent/service/register", "[]", 400, "Request decode failed"},
    {"PUT", "/v1/agent/service/register", "{}", 400, "Missing service name"},
    {"PUT", "/v1/agent/service/register", "{\"Name\":7}", 400, "Request decode failed"},
    {"PUT", "/v1/agent/service/register", "{\"Name\":\"a\\u0000b\"}", 400, ""},
    {"PUT", "/v1/agent/service/register", "{\"Name\":\"a\",\"Port\":\"x\"}", 400, ""},
    {"PUT", "/v1/agent/service/register", "{\"Name\":\"a\",\"Port\":70000}", 400, ""},
    {"PUT", "/v1/agent/service/register", "{\"Name\":\"a\",\"Check\":{\"TTL\":\"soon\"}}", 400,
     "invalid duration"},
    {"PUT", "/v1/agent/service/register", "{\"Name\":\"a\",\"Check\":{\"TTL\":\"-1s\"}}", 400, ""},
    {"PUT", "/v1/agent/service/register",
     "{\"Name\":\"a\",\"Check\":{\"TTL\":\"9s\",\"Status\":\"dead\"}}", 400, ""},
    {"PUT", "/v1/agent/service/register", "{\"Name\":\"a\",\"Check\":{\"HTTP\":\"http://h\"}}", 400,
     ""},
    {"PUT", "/v1/agent/service/deregister/nobody", NULL, 404, "Unknown service ID"},
    {"PUT", "/v1/agent/service/maintenance/nobody?enable=true", NULL, 404, "Unknown service ID"},
    {"PUT", "/v1/agent/service/maintenance/nobody?enable=perhaps", NULL, 400, ""},
    {"PUT", "/v1/agent/check/pass/nobody", NULL, 404, "Unknown check ID"},
    {"PUT", "/v1/agent/check/update/nobody", "{\"Status\":\"passing\"}", 404, "Unknown check ID"},
    {"PUT", "/v1/agent/check/update/nobody", "{\"Status\":\"well\"}", 400, "Invalid check status"},
    {"PUT", "/v1/agent/check/register", "{\"Name\":\"c\",\"TTL\":\"9s\",\"ServiceID\":\"nobody\"}",
     404, "does not exist"},
    {"PUT", "/v1/catalog/register", "{\"Node\":\"\"}", 500, "Must provide node"},
    {"GET", "/v1/health/service/a?index=x", NULL, 400, ""},
    {"GET", "/v1/health/service/a?index=1&wait=soon", NULL, 400, ""},
    {"GET", "/v1/health/service/a?filter=%28", NULL, 500, "no match found"},
    {"GET", "/v1/agent/service/nobody", NULL, 404, "unknown service ID"},
    {"GET", "/v1/nowhere", NULL, 404, ""},
    {"DELETE", "/v1/agent/services", NULL, 405, "not allowed"},
};

static void run_nonsense(void *argument)
{
    struct registry_scene *scene = argument;
    registry_scene_open(scene);
    registry_process_start(&scene->registry, NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(nonsense); i++) {
        struct text body = {NULL, 0};
        int status = registry_scene_ask(scene, nonsense[i].method, nonsense[i].target,
                                        nonsense[i].body, &body);
        if (status != nonsense[i].status ||
            (nonsense[i].words[0] != '\0' && !wire_http_holds(body, nonsense[i].words))) {
            fail_msg("%s %s %s: %d %.*s", nonsense[i].method, nonsense[i].target,
                     nonsense[i].body != NULL ? nonsense[i].body : "", status,
                     TEXT_ARGUMENTS(body));
        }
    }
    /* Nothing of it has left anything behind. */
    struct text services;
    assert_int_equal(registry_scene_ask(scene, "GET", "/v1/agent/services", NULL, &services), 200);
    assert_true(text_equal(services, TEXT("{}")));
    registry_scene_close(scene);
}

/* A body of 10 MiB */

/* Sends until it is answered, or all is sent. Returns how much was. */
static size_t send_body(struct raw_peer *peer, const char *head, size_t bytes)
{
    static const char zeros[64 * 1024] = {'0'};
    size_t sent = 0;
    raw_peer_say(peer, head);
    while (sent < bytes && !peer->ended && !raw_peer_has(peer, "\r\n\r\n")) {
        size_t taken = raw_peer_send_some(peer, text_of_bytes(zeros, sizeof(zeros)));
        sent += taken;
        if (taken == 0) {
            fiber_give_way();
        }
    }
    return sent;
}

static void run_large_body(void *argument)
{
    static const char *const heads[] = {
        "PUT /v1/agent/service/register HTTP/1.1\r\nhost: localhost\r\ncontent-length: "
        "10485760\r\n\r\n",
        ("PUT /v1/agent/service/register HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: "
         "chunked\r\n\r\n"
         "a00000\r\n"),
        "PUT /v1/catalog/register HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10485760\r\n\r\n",
        "PUT /v1/agent/check/update/a HTTP/1.1\r\nhost: localhost\r\ncontent-length: "
        "10485760\r\n\r\n",
    };
    struct registry_scene *scene = argument;
    registry_scene_open(scene);
    registry_process_start(&scene->registry, NULL);
    assert_int_equal(registry_scene_register(scene, "a"), 200);
    size_t before = service_process_memory(&scene->registry.service);
    for (unsigned i = 0; i < 3 * ARRAY_LENGTH(heads); i++) {
        struct raw_peer peer;
        registry_scene_connect(scene, &peer);
        (void)send_body(&peer, heads[i % ARRAY_LENGTH(heads)], BODY_BYTES);
        assert_true(raw_peer_await(&peer, "HTTP/1.1 413 "));
        raw_peer_close(&peer);
    }
    size_t after = service_process_memory(&scene->registry.service);
    print_message("10 MiB bodies: %zu KiB before, %zu KiB after\n", before / 1024, after / 1024);
    assert_true(after < before + GROWTH_BYTES_MAX);
    assert_int_equal(registry_scene_register(scene, "b"), 200);
    registry_scene_close(scene);
}

/* A client that never reads */

/* That the registry has open. */
static size_t count_files(struct registry_scene *scene)
{
    char path[SCENE_TEXT_BYTES_MAX];
    size_t count = 0;
    (void)snprintf(path, sizeof(path), "/proc/%lld/fd", (long long)scene->registry.service.id);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    (void)closedir(folder);
    return count;
}

static void run_never_reads(void *argument)
{
    enum { CLIENTS = 20, REQUESTS = 200, INSTANCES = 400, SENT_AWAY_MS = 100 * 1000 };
    struct registry_scene *scene = argument;
    struct raw_peer *peers = calloc(CLIENTS, sizeof(*peers));
    assert_non_null(peers);
    registry_scene_open(scene);
    registry_process_start(&scene->registry, NULL);
    for (unsigned i = 0; i < INSTANCES; i++) {
        char body[2 * SCENE_TEXT_BYTES_MAX];
        (void)snprintf(body, sizeof(body),
                       "{\"ID\":\"i%u\",\"Name\":\"large\",\"Meta\":{\"words\":\"%0500d\"}}", i, 0);
        assert_int_equal(registry_scene_put(scene, "/v1/agent/service/register", body), 200);
    }
    size_t before = service_process_memory(&scene->registry.service);
    size_t files = count_files(scene);
    for (unsigned i = 0; i < CLIENTS; i++) {
        registry_scene_connect(scene, &peers[i]);
        peers[i].transport->ops->pause(peers[i].transport->state);
        for (unsigned j = 0; j < REQUESTS; j++) {
            static const char request[] =
                "GET /v1/health/service/large?index=1 HTTP/1.1\r\nhost: localhost\r\n\r\n";
            (void)raw_peer_send_some(&peers[i], text_of(request));
        }
    }
    /* Each reply has over 200 KiB: 800 MiB in all, if somebody made them. */
    for (unsigned i = 0; i < INSTANCES; i++) {
        assert_int_equal(registry_scene_ask(scene, "GET", "/v1/agent/service/i7", NULL, NULL), 200);
    }
    size_t after = service_process_memory(&scene->registry.service);
    print_message("clients that never read: %zu KiB before, %zu KiB after\n", before / 1024,
                  after / 1024);
    assert_true(after < before + CLIENTS * (size_t)2 * HTTP_OUTPUT_BYTES_MAX + GROWTH_BYTES_MAX);
    assert_true(count_files(scene) >= files + CLIENTS);
    /* They are sent away, and cannot know it, for they do not read. */
    struct call patience = call_within(&scene->call, SENT_AWAY_MS);
    while (count_files(scene) > files) {
        assert_int_equal(fiber_sleep(&patience, 100 * CLOCK_NS_PER_MS), STATUS_OK);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        raw_peer_close(&peers[i]);
    }
    free(peers);
    registry_scene_close(scene);
}

/* Targets that hang */

/* Accepts by the kernel's hand alone, and never says a word. */
static int listen_mutely(char address[static HTTP_ADDRESS_BYTES_MAX])
{
    struct sockaddr_storage place;
    socklen_t length;
    assert_true(socket_address_parse(TEXT("127.0.0.1"), 0, &place, &length));
    int fd = socket(place.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&place, length), 0);
    assert_int_equal(listen(fd, 4096), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&place, &length), 0);
    socket_address_format(&place, address);
    return fd;
}

static unsigned count_looks(struct registry_scene *scene)
{
    struct text rest = buffer_text(&scene->registry.service.log);
    unsigned count = 0;
    while (rest.data != NULL) {
        count += wire_http_holds(text_next(&rest, '\n'), "method=\"/v1/agent/self\"");
    }
    return count;
}

static void run_hangs(void *argument)
{
    enum { HANGING = 100, LOOKS = 5, LOOKS_MS = 15000 };
    char address[HTTP_ADDRESS_BYTES_MAX];
    char text[SCENE_TEXT_BYTES_MAX];
    struct registry_scene *scene = argument;
    registry_scene_open(scene);
    registry_process_start(&scene->registry, "--log-level=debug");
    int mute = listen_mutely(address);
    (void)snprintf(text, sizeof(text), "%s/v1/agent/self", scene->registry.service.address);
    registry_scene_register_looked_at(scene, "good", text, "2s");
    struct call call = call_within(&scene->call, SERVICE_WAIT_MS);
    while (count_looks(scene) == 0) {
        assert_int_equal(fiber_wait(&call, &scene->registry.service.changed), STATUS_OK);
    }
    for (unsigned i = 0; i < HANGING; i++) {
        (void)snprintf(text, sizeof(text), "bad%u", i);
        registry_scene_register_looked_at(scene, text, address, "20s");
    }
    /* All places are taken by what hangs; still it is looked at about every second. */
    unsigned before = count_looks(scene);
    call = call_within(&scene->call, LOOKS_MS);
    while (count_looks(scene) < before + LOOKS) {
        if (fiber_wait(&call, &scene->registry.service.changed) != STATUS_OK) {
            fail_msg("looked at %u times in %d ms", count_looks(scene) - before, LOOKS_MS);
        }
    }
    assert_string_equal(registry_scene_check_status(scene, "good"), "passing");
    assert_string_equal(registry_scene_check_status(scene, "bad0"), "critical");
    (void)close(mute);
    registry_scene_close(scene);
}

static void nonsense_is_answered(void **state)
{
    (void)state;
    registry_scene_run(run_nonsense);
}

static void a_body_of_10_mib_is_not_taken(void **state)
{
    (void)state;
    registry_scene_run(run_large_body);
}

static void who_never_reads_is_sent_away(void **state)
{
    (void)state;
    registry_scene_run(run_never_reads);
}

static void targets_that_hang_delay_nobody(void **state)
{
    (void)state;
    registry_scene_run(run_hangs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonsense_is_answered),
        cmocka_unit_test(a_body_of_10_mib_is_not_taken),
        cmocka_unit_test(targets_that_hang_delay_nobody),
        cmocka_unit_test(who_never_reads_is_sent_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
