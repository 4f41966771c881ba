/* registry_load: what a registry is asked by many services at once. Each prints one line of
 * numbers.
 *
 *   registry_load closed PORT REQUESTS CONNECTIONS COUNT SECONDS
 *       each connection sends the next request when it has its reply: COUNT in all, or until
 *       SECONDS are over
 *   registry_load paced PORT REQUESTS CONNECTIONS RATE SECONDS
 *       RATE requests a second, sent when they are due; latency counts from then
 *   registry_load watch PORT REQUESTS CONNECTIONS ROUNDS PATH
 *       all connections wait for a change of what PATH tells; the next request is sent; how long
 *       until the first, the middle and the last of them knows
 *
 * REQUESTS: a file of requests to take in turn, each after its length in bytes and a line end. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "load_connection.h"

enum {
    CONNECTIONS_MAX = 10000,
    EVENTS_MAX = 256,
    REPLY_SECONDS = 20, /* for any reply; a blocking query is told to wait longer */
    SETTLE_MS = 200,    /* nothing tells when a query is being held: a while after all were sent */
    WATCH_PATH_BYTES_MAX = 1024,
};

struct load {
    int epoll;
    struct load_connection *connections;
    size_t connection_count;
    struct text *requests;
    size_t request_count;
    size_t sent; /* requests, so far */
    size_t done;
    size_t failed;    /* of them: another status than 200 */
    uint64_t failure; /* the last such status */
    int64_t *latencies_ns;
    size_t latencies_max;
};

static uint64_t number(const char *word)
{
    uint64_t value;
    if (!text_to_u64(text_of(word), &value) || value == 0 || value > INT_MAX) {
        load_fail("a number from 1 on is expected");
    }
    return value;
}

static void *array(size_t count, size_t size)
{
    void *items = calloc(count, size);
    if (items == NULL) {
        load_fail("no memory");
    }
    return items;
}

/* Kept until the process ends. */
static struct text read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    long length = file != NULL && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (length <= 0 || fseek(file, 0, SEEK_SET) != 0) {
        load_fail("there are no requests");
    }
    char *bytes = array((size_t)length, 1);
    if (fread(bytes, 1, (size_t)length, file) != (size_t)length || fclose(file) != 0) {
        load_fail("the requests cannot be read");
    }
    return (struct text){bytes, (size_t)length};
}

static void read_requests(struct load *load, const char *path)
{
    struct text rest = read_file(path);
    size_t lines = 0;
    for (size_t i = 0; i < rest.length; i++) {
        lines += rest.data[i] == '\n'; /* each request has at least its own */
    }
    load->requests = array(lines, sizeof(*load->requests));
    while (rest.length > 0) {
        size_t line = text_find(rest, 0, '\n');
        uint64_t length;
        if (!text_to_u64(text_slice(rest, 0, line), &length) || length == 0 ||
            length > rest.length - line - 1) {
            load_fail("the requests are not as they should be");
        }
        load->requests[load->request_count++] = text_slice(rest, line + 1, line + 1 + length);
        rest = text_slice(rest, line + 1 + length, rest.length);
    }
}

static void connect_all(struct load *load, uint16_t port, size_t count)
{
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    load->connections = array(count, sizeof(*load->connections));
    load->connection_count = count;
    for (size_t i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &load->connections[i]};
        load_connect(&load->connections[i], port);
        if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, load->connections[i].fd, &event) != 0) {
            load_fail("epoll does not take a connection");
        }
    }
}

static void expect(struct load *load, size_t replies)
{
    load->latencies_max = replies;
    load->latencies_ns = array(replies, sizeof(*load->latencies_ns));
}

static void send_next(struct load *load, struct load_connection *connection, int64_t due_ns)
{
    load_send(connection, load->requests[load->sent++ % load->request_count], due_ns);
}

static void check_status(struct load *load, const struct load_connection *connection)
{
    if (connection->status != 200) {
        load->failed++;
        load->failure = connection->status;
    }
}

static void count_reply(struct load *load, struct load_connection *connection)
{
    check_status(load, connection);
    if (load->done < load->latencies_max) {
        load->latencies_ns[load->done] = clock_monotonic_ns() - connection->sent_ns;
    }
    load->done++;
}

