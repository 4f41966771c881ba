/* More of what nobody should send, over what bad_input_test has: the words of each refusal, for
 * every service and both forms of a message; messages and connections past the limits. */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/tcp_connect.h"
#include "http/tcp_transport.h"
#include "loop/loop.h"
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "unit/http/raw_peer.h"

enum {
    LONG_BYTES = 20000,
    CONNECTIONS = 10000,
    CONNECTIONS_A_BATCH = 100,
    DESCRIPTORS_SPARE = 200, /* what the programs need besides connections */
    HALF_OPEN = 200,
    MESSAGE_BYTES_OVER = 5 * 1024 * 1024,
};

/* Memory that may stay with the allocator and the pools when 10,000 connections have gone. */
#define MEMORY_KEPT_BYTES_MAX ((size_t)64 << 20)

/* What AddressSanitizer keeps of freed memory says nothing about ours. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_TOLD false
#else
#define MEMORY_IS_TOLD true
#endif

#define METADATA CLUSTER_METADATA
#define RATING CLUSTER_RATING
#define MOVIE CLUSTER_MOVIE
#define PUT_METADATA "/MetadataService/PutMetadata"
#define PUT_RATING "/RatingService/PutRating"
#define DETAILS "/MovieService/GetMovieDetails"
#define JSON "application/json"
#define PROTO "application/proto"

/* A POST; `%L` in the body stands for LONG_BYTES times 'x'. */
struct post {
    const char *name;
    enum cluster_role role;
    const char *path;
    const char *type;
    struct text body;
    int status;
    const char *words; /* somewhere in the reply */
};

#define VOTE(fields) TEXT_INIT("{" fields "\"recordId\":\"r\",\"recordType\":\"movie\"}")
#define LONG_129                                                                                   \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                             \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef!"

