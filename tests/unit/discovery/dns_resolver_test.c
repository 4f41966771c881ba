/* The resolver against a DNS server of the test's own. */
#include <netinet/in.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "discovery/dns_discovery.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "support/dns_server.h"
#include "support/in_fiber.h"

enum { INTERVAL_MIN_MS = 20, LONG_MS = 30000 };

struct scene {
    struct dns_server server;
    struct discovery_resolver resolver;
    struct arena arena;
    struct call call;
};

static void open_scene(struct scene *scene, const char *endpoint, const char *records)
{
    struct text target;
    *scene = (struct scene){.server.silent = false};
    arena_init(&scene->arena, 64 * 1024 * 1024);
    call_init(&scene->call, &scene->arena, LONG_MS);
    dns_server_start(&scene->server);
    dns_server_set(&scene->server, text_of(records));
    target = arena_format(&scene->arena, "dns://%s/%s", scene->server.address, endpoint);
    const struct dns_resolver_options options = {.target = target,
                                                 .interval_min_ms = INTERVAL_MIN_MS};
    assert_int_equal(dns_resolver_create(loop_current(), &scene->call, &options, &scene->resolver),
                     STATUS_OK);
}

static void close_scene(struct scene *scene)
{
    scene->resolver.ops->close(scene->resolver.state);
    dns_server_stop(&scene->server);
    dns_server_forget(&scene->server);
    arena_deinit(&scene->arena);
}

static enum status watch(struct scene *scene, uint64_t seen, struct discovery_snapshot *snapshot)
{
    call_clear_error(&scene->call);
    return scene->resolver.ops->watch(scene->resolver.state, &scene->call, TEXT("rating"), seen,
                                      snapshot);
}

/* The list as one text, weights but 1 behind a star: "127.0.0.1:1 127.0.0.2:1*9". */
static struct text joined(struct scene *scene, const struct discovery_snapshot *snapshot)
{
    struct text all = TEXT("");
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct discovery_instance *one = &snapshot->instances[i];
        all = arena_format(&scene->arena, "%.*s%s%.*s", TEXT_ARGUMENTS(all), i > 0 ? " " : "",
                           TEXT_ARGUMENTS(one->address));
        if (one->weight != 1) {
            all = arena_format(&scene->arena, "%.*s*%u", TEXT_ARGUMENTS(all), one->weight);
        }
    }
    return all;
}

static void expect(struct scene *scene, const char *name, uint64_t seen, const char *want,
                   struct discovery_snapshot *snapshot)
{
    enum status status = watch(scene, seen, snapshot);
    if (status != STATUS_OK) {
        fail_msg("%s: %s: %.*s", name, status_name(status),
                 TEXT_ARGUMENTS(scene->call.error.message));
    }
    struct text got = joined(scene, snapshot);
    if (!text_equal(got, text_of(want))) {
        fail_msg("%s: [%.*s], not [%s]", name, TEXT_ARGUMENTS(got), want);
    }
}

/* Watches until the list is another one. */
static void expect_next(struct scene *scene, const char *name, const char *want,
                        struct discovery_snapshot *snapshot)
{
    uint64_t seen = snapshot->version;
    while (snapshot->version == seen) {
        enum status status = watch(scene, seen, snapshot);
        if (status != STATUS_OK) {
            fail_msg("%s: %s: %.*s", name, status_name(status),
                     TEXT_ARGUMENTS(scene->call.error.message));
        }
    }
    struct text got = joined(scene, snapshot);
    if (!text_equal(got, text_of(want))) {
        fail_msg("%s: [%.*s], not [%s]", name, TEXT_ARGUMENTS(got), want);
    }
}

#define SOA "test. 30 IN SOA ns.test. h.test. 1 1 1 1 1\n"

