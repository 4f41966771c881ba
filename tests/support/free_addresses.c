#include "support/free_addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/random.h"
#include "support/cmocka_test.h"

enum { ADDRESSES_MAX = 16, TRIES_MAX = 1000 };

/* -1: somebody has it. */
static int hold(in_port_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
        return fd;
    }
    assert_int_equal(close(fd), 0);
    return -1;
}

void free_addresses_choose(char (*addresses)[HTTP_ADDRESS_BYTES_MAX], size_t count)
{
    int held[ADDRESSES_MAX];
    size_t chosen = 0;
    assert_true(count <= ADDRESSES_MAX);
    for (int tries = 0; chosen < count; tries++) {
        assert_true(tries < TRIES_MAX);
        in_port_t port = (in_port_t)(FREE_PORT_MIN + random_below(FREE_PORT_MAX - FREE_PORT_MIN));
        held[chosen] = hold(port);
        if (held[chosen] >= 0) {
            (void)snprintf(addresses[chosen], HTTP_ADDRESS_BYTES_MAX, "127.0.0.1:%d", port);
            chosen++;
        }
    }
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(close(held[i]), 0);
    }
}