static const struct post posts[] = {
    {"no metadata", METADATA, PUT_METADATA, JSON, TEXT_INIT("{}"), 400, "id is empty"},
    {"empty id", METADATA, PUT_METADATA, JSON, TEXT_INIT("{\"metadata\":{\"title\":\"t\"}}"), 400,
     "id is empty"},
    {"overlong id", METADATA, PUT_METADATA, JSON,
     TEXT_INIT("{\"metadata\":{\"id\":\"" LONG_129 "\",\"title\":\"t\"}}"), 400, "128"},
    {"no title", METADATA, PUT_METADATA, JSON, TEXT_INIT("{\"metadata\":{\"id\":\"i\"}}"), 400,
     "title is empty"},
    {"overlong title", METADATA, PUT_METADATA, JSON,
     TEXT_INIT("{\"metadata\":{\"id\":\"i\",\"title\":\"%L\"}}"), 400, "512"},
    {"overlong description", METADATA, PUT_METADATA, JSON,
     TEXT_INIT("{\"metadata\":{\"id\":\"i\",\"title\":\"t\",\"description\":\"%L\"}}"), 400,
     "16384"},
    {"a year before film", METADATA, PUT_METADATA, JSON,
     TEXT_INIT("{\"metadata\":{\"id\":\"i\",\"title\":\"t\",\"year\":1066}}"), 400, "year"},
    {"NUL in an id", METADATA, PUT_METADATA, JSON,
     TEXT_INIT("{\"metadata\":{\"id\":\"i\\u0000\",\"title\":\"t\"}}"), 400, "u0000"},
    {"NUL in an id, protobuf", METADATA, PUT_METADATA, PROTO,
     TEXT_INIT("\x0a\x08\x0a\x03i\0j\x12\x01t"), 400, "id"},
    {"bad UTF-8, protobuf", METADATA, PUT_METADATA, PROTO,
     TEXT_INIT("\x0a\x07\x0a\x01i\x12\x02\xc3\x28"), 400, "title"},
    {"bad UTF-8, JSON", METADATA, PUT_METADATA, JSON,
     TEXT_INIT("{\"metadata\":{\"id\":\"i\",\"title\":\"\xc3\x28\"}}"), 400, "UTF-8"},
    {"a number for a text", METADATA, PUT_METADATA, JSON,
     TEXT_INIT("{\"metadata\":{\"id\":7,\"title\":\"t\"}}"), 400, "expected a string"},
    {"a key twice", METADATA, PUT_METADATA, JSON,
     TEXT_INIT("{\"metadata\":{\"id\":\"i\",\"id\":\"j\",\"title\":\"t\"}}"), 400, "twice"},
    {"an open object", METADATA, PUT_METADATA, JSON, TEXT_INIT("{\"metadata\":{"), 400,
     "malformed JSON"},
    {"no JSON at all", METADATA, PUT_METADATA, JSON, TEXT_INIT(""), 400, "malformed JSON"},
    {"XML", METADATA, PUT_METADATA, JSON, TEXT_INIT("<metadata id='i'/>"), 400, "malformed JSON"},
    {"a truncated message", METADATA, PUT_METADATA, PROTO, TEXT_INIT("\x0a\x20\x0a\x01i"), 400,
     "message"},
    {"not a message", METADATA, PUT_METADATA, PROTO, TEXT_INIT("\xff\xff\xff\xff"), 400, "message"},
    {"XML, and said so", METADATA, PUT_METADATA, "application/xml", TEXT_INIT("<m/>"), 415,
     "content-type"},
    {"a form", METADATA, PUT_METADATA, "application/x-www-form-urlencoded", TEXT_INIT("id=i"), 415,
     "content-type"},
    {"an unknown method", METADATA, "/MetadataService/Nothing", JSON, TEXT_INIT("{}"), 404, ""},
    {"an unknown service", METADATA, "/NoService/GetMetadata", JSON, TEXT_INIT("{}"), 404, ""},
    {"the other service's method", METADATA, PUT_RATING, JSON, TEXT_INIT("{}"), 404, ""},
    {"an unknown id", METADATA, "/MetadataService/GetMetadata", JSON,
     TEXT_INIT("{\"movieId\":\"none\"}"), 404, "not_found"},

    {"no record", RATING, PUT_RATING, JSON,
     TEXT_INIT("{\"userId\":\"u\",\"recordType\":\"movie\",\"ratingValue\":5}"), 400,
     "record id is empty"},
    {"an overlong record", RATING, PUT_RATING, JSON,
     TEXT_INIT("{\"userId\":\"u\",\"recordId\":\"" LONG_129
               "\",\"recordType\":\"movie\",\"ratingValue\":5}"),
     400, "128"},
    {"an overlong provider", RATING, PUT_RATING, JSON,
     VOTE("\"userId\":\"u\",\"providerId\":\"" LONG_129 "\",\"ratingValue\":5,"), 400, "64"},
    {"a hundredth too much", RATING, PUT_RATING, JSON,
     VOTE("\"userId\":\"u\",\"exactValue\":{\"hundredths\":1001},"), 400, "0 to 10"},
    {"half a step", RATING, PUT_RATING, JSON,
     VOTE("\"userId\":\"u\",\"exactValue\":{\"hundredths\":825},"), 400, "step"},
    {"a fraction for int32", RATING, PUT_RATING, JSON,
     VOTE("\"userId\":\"u\",\"ratingValue\":5.5,"), 400, "ratingValue"},
    {"no record type", RATING, PUT_RATING, JSON,
     TEXT_INIT("{\"userId\":\"u\",\"recordId\":\"r\",\"ratingValue\":5}"), 400,
     "movie actor soundtrack"},
    {"no time", RATING, PUT_RATING, JSON,
     VOTE("\"userId\":\"u\",\"ratingValue\":5,\"eventTime\":\"yesterday\","), 400, "RFC 3339"},
    {"a user with NUL, protobuf", RATING, PUT_RATING, PROTO,
     TEXT_INIT("\x0a\x03u\0x\x12\x01r\x1a\x05movie\x20\x05"), 400, "user_id"},
    {"an unreadable page token", RATING, "/RatingService/ListUserRatings", JSON,
     TEXT_INIT("{\"userId\":\"u\",\"pageToken\":\"%L\"}"), 400, "page"},

    {"details of nothing", MOVIE, DETAILS, JSON, TEXT_INIT("{}"), 400, "id is empty"},
    {"details of too long an id", MOVIE, DETAILS, JSON, TEXT_INIT("{\"movieId\":\"" LONG_129 "\"}"),
     400, "128"},
    {"details of an unknown id", MOVIE, DETAILS, JSON, TEXT_INIT("{\"movieId\":\"none\"}"), 404,
     "not_found"},
};