static const struct {
    const char *name;
    const char *endpoint;
    const char *records;
    const char *broken;
    bool bare;
    bool cuts;
    bool old;
    unsigned code;
    enum status want;
    const char *addresses; /* or what the error begins with */
} cases[] = {
    {.name = "one address",
     .endpoint = "a.test:8082",
     .records = SOA "a.test. 1 IN A 127.0.0.1",
     .addresses = "127.0.0.1:8082"},
    {.name = "several, and the same twice",
     .endpoint = "a.test:1",
     .records = "a.test. 1 IN A 127.0.0.2\na.test. 1 IN A 127.0.0.1\na.test. 1 IN A 127.0.0.2",
     .addresses = "127.0.0.1:1 127.0.0.2:1"},
    {.name = "both families",
     .endpoint = "a.test:1",
     .records = "a.test. 1 IN A 127.0.0.1\na.test. 1 IN AAAA fd00::1",
     .addresses = "127.0.0.1:1 [fd00::1]:1"},
    {.name = "IPv6 alone",
     .endpoint = "a.test:1",
     .records = SOA "a.test. 1 IN AAAA fd00::1",
     .addresses = "[fd00::1]:1"},
    {.name = "an alias",
     .endpoint = "www.test:1",
     .records = SOA "www.test. 1 IN CNAME a.test.\na.test. 1 IN A 127.0.0.1",
     .addresses = "127.0.0.1:1"},
    {.name = "case does not matter",
     .endpoint = "A.Test:1",
     .records = "a.tEST. 1 IN A 127.0.0.1",
     .addresses = "127.0.0.1:1"},
    {.name = "no such name", .endpoint = "b.test:1", .records = SOA "a.test. 1 IN A 127.0.0.1"},
    {.name = "no such record", .endpoint = "a.test:1", .records = SOA "a.test. 1 IN TXT x"},
    {.name = "no such service", .endpoint = "_g._tcp.a.test", .records = SOA},
    {.name = "ports and addresses with SRV",
     .endpoint = "_g._tcp.a.test",
     .records = "_g._tcp.a.test. 1 IN SRV 0 1 81 x.a.test.\n"
                "_g._tcp.a.test. 1 IN SRV 0 9 82 Y.a.test.\n"
                "x.a.test. 1 IN A 127.0.0.1\ny.A.test. 1 IN A 127.0.0.2",
     .addresses = "127.0.0.1:81 127.0.0.2:82*9"},
    {.name = "addresses asked for",
     .endpoint = "_g._tcp.a.test",
     .bare = true,
     .records = SOA "_g._tcp.a.test. 1 IN SRV 0 1 81 x.a.test.\n"
                    "_g._tcp.a.test. 1 IN SRV 0 65535 82 y.a.test.\n"
                    "x.a.test. 1 IN A 127.0.0.1\ny.a.test. 1 IN AAAA fd00::2\n"
                    "x.a.test. 1 IN A 127.0.0.3",
     .addresses = "127.0.0.1:81 127.0.0.3:81 [fd00::2]:82*65535"},
    {.name = "the lowest priority alone",
     .endpoint = "s.test",
     .records = "s.test. 1 IN SRV 7 1 83 z.test.\ns.test. 1 IN SRV 5 1 81 x.test.\n"
                "s.test. 1 IN SRV 5 0 82 y.test.\nx.test. 1 IN A 127.0.0.1\n"
                "y.test. 1 IN A 127.0.0.2\nz.test. 1 IN A 127.0.0.3",
     .addresses = "127.0.0.1:81 127.0.0.2:82"},
    {.name = "the same twice, by different weights",
     .endpoint = "s.test",
     .records = "s.test. 1 IN SRV 0 3 81 x.test.\ns.test. 1 IN SRV 0 5 81 y.test.\n"
                "s.test. 1 IN SRV 0 4 81 z.test.\nx.test. 1 IN A 127.0.0.1\n"
                "y.test. 1 IN A 127.0.0.1\nz.test. 1 IN A 127.0.0.1",
     .addresses = "127.0.0.1:81*5"},
    {.name = "decidedly not here", .endpoint = "s.test", .records = "s.test. 1 IN SRV 0 0 0 ."},
    {.name = "one target does not exist",
     .endpoint = "s.test",
     .bare = true,
     .records = SOA "s.test. 1 IN SRV 0 1 81 x.test.\ns.test. 1 IN SRV 0 1 82 y.test.\n"
                    "x.test. 1 IN A 127.0.0.1",
     .addresses = "127.0.0.1:81"},
    {.name = "one target cannot be asked, and there was no list before",
     .endpoint = "s.test",
     .bare = true,
     .broken = "y.test.",
     .records = SOA "s.test. 1 IN SRV 0 1 81 x.test.\ns.test. 1 IN SRV 0 1 82 y.test.\n"
                    "x.test. 1 IN A 127.0.0.1\ny.test. 1 IN A 127.0.0.2",
     .addresses = "127.0.0.1:81"},
    {.name = "no target can be asked",
     .endpoint = "s.test",
     .bare = true,
     .broken = "y.test.",
     .records = "s.test. 1 IN SRV 0 1 82 y.test.\ny.test. 1 IN A 127.0.0.2",
     .want = STATUS_UNAVAILABLE,
     .addresses =
         "DNS gives no answer for y.test: no server can be reached, or each fails or refuses"},
    {.name = "by TCP when cut",
     .endpoint = "s.test",
     .cuts = true,
     .records = "s.test. 1 IN SRV 0 1 81 x.test.\nx.test. 1 IN A 127.0.0.1",
     .addresses = "127.0.0.1:81"},
    {.name = "a server without EDNS",
     .endpoint = "a.test:1",
     .old = true,
     .records = SOA "a.test. 1 IN A 127.0.0.1",
     .addresses = "127.0.0.1:1"},
    {.name = "server failure",
     .endpoint = "a.test:1",
     .records = "",
     .code = 2,
     .want = STATUS_UNAVAILABLE,
     .addresses =
         "DNS gives no answer for a.test: no server can be reached, or each fails or refuses"},
    {.name = "refused",
     .endpoint = "s.test",
     .records = "",
     .code = 5,
     .want = STATUS_UNAVAILABLE,
     .addresses =
         "DNS gives no answer for s.test: no server can be reached, or each fails or refuses"},
};

