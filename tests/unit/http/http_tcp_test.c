/* Over real sockets: listening, two loops on one socket, running out of descriptors, ten thousand
 * connections at once. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/http2_client.h"
#include "http/http_server.h"
#include "http/tcp_transport.h"
#include "loop/loop.h"
#include "unit/http/http_scene.h"

enum { MANY = 10000 };

static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

static struct sockaddr_in address_of(const char *address)
{
    struct sockaddr_in result = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    result.sin_port = htons((uint16_t)strtoul(strchr(address, ':') + 1, NULL, 10));
    return result;
}

/* A blocking client's socket. */
static int connect_to(const char *address)
{
    struct sockaddr_in where = address_of(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&where, sizeof(where)) != 0) {
        return -1;
    }
    return fd;
}

/* Asks, and reads at least the reply's first line. */
static bool ask(int fd, char *reply, size_t size)
{
    if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(request) - 1) {
        return false;
    }
    ssize_t length = recv(fd, reply, size - 1, 0);
    if (length < 20) {
        return false;
    }
    reply[length] = '\0';
    return strncmp(reply, "HTTP/1.1 200 OK", 15) == 0;
}

static int option_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof(value);
    assert_int_equal(getsockopt(fd, level, name, &value, &length), 0);
    return value;
}

/* The kernel looks after peers that say nothing. */
static void look_at_options(struct http_scene *scene)
{
    struct text address = http_scene_listen(scene);
    struct http_transport *transport = NULL;
    int fd = connect_to(address.data);
    assert_true(fd >= 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    assert_int_equal(tcp_transport_create(scene->loop, fd, &transport), STATUS_OK);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_int_equal(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), TCP_KEEPALIVE_AFTER_S);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), TCP_KEEPALIVE_INTERVAL_S);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT), TCP_KEEPALIVE_PROBES);
    struct raw_peer peer;
    raw_peer_open(&peer, transport);
    raw_peer_close(&peer);
}

static void test_options(void **state)
{
    (void)state;
    http_scene_run(look_at_options, NULL);
}

static void test_listening(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        enum status want;
        const char *want_message;
    } rows[] = {
        {"nowhere", STATUS_INVALID_ARGUMENT, "host:port"},
        {"example.test:80", STATUS_INVALID_ARGUMENT, "must be a number"},
        {"192.0.2.1:0", STATUS_FAILED_PRECONDITION, "cannot listen on 192.0.2.1:0: "},
    };
    char address[HTTP_ADDRESS_BYTES_MAX];
    char other[HTTP_ADDRESS_BYTES_MAX];
    struct arena arena;
    struct call call;
    int fd = -1;
    int second = -1;
    arena_init(&arena, 64 * 1024);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        call_init(&call, &arena, 0);
        assert_int_equal(http_listen(&call, text_of(rows[i].address), &fd, address), rows[i].want);
        assert_non_null(strstr(call.error.message.data, rows[i].want_message));
        assert_int_equal(fd, -1);
    }
    call_init(&call, &arena, 0);
    assert_int_equal(http_listen(&call, TEXT("localhost:0"), &fd, address), STATUS_OK);
    assert_int_equal(strncmp(address, "127.0.0.1:", 10), 0);
    assert_int_equal(http_listen(&call, text_of(address), &second, other),
                     STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(call.error.message.data, "another process does already"));
    assert_int_equal(second, -1);
    assert_int_equal(close(fd), 0);
    arena_deinit(&arena);
}

/* A server for each of some loops, all of them on one socket. */
struct cluster {
    struct loop_threads *threads;
    struct http_server *servers[2];
    struct http_route routes[2][1];
    atomic_uint served[2];
    int fd;
    char address[HTTP_ADDRESS_BYTES_MAX];
};

static void serve(void *state, struct http_exchange *exchange)
{
    atomic_fetch_add((atomic_uint *)state, 1);
    http_reply(exchange, &(struct http_reply){.status = 200, .body = TEXT_INIT("served")});
}

static enum status start_server(void *argument, unsigned index)
{
    struct cluster *cluster = argument;
    cluster->routes[index][0] = (struct http_route){
        .method = "GET", .path = "/", .handle = serve, .state = &cluster->served[index]};
    struct http_server_options options = {.routes = cluster->routes[index], .route_count = 1};
    enum status status = http_server_create(loop_threads_at(cluster->threads, index), &options,
                                            &cluster->servers[index]);
    return status == STATUS_OK ? http_server_accept_from(cluster->servers[index], cluster->fd)
                               : status;
}

