/* Calls keep away from an instance that fails, for a time, and where there are others. */
#include <unistd.h>

#include "base/clock.h"
#include "grpc/grpc_channel.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_fixture.h"

enum { SERVERS = 3, FAILURES = 3, LONG_MS = 3600000 };

/* Answers every call, or fails it. */
struct server {
    struct http_server *http;
    int fd;
    char address[HTTP_ADDRESS_BYTES_MAX];
    bool failing;
    bool hanging;
    bool moody; /* fails every other call */
    unsigned requests;
};

struct scene {
    struct grpc_fixture *fixture;
    struct server servers[SERVERS];
    struct grpc_channel *channel;
    const struct grpc_retry_policy *retry;
    int64_t timeout_ms; /* of calls; 0: the test's */
};

static void serve(void *state, struct http_exchange *exchange)
{
    static const struct http_header type = {TEXT_INIT("content-type"),
                                            TEXT_INIT("application/grpc")};
    struct server *server = state;
    bool fails = server->failing || (server->moody && server->requests % 2 == 0);
    const struct http_header status = {TEXT("grpc-status"), fails ? TEXT("13") : TEXT("0")};
    struct text body;
    server->requests++;
    assert_int_equal(http_read_all(exchange, 1 << 20, &body), STATUS_OK);
    if (server->hanging) {
        assert_int_equal(fiber_sleep(http_exchange_call(exchange), LONG_MS * CLOCK_NS_PER_MS),
                         STATUS_CANCELLED);
        http_abort(exchange, 0x8);
        return;
    }
    http_reply_start(exchange, 200, &type, 1);
    if (!fails) {
        assert_int_equal(http_write(exchange, TEXT("\0\0\0\0\0")), STATUS_OK);
    }
    http_finish(exchange, &status, 1);
}

static enum status try(struct scene *scene)
{
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    struct call call = grpc_fixture_call(scene->fixture, scene->timeout_ms);
    const struct grpc_call_options options = {.retry = scene->retry};
    return grpc_call_unary(scene->channel, &call, "/x/y", &options, &request.base,
                           &marquee__test__echo_response__descriptor, &response);
}

/* Until each of the first `count` servers has been called. */
static void warm(struct scene *scene, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        while (scene->servers[i].requests == 0) {
            assert_int_equal(try(scene), STATUS_OK);
        }
    }
    for (size_t i = 0; i < count; i++) {
        scene->servers[i].requests = 0;
    }
}

static void open_scene(struct grpc_fixture *fixture, struct scene *scene,
                       const struct grpc_outlier_options *outlier)
{
    const struct grpc_channel_options options = {.pool = fixture->pool,
                                                 .target = "outlier",
                                                 .balancing = GRPC_BALANCE_ROUND_ROBIN,
                                                 .outlier = outlier};
    struct text addresses[SERVERS];
    *scene = (struct scene){.fixture = fixture};
    for (size_t i = 0; i < SERVERS; i++) {
        struct server *server = &scene->servers[i];
        const struct http_server_options http = {.fallback = serve, .fallback_state = server};
        assert_int_equal(http_server_create(fixture->loop, &http, &server->http), STATUS_OK);
        assert_int_equal(
            http_listen(&fixture->call, TEXT("127.0.0.1:0"), &server->fd, server->address),
            STATUS_OK);
        assert_int_equal(http_server_accept_from(server->http, server->fd), STATUS_OK);
        addresses[i] = text_of(server->address);
    }
    assert_int_equal(grpc_channel_create(fixture->loop, &options, &scene->channel), STATUS_OK);
    assert_int_equal(grpc_channel_update(scene->channel, addresses, SERVERS), STATUS_OK);
    warm(scene, SERVERS);
}

static void close_scene(struct scene *scene)
{
    grpc_channel_destroy(scene->channel);
    for (size_t i = 0; i < SERVERS; i++) {
        http_server_destroy(scene->servers[i].http);
        close(scene->servers[i].fd);
    }
}

/* So many of `calls` failed. */
static unsigned count_failures(struct scene *scene, unsigned calls)
{
    unsigned failures = 0;
    for (unsigned i = 0; i < calls; i++) {
        failures += try(scene) != STATUS_OK;
    }
    return failures;
}

static void a_failing_instance_is_left_alone(struct grpc_fixture *fixture)
{
    static const struct grpc_outlier_options outlier = {.consecutive_failures = FAILURES,
                                                        .ejection_ms = LONG_MS};
    struct scene scene;
    open_scene(fixture, &scene, &outlier);
    scene.servers[0].failing = true;
    assert_int_equal(count_failures(&scene, 30), FAILURES);
    assert_int_equal(scene.servers[0].requests, FAILURES);
    assert_in_range(scene.servers[1].requests, 13, 14);
    close_scene(&scene);
}
FIXTURE_LOOPBACK_TEST(a_failing_instance_is_left_alone)

