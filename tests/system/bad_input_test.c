/* What comes from outside and is wrong: a clear error each, nothing stored, and the service goes
 * on. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/proto.h"
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum {
    CONNECTIONS = 10000,
    DESCRIPTORS = CONNECTIONS + 200,
    HALF_OPEN = 200,
    MEMORY_GROWTH_MAX = 48 * 1024 * 1024, /* what pools may keep; the sanitizers keep more */
};

struct scene {
    struct cluster cluster;
    int sockets[CONNECTIONS];
};

/* A request and the status that answers it: gRPC's for Connect, HTTP's for plain HTTP. */
struct refused {
    const char *name;
    const char *method;
    const char *target;
    const char *headers;
    const char *body;
    int status;
};

#define JSON "content-type: application/json\r\n"
#define PUT_RATING "/RatingService/PutRating"
#define VOTE(user, record, type, value)                                                            \
    "{\"userId\":" user ",\"recordId\":" record ",\"recordType\":" type ",\"ratingValue\":" value  \
    "}"
#define LONG_ID                                                                                    \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"  \
    "1234567890123456789012345678901234567890"

static const struct refused refused[] = {
    {"empty user", "POST", PUT_RATING, JSON, VOTE("\"\"", "\"r\"", "\"movie\"", "1"), 400},
    {"overlong user", "POST", PUT_RATING, JSON, VOTE("\"" LONG_ID "\"", "\"r\"", "\"movie\"", "1"),
     400},
    {"NUL in the user", "POST", PUT_RATING, JSON, VOTE("\"u\\u0000x\"", "\"r\"", "\"movie\"", "1"),
     400},
    {"bad UTF-8", "POST", PUT_RATING, JSON, VOTE("\"\xff\"", "\"r\"", "\"movie\"", "1"), 400},
    {"half a surrogate", "POST", PUT_RATING, JSON, VOTE("\"\\ud800\"", "\"r\"", "\"movie\"", "1"),
     400},
    {"empty record", "POST", PUT_RATING, JSON, VOTE("\"u\"", "\"\"", "\"movie\"", "1"), 400},
    {"unknown type", "POST", PUT_RATING, JSON, VOTE("\"u\"", "\"r\"", "\"film\"", "1"), 400},
    {"negative vote", "POST", PUT_RATING, JSON, VOTE("\"u\"", "\"r\"", "\"movie\"", "-1"), 400},
    {"vote too high", "POST", PUT_RATING, JSON, VOTE("\"u\"", "\"r\"", "\"movie\"", "11"), 400},
    {"vote beyond int32", "POST", PUT_RATING, JSON,
     VOTE("\"u\"", "\"r\"", "\"movie\"", "99999999999"), 400},
    {"vote of another kind", "POST", PUT_RATING, JSON, VOTE("\"u\"", "\"r\"", "\"movie\"", "\"x\""),
     400},
    {"not JSON", "POST", PUT_RATING, JSON, "{\"userId\":", 400},
    {"two values", "POST", PUT_RATING, JSON, "{}{}", 400},
    {"XML", "POST", PUT_RATING, JSON, "<vote/>", 400},
    {"a list", "POST", PUT_RATING, JSON, "[]", 400},
    {"another type", "POST", PUT_RATING, "content-type: application/xml\r\n", "<vote/>", 415},
    {"no protobuf", "POST", PUT_RATING, "content-type: application/proto\r\n", "\n\177abc", 400},
    {"NUL in the query", "PUT", "/rating?id=r&type=movie&userId=u%00x&value=1", "", "", 400},
    {"bad percent", "PUT", "/rating?id=r&type=movie&userId=%zz&value=1", "", "", 400},
    {"bad UTF-8 in the query", "PUT", "/rating?id=r&type=movie&userId=%ff&value=1", "", "", 400},
    {"vote out of range", "PUT", "/rating?id=r&type=movie&userId=u&value=10.01", "", "", 400},
    {"vote between the steps", "PUT", "/rating?id=r&type=movie&userId=u&value=7.35", "", "", 400},
    {"unknown method", "POST", "/RatingService/Nothing", JSON, "{}", 404},
    {"unknown page token", "POST", "/RatingService/ListUserRatings", JSON,
     "{\"userId\":\"u\",\"pageToken\":\"?\"}", 400},
    {"page too large", "POST", "/RatingService/ListUserRatings", JSON,
     "{\"userId\":\"u\",\"pageSize\":1001}", 400},
};

/* Bytes that are no request at all: 400 and the end, or the end alone. */
static const char *const malformed[] = {
    "\r\n\r\n\r\n",
    "GET\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/9.9\r\nhost: localhost\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: localhost\r\n folded: b\r\n\r\n",
    "GET / HTTP/1.1\nhost: localhost\n\n",
    "GET / HTTP/1.1\r\nhost : a\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
};

static const char *rating_address(struct scene *scene)
{
    return cluster_service(&scene->cluster, CLUSTER_RATING)->address;
}

static void open_scene(struct scene *scene)
{
    const struct cluster_options options = {.instances = {0, 1, 0}};
    cluster_open(&scene->cluster, &options);
    test_call_again(&scene->cluster.test, SERVICE_WAIT_MS);
}

static struct wire_reply ask(struct scene *scene, const struct refused *request)
{
    test_call_again(&scene->cluster.test, SERVICE_WAIT_MS);
    return wire_http_ask(&scene->cluster.test.call, rating_address(scene), request->method,
                         request->target, request->headers, request->body);
}

