/* In steady state, neither making nor serving a unary call takes anything from the heap; a new
 * second's date may. */
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "grpc/grpc_channel.h"
#include "grpc/grpc_service_config.h"
#include "support/allocation_count.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "unit/grpc/echo_service.h"

enum { WARM_CALLS = 100, COUNTED_CALLS = 1000 };

/* A server on a loop and thread of its own. */
struct scene {
    struct loop_threads *threads;
    struct grpc_service service;
    struct grpc_server *grpc;
    struct http_server *http;
    struct proto_pool *pool;
    struct proto_descriptor_set set;
    int fd;
    char address[HTTP_ADDRESS_BYTES_MAX];
    uint64_t allocations; /* by the server's thread, as of the last call */
};

static enum status echo(void *state, struct call *call, const void *request, void *response)
{
    struct scene *scene = state;
    const Marquee__Test__EchoRequest *given = request;
    Marquee__Test__EchoResponse *reply = response;
    (void)call;
    reply->text = given->text;
    reply->count = given->count;
    scene->allocations = allocation_count();
    return STATUS_OK;
}

static const struct grpc_method methods[] = {
    {
        .name = "Echo",
        .kind = GRPC_UNARY,
        .request = &marquee__test__echo_request__descriptor,
        .response = &marquee__test__echo_response__descriptor,
        .unary = echo,
    },
};

static enum status open_server(void *argument, unsigned index)
{
    struct scene *scene = argument;
    (void)index;
    struct http_server_options options = {.fallback = grpc_server_fallback};
    options.routes = grpc_server_routes(scene->grpc, &options.route_count);
    enum status status = http_server_create(loop_current(), &options, &scene->http);
    return status == STATUS_OK ? http_server_accept_from(scene->http, scene->fd) : status;
}

static enum status close_server(void *argument, unsigned index)
{
    struct scene *scene = argument;
    (void)index;
    http_server_destroy(scene->http);
    return STATUS_OK;
}

static void call_times(struct grpc_channel *channel, struct arena *arena, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
        ProtobufCMessage *response = NULL;
        struct call call;
        call_init(&call, arena, 10000);
        request.text = proto_bytes(TEXT("some words of usual length, and a few more of them"));
        request.count = (int32_t)i;
        assert_int_equal(grpc_call_unary(channel, &call, "/marquee.test.EchoService/Echo", NULL,
                                         &request.base, &marquee__test__echo_response__descriptor,
                                         &response),
                         STATUS_OK);
        arena_reset(arena);
    }
}

/* With all that a channel may have on it. */
static void parse_config(struct grpc_service_config **ret_config)
{
    static const char json[] =
        "{\"methodConfig\":[{\"name\":[{\"service\":\"marquee.test.EchoService\"}],"
        "\"timeout\":\"30s\",\"waitForReady\":true,\"retryPolicy\":{\"maxAttempts\":3,"
        "\"initialBackoff\":\"1s\",\"maxBackoff\":\"1s\",\"backoffMultiplier\":1,"
        "\"retryableStatusCodes\":[14]}}]}";
    struct arena arena;
    struct call call;
    arena_init(&arena, 1 << 16);
    call_init(&call, &arena, 0);
    assert_int_equal(grpc_service_config_parse(&call, text_of(json), ret_config), STATUS_OK);
    arena_deinit(&arena);
}

static void count_allocations(void *argument)
{
    struct scene *scene = argument;
    struct grpc_channel *channel;
    struct grpc_service_config *config;
    struct arena arena;
    parse_config(&config);
    const struct grpc_channel_options options = {.pool = scene->pool,
                                                 .target = "echo",
                                                 .config = config,
                                                 .keepalive_time_ms = GRPC_KEEPALIVE_TIME_MIN_MS};
    struct text address = text_of(scene->address);
    assert_int_equal(grpc_channel_create(loop_current(), &options, &channel), STATUS_OK);
    assert_int_equal(grpc_channel_update(channel, &address, 1), STATUS_OK);
    int64_t start_ms = clock_wall_ms();
    arena_init(&arena, 1 << 20);
    call_times(channel, &arena, WARM_CALLS);
    uint64_t before = scene->allocations;
    uint64_t own_before = allocation_count();
    assert_true(before > 0 && own_before > 0); /* they are counted at all */
    call_times(channel, &arena, COUNTED_CALLS);
    uint64_t own_taken = allocation_count() - own_before;
    uint64_t taken = scene->allocations - before;
    /* The client's HPACK keeps a new date too. */
    if (taken > allocation_count_for_dates(start_ms) ||
        own_taken > allocation_count_for_dates(start_ms)) {
        fail_msg("%llu allocations in %d calls, %llu by the client", (unsigned long long)taken,
                 COUNTED_CALLS, (unsigned long long)own_taken);
    }
    arena_deinit(&arena);
    grpc_channel_destroy(channel);
    grpc_service_config_destroy(config);
}

static void create_scene(struct scene *scene)
{
    static const ProtobufCMessageDescriptor *const roots[] = {
        &marquee__test__echo_response__descriptor};
    struct arena arena;
    struct call call;
    scene->set = echo_descriptor_set();
    scene->service = (struct grpc_service){.name = "marquee.test.EchoService",
                                           .methods = methods,
                                           .method_count = ARRAY_LENGTH(methods),
                                           .state = scene};
    const struct grpc_server_options options = {.services = &scene->service,
                                                .service_count = 1,
                                                .descriptor_sets = &scene->set,
                                                .descriptor_set_count = 1};
    arena_init(&arena, 1 << 16);
    call_init(&call, &arena, 0);
    assert_int_equal(grpc_server_create(&options, &scene->grpc), STATUS_OK);
    assert_int_equal(proto_pool_create(&scene->set, 1, roots, 1, &scene->pool), STATUS_OK);
    assert_int_equal(http_listen(&call, TEXT("127.0.0.1:0"), &scene->fd, scene->address),
                     STATUS_OK);
    assert_int_equal(loop_threads_start(1, &scene->threads), STATUS_OK);
    assert_int_equal(loop_threads_each(scene->threads, open_server, scene), STATUS_OK);
    arena_deinit(&arena);
}

static void a_warm_call_allocates_nothing(void **state)
{
    struct scene scene = {.fd = -1};
    (void)state;
    if (!allocation_count_is_kept()) {
        skip();
    }
    create_scene(&scene);
    in_fiber(count_allocations, &scene);
    assert_int_equal(loop_threads_each(scene.threads, close_server, &scene), STATUS_OK);
    loop_threads_destroy(scene.threads);
    grpc_server_destroy(scene.grpc);
    proto_pool_destroy(scene.pool);
    close(scene.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_warm_call_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