/* Waits until `due_ns` for connections that have their reply; each is given to `replied`. */
static void turn(struct load *load, int64_t due_ns,
                 void (*replied)(struct load *, struct load_connection *))
{
    struct epoll_event events[EVENTS_MAX];
    int64_t wait_ns = due_ns - clock_monotonic_ns();
    const struct timespec wait = {.tv_sec = wait_ns > 0 ? wait_ns / CLOCK_NS_PER_S : 0,
                                  .tv_nsec = wait_ns > 0 ? wait_ns % CLOCK_NS_PER_S : 0};
    int count = epoll_pwait2(load->epoll, events, EVENTS_MAX, &wait, NULL);
    if (count < 0 && errno != EINTR) {
        load_fail("epoll_pwait2");
    }
    for (int i = 0; i < count; i++) {
        struct load_connection *connection = events[i].data.ptr;
        if (load_receive(connection)) {
            replied(load, connection);
        }
    }
}

static int order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void print_latencies(int64_t *latencies_ns, size_t count)
{
    qsort(latencies_ns, count, sizeof(*latencies_ns), order);
    (void)printf("p50_us %lld p99_us %lld max_us %lld\n",
                 (long long)(latencies_ns[count / 2] / 1000),
                 (long long)(latencies_ns[count * 99 / 100] / 1000),
                 (long long)(latencies_ns[count - 1] / 1000));
}

static void print(struct load *load, int64_t elapsed_ns)
{
    size_t kept = load->done < load->latencies_max ? load->done : load->latencies_max;
    if (kept == 0) {
        load_fail("nothing was answered");
    }
    (void)printf("done %zu failed %zu seconds %.6f ", load->done, load->failed,
                 (double)elapsed_ns / (double)CLOCK_NS_PER_S);
    print_latencies(load->latencies_ns, kept);
}

static void send_another(struct load *load, struct load_connection *connection)
{
    count_reply(load, connection);
    if (load->sent < load->latencies_max) {
        send_next(load, connection, clock_monotonic_ns());
    }
}

static void run_closed(struct load *load, size_t count, uint64_t seconds)
{
    int64_t began_ns = clock_monotonic_ns();
    int64_t end_ns = began_ns + (int64_t)seconds * CLOCK_NS_PER_S;
    expect(load, count);
    for (size_t i = 0; i < load->connection_count && load->sent < count; i++) {
        send_next(load, &load->connections[i], clock_monotonic_ns());
    }
    while (load->done < count && clock_monotonic_ns() < end_ns) {
        turn(load, end_ns, send_another);
    }
    print(load, clock_monotonic_ns() - began_ns);
}

/* A request that is due while all connections are busy waits for one; the wait is in its latency.
 */
static void run_paced(struct load *load, uint64_t rate, uint64_t seconds)
{
    int64_t began_ns = clock_monotonic_ns();
    int64_t last_ns = began_ns + (int64_t)(seconds + REPLY_SECONDS) * CLOCK_NS_PER_S;
    int64_t step_ns = CLOCK_NS_PER_S / (int64_t)rate;
    size_t free_from = 0;
    expect(load, rate * seconds);
    while (load->done < load->latencies_max) {
        int64_t now_ns = clock_monotonic_ns();
        int64_t due_ns = began_ns + (int64_t)load->sent * step_ns;
        for (size_t tried = 0;
             tried < load->connection_count && due_ns <= now_ns && load->sent < load->latencies_max;
             tried++) {
            struct load_connection *connection =
                &load->connections[free_from++ % load->connection_count];
            if (!connection->is_busy) {
                send_next(load, connection, due_ns);
                due_ns += step_ns;
                tried = 0;
            }
        }
        if (now_ns > last_ns) {
            load_fail("replies did not come");
        }
        bool is_behind = due_ns <= now_ns || load->sent == load->latencies_max;
        turn(load, is_behind ? now_ns + CLOCK_NS_PER_MS : due_ns, count_reply);
    }
    print(load, clock_monotonic_ns() - began_ns);
}

