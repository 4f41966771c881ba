/* The registry on bad days: nonsense, bodies without end, a client that never reads, targets that
 * hang, a full disk, a wall clock that is set. It answers clearly, goes on for the others, and its
 * memory stays bounded. */
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "http/http_server.h"
#include "http/socket_address.h"
#include "http/tcp_connect.h"
#include "http/tcp_transport.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/registry_process.h"
#include "support/wire_http.h"
#include "unit/http/raw_peer.h"

enum {
    CALL_MS = 20000,
    ARENA_BYTES_MAX = 64 * 1024 * 1024,
    TEXT_BYTES_MAX = 1024,
    BODY_BYTES = 10 * 1024 * 1024,
    GROWTH_BYTES_MAX = 24 * 1024 * 1024, /* of memory, sanitizers included */
};

struct scene {
    struct registry_process registry;
    struct arena arena;
    struct call call;
    const char *faketime; /* a library that shifts the wall clock */
};

static void open_scene(struct scene *scene)
{
    arena_init(&scene->arena, ARENA_BYTES_MAX);
    call_init(&scene->call, &scene->arena, 0);
    registry_process_open(&scene->registry);
}

static void close_scene(struct scene *scene)
{
    registry_process_close(&scene->registry);
    arena_deinit(&scene->arena);
}

static int ask(struct scene *scene, const char *method, const char *target, const char *body,
               struct text *ret_body)
{
    struct call call = call_within(&scene->call, CALL_MS);
    return registry_process_ask(&scene->registry, &call, method, target, body, ret_body);
}

static int put(struct scene *scene, const char *target, const char *body)
{
    return ask(scene, "PUT", target, body, NULL);
}

static int register_plain(struct scene *scene, const char *id)
{
    char body[2 * TEXT_BYTES_MAX];
    (void)snprintf(body, sizeof(body), "{\"ID\":\"%s\",\"Name\":\"plain\",\"Port\":80}", id);
    return put(scene, "/v1/agent/service/register", body);
}

static void connect_raw(struct scene *scene, struct raw_peer *peer)
{
    struct http_transport *transport;
    int fd;
    struct call call = call_within(&scene->call, CALL_MS);
    assert_int_equal(
        tcp_connect(loop_current(), &call, text_of(scene->registry.service.address), &fd),
        STATUS_OK);
    assert_int_equal(tcp_transport_create(loop_current(), fd, &transport), STATUS_OK);
    raw_peer_open(peer, transport);
}

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
    struct scene *scene = argument;
    open_scene(scene);
    registry_process_start(&scene->registry, NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(nonsense); i++) {
        struct text body = {NULL, 0};
        int status = ask(scene, nonsense[i].method, nonsense[i].target, nonsense[i].body, &body);
        if (status != nonsense[i].status ||
            (nonsense[i].words[0] != '\0' && !wire_http_holds(body, nonsense[i].words))) {
            fail_msg("%s %s %s: %d %.*s", nonsense[i].method, nonsense[i].target,
                     nonsense[i].body != NULL ? nonsense[i].body : "", status,
                     TEXT_ARGUMENTS(body));
        }
    }
    /* Nothing of it has left anything behind. */
    struct text services;
    assert_int_equal(ask(scene, "GET", "/v1/agent/services", NULL, &services), 200);
    assert_true(text_equal(services, TEXT("{}")));
    close_scene(scene);
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
        "PUT /v1/agent/service/register HTTP/1.1\r\nhost: x\r\ncontent-length: 10485760\r\n\r\n",
        "PUT /v1/agent/service/register HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        "a00000\r\n",
        "PUT /v1/catalog/register HTTP/1.1\r\nhost: x\r\ncontent-length: 10485760\r\n\r\n",
        "PUT /v1/agent/check/update/a HTTP/1.1\r\nhost: x\r\ncontent-length: 10485760\r\n\r\n",
    };
    struct scene *scene = argument;
    open_scene(scene);
    registry_process_start(&scene->registry, NULL);
    assert_int_equal(register_plain(scene, "a"), 200);
    size_t before = service_process_memory(&scene->registry.service);
    for (unsigned i = 0; i < 3 * ARRAY_LENGTH(heads); i++) {
        struct raw_peer peer;
        connect_raw(scene, &peer);
        (void)send_body(&peer, heads[i % ARRAY_LENGTH(heads)], BODY_BYTES);
        assert_true(raw_peer_await(&peer, "HTTP/1.1 413 "));
        raw_peer_close(&peer);
    }
    size_t after = service_process_memory(&scene->registry.service);
    print_message("10 MiB bodies: %zu KiB before, %zu KiB after\n", before / 1024, after / 1024);
    assert_true(after < before + GROWTH_BYTES_MAX);
    assert_int_equal(register_plain(scene, "b"), 200);
    close_scene(scene);
}