static void successes_count_as_well(struct grpc_fixture *fixture)
{
    static const struct grpc_outlier_options outlier = {.consecutive_failures = 2,
                                                        .ejection_ms = LONG_MS};
    struct scene scene;
    open_scene(fixture, &scene, &outlier);
    scene.servers[0].moody = true;
    assert_int_equal(count_failures(&scene, SERVERS * 10), 5);
    assert_int_equal(scene.servers[0].requests, 10);
    close_scene(&scene);
}
FIXTURE_LOOPBACK_TEST(successes_count_as_well)

static void a_hanging_instance_is_left_alone(struct grpc_fixture *fixture)
{
    static const struct grpc_outlier_options outlier = {.consecutive_failures = 1,
                                                        .ejection_ms = LONG_MS};
    struct scene scene;
    open_scene(fixture, &scene, &outlier);
    scene.servers[0].hanging = true;
    scene.timeout_ms = GRPC_OUTLIER_PATIENCE_MS + 100;
    assert_int_equal(count_failures(&scene, 30), 1);
    assert_int_equal(scene.servers[0].requests, 1);
    close_scene(&scene);
}
FIXTURE_LOOPBACK_TEST(a_hanging_instance_is_left_alone)

/* Also where the caller does not notice, as another attempt succeeds. */
static void attempts_that_are_repeated_count(struct grpc_fixture *fixture)
{
    static const struct grpc_outlier_options outlier = {.consecutive_failures = FAILURES,
                                                        .ejection_ms = LONG_MS};
    static const struct grpc_retry_policy retry = {.attempts_max = 2,
                                                   .statuses = GRPC_STATUS_BIT(STATUS_INTERNAL)};
    struct scene scene;
    open_scene(fixture, &scene, &outlier);
    scene.retry = &retry;
    scene.servers[0].failing = true;
    assert_int_equal(count_failures(&scene, 30), 0);
    assert_int_equal(scene.servers[0].requests, FAILURES);
    close_scene(&scene);
}
FIXTURE_LOOPBACK_TEST(attempts_that_are_repeated_count)

static void it_gets_calls_again_in_time(struct grpc_fixture *fixture)
{
    static const struct grpc_outlier_options outlier = {
        .failure_percent = 50,
        .percent_hosts_min = 1,
        .percent_calls_min = FAILURES,
        .interval_ms = 20,
        .ejection_ms = 50,
    };
    struct scene scene;
    open_scene(fixture, &scene, &outlier);
    scene.servers[0].failing = true;
    /* Ejected, when a round of calls passes it over. */
    unsigned before;
    do {
        assert_int_equal(call_check(&fixture->call), STATUS_OK);
        before = scene.servers[0].requests;
        (void)count_failures(&scene, SERVERS);
    } while (scene.servers[0].requests > before);
    scene.servers[0].failing = false;
    while (scene.servers[0].requests == before) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
        assert_int_equal(try(&scene), STATUS_OK);
    }
    close_scene(&scene);
}
FIXTURE_LOOPBACK_TEST(it_gets_calls_again_in_time)

static void when_most_fail_all_get_calls(struct grpc_fixture *fixture)
{
    static const struct grpc_outlier_options outlier = {
        .consecutive_failures = FAILURES, .ejection_ms = LONG_MS, .ejected_percent_max = 100};
    struct scene scene;
    open_scene(fixture, &scene, &outlier);
    scene.servers[0].failing = true;
    scene.servers[1].failing = true;
    (void)count_failures(&scene, SERVERS * FAILURES);
    unsigned before = scene.servers[0].requests;
    assert_int_equal(count_failures(&scene, SERVERS * 10), 2 * 10);
    assert_int_equal(scene.servers[0].requests, before + 10);
    close_scene(&scene);
}
FIXTURE_LOOPBACK_TEST(when_most_fail_all_get_calls)

static void an_ejected_instance_is_better_than_none(struct grpc_fixture *fixture)
{
    static const struct grpc_outlier_options outlier = {.consecutive_failures = FAILURES,
                                                        .ejection_ms = LONG_MS};
    struct scene scene;
    char nobody[HTTP_ADDRESS_BYTES_MAX];
    open_scene(fixture, &scene, &outlier);
    int fd = grpc_fixture_reserve(nobody);
    const struct text addresses[] = {text_of(scene.servers[0].address), text_of(nobody)};
    assert_int_equal(grpc_channel_update(scene.channel, addresses, 2), STATUS_OK);
    scene.servers[0].failing = true;
    assert_int_equal(count_failures(&scene, 10), 10);
    assert_int_equal(scene.servers[0].requests, 10);
    close(fd);
    close_scene(&scene);
}
FIXTURE_LOOPBACK_TEST(an_ejected_instance_is_better_than_none)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failing_instance_is_left_alone_loopback),
        cmocka_unit_test(successes_count_as_well_loopback),
        cmocka_unit_test(a_hanging_instance_is_left_alone_loopback),
        cmocka_unit_test(attempts_that_are_repeated_count_loopback),
        cmocka_unit_test(it_gets_calls_again_in_time_loopback),
        cmocka_unit_test(when_most_fail_all_get_calls_loopback),
        cmocka_unit_test(an_ejected_instance_is_better_than_none_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