static void run_cases(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct scene scene;
        struct discovery_snapshot snapshot;
        open_scene(&scene, cases[i].endpoint, cases[i].records);
        scene.server.bare = cases[i].bare;
        scene.server.cuts = cases[i].cuts;
        scene.server.old = cases[i].old;
        scene.server.code = cases[i].code;
        scene.server.broken = cases[i].broken;
        const char *want = cases[i].addresses != NULL ? cases[i].addresses : "";
        if (cases[i].want == STATUS_OK) {
            expect(&scene, cases[i].name, 0, want, &snapshot);
            assert_int_not_equal(snapshot.version, 0);
            assert_true(cases[i].cuts ? scene.server.streams > 0 : scene.server.streams == 0);
        } else {
            assert_int_equal(watch(&scene, 0, &snapshot), cases[i].want);
            if (!text_equal(scene.call.error.message, text_of(want))) {
                fail_msg("%s: %.*s", cases[i].name, TEXT_ARGUMENTS(scene.call.error.message));
            }
        }
        close_scene(&scene);
    }
}

static void run_many(void *unused)
{
    enum { COUNT = DISCOVERY_INSTANCES_MAX + 200 };
    struct scene scene;
    struct discovery_snapshot snapshot;
    struct text records = TEXT("");
    (void)unused;
    open_scene(&scene, "a.test:1", SOA);
    for (unsigned i = 0; i < COUNT; i++) {
        records = arena_format(&scene.arena, "%.*sa.test. 1 IN A 10.0.%u.%u\n",
                               TEXT_ARGUMENTS(records), i / 250, i % 250);
        assert_non_null(records.data);
    }
    dns_server_set(&scene.server, records);
    assert_int_equal(watch(&scene, 0, &snapshot), STATUS_OK);
    assert_int_equal(snapshot.count, DISCOVERY_INSTANCES_MAX);
    assert_int_equal(scene.server.streams, 1); /* no datagram holds them */
    close_scene(&scene);
}