static enum status stop_server(void *argument, unsigned index)
{
    struct cluster *cluster = argument;
    http_server_destroy(cluster->servers[index]);
    return STATUS_OK;
}

static void start_cluster(struct cluster *cluster, unsigned count)
{
    struct arena arena;
    struct call call;
    arena_init(&arena, 64 * 1024);
    call_init(&call, &arena, 0);
    assert_int_equal(http_listen(&call, TEXT("127.0.0.1:0"), &cluster->fd, cluster->address),
                     STATUS_OK);
    assert_int_equal(loop_threads_start(count, &cluster->threads), STATUS_OK);
    assert_int_equal(loop_threads_each(cluster->threads, start_server, cluster), STATUS_OK);
    arena_deinit(&arena);
}

static void stop_cluster(struct cluster *cluster)
{
    assert_int_equal(loop_threads_each(cluster->threads, stop_server, cluster), STATUS_OK);
    loop_threads_destroy(cluster->threads);
    assert_int_equal(close(cluster->fd), 0);
}

static void test_two_loops(void **state)
{
    (void)state;
    struct cluster cluster = {.fd = -1};
    char reply[1024];
    unsigned asked = 0;
    start_cluster(&cluster, 2);
    /* Who accepts is the kernel's choice: in time it is each. */
    while (asked < 5000 &&
           (atomic_load(&cluster.served[0]) == 0 || atomic_load(&cluster.served[1]) == 0)) {
        int fd = connect_to(cluster.address);
        assert_true(fd >= 0);
        assert_true(ask(fd, reply, sizeof(reply)));
        assert_int_equal(close(fd), 0);
        asked++;
    }
    assert_true(atomic_load(&cluster.served[0]) > 0);
    assert_true(atomic_load(&cluster.served[1]) > 0);
    assert_int_equal(atomic_load(&cluster.served[0]) + atomic_load(&cluster.served[1]), asked);
    stop_cluster(&cluster);
}

/* The client process: `count` connections at once, each asking once they are all open. */
static _Noreturn void run_clients(const char *address, unsigned count)
{
    static int fds[MANY];
    char reply[1024];
    struct rlimit limit;
    (void)alarm(50); /* not left behind by a test that failed */
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        _exit(3);
    }
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        _exit(3);
    }
    for (unsigned i = 0; i < count; i++) {
        fds[i] = connect_to(address);
        if (fds[i] < 0) {
            perror("connect");
            _exit(1);
        }
    }
    for (unsigned i = 0; i < count; i++) {
        if (!ask(fds[i], reply, sizeof(reply))) {
            (void)fprintf(stderr, "connection %u got no reply\n", i);
            _exit(2);
        }
    }
    _exit(0);
}

static pid_t start_clients(const char *address, unsigned count)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        run_clients(address, count);
    }
    return child;
}

static void await_clients(pid_t child)
{
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 0);
}

static void test_many_connections(void **state)
{
    (void)state;
    struct rlimit limit;
    struct cluster cluster = {.fd = -1};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < MANY + 100) {
        print_message("skipped: 10,000 connections need RLIMIT_NOFILE of %d\n", MANY + 100);
        skip();
    }
    start_cluster(&cluster, 1);
    pid_t child = start_clients(cluster.address, MANY);
    await_clients(child);
    assert_int_equal(atomic_load(&cluster.served[0]), MANY);
    stop_cluster(&cluster);
}

static int64_t cpu_ns(void)
{
    struct timespec time;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time), 0);
    return time.tv_sec * CLOCK_NS_PER_S + time.tv_nsec;
}