static void expect_nothing_stored(struct scene *scene)
{
    static const struct refused votes = {
        .method = "GET", .target = "/rating?id=r&type=movie", .headers = ""};
    assert_int_equal(ask(scene, &votes).status, 404);
}

static void run_refused(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene);
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        struct wire_reply reply = ask(scene, &refused[i]);
        if (reply.status != refused[i].status || reply.body.length == 0) {
            fail_msg("%s: %d, wanted %d: %.*s", refused[i].name, reply.status, refused[i].status,
                     TEXT_ARGUMENTS(reply.body));
        }
    }
    expect_nothing_stored(scene);
    cluster_close(&scene->cluster);
}

static void run_malformed(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene);
    for (size_t i = 0; i < ARRAY_LENGTH(malformed); i++) {
        test_call_again(&scene->cluster.test, SERVICE_WAIT_MS);
        struct wire_reply reply =
            wire_http_send(&scene->cluster.test.call, rating_address(scene), text_of(malformed[i]));
        if (reply.status != 0 && (reply.status < 400 || reply.status >= 600)) {
            fail_msg("%s: %d", malformed[i], reply.status);
        }
    }
    expect_nothing_stored(scene);
    cluster_close(&scene->cluster);
}

/* "u" and "u\0x" in protobuf's own form: the second is refused, and is not the first. */
static void run_nul_in_protobuf(void *argument)
{
    struct scene *scene = argument;
    struct rpc_client client;
    PutRatingRequest request = PUT_RATING_REQUEST__INIT;
    PutRatingResponse *reply = NULL;
    open_scene(scene);
    rpc_client_open_one(&client, rating_address(scene));
    struct call *call = &scene->cluster.test.call;
    request.user_id = proto_bytes(text_of_bytes("u\0x", 3));
    request.record_id = rpc_text("r");
    request.record_type = rpc_text("movie");
    request.rating_value = 5;
    assert_int_equal(rpc_client_ask(&client, call, PUT_RATING, &request,
                                    &put_rating_response__descriptor, &reply),
                     STATUS_INVALID_ARGUMENT);
    expect_nothing_stored(scene);
    request.user_id = proto_bytes(text_of_bytes("\xff", 1));
    call_clear_error(call);
    assert_int_equal(rpc_client_ask(&client, call, PUT_RATING, &request,
                                    &put_rating_response__descriptor, &reply),
                     STATUS_INVALID_ARGUMENT);
    expect_nothing_stored(scene);
    rpc_client_close(&client);
    cluster_close(&scene->cluster);
}

static int connect_to(const char *address)
{
    struct text rest = text_of(address);
    (void)text_next(&rest, ':');
    uint64_t port;
    assert_true(text_to_u64(rest, &port));
    struct sockaddr_in peer = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&peer, sizeof(peer)), 0);
    return fd;
}

/* Opens so many, each with the beginning of a request, asks by one more, and lets go of them. */
static void hold_connections(struct scene *scene, size_t count)
{
    static const char beginning[] = "GET /livez HTT";
    for (size_t i = 0; i < count; i++) {
        scene->sockets[i] = connect_to(rating_address(scene));
        assert_int_equal(send(scene->sockets[i], beginning, sizeof(beginning) - 1, MSG_NOSIGNAL),
                         sizeof(beginning) - 1);
    }
    static const struct refused alive = {.method = "GET", .target = "/livez", .headers = ""};
    assert_int_equal(ask(scene, &alive).status, 200);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(close(scene->sockets[i]), 0);
    }
    assert_int_equal(ask(scene, &alive).status, 200);
}

static void run_connections(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene);
    const struct service_process *service = cluster_service(&scene->cluster, CLUSTER_RATING);
    hold_connections(scene, HALF_OPEN);
    hold_connections(scene, CONNECTIONS);
    size_t before = service_process_memory(service);
    hold_connections(scene, CONNECTIONS);
    hold_connections(scene, CONNECTIONS);
    size_t after = service_process_memory(service);
    print_message("%d connections at once, three times: %zu MiB, then %zu MiB\n", CONNECTIONS,
                  before >> 20, after >> 20);
    assert_true(after < before + MEMORY_GROWTH_MAX);
    expect_nothing_stored(scene);
    cluster_close(&scene->cluster);
}

static void in_scene(fiber_fn run)
{
    in_fiber_with(run, sizeof(struct scene));
}

static void wrong_requests(void **state)
{
    (void)state;
    in_scene(run_refused);
}

static void no_requests(void **state)
{
    (void)state;
    in_scene(run_malformed);
}

static void nul_in_protobuf(void **state)
{
    (void)state;
    in_scene(run_nul_in_protobuf);
}

static void ten_thousand_connections(void **state)
{
    struct rlimit limit;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < DESCRIPTORS) {
        print_message("ten_thousand_connections: skipped: no more than %llu descriptors\n",
                      (unsigned long long)limit.rlim_max);
        skip();
    }
    limit.rlim_cur = limit.rlim_max < 2 * DESCRIPTORS ? limit.rlim_max : 2 * DESCRIPTORS;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    in_scene(run_connections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_requests),
        cmocka_unit_test(no_requests),
        cmocka_unit_test(nul_in_protobuf),
        cmocka_unit_test(ten_thousand_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