/* Requests in raw bytes; the reply's status, or 0 where the connection is ended instead. */
static const struct {
    const char *name;
    enum cluster_role role;
    struct text request;
    int status;
} raws[] = {
    {"a parameter twice", RATING,
     TEXT_INIT(
         "PUT /rating?id=r&type=movie&userId=u&userId=v&value=5 HTTP/1.1\r\nhost: localhost\r\n"
         "connection: close\r\n\r\n"),
     400},
    {"not a number", RATING,
     TEXT_INIT("PUT /rating?id=r&type=movie&userId=u&value=nan HTTP/1.1\r\nhost: localhost\r\n"
               "connection: close\r\n\r\n"),
     400},
    {"a bad chunk", METADATA,
     TEXT_INIT("PUT /metadata HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
               "transfer-encoding: chunked\r\nconnection: close\r\n\r\nzz\r\n"),
     400},
    {"not HTTP", METADATA, TEXT_INIT("HELO there\r\n\r\n"), 400},
    {"another version", METADATA, TEXT_INIT("GET / HTTP/3.0\r\nhost: localhost\r\n\r\n"), 505},
    {"an HTTP/2 frame over the limit", METADATA,
     TEXT_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\x00\x00\x00\x00\x00\x01"), 0},
};

static struct text fill_in(struct call *call, struct text body)
{
    static char filling[LONG_BYTES];
    const char *place = body.length > 0 ? memmem(body.data, body.length, "%L", 2) : NULL;
    if (place == NULL) {
        return body;
    }
    memset(filling, 'x', sizeof(filling));
    size_t before = (size_t)(place - body.data);
    return arena_format(call->arena, "%.*s%.*s%.*s", (int)before, body.data, LONG_BYTES, filling,
                        TEXT_ARGUMENTS(text_slice(body, before + 2, body.length)));
}

static struct wire_reply send_post(struct cluster *cluster, const struct post *post)
{
    struct call *call = &cluster->test.call;
    struct text body = fill_in(call, post->body);
    struct text head = arena_format(call->arena,
                                    "POST %s HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
                                    "content-type: %s\r\ncontent-length: %zu\r\n\r\n",
                                    post->path, post->type, body.length);
    char *bytes = arena_alloc(call->arena, head.length + body.length);
    assert_non_null(bytes);
    memcpy(bytes, head.data, head.length);
    if (body.length > 0) {
        memcpy(bytes + head.length, body.data, body.length);
    }
    return wire_http_send(call, cluster_service(cluster, post->role)->address,
                          text_of_bytes(bytes, head.length + body.length));
}

static void expect_nothing_stored(struct cluster *cluster)
{
    static const struct post lists[] = {
        {"movies", METADATA, "/MetadataService/ListMetadata", JSON, TEXT_INIT("{}"), 200, "{}"},
        {"votes", RATING, "/RatingService/ListUserRatings", JSON, TEXT_INIT("{\"userId\":\"u\"}"),
         200, "{}"},
        {"the mean", RATING, "/RatingService/GetRatingSummary", JSON,
         TEXT_INIT("{\"recordId\":\"r\",\"recordType\":\"movie\"}"), 404, "not_found"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++) {
        struct wire_reply reply = send_post(cluster, &lists[i]);
        if (reply.status != lists[i].status || !wire_http_holds(reply.body, lists[i].words)) {
            fail_msg("%s: %d %.*s", lists[i].name, reply.status, TEXT_ARGUMENTS(reply.body));
        }
    }
}

static void run_refusals(void *argument)
{
    struct cluster cluster;
    unsigned wrong = 0;
    (void)argument;
    cluster_open(&cluster, &(struct cluster_options){.instances = {1, 1, 1}});
    for (size_t i = 0; i < ARRAY_LENGTH(posts); i++) {
        struct wire_reply reply = send_post(&cluster, &posts[i]);
        if (reply.status != posts[i].status || !wire_http_holds(reply.body, posts[i].words)) {
            print_error("%s: %d %.*s\n", posts[i].name, reply.status, TEXT_ARGUMENTS(reply.body));
            wrong++;
        }
    }
    for (size_t i = 0; i < ARRAY_LENGTH(raws); i++) {
        struct wire_reply reply = wire_http_send(
            &cluster.test.call, cluster_service(&cluster, raws[i].role)->address, raws[i].request);
        if (reply.status != raws[i].status) {
            print_error("%s: %d %.*s\n", raws[i].name, reply.status, TEXT_ARGUMENTS(reply.body));
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
    expect_nothing_stored(&cluster);
    cluster_close(&cluster);
}

static void bad_input_is_refused_in_clear_words(void **state)
{
    (void)state;
    in_fiber(run_refusals, NULL);
}

static void run_users_apart(void *argument)
{
    struct cluster cluster;
    struct rpc_client rating;
    GetRatingSummaryResponse *summary;
    (void)argument;
    cluster_open(&cluster, &(struct cluster_options){.instances = {0, 1, 0}});
    struct call *call = &cluster.test.call;
    rpc_client_open_one(&rating, cluster_service(&cluster, RATING)->address);
    assert_int_equal(rpc_client_put_rating(&rating, call, "u", "r", 900), STATUS_OK);
    PutRatingRequest request = PUT_RATING_REQUEST__INIT;
    request.user_id = (ProtobufCBinaryData){3, (uint8_t *)(uintptr_t) "u\0x"};
    request.record_id = rpc_text("r");
    request.record_type = rpc_text("movie");
    request.rating_value = 1;
    assert_int_equal(rpc_client_ask(&rating, call, "/RatingService/PutRating", &request,
                                    &put_rating_response__descriptor, NULL),
                     STATUS_INVALID_ARGUMENT);
    assert_true(call->error.message.length > 0);
    assert_int_equal(rpc_client_get_summary(&rating, call, "r", &summary), STATUS_OK);
    assert_int_equal(summary->count, 1);
    assert_true(summary->mean == 9);
    rpc_client_close(&rating);
    cluster_close(&cluster);
}

static void a_user_with_nul_is_not_the_user_before_it(void **state)
{
    (void)state;
    in_fiber(run_users_apart, NULL);
}

static void run_oversized(void *argument)
{
    struct cluster cluster;
    struct rpc_client metadata;
    Metadata *found;
    (void)argument;
    cluster_open(&cluster, &(struct cluster_options){.instances = {1, 0, 0}});
    struct call *call = &cluster.test.call;
    rpc_client_open_one(&metadata, cluster_service(&cluster, METADATA)->address);
    char *text = malloc(MESSAGE_BYTES_OVER + 1);
    assert_non_null(text);
    memset(text, 'x', MESSAGE_BYTES_OVER);
    text[MESSAGE_BYTES_OVER] = '\0';
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(rpc_client_put_metadata(&metadata, call, "m", text),
                         STATUS_RESOURCE_EXHAUSTED);
    }
    free(text);
    assert_int_equal(rpc_client_get_metadata(&metadata, call, "m", &found), STATUS_NOT_FOUND);
    rpc_client_close(&metadata);
    cluster_close(&cluster);
}

static void a_message_over_the_limit_is_refused(void **state)
{
    (void)state;
    in_fiber(run_oversized, NULL);
}

static void connect_raw(struct raw_peer *peer, struct call *call, const char *address)
{
    struct http_transport *transport;
    int fd;
    assert_int_equal(tcp_connect(loop_current(), call, text_of(address), &fd), STATUS_OK);
    assert_int_equal(tcp_transport_create(loop_current(), fd, &transport), STATUS_OK);
    raw_peer_open(peer, transport);
}

/* Connections that say nothing, half a head, half a body, half a preface: they hold nobody up, and
 * those that owe a head are ended. */
static void run_half_open(void *argument)
{
    static const char *const beginnings[] = {"GET /metadata?id=", "PRI * HTTP/2.0\r\n\r\nSM",
                                             "GET / HTTP/1.1\r\nhost: localhost\r\nx-a: b"};
    static struct raw_peer peers[HALF_OPEN];
    struct cluster cluster;
    (void)argument;
    cluster_open(&cluster, &(struct cluster_options){.instances = {1, 0, 0}});
    struct call *call = &cluster.test.call;
    const char *address = cluster_service(&cluster, METADATA)->address;
    for (size_t i = 0; i < HALF_OPEN; i++) {
        connect_raw(&peers[i], call, address);
        raw_peer_say(&peers[i], beginnings[i % ARRAY_LENGTH(beginnings)]);
    }
    int64_t begun_ns = clock_monotonic_ns();
    assert_int_equal(wire_http_get(call, address, "/metadata?id=none").status, 404);
    assert_true(clock_monotonic_ns() - begun_ns < CLOCK_NS_PER_S);
    for (size_t i = 0; i < HALF_OPEN; i++) {
        assert_true(raw_peer_await_end(&peers[i]));
        raw_peer_close(&peers[i]);
    }
    assert_int_equal(wire_http_get(call, address, "/metadata?id=none").status, 404);
    cluster_close(&cluster);
}

static void half_open_connections_are_ended(void **state)
{
    (void)state;
    in_fiber(run_half_open, NULL);
}

/* Sockets without our own client: there are too many for buffers each. */
static int connect_socket(const char *address)
{
    struct test_call test;
    int fd;
    test_call_init(&test, SERVICE_WAIT_MS);
    assert_int_equal(tcp_connect(loop_current(), &test.call, text_of(address), &fd), STATUS_OK);
    test_call_deinit(&test);
    return fd;
}

static void await_reply(int fd)
{
    char bytes[1024];
    size_t length = 0;
    int64_t deadline_ns = clock_monotonic_ns() + SERVICE_WAIT_MS * CLOCK_NS_PER_MS;
    while (memmem(bytes, length, "\r\n\r\nok\n", 7) == NULL) {
        ssize_t count = read(fd, bytes + length, sizeof(bytes) - length);
        assert_true(count > 0 || (count < 0 && errno == EAGAIN));
        length += count > 0 ? (size_t)count : 0;
        assert_true(clock_monotonic_ns() < deadline_ns);
        fiber_yield();
    }
    assert_memory_equal(bytes, "HTTP/1.1 200 OK\r\n", 17);
}

static void ask_on_all(const int *sockets)
{
    static const char request[] = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for (size_t i = 0; i < CONNECTIONS; i++) {
        assert_int_equal(write(sockets[i], request, sizeof(request) - 1), sizeof(request) - 1);
    }
    for (size_t i = 0; i < CONNECTIONS; i++) {
        await_reply(sockets[i]);
    }
}

static void expect_memory_back(struct cluster *cluster, size_t before)
{
    struct service_process *metadata = cluster_service(cluster, METADATA);
    int64_t deadline_ns = clock_monotonic_ns() + SERVICE_WAIT_MS * CLOCK_NS_PER_MS;
    size_t after = service_process_memory(metadata);
    while (MEMORY_IS_TOLD && after > before + MEMORY_KEPT_BYTES_MAX) {
        struct test_call test;
        if (clock_monotonic_ns() > deadline_ns) {
            fail_msg("%zu KiB before, %zu KiB after", before / 1024, after / 1024);
        }
        test_call_init(&test, SERVICE_WAIT_MS);
        assert_int_equal(wire_http_get(&test.call, metadata->address, "/livez").status, 200);
        test_call_deinit(&test);
        after = service_process_memory(metadata);
    }
    print_message("memory: %zu KiB before 10,000 connections, %zu KiB after\n", before / 1024,
                  after / 1024);
}

static void run_many(void *argument)
{
    static int sockets[CONNECTIONS];
    struct cluster cluster;
    (void)argument;
    cluster_open(&cluster, &(struct cluster_options){.instances = {1, 0, 0}});
    struct service_process *metadata = cluster_service(&cluster, METADATA);
    struct call *call = &cluster.test.call;
    assert_int_equal(wire_http_get(call, metadata->address, "/livez").status, 200);
    size_t before = service_process_memory(metadata);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        sockets[i] = connect_socket(metadata->address);
    }
    ask_on_all(sockets);
    print_message("memory with 10,000 connections: %zu KiB\n",
                  service_process_memory(metadata) / 1024);
    assert_int_equal(wire_http_get(call, metadata->address, "/metadata?id=none").status, 404);
    ask_on_all(sockets);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        (void)close(sockets[i]);
    }
    assert_int_equal(wire_http_get(call, metadata->address, "/metadata?id=none").status, 404);
    expect_memory_back(&cluster, before);
    cluster_close(&cluster);
}

static void ten_thousand_connections_are_served(void **state)
{
    struct rlimit limit;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < CONNECTIONS + DESCRIPTORS_SPARE) {
        print_message("skipped: at most %lu open files are allowed\n",
                      (unsigned long)limit.rlim_max);
        skip();
    }
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    in_fiber(run_many, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_input_is_refused_in_clear_words),
        cmocka_unit_test(a_user_with_nul_is_not_the_user_before_it),
        cmocka_unit_test(a_message_over_the_limit_is_refused),
        cmocka_unit_test(half_open_connections_are_ended),
        cmocka_unit_test(ten_thousand_connections_are_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
