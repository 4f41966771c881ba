#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "http/http_message.h"
#include "loop/worker.h"
#include "registry/checker/network_probes.h"

enum { PORT_TEXT_BYTES = 8 };

/* On the stack of the parked fiber; the worker's until worker_call() returns. */
struct tcp_attempt {
    char host[HTTP_ADDRESS_BYTES_MAX];
    char port[PORT_TEXT_BYTES];
    int64_t deadline_ns;
    int error;            /* errno of the last address; 0: connected */
    int resolution_error; /* of getaddrinfo */
};

static int wait_connected(int fd, int64_t deadline_ns)
{
    int error = 0;
    socklen_t length = sizeof(error);
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    int64_t left_ms = (deadline_ns - clock_monotonic_ns()) / CLOCK_NS_PER_MS;
    int ready = poll(&poll_fd, 1, left_ms > 0 ? (int)left_ms : 0);
    if (ready == 0) {
        return ETIMEDOUT;
    }
    if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) {
        return errno;
    }
    return error;
}

static int connect_once(const struct addrinfo *address, int64_t deadline_ns)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    int error = 0;
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
        error = errno == EINPROGRESS ? wait_connected(fd, deadline_ns) : errno;
    }
    (void)close(fd);
    return error;
}

/* On a worker thread. */
static void attempt_connect(void *argument)
{
    struct tcp_attempt *attempt = argument;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    attempt->resolution_error = getaddrinfo(attempt->host, attempt->port, &hints, &addresses);
    if (attempt->resolution_error != 0) {
        return;
    }
    for (struct addrinfo *address = addresses; address != NULL; address = address->ai_next) {
        attempt->error = connect_once(address, attempt->deadline_ns);
        if (attempt->error == 0) {
            break;
        }
    }
    freeaddrinfo(addresses);
}

static struct registry_probe describe(struct call *call,
                                      const struct registry_check_definition *check,
                                      const struct tcp_attempt *attempt)
{
    char reason[128];
    if (attempt->resolution_error == 0 && attempt->error == 0) {
        return (struct registry_probe){
            REGISTRY_PASSING,
            arena_format(call->arena, "TCP connect %.*s: Success", TEXT_ARGUMENTS(check->target))};
    }
    const char *words = attempt->resolution_error != 0
                            ? gai_strerror(attempt->resolution_error)
                            : strerror_r(attempt->error, reason, sizeof(reason));
    return (struct registry_probe){
        REGISTRY_CRITICAL,
        arena_format(call->arena, "TCP connect %.*s: %s", TEXT_ARGUMENTS(check->target), words)};
}

enum status tcp_probe(struct worker_pool *pool, struct call *call,
                      const struct registry_check_definition *check,
                      struct registry_probe *ret_probe)
{
    struct tcp_attempt attempt = {.deadline_ns = call->deadline_ns, .error = ETIMEDOUT};
    struct text host;
    uint16_t port;
    if (http_address_split(call, check->target, &host, &port) != STATUS_OK ||
        !text_to_c_string(host, attempt.host, sizeof(attempt.host))) {
        *ret_probe =
            (struct registry_probe){REGISTRY_CRITICAL, TEXT("the address is not host:port")};
        return STATUS_OK;
    }
    (void)snprintf(attempt.port, sizeof(attempt.port), "%u", port);
    enum status status = worker_call(pool, call, attempt_connect, &attempt);
    if (status != STATUS_OK && status != STATUS_DEADLINE_EXCEEDED) {
        return status;
    }
    *ret_probe = describe(call, check, &attempt);
    return STATUS_OK;
}