/* More targets without addresses than are asked for. */
static void run_many_targets(void *unused)
{
    enum { COUNT = DNS_TARGETS_ASKED_MAX + 3 };
    struct scene scene;
    struct discovery_snapshot snapshot;
    struct text records = TEXT("");
    (void)unused;
    open_scene(&scene, "s.test", SOA);
    scene.server.bare = true;
    for (unsigned i = 0; i < COUNT; i++) {
        records = arena_format(&scene.arena,
                               "%.*ss.test. 1 IN SRV 0 1 1 t%u.test.\nt%u.test. 1 IN A 10.0.0.%u\n",
                               TEXT_ARGUMENTS(records), i, i, i);
        assert_non_null(records.data);
    }
    dns_server_set(&scene.server, records);
    assert_int_equal(watch(&scene, 0, &snapshot), STATUS_OK);
    assert_int_equal(snapshot.count, DNS_TARGETS_ASKED_MAX);
    assert_int_equal(scene.server.datagrams, 1 + 2 * DNS_TARGETS_ASKED_MAX);
    close_scene(&scene);
}

static void run_life(void *unused)
{
    struct scene scene;
    struct discovery_snapshot snapshot;
    (void)unused;
    open_scene(&scene, "_g._tcp.a.test", "test. 0 IN SOA ns.test. h.test. 1 1 1 1 0\n");
    expect(&scene, "nobody yet", 0, "", &snapshot);

    dns_server_set(&scene.server, text_of("_g._tcp.a.test. 0 IN SRV 0 1 81 x.test.\n"
                                          "_g._tcp.a.test. 0 IN SRV 0 1 81 y.test.\n"
                                          "x.test. 0 IN A 127.0.0.1\ny.test. 0 IN A 127.0.0.2"));
    expect_next(&scene, "two came", "127.0.0.1:81 127.0.0.2:81", &snapshot);

    /* What is no answer is not "there is none". */
    static const unsigned codes[] = {2, 5};
    struct discovery_snapshot kept;
    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        scene.server.code = codes[i];
        assert_int_equal(watch(&scene, snapshot.version, &kept), STATUS_UNAVAILABLE);
    }
    scene.server.code = 0;
    scene.server.bare = true;
    scene.server.broken = "y.test.";
    assert_int_equal(watch(&scene, snapshot.version, &kept), STATUS_UNAVAILABLE);
    scene.server.bare = false;
    scene.server.broken = NULL;
    dns_server_stop(&scene.server);
    assert_int_equal(watch(&scene, snapshot.version, &kept), STATUS_UNAVAILABLE);
    dns_server_start(&scene.server);
    expect(&scene, "as before", snapshot.version, "127.0.0.1:81 127.0.0.2:81", &kept);
    assert_true(kept.version == snapshot.version);

    dns_server_set(&scene.server, text_of(SOA));
    expect_next(&scene, "all went", "", &snapshot);
    close_scene(&scene);
}

/* One that began with a part of its list takes what more it learns, until it has known all. */
static void run_incomplete(void *unused)
{
    static const char records[] =
        "s.test. 0 IN SRV 0 1 81 x.test.\ns.test. 0 IN SRV 0 1 82 y.test.\n"
        "s.test. 0 IN SRV 0 1 83 z.test.\nx.test. 0 IN A 127.0.0.1\n"
        "y.test. 0 IN A 127.0.0.2\n";
    struct scene scene;
    struct discovery_snapshot snapshot;
    struct discovery_snapshot kept;
    (void)unused;
    open_scene(&scene, "s.test", records);
    scene.server.bare = true;
    scene.server.broken = "y.test.";
    expect(&scene, "a part", 0, "127.0.0.1:81", &snapshot);
    scene.server.broken = "z.test.";
    expect_next(&scene, "another part", "127.0.0.1:81 127.0.0.2:82", &snapshot);
    scene.server.broken = NULL;
    expect(&scene, "all, as the third does not exist", snapshot.version,
           "127.0.0.1:81 127.0.0.2:82", &snapshot);
    scene.server.broken = "y.test.";
    assert_int_equal(watch(&scene, snapshot.version, &kept), STATUS_UNAVAILABLE);
    close_scene(&scene);
}

static int64_t elapsed_ms(int64_t since_ns)
{
    return (clock_monotonic_ns() - since_ns) / CLOCK_NS_PER_MS;
}

