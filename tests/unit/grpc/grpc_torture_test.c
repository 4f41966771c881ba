/* Each allocation fails in turn through the life of a server and a channel: connecting over TCP, a
 * unary call, a stream, and the end. Whatever fails, calls end with a status and in time, and
 * nothing is left: no block, no fiber, no descriptor. */
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "grpc/grpc_stream.h"
#include "loop/loop_poll.h"
#include "support/allocation_failure.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_fixture.h"

enum {
    CALL_MS = 5000,
    STEP_MS = 4 * CALL_MS,
    STEPS_MAX = 20000,
    STREAM_MESSAGES = 3,
    PAYLOAD_BYTES = 20 * 1024,
    HIGH_DESCRIPTOR = 120,
};

static const unsigned char payload[PAYLOAD_BYTES];

/* One life. */
struct life {
    struct loop *loop;
    uint64_t nth;
    bool for_good;
    struct echo echo;
    struct grpc_service service;
    struct proto_descriptor_set set;
    struct proto_pool *pool;
    struct grpc_server *grpc;
    struct http_server *http;
    struct grpc_channel *channel;
    char address[HTTP_ADDRESS_BYTES_MAX];
    int fd;
    struct arena arena;
    enum status status; /* of the first that failed */
    bool has_failed;    /* an allocation */
    bool done;
};

static enum status open_server(struct life *life)
{
    struct call call;
    const struct grpc_server_options options = {
        .services = &life->service,
        .service_count = 1,
        .descriptor_sets = &life->set,
        .descriptor_set_count = 1,
    };
    struct http_server_options http = {.fallback = grpc_server_fallback};
    enum status status = grpc_server_create(&options, &life->grpc);
    if (status == STATUS_OK) {
        http.routes = grpc_server_routes(life->grpc, &http.route_count);
        http.fallback_state = life->grpc;
        status = http_server_create(life->loop, &http, &life->http);
    }
    if (status == STATUS_OK) {
        call_init(&call, &life->arena, CALL_MS);
        status = http_listen(&call, TEXT("127.0.0.1:0"), &life->fd, life->address);
    }
    return status == STATUS_OK ? http_server_accept_from(life->http, life->fd) : status;
}

static enum status open_channel(struct life *life)
{
    static const ProtobufCMessageDescriptor *const roots[] = {
        &marquee__test__echo_response__descriptor};
    enum status status = proto_pool_create(&life->set, 1, roots, ARRAY_LENGTH(roots), &life->pool);
    const struct grpc_channel_options options = {.pool = life->pool, .target = "echo"};
    struct text address = text_of(life->address);
    if (status == STATUS_OK) {
        status = grpc_channel_create(life->loop, &options, &life->channel);
    }
    return status == STATUS_OK ? grpc_channel_update(life->channel, &address, 1) : status;
}

static Marquee__Test__EchoRequest make_request(void)
{
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    request.text = proto_bytes(TEXT("hello"));
    request.payload = proto_bytes(text_of_bytes(payload, sizeof(payload)));
    return request;
}

static enum status call_unary(struct life *life, bool compress)
{
    struct call call;
    const struct grpc_metadata metadata[] = {{TEXT_INIT("x-echo"), TEXT_INIT("there")},
                                             {TEXT_INIT("x-echo-bin"), TEXT_INIT("\1\2\3")}};
    const struct grpc_call_options options = {
        .compress = compress, .metadata = metadata, .metadata_count = ARRAY_LENGTH(metadata)};
    Marquee__Test__EchoRequest request = make_request();
    ProtobufCMessage *response = NULL;
    call_init(&call, &life->arena, CALL_MS);
    enum status status =
        grpc_call_unary(life->channel, &call, "/marquee.test.EchoService/Echo", &options,
                        &request.base, &marquee__test__echo_response__descriptor, &response);
    if (status == STATUS_OK) {
        const Marquee__Test__EchoResponse *reply = (const Marquee__Test__EchoResponse *)response;
        assert_true(text_equal(proto_text(reply->text), TEXT("hello")));
        assert_int_equal(reply->payload.len, PAYLOAD_BYTES);
    }
    return status;
}

static enum status talk(struct grpc_stream *stream)
{
    Marquee__Test__EchoRequest request = make_request();
    ProtobufCMessage *message = NULL;
    enum status status = STATUS_OK;
    for (int i = 0; i < STREAM_MESSAGES && status == STATUS_OK; i++) {
        status = grpc_send(stream, &request.base);
        if (status == STATUS_OK) {
            status = grpc_receive(stream, &message);
        }
        if (message == NULL) {
            break; /* the server has ended it: the status follows */
        }
    }
    if (status == STATUS_OK) {
        status = grpc_client_close_send(stream);
    }
    while (status == STATUS_OK && message != NULL) {
        status = grpc_receive(stream, &message);
    }
    return status;
}

