#include "http/tcp_connect.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "http/socket_address.h"
#include "loop/fiber.h"
#include "loop/loop.h"

/* A resolution; outlives the fiber that stopped waiting for it. */
struct resolution {
    uv_getaddrinfo_t request;
    struct fiber_wait done;
    bool abandoned;
    bool finished;
    int result;
    struct addrinfo *list;
};

static void release(struct resolution *resolution)
{
    uv_freeaddrinfo(resolution->list);
    free(resolution);
}

static void on_resolved(uv_getaddrinfo_t *request, int result, struct addrinfo *list)
{
    struct resolution *resolution = request->data;
    resolution->finished = true;
    resolution->result = result;
    resolution->list = list;
    if (resolution->abandoned) {
        release(resolution);
    } else {
        fiber_wait_signal(&resolution->done);
    }
}

/* NULL: it failed, with the call's error. */
static struct resolution *begin_resolution(struct loop *loop, struct call *call, struct text host,
                                           uint16_t port)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char name[HTTP_ADDRESS_BYTES_MAX];
    char service[8];
    struct resolution *resolution = calloc(1, sizeof(*resolution));
    int result = UV_ENOMEM;
    if (resolution != NULL && text_to_c_string(host, name, sizeof(name))) {
        (void)snprintf(service, sizeof(service), "%u", port);
        resolution->request.data = resolution;
        fiber_wait_init(&resolution->done);
        result =
            uv_getaddrinfo(loop_uv(loop), &resolution->request, on_resolved, name, service, &hints);
    }
    if (result != 0) {
        free(resolution);
        (void)call_fail(call, STATUS_UNAVAILABLE, "cannot resolve '%.*s': %s", TEXT_ARGUMENTS(host),
                        uv_strerror(result));
        return NULL;
    }
    return resolution;
}

/* Consumes the resolution, unless STATUS_OK. */
static enum status await_resolution(struct call *call, struct text host,
                                    struct resolution *resolution)
{
    enum status status = fiber_wait(call, &resolution->done);
    if (status != STATUS_OK && !resolution->finished) {
        resolution->abandoned = true;
        (void)uv_cancel((uv_req_t *)&resolution->request); /* one that runs is just waited for */
        return status;
    }
    if (status == STATUS_OK && resolution->result != 0) {
        status = call_fail(call, STATUS_UNAVAILABLE, "cannot resolve '%.*s': %s",
                           TEXT_ARGUMENTS(host), uv_strerror(resolution->result));
    }
    if (status != STATUS_OK) {
        release(resolution);
    }
    return status;
}

/* Waits for a socket to become writable; freed when its handle has closed. */
struct opening {
    uv_poll_t poll;
    struct fiber_wait writable;
};

static void on_writable(uv_poll_t *poll, int status, int events)
{
    struct opening *opening = poll->data;
    (void)status;
    (void)events;
    (void)uv_poll_stop(poll);
    fiber_wait_signal(&opening->writable);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static enum status wait_until_writable(struct loop *loop, struct call *call, int fd)
{
    struct opening *opening = calloc(1, sizeof(*opening));
    if (opening == NULL || uv_poll_init(loop_uv(loop), &opening->poll, fd) != 0) {
        free(opening);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    opening->poll.data = opening;
    fiber_wait_init(&opening->writable);
    (void)uv_poll_start(&opening->poll, UV_WRITABLE, on_writable); /* fails when closing only */
    enum status status = fiber_wait(call, &opening->writable);
    uv_close((uv_handle_t *)&opening->poll, on_closed);
    return status;
}

/* *ret_error: the errno of a failure that the network made. */
static enum status open_one(struct loop *loop, struct call *call, const struct sockaddr *address,
                            socklen_t length, int *ret_fd, int *ret_error)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        *ret_error = errno;
        return STATUS_UNAVAILABLE;
    }
    enum status status = STATUS_OK;
    int error = connect(fd, address, length) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
        socklen_t size = sizeof(error);
        status = wait_until_writable(loop, call, fd);
        if (status == STATUS_OK && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
            error = errno;
        }
    }
    if (status == STATUS_OK && error != 0) {
        *ret_error = error;
        status = STATUS_UNAVAILABLE;
    }
    if (status != STATUS_OK) {
        (void)close(fd); /* nothing was sent on it */
        return status;
    }
    *ret_fd = fd;
    return STATUS_OK;
}

static enum status describe(struct call *call, struct text address, enum status status, int error)
{
    char words[128];
    if (status != STATUS_UNAVAILABLE) {
        return status;
    }
    return call_fail(call, status, "cannot connect to %.*s: %s", TEXT_ARGUMENTS(address),
                     strerror_r(error, words, sizeof(words)));
}

enum status tcp_connect(struct loop *loop, struct call *call, struct text address, int *ret_fd)
{
    struct sockaddr_storage numeric;
    socklen_t length;
    struct text host;
    uint16_t port;
    int error = EHOSTUNREACH;

    enum status status = http_address_split(call, address, &host, &port);
    if (status != STATUS_OK) {
        return status;
    }
    if (socket_address_parse(host, port, &numeric, &length)) {
        status = open_one(loop, call, (const struct sockaddr *)&numeric, length, ret_fd, &error);
        return describe(call, address, status, error);
    }
    struct resolution *resolution = begin_resolution(loop, call, host, port);
    if (resolution == NULL) {
        return STATUS_UNAVAILABLE;
    }
    status = await_resolution(call, host, resolution);
    if (status != STATUS_OK) {
        return status;
    }
    status = STATUS_UNAVAILABLE;
    for (struct addrinfo *one = resolution->list; one != NULL && status == STATUS_UNAVAILABLE;
         one = one->ai_next) {
        status = open_one(loop, call, one->ai_addr, one->ai_addrlen, ret_fd, &error);
    }
    release(resolution);
    return describe(call, address, status, error);
}