/* Not before the shortest TTL is over, and not more often than is allowed. */
static void run_intervals(void *unused)
{
    struct scene scene;
    struct discovery_snapshot snapshot;
    (void)unused;
    open_scene(&scene, "s.test", "s.test. 5 IN SRV 0 1 81 x.test.\nx.test. 1 IN A 127.0.0.1");
    int64_t started_ns = clock_monotonic_ns();
    expect(&scene, "first", 0, "127.0.0.1:81", &snapshot);
    assert_int_equal(scene.server.datagrams, 1);
    expect(&scene, "after a second", snapshot.version, "127.0.0.1:81", &snapshot);
    assert_in_range(elapsed_ms(started_ns), 1000, 4900);
    assert_int_equal(scene.server.datagrams, 2);

    dns_server_set(&scene.server,
                   text_of("s.test. 0 IN SRV 0 1 81 x.test.\nx.test. 0 IN A 127.0.0.1"));
    expect(&scene, "none to wait for", 0, "127.0.0.1:81", &snapshot);
    started_ns = clock_monotonic_ns();
    for (unsigned i = 0; i < 3; i++) {
        expect(&scene, "none to wait for", snapshot.version, "127.0.0.1:81", &snapshot);
    }
    assert_in_range(elapsed_ms(started_ns), 3 * INTERVAL_MIN_MS - 5, LONG_MS);
    close_scene(&scene);
}

static void refresh_later(void *argument)
{
    struct scene *scene = argument;
    assert_int_equal(fiber_sleep(&scene->call, 2 * INTERVAL_MIN_MS * CLOCK_NS_PER_MS), STATUS_OK);
    dns_server_set(&scene->server, text_of("a.test. 3600 IN A 127.0.0.2"));
    scene->resolver.ops->refresh(scene->resolver.state);
}

/* A lost connection has it look long before the TTL is over. */
static void run_refresh(void *unused)
{
    struct scene scene;
    struct discovery_snapshot snapshot;
    struct fiber_group group;
    (void)unused;
    open_scene(&scene, "a.test:1", "a.test. 3600 IN A 127.0.0.1");
    int64_t started_ns = clock_monotonic_ns();
    expect(&scene, "first", 0, "127.0.0.1:1", &snapshot);
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, refresh_later, &scene), STATUS_OK);
    expect_next(&scene, "refreshed", "127.0.0.2:1", &snapshot);
    assert_in_range(elapsed_ms(started_ns), INTERVAL_MIN_MS, DNS_INTERVAL_EMPTY_MAX_MS);
    fiber_group_join(&group);

    /* However often it is told, it asks no more often. */
    unsigned asked = scene.server.datagrams;
    started_ns = clock_monotonic_ns();
    for (unsigned i = 0; i < 5; i++) {
        scene.resolver.ops->refresh(scene.resolver.state);
        scene.resolver.ops->refresh(scene.resolver.state);
        expect(&scene, "again", snapshot.version, "127.0.0.2:1", &snapshot);
    }
    assert_int_equal(scene.server.datagrams, asked + 10);
    assert_in_range(elapsed_ms(started_ns), 5 * INTERVAL_MIN_MS - 5, LONG_MS);
    close_scene(&scene);
}

/* A server that says nothing holds up the fiber alone, no longer than its call, and what it says
 * afterwards does no harm. */
static void run_silence(void *unused)
{
    struct scene scene;
    struct discovery_snapshot snapshot;
    (void)unused;
    open_scene(&scene, "a.test:1", "a.test. 1 IN A 127.0.0.1");
    scene.server.silent = true;
    struct call brief = call_within(&scene.call, 30);
    assert_int_equal(
        scene.resolver.ops->watch(scene.resolver.state, &brief, TEXT("rating"), 0, &snapshot),
        STATUS_DEADLINE_EXCEEDED);
    struct cancellation cancellation;
    cancellation_init(&cancellation);
    cancellation_request(&cancellation);
    brief = call_within(&scene.call, 0);
    brief.cancellation = &cancellation;
    assert_int_equal(
        scene.resolver.ops->watch(scene.resolver.state, &brief, TEXT("rating"), 0, &snapshot),
        STATUS_CANCELLED);
    scene.server.silent = false; /* the questions so far are asked again, and answered */
    expect(&scene, "answered", 0, "127.0.0.1:1", &snapshot);
    scene.server.silent = true;
    brief = call_within(&scene.call, 30);
    assert_int_equal(
        scene.resolver.ops->watch(scene.resolver.state, &brief, TEXT("rating"), 0, &snapshot),
        STATUS_DEADLINE_EXCEEDED);
    close_scene(&scene); /* with a question on its way */
}