static void ask_again(struct load_connection *connection, const char *path)
{
    char request[WATCH_PATH_BYTES_MAX];
    int length = snprintf(request, sizeof(request),
                          "GET %s?index=%llu&wait=600s HTTP/1.1\r\nHost: registry\r\n\r\n", path,
                          (unsigned long long)connection->index);
    if (length < 0 || (size_t)length >= sizeof(request)) {
        load_fail("the path is too long");
    }
    load_send(connection, (struct text){request, (size_t)length}, clock_monotonic_ns());
}

static void wait_for_all(struct load *load)
{
    int64_t end_ns = clock_monotonic_ns() + REPLY_SECONDS * CLOCK_NS_PER_S;
    size_t expected = load->done + load->connection_count;
    while (load->done < expected) {
        if (clock_monotonic_ns() > end_ns) {
            load_fail("not every watcher was told");
        }
        turn(load, end_ns, count_reply);
    }
}

static void settle(struct load *load)
{
    int64_t settled_ns = clock_monotonic_ns() + SETTLE_MS * CLOCK_NS_PER_MS;
    while (clock_monotonic_ns() < settled_ns) {
        turn(load, settled_ns, count_reply);
    }
}

static void wait_for_one(struct load_connection *connection)
{
    struct pollfd readable = {.fd = connection->fd, .events = POLLIN};
    while (!load_receive(connection)) {
        if (poll(&readable, 1, REPLY_SECONDS * 1000) <= 0) {
            load_fail("no reply came");
        }
    }
}

static void run_watch(struct load *load, uint16_t port, size_t rounds, const char *path)
{
    size_t watchers = load->connection_count;
    int64_t *firsts = array(rounds, sizeof(*firsts));
    int64_t *middles = array(rounds, sizeof(*middles));
    int64_t *lasts = array(rounds, sizeof(*lasts));
    struct load_connection writer = {.fd = -1};
    load_connect(&writer, port);
    expect(load, (rounds + 1) * watchers);
    for (size_t round = 0; round <= rounds; round++) {
        for (size_t i = 0; i < watchers; i++) {
            ask_again(&load->connections[i], path);
        }
        if (round > 0) {
            settle(load);
            int64_t changed_ns = clock_monotonic_ns();
            for (size_t i = 0; i < watchers; i++) {
                load->connections[i].sent_ns = changed_ns;
            }
            send_next(load, &writer, changed_ns);
        }
        wait_for_all(load);
        if (round > 0) {
            int64_t *told_ns = &load->latencies_ns[round * watchers];
            qsort(told_ns, watchers, sizeof(*told_ns), order);
            firsts[round - 1] = told_ns[0];
            middles[round - 1] = told_ns[watchers / 2];
            lasts[round - 1] = told_ns[watchers - 1];
            wait_for_one(&writer);
            check_status(load, &writer);
        }
    }
    (void)printf("failed %zu\nfirst ", load->failed);
    print_latencies(firsts, rounds);
    (void)printf("middle ");
    print_latencies(middles, rounds);
    (void)printf("last ");
    print_latencies(lasts, rounds);
}

int main(int argc, char **argv)
{
    struct load load = {.epoll = -1};
    if (argc != 7) {
        load_fail(
            "usage: registry_load closed|paced|watch PORT REQUESTS CONNECTIONS …: see its source");
    }
    struct text mode = text_of(argv[1]);
    uint16_t port = (uint16_t)number(argv[2]);
    uint64_t connections = number(argv[4]);
    if (connections > CONNECTIONS_MAX) {
        load_fail("too many connections");
    }
    read_requests(&load, argv[3]);
    connect_all(&load, port, connections);
    if (text_equal(mode, TEXT("closed"))) {
        run_closed(&load, number(argv[5]), number(argv[6]));
    } else if (text_equal(mode, TEXT("paced"))) {
        run_paced(&load, number(argv[5]), number(argv[6]));
    } else if (text_equal(mode, TEXT("watch"))) {
        run_watch(&load, port, number(argv[5]), argv[6]);
    } else {
        load_fail("no such mode");
    }
    if (load.failed > 0) {
        (void)fprintf(stderr, "registry_load: the last that failed had status %llu\n",
                      (unsigned long long)load.failure);
    }
    return load.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
