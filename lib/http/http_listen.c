/* Opening a listening socket. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "http/http_server.h"
#include "http/socket_address.h"

/* A server of many connections needs the descriptors that it is allowed to have. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* the limit before goes on to hold */
    }
}

static enum status bind_and_listen(struct call *call, struct text address, int fd,
                                   const struct sockaddr_storage *where, socklen_t length)
{
    int on = 1;
    /* A restarted server need not wait for the old one's closed connections. */
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)where, length) != 0 || listen(fd, SOMAXCONN) != 0) {
        if (errno == EADDRINUSE) {
            return call_fail(call, STATUS_FAILED_PRECONDITION,
                             "cannot listen on %.*s: another process does already",
                             TEXT_ARGUMENTS(address));
        }
        char words[128];
        return call_fail(call, STATUS_FAILED_PRECONDITION, "cannot listen on %.*s: %s",
                         TEXT_ARGUMENTS(address), strerror_r(errno, words, sizeof(words)));
    }
    return STATUS_OK;
}

enum status http_listen(struct call *call, struct text address, int *ret_fd,
                        char ret_address[static HTTP_ADDRESS_BYTES_MAX])
{
    struct sockaddr_storage where;
    socklen_t length;
    struct text host;
    uint16_t port;

    enum status status = http_address_split(call, address, &host, &port);
    if (status != STATUS_OK) {
        return status;
    }
    if (!socket_address_parse(host, port, &where, &length)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "cannot listen on %.*s: the host must be a number",
                         TEXT_ARGUMENTS(address));
    }
    raise_descriptor_limit();
    int fd = socket(where.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return call_fail(call, STATUS_FAILED_PRECONDITION, "cannot open a socket for %.*s",
                         TEXT_ARGUMENTS(address));
    }
    status = bind_and_listen(call, address, fd, &where, length);
    if (status == STATUS_OK && getsockname(fd, (struct sockaddr *)&where, &length) != 0) {
        status = STATUS_FAILED_PRECONDITION;
    }
    if (status != STATUS_OK) {
        (void)close(fd); /* nothing was written to it */
        return status;
    }
    socket_address_format(&where, ret_address);
    *ret_fd = fd;
    return STATUS_OK;
}