static void run_second_server(void *unused)
{
    struct scene scene;
    struct discovery_snapshot snapshot;
    struct dns_server other = {.silent = false};
    (void)unused;
    open_scene(&scene, "a.test:1", "a.test. 0 IN A 127.0.0.1");
    dns_server_start(&other);
    dns_server_set(&other, text_of("a.test. 0 IN A 127.0.0.1"));
    scene.resolver.ops->close(scene.resolver.state);
    struct text target =
        arena_format(&scene.arena, "dns://%s,%s/a.test:1", scene.server.address, other.address);
    assert_int_equal(dns_resolver_create(loop_current(), &scene.call,
                                         &(struct dns_resolver_options){.target = target},
                                         &scene.resolver),
                     STATUS_OK);
    dns_server_stop(&scene.server);
    expect(&scene, "the second", 0, "127.0.0.1:1", &snapshot);
    assert_int_equal(other.datagrams, 2);
    dns_server_stop(&other);
    dns_server_forget(&other);
    close_scene(&scene);
}

static bool has_ip6(void)
{
    const struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                         .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool can_bind = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return can_bind;
}

/* By UDP, and by TCP. */
static void run_ip6_server(void *unused)
{
    struct scene scene;
    struct discovery_snapshot snapshot;
    struct dns_server other = {.ip6 = true};
    (void)unused;
    if (!has_ip6()) {
        print_message("there is no IPv6 here\n");
        return;
    }
    open_scene(&scene, "unused.test:1", SOA);
    dns_server_start(&other);
    dns_server_set(&other, text_of("a.test. 0 IN AAAA fd00::1"));
    scene.resolver.ops->close(scene.resolver.state);
    struct text target = arena_format(&scene.arena, "dns://%s/a.test:1", other.address);
    assert_int_equal(dns_resolver_create(loop_current(), &scene.call,
                                         &(struct dns_resolver_options){.target = target},
                                         &scene.resolver),
                     STATUS_OK);
    expect(&scene, "by UDP", 0, "[fd00::1]:1", &snapshot);
    other.cuts = true;
    expect(&scene, "by TCP", 0, "[fd00::1]:1", &snapshot);
    assert_int_equal(other.streams, 2);
    dns_server_stop(&other);
    dns_server_forget(&other);
    close_scene(&scene);
}

static void run_refused(void *unused)
{
    struct arena arena;
    struct call call;
    struct discovery_resolver resolver;
    (void)unused;
    arena_init(&arena, 64 * 1024);
    call_init(&call, &arena, LONG_MS);
    assert_int_equal(dns_resolver_create(loop_current(), &call,
                                         &(struct dns_resolver_options){.target = TEXT("dns:")},
                                         &resolver),
                     STATUS_INVALID_ARGUMENT);
    arena_deinit(&arena);
}

static void run_in_fiber(void **state)
{
    fiber_fn run;
    memcpy(&run, state, sizeof(run));
    in_fiber(run, NULL);
}

#define FIBER_TEST(name, run)                                                                      \
    {                                                                                              \
        name, run_in_fiber, NULL, NULL, (void *)(uintptr_t)(run)                                   \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIBER_TEST("answers", run_cases),
        FIBER_TEST("more instances than are taken", run_many),
        FIBER_TEST("more targets than are asked for", run_many_targets),
        FIBER_TEST("a service comes and goes", run_life),
        FIBER_TEST("an incomplete list", run_incomplete),
        FIBER_TEST("intervals", run_intervals),
        FIBER_TEST("refresh", run_refresh),
        FIBER_TEST("silence", run_silence),
        FIBER_TEST("a second server", run_second_server),
        FIBER_TEST("an IPv6 server", run_ip6_server),
        FIBER_TEST("refused", run_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