static enum status call_stream(struct life *life)
{
    struct call call;
    struct grpc_stream *stream = NULL;
    call_init(&call, &life->arena, CALL_MS);
    enum status status = grpc_client_open(life->channel, &call, "/marquee.test.EchoService/Chat",
                                          NULL, &marquee__test__echo_response__descriptor, &stream);
    if (status == STATUS_OK) {
        status = talk(stream);
        enum status ended = grpc_client_finish(stream);
        status = status == STATUS_OK ? ended : status;
    }
    return status;
}

static void close_all(struct life *life)
{
    grpc_channel_destroy(life->channel);
    proto_pool_destroy(life->pool);
    if (life->fd >= 0) {
        close(life->fd);
    }
    http_server_destroy(life->http);
    grpc_server_destroy(life->grpc);
    arena_deinit(&life->arena);
}

static void live(void *argument)
{
    struct life *life = argument;
    arena_init(&life->arena, 1 << 22);
    allocation_failure_arm(life->nth, life->for_good);
    enum status status = open_server(life);
    if (status == STATUS_OK) {
        status = open_channel(life);
    }
    if (status == STATUS_OK) {
        /* Each is tried, whatever became of the one before. */
        enum status statuses[] = {call_unary(life, false), call_stream(life),
                                  call_unary(life, true)};
        for (size_t i = 0; i < ARRAY_LENGTH(statuses) && status == STATUS_OK; i++) {
            status = statuses[i];
        }
    }
    life->status = status;
    close_all(life);
    life->has_failed = allocation_failure_disarm();
    life->done = true;
}

static void on_nothing(void *argument)
{
    (void)argument;
}

/* libuv's table of descriptors grows now: without memory for that, libuv ends the process. */
static void reserve_descriptors(struct loop *loop)
{
    struct loop_poll *poll;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    int high = fcntl(ends[0], F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);
    assert_true(high >= HIGH_DESCRIPTOR);
    assert_int_equal(loop_poll_open(loop, high, on_nothing, NULL, &poll), STATUS_OK);
    loop_poll_close(poll);
    close(high);
    close(ends[0]);
    close(ends[1]);
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

static bool is_done(void *argument)
{
    const struct life *life = argument;
    return life->done && fiber_count(life->loop) == 0;
}

/* false: no allocation failed. counts: of what came of the calls. */
static bool live_once(uint64_t nth, bool for_good, unsigned *counts)
{
    struct life life = {.nth = nth, .for_good = for_good, .fd = -1};
    int64_t begun_ns = clock_monotonic_ns();
    int64_t blocks_before = allocation_failure_live_blocks();
    unsigned descriptors_before = open_descriptors();
    life.service = echo_service(&life.echo);
    life.set = echo_descriptor_set();
    assert_int_equal(loop_create(&life.loop), STATUS_OK);
    reserve_descriptors(life.loop);
    assert_int_equal(fiber_start(life.loop, live, &life), STATUS_OK);
    loop_run_until(life.loop, is_done, &life);
    loop_destroy(life.loop);
    if (!life.has_failed) {
        assert_int_equal(life.status, STATUS_OK);
    }
    int64_t leaked = allocation_failure_live_blocks() - blocks_before;
    int64_t took_ms = (clock_monotonic_ns() - begun_ns) / CLOCK_NS_PER_MS;
    if (counts == NULL) {
        return life.has_failed; /* the first: what is made once stays */
    }
    counts[life.status]++;
    assert_int_not_equal(life.status, STATUS_DEADLINE_EXCEEDED); /* nobody waits for nothing */
    if (leaked != 0 || open_descriptors() != descriptors_before || life.echo.running != 0 ||
        took_ms > STEP_MS) {
        fail_msg("the %lluth allocation: %lld blocks leaked, %u descriptors from %u, %u handlers, "
                 "%lld ms, %s",
                 (unsigned long long)nth, (long long)leaked, open_descriptors(), descriptors_before,
                 life.echo.running, (long long)took_ms, status_name(life.status));
    }
    return life.has_failed;
}

static void fail_each(bool for_good)
{
    unsigned counts[STATUS_COUNT] = {0};
    uint64_t nth = 1;
    if (!allocation_failure_is_kept()) {
        skip();
    }
    assert_false(live_once(UINT64_MAX, false, NULL));
    assert_false(live_once(UINT64_MAX, false, counts));
    while (live_once(nth, for_good, counts)) {
        nth++;
        assert_true(nth < STEPS_MAX);
    }
    print_message("%llu allocations failed in turn:\n", (unsigned long long)nth - 1);
    for (int i = 0; i < STATUS_COUNT; i++) {
        if (counts[i] > 0) {
            print_message("    %u times %s\n", counts[i], status_name((enum status)i));
        }
    }
    assert_true(nth > 100);
}

static void one_allocation_fails(void **state)
{
    (void)state;
    fail_each(false);
}

static void memory_is_at_an_end(void **state)
{
    (void)state;
    fail_each(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_allocation_fails),
        cmocka_unit_test(memory_is_at_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
