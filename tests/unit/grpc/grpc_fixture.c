#include "unit/grpc/grpc_fixture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "grpc/grpc_descriptor_sets.h"
#include "health.pb-c.h"
#include "reflection.pb-c.h"
#include "support/cmocka_test.h"

static void create_pool(struct grpc_fixture *fixture)
{
    const struct proto_descriptor_set sets[] = {
        echo_descriptor_set(),
        {marquee_health_proto_descriptor_set, marquee_health_proto_descriptor_set_size},
        {marquee_reflection_proto_descriptor_set, marquee_reflection_proto_descriptor_set_size},
    };
    static const ProtobufCMessageDescriptor *const roots[] = {
        &marquee__test__echo_request__descriptor,
        &marquee__test__echo_response__descriptor,
        &grpc__health__v1__health_check_response__descriptor,
        &grpc__health__v1__health_list_response__descriptor,
        &grpc__reflection__v1__server_reflection_response__descriptor,
    };
    assert_int_equal(
        proto_pool_create(sets, ARRAY_LENGTH(sets), roots, ARRAY_LENGTH(roots), &fixture->pool),
        STATUS_OK);
}

static void create_server(struct grpc_fixture *fixture, struct grpc_instance *instance,
                          uint32_t streams_max)
{
    *instance = (struct grpc_instance){.fd = -1};
    instance->service = echo_service(&instance->echo);
    instance->set = echo_descriptor_set();
    const struct grpc_server_options options = {
        .services = &instance->service,
        .service_count = 1,
        .descriptor_sets = &instance->set,
        .descriptor_set_count = 1,
        .message_bytes_max = FIXTURE_SERVER_MESSAGE_BYTES_MAX,
        .observe = echo_observe,
        .observe_state = &instance->echo,
    };
    assert_int_equal(grpc_server_create(&options, &instance->grpc), STATUS_OK);
    struct http_server_options http = {
        .fallback = grpc_server_fallback,
        .fallback_state = instance->grpc,
        .streams_max = streams_max,
    };
    http.routes = grpc_server_routes(instance->grpc, &http.route_count);
    assert_int_equal(http_server_create(fixture->loop, &http, &instance->http), STATUS_OK);
}

void grpc_instance_open(struct grpc_fixture *fixture, struct grpc_instance *instance,
                        uint32_t streams_max)
{
    create_server(fixture, instance, streams_max);
    assert_int_equal(
        http_listen(&fixture->call, TEXT("127.0.0.1:0"), &instance->fd, instance->address),
        STATUS_OK);
    assert_int_equal(http_server_accept_from(instance->http, instance->fd), STATUS_OK);
}

int grpc_fixture_reserve(char address[HTTP_ADDRESS_BYTES_MAX])
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(name);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &length), 0);
    (void)snprintf(address, HTTP_ADDRESS_BYTES_MAX, "127.0.0.1:%u", ntohs(name.sin_port));
    return fd;
}

void grpc_instance_open_at(struct grpc_fixture *fixture, struct grpc_instance *instance, int fd)
{
    create_server(fixture, instance, 0);
    instance->fd = fd;
    assert_int_equal(listen(fd, SOMAXCONN), 0);
    assert_int_equal(http_server_accept_from(instance->http, fd), STATUS_OK);
}

void grpc_instance_close(struct grpc_instance *instance)
{
    if (instance->fd >= 0) {
        close(instance->fd);
    }
    http_server_destroy(instance->http);
    grpc_server_destroy(instance->grpc);
    instance->fd = -1;
    instance->http = NULL;
    instance->grpc = NULL;
}

static void observe(void *state, const char *target, const char *path, enum status status,
                    int64_t duration_ns)
{
    struct grpc_fixture *fixture = state;
    (void)target;
    (void)path;
    (void)duration_ns;
    fixture->observed = status;
    fixture->observations++;
}

static struct grpc_channel_options channel_options(struct grpc_fixture *fixture)
{
    return (struct grpc_channel_options){
        .pool = fixture->pool,
        .observe = observe,
        .observe_state = fixture,
        .target = "echo",
        .message_bytes_max = FIXTURE_CHANNEL_MESSAGE_BYTES_MAX,
    };
}

struct grpc_channel *grpc_fixture_channel(struct grpc_fixture *fixture)
{
    struct grpc_channel_options options = channel_options(fixture);
    struct grpc_channel *channel;
    assert_int_equal(grpc_channel_create(fixture->loop, &options, &channel), STATUS_OK);
    return channel;
}

static void open_channel(struct grpc_fixture *fixture)
{
    if (fixture->tcp) {
        grpc_instance_open(fixture, &fixture->server, 0);
        fixture->channel = grpc_fixture_channel(fixture);
        struct text address = text_of(fixture->server.address);
        assert_int_equal(grpc_channel_update(fixture->channel, &address, 1), STATUS_OK);
    } else {
        struct grpc_channel_options options = channel_options(fixture);
        create_server(fixture, &fixture->server, 0);
        assert_int_equal(grpc_channel_create_loopback(fixture->loop, fixture->server.http, &options,
                                                      &fixture->channel),
                         STATUS_OK);
    }
}

static void run_body(void *argument)
{
    struct grpc_fixture *fixture = argument;
    arena_init(&fixture->arena, 64 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, FIXTURE_TIMEOUT_MS);
    open_channel(fixture);
    fixture->body(fixture);
    grpc_channel_destroy(fixture->channel);
    grpc_instance_close(&fixture->server);
    arena_deinit(&fixture->arena);
    fixture->done = true;
}

static bool is_done(void *argument)
{
    const struct grpc_fixture *fixture = argument;
    return fixture->done && fiber_count(fixture->loop) == 0;
}

void grpc_fixture_run(void (*body)(struct grpc_fixture *fixture), bool tcp)
{
    struct grpc_fixture fixture = {.body = body, .tcp = tcp};
    assert_int_equal(loop_create(&fixture.loop), STATUS_OK);
    create_pool(&fixture);
    assert_int_equal(fiber_start(fixture.loop, run_body, &fixture), STATUS_OK);
    loop_run_until(fixture.loop, is_done, &fixture);
    loop_destroy(fixture.loop);
    proto_pool_destroy(fixture.pool);
}

void grpc_fixture_await(struct grpc_fixture *fixture, const unsigned *counter, unsigned wanted)
{
    while (*counter != wanted) {
        if (fiber_sleep(&fixture->call, CLOCK_NS_PER_MS) != STATUS_OK) {
            fail_msg("the count stays at %u, not %u", *counter, wanted);
        }
    }
}

struct call grpc_fixture_call(struct grpc_fixture *fixture, int64_t timeout_ms)
{
    return call_within(&fixture->call, timeout_ms);
}

enum status grpc_fixture_echo(struct grpc_fixture *fixture, struct call *call,
                              const Marquee__Test__EchoRequest *request,
                              Marquee__Test__EchoResponse **ret_response)
{
    ProtobufCMessage *response = NULL;
    enum status status =
        grpc_call_unary(fixture->channel, call, "/marquee.test.EchoService/Echo", NULL,
                        &request->base, &marquee__test__echo_response__descriptor, &response);
    if (status == STATUS_OK) {
        *ret_response = (Marquee__Test__EchoResponse *)response;
    }
    return status;
}