/* Without descriptors, nobody is accepted, and the loop does not spin; with them again, all are. */
static void test_no_descriptors(void **state)
{
    (void)state;
    struct rlimit limit;
    struct cluster cluster = {.fd = -1};
    int ends[2]; /* the child has the other one while it lives */
    start_cluster(&cluster, 1);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    /* Descriptors are given out from the lowest: that of the child's end comes next. */
    struct rlimit low = {.rlim_cur = (rlim_t)ends[1], .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    pid_t child = start_clients(cluster.address, 8);
    assert_int_equal(close(ends[1]), 0);

    int64_t before = cpu_ns();
    struct pollfd ended = {.fd = ends[0], .events = POLLIN};
    assert_int_equal(poll(&ended, 1, 400), 0); /* nobody is served meanwhile */
    int64_t spent = cpu_ns() - before;
    assert_int_equal(atomic_load(&cluster.served[0]), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    await_clients(child);
    assert_int_equal(atomic_load(&cluster.served[0]), 8);
    assert_true(spent < 200 * CLOCK_NS_PER_MS);
    assert_int_equal(close(ends[0]), 0);
    stop_cluster(&cluster);
}

static const struct http2_client_events no_events = {.refusing = NULL};

static void connect_client(struct http_scene *scene)
{
    struct text address = http_scene_listen(scene);
    struct http2_client *client = NULL;
    assert_int_equal(http2_client_connect(scene->loop, &scene->call, address, &no_events, &client),
                     STATUS_OK);
    struct http_answer answer =
        http_scene_ask(scene, client, "GET", "/describe", (struct text){NULL, 0});
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.body.data, "|127.0.0.1:"));
    answer = http_scene_ask(scene, client, "GET", "/large?bytes=5000000", (struct text){NULL, 0});
    assert_int_equal(answer.body.length, 5000000);
    http2_client_destroy(client);

    /* A short form that only the resolver knows, on a worker thread. */
    char name[HTTP_ADDRESS_BYTES_MAX];
    (void)snprintf(name, sizeof(name), "127.1%s", strchr(address.data, ':'));
    assert_int_equal(
        http2_client_connect(scene->loop, &scene->call, text_of(name), &no_events, &client),
        STATUS_OK);
    answer = http_scene_ask(scene, client, "GET", "/hello", (struct text){NULL, 0});
    assert_int_equal(answer.status, 200);
    http2_client_destroy(client);
}

static void test_client(void **state)
{
    (void)state;
    http_scene_run(connect_client, NULL);
}

/* Bound, and not listened on: nobody can be reached there. */
static int bind_closed_port(char *address, size_t size)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(where);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&where, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&where, &length), 0);
    (void)snprintf(address, size, "127.0.0.1:%u", ntohs(where.sin_port));
    return fd;
}

static void fail_to_connect(struct http_scene *scene)
{
    static const struct {
        const char *address; /* NULL: the closed port */
        enum status want;
        const char *want_message;
    } rows[] = {
        {NULL, STATUS_UNAVAILABLE, "Connection refused"},
        {"host.invalid:80", STATUS_UNAVAILABLE, "cannot resolve 'host.invalid'"},
        {"nowhere", STATUS_INVALID_ARGUMENT, "host:port"},
    };
    char closed[HTTP_ADDRESS_BYTES_MAX];
    int fd = bind_closed_port(closed, sizeof(closed));
    struct http2_client *client = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct call call = call_within(&scene->call, 0);
        struct text address = text_of(rows[i].address != NULL ? rows[i].address : closed);
        assert_int_equal(http2_client_connect(scene->loop, &call, address, &no_events, &client),
                         rows[i].want);
        assert_non_null(strstr(call.error.message.data, rows[i].want_message));
    }
    assert_null(client);
    assert_int_equal(close(fd), 0);

    /* The call is over while the name is resolved. */
    struct cancellation cancellation;
    struct call call = call_within(&scene->call, 0);
    cancellation_init(&cancellation);
    cancellation_request(&cancellation);
    call.cancellation = &cancellation;
    assert_int_equal(
        http2_client_connect(scene->loop, &call, TEXT("host.invalid:80"), &no_events, &client),
        STATUS_CANCELLED);
}

static void test_client_failures(void **state)
{
    (void)state;
    http_scene_run(fail_to_connect, NULL);
}

/* The kernel's buffers are full both ways: what is written waits, and arrives. */
static void fill_sockets(struct http_scene *scene)
{
    struct text address = http_scene_listen(scene);
    struct http2_client *client = NULL;
    assert_int_equal(http2_client_connect(scene->loop, &scene->call, address, &no_events, &client),
                     STATUS_OK);
    struct http2_request *flood =
        http_scene_start(scene, client, "GET", "/flood?bytes=33554432", true);
    struct text part = {NULL, 0};
    size_t received = 0;
    do {
        assert_int_equal(http2_request_read(flood, &part), STATUS_OK);
        received += part.length;
    } while (part.length > 0);
    assert_int_equal(received, 33554432);
    http2_request_close(flood);
    http2_client_destroy(client);
}

static void test_full_sockets(void **state)
{
    (void)state;
    http_scene_run(fill_sockets, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),         cmocka_unit_test(test_listening),
        cmocka_unit_test(test_two_loops),       cmocka_unit_test(test_many_connections),
        cmocka_unit_test(test_no_descriptors),  cmocka_unit_test(test_client),
        cmocka_unit_test(test_client_failures), cmocka_unit_test(test_full_sockets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