/* A client that never reads */

/* That the registry has open. */
static size_t count_files(struct scene *scene)
{
    char path[TEXT_BYTES_MAX];
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
    struct scene *scene = argument;
    struct raw_peer *peers = calloc(CLIENTS, sizeof(*peers));
    assert_non_null(peers);
    open_scene(scene);
    registry_process_start(&scene->registry, NULL);
    for (unsigned i = 0; i < INSTANCES; i++) {
        char body[2 * TEXT_BYTES_MAX];
        (void)snprintf(body, sizeof(body),
                       "{\"ID\":\"i%u\",\"Name\":\"large\",\"Meta\":{\"words\":\"%0500d\"}}", i, 0);
        assert_int_equal(put(scene, "/v1/agent/service/register", body), 200);
    }
    size_t before = service_process_memory(&scene->registry.service);
    size_t files = count_files(scene);
    for (unsigned i = 0; i < CLIENTS; i++) {
        connect_raw(scene, &peers[i]);
        peers[i].transport->ops->pause(peers[i].transport->state);
        for (unsigned j = 0; j < REQUESTS; j++) {
            static const char request[] =
                "GET /v1/health/service/large?index=1 HTTP/1.1\r\nhost: x\r\n\r\n";
            (void)raw_peer_send_some(&peers[i], text_of(request));
        }
    }
    /* Each reply has over 200 KiB: 800 MiB in all, if somebody made them. */
    for (unsigned i = 0; i < INSTANCES; i++) {
        assert_int_equal(ask(scene, "GET", "/v1/agent/service/i7", NULL, NULL), 200);
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
    close_scene(scene);
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

static const char *status_of_check(struct scene *scene, const char *id)
{
    struct call call = call_within(&scene->call, CALL_MS);
    const struct json *checks = registry_process_get(&scene->registry, &call, "/v1/agent/checks");
    return arena_copy(&scene->arena, json_text_of(json_member(checks, id), "Status")).data;
}

static unsigned count_looks(struct scene *scene)
{
    struct text rest = buffer_text(&scene->registry.service.log);
    unsigned count = 0;
    while (rest.data != NULL) {
        count += wire_http_holds(text_next(&rest, '\n'), "method=\"/v1/agent/self\"");
    }
    return count;
}

static void register_looked_at(struct scene *scene, const char *id, const char *target,
                               const char *timeout)
{
    char body[2 * TEXT_BYTES_MAX];
    (void)snprintf(
        body, sizeof(body),
        "{\"ID\":\"%s\",\"Name\":\"%s\",\"Check\":{\"CheckID\":\"%s\",\"HTTP\":\"http://%s\","
        "\"Interval\":\"1s\",\"Timeout\":\"%s\"}}",
        id, id, id, target, timeout);
    assert_int_equal(put(scene, "/v1/agent/service/register", body), 200);
}

static void run_hangs(void *argument)
{
    enum { HANGING = 100, LOOKS = 5, LOOKS_MS = 15000 };
    char address[HTTP_ADDRESS_BYTES_MAX];
    char text[TEXT_BYTES_MAX];
    struct scene *scene = argument;
    open_scene(scene);
    registry_process_start(&scene->registry, "--log-level=debug");
    int mute = listen_mutely(address);
    (void)snprintf(text, sizeof(text), "%s/v1/agent/self", scene->registry.service.address);
    register_looked_at(scene, "good", text, "2s");
    struct call call = call_within(&scene->call, SERVICE_WAIT_MS);
    while (count_looks(scene) == 0) {
        assert_int_equal(fiber_wait(&call, &scene->registry.service.changed), STATUS_OK);
    }
    for (unsigned i = 0; i < HANGING; i++) {
        (void)snprintf(text, sizeof(text), "bad%u", i);
        register_looked_at(scene, text, address, "20s");
    }
    /* All places are taken by what hangs; still it is looked at about every second. */
    unsigned before = count_looks(scene);
    call = call_within(&scene->call, LOOKS_MS);
    while (count_looks(scene) < before + LOOKS) {
        if (fiber_wait(&call, &scene->registry.service.changed) != STATUS_OK) {
            fail_msg("looked at %u times in %d ms", count_looks(scene) - before, LOOKS_MS);
        }
    }
    assert_string_equal(status_of_check(scene, "good"), "passing");
    assert_string_equal(status_of_check(scene, "bad0"), "critical");
    (void)close(mute);
    close_scene(scene);
}

/* A full disk */

static void limit_files(struct scene *scene, rlim_t bytes)
{
    struct rlimit limit;
    pid_t id = (pid_t)scene->registry.service.id;
    assert_int_equal(prlimit(id, RLIMIT_FSIZE, NULL, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(prlimit(id, RLIMIT_FSIZE, &limit, NULL), 0);
}

static unsigned count_words(struct scene *scene, const char *words)
{
    struct text rest = buffer_text(&scene->registry.service.log);
    unsigned count = 0;
    while (rest.data != NULL) {
        count += wire_http_holds(text_next(&rest, '\n'), words);
    }
    return count;
}

static void run_full_disk(void *argument)
{
    enum { FILE_BYTES = 128 * 1024, MANY = 400 };
    char id[TEXT_BYTES_MAX];
    struct scene *scene = argument;
    struct text body;
    unsigned confirmed = 0;
    open_scene(scene);
    registry_process_start(&scene->registry, NULL);
    assert_int_equal(put(scene, "/v1/agent/service/register",
                         "{\"Name\":\"beats\",\"Check\":{\"TTL\":\"60s\",\"Status\":\"passing\"}}"),
                     200);
    limit_files(scene, FILE_BYTES);
    int status = 200;
    while (status == 200) {
        assert_true(confirmed < MANY);
        (void)snprintf(id, sizeof(id), "i%u", confirmed);
        status = register_plain(scene, id);
        confirmed += status == 200;
    }
    assert_true(confirmed > 0);
    assert_int_equal(status, 503);
    /* Others are served, and heartbeats; the write holds, for as long as the process lives. */
    assert_int_equal(put(scene, "/v1/agent/check/pass/service:beats", NULL), 200);
    (void)snprintf(id, sizeof(id), "/v1/agent/service/i%u", confirmed);
    assert_int_equal(ask(scene, "GET", id, NULL, NULL), 200);
    assert_int_equal(ask(scene, "PUT", "/v1/agent/service/deregister/i0", NULL, &body), 503);
    assert_true(wire_http_holds(body, "not saved"));
    assert_int_equal(put(scene, "/v1/agent/service/deregister/i0", NULL), 503);
    assert_int_equal(register_plain(scene, "later"), 503);
    assert_int_equal(count_words(scene, "cannot be saved"), 1);
    assert_int_equal(ask(scene, "GET", "/metrics", NULL, &body), 200);
    assert_true(wire_http_holds(body, "\nmarquee_registry_saving 0\n"));
    limit_files(scene, RLIM_INFINITY);
    assert_true(service_process_await(&scene->registry.service, "is saved again", 0));
    assert_int_equal(put(scene, "/v1/agent/service/deregister/i0", NULL), 404);
    assert_int_equal(register_plain(scene, "later"), 200);
    registry_process_kill(&scene->registry);
    registry_process_start(&scene->registry, NULL);
    for (unsigned i = 0; i <= confirmed; i++) {
        (void)snprintf(id, sizeof(id), "/v1/agent/service/i%u", i);
        assert_int_equal(ask(scene, "GET", id, NULL, NULL), i == 0 ? 404 : 200);
    }
    assert_int_equal(ask(scene, "GET", "/v1/agent/service/later", NULL, NULL), 200);
    close_scene(scene);
}

/* What was kept is damaged */

static void damage_file(struct scene *scene)
{
    char path[TEXT_BYTES_MAX];
    (void)snprintf(path, sizeof(path), "%s/kept/registry.sqlite", scene->registry.directory);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    off_t bytes = lseek(fd, 0, SEEK_END);
    assert_true(bytes > 4096);
    assert_int_equal(ftruncate(fd, bytes - 4096), 0);
    (void)close(fd);
}

static void run_damage(void *argument)
{
    struct scene *scene = argument;
    struct text services;
    open_scene(scene);
    registry_process_start(&scene->registry, NULL);
    assert_int_equal(register_plain(scene, "a"), 200);
    service_process_stop(&scene->registry.service);
    damage_file(scene);
    registry_process_start(&scene->registry, NULL);
    assert_int_equal(count_words(scene, "damaged: begins with nothing"), 1);
    assert_int_equal(count_words(scene, "kept.damaged-2"), 1);
    assert_int_equal(ask(scene, "GET", "/v1/agent/services", NULL, &services), 200);
    assert_true(text_equal(services, TEXT("{}")));
    assert_int_equal(register_plain(scene, "b"), 200);
    registry_process_kill(&scene->registry);
    registry_process_start(&scene->registry, NULL);
    assert_int_equal(ask(scene, "GET", "/v1/agent/service/b", NULL, NULL), 200);
    close_scene(scene);
}

/* A wall clock that is set */

static void set_clock(struct scene *scene, const char *shift)
{
    char path[TEXT_BYTES_MAX];
    char draft[TEXT_BYTES_MAX];
    (void)snprintf(path, sizeof(path), "%s/clock", scene->registry.directory);
    (void)snprintf(draft, sizeof(draft), "%s/clock-draft", scene->registry.directory);
    FILE *file = fopen(draft, "we");
    assert_non_null(file);
    assert_true(fprintf(file, "%s\n", shift) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(draft, path), 0);
}

static uint64_t index_now(struct scene *scene)
{
    struct call call = call_within(&scene->call, CALL_MS);
    uint64_t index;
    struct wire_reply reply =
        wire_http_get(&call, scene->registry.service.address, "/v1/health/state/any");
    assert_true(text_to_u64(wire_http_header(&reply, "x-consul-index"), &index));
    return index;
}

static void beat_while_the_clock_is_set(struct scene *scene)
{
    static const char *const shifts[] = {"+0", "+1d", "-1d", "+3650d", "-3650d", "+0"};
    uint64_t index = index_now(scene);
    for (size_t i = 0; i < ARRAY_LENGTH(shifts); i++) {
        char id[TEXT_BYTES_MAX];
        set_clock(scene, shifts[i]);
        for (unsigned beat = 0; beat < 10; beat++) {
            struct call call = call_within(&scene->call, CALL_MS);
            assert_int_equal(put(scene, "/v1/agent/check/pass/beats", NULL), 200);
            assert_string_equal(status_of_check(scene, "beats"), "passing");
            assert_int_equal(fiber_sleep(&call, 50 * CLOCK_NS_PER_MS), STATUS_OK);
        }
        (void)snprintf(id, sizeof(id), "check%zu", i);
        register_looked_at(scene, id, "127.0.0.1:1", "1s");
        assert_true(index_now(scene) > index);
        index = index_now(scene);
    }
}

/* Silent from now on, it is critical after its TTL, not sooner nor later, wherever the clock goes.
 */
static void expire_while_the_clock_is_set(struct scene *scene)
{
    assert_int_equal(put(scene, "/v1/agent/check/pass/beats", NULL), 200);
    int64_t began_ns = clock_monotonic_ns();
    bool is_forward = false;
    while (strcmp(status_of_check(scene, "beats"), "passing") == 0) {
        struct call call = call_within(&scene->call, CALL_MS);
        set_clock(scene, is_forward ? "+1d" : "-1d");
        is_forward = !is_forward;
        assert_int_equal(fiber_sleep(&call, 50 * CLOCK_NS_PER_MS), STATUS_OK);
        assert_true(clock_monotonic_ns() - began_ns < 10 * CLOCK_NS_PER_S);
    }
    assert_true(clock_monotonic_ns() - began_ns > 2900 * CLOCK_NS_PER_MS);
}

static void run_clock(void *argument)
{
    struct scene *scene = argument;
    char preload[TEXT_BYTES_MAX];
    char file[TEXT_BYTES_MAX];
    const char *const environment[] = {preload, file, "FAKETIME_NO_CACHE=1",
                                       "FAKETIME_DONT_FAKE_MONOTONIC=1", NULL};
    open_scene(scene);
    (void)snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", scene->faketime);
    (void)snprintf(file, sizeof(file), "FAKETIME_TIMESTAMP_FILE=%s/clock",
                   scene->registry.directory);
    scene->registry.environment = environment;
    set_clock(scene, "-3650d");
    registry_process_start(&scene->registry, NULL);
    /* It is in the past, indeed. */
    char now[CLOCK_TIME_TEXT_BYTES];
    struct text year = text_slice(clock_format(clock_wall_ms(), now), 0, 4);
    assert_false(
        wire_http_holds(buffer_text(&scene->registry.service.log),
                        arena_format(&scene->arena, "time=%.*s", TEXT_ARGUMENTS(year)).data));
    assert_int_equal(put(scene, "/v1/agent/service/register",
                         "{\"Name\":\"beats\",\"Check\":{\"CheckID\":\"beats\",\"TTL\":\"3s\","
                         "\"Status\":\"passing\","
                         "\"DeregisterCriticalServiceAfter\":\"1m\"}}"),
                     200);
    beat_while_the_clock_is_set(scene);
    expire_while_the_clock_is_set(scene);
    uint64_t index = index_now(scene);
    set_clock(scene, "-3650d");
    registry_process_kill(&scene->registry);
    registry_process_start(&scene->registry, NULL);
    assert_true(index_now(scene) > index);
    assert_string_equal(status_of_check(scene, "beats"), "critical");
    set_clock(scene, "+3650d");
    registry_process_kill(&scene->registry);
    registry_process_start(&scene->registry, NULL);
    assert_string_equal(status_of_check(scene, "beats"), "critical");
    assert_int_equal(put(scene, "/v1/agent/check/pass/beats", NULL), 200);
    close_scene(scene);
}

static void run(void (*story)(void *argument))
{
    struct scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    in_fiber(story, scene);
    free(scene);
}

static void nonsense_is_answered(void **state)
{
    (void)state;
    run(run_nonsense);
}

static void a_body_of_10_mib_is_not_taken(void **state)
{
    (void)state;
    run(run_large_body);
}

static void who_never_reads_is_sent_away(void **state)
{
    (void)state;
    run(run_never_reads);
}

static void targets_that_hang_delay_nobody(void **state)
{
    (void)state;
    run(run_hangs);
}

static void on_a_full_disk_it_goes_on(void **state)
{
    (void)state;
    run(run_full_disk);
}

static void damage_is_put_aside(void **state)
{
    (void)state;
    run(run_damage);
}

/* A sanitizer must be the first library, and would not be. */
static void a_clock_that_is_set_is_no_matter(void **state)
{
    glob_t found;
    struct scene *scene = calloc(1, sizeof(*scene));
    (void)state;
    assert_non_null(scene);
    int code = glob("/usr/lib/*/faketime/libfaketimeMT.so.1", 0, NULL, &found);
    if (code != 0 || MARQUEE_IS_SANITIZED) {
        print_message("skipped: needs libfaketime, and a build without sanitizers\n");
        free(scene);
        skip();
    }
    scene->faketime = found.gl_pathv[0];
    in_fiber(run_clock, scene);
    globfree(&found);
    free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonsense_is_answered),
        cmocka_unit_test(a_body_of_10_mib_is_not_taken),
        cmocka_unit_test(targets_that_hang_delay_nobody),
        cmocka_unit_test(on_a_full_disk_it_goes_on),
        cmocka_unit_test(damage_is_put_aside),
        cmocka_unit_test(a_clock_that_is_set_is_no_matter),
        cmocka_unit_test(who_never_reads_is_sent_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
