#include "http/socket_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

void socket_address_format(const struct sockaddr_storage *address,
                           char text[static HTTP_ADDRESS_BYTES_MAX])
{
    char host[INET6_ADDRSTRLEN] = "";
    text[0] = '\0';
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        if (inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host)) != NULL) {
            (void)snprintf(text, HTTP_ADDRESS_BYTES_MAX, "%s:%u", host, ntohs(four->sin_port));
        }
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
        if (inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host)) != NULL) {
            (void)snprintf(text, HTTP_ADDRESS_BYTES_MAX, "[%s]:%u", host, ntohs(six->sin6_port));
        }
    }
}

bool socket_address_parse(struct text host, uint16_t port, struct sockaddr_storage *ret_address,
                          socklen_t *ret_length)
{
    char name[HTTP_ADDRESS_BYTES_MAX];
    struct in_addr four;
    struct in6_addr six;

    if (text_equal_ignoring_case(host, TEXT("localhost"))) {
        host = TEXT("127.0.0.1");
    }
    if (!text_to_c_string(host, name, sizeof(name))) {
        return false;
    }
    memset(ret_address, 0, sizeof(*ret_address));
    if (inet_pton(AF_INET, name, &four) == 1) {
        struct sockaddr_in *address = (struct sockaddr_in *)ret_address;
        address->sin_family = AF_INET;
        address->sin_port = htons(port);
        address->sin_addr = four;
        *ret_length = sizeof(*address);
        return true;
    }
    if (inet_pton(AF_INET6, name, &six) == 1) {
        struct sockaddr_in6 *address = (struct sockaddr_in6 *)ret_address;
        address->sin6_family = AF_INET6;
        address->sin6_port = htons(port);
        address->sin6_addr = six;
        *ret_length = sizeof(*address);
        return true;
    }
    return false;
}

bool socket_address_is_loopback(struct text host)
{
    struct sockaddr_storage address;
    socklen_t length;
    if (!socket_address_parse(host, 0, &address, &length)) {
        return false;
    }
    if (address.ss_family == AF_INET6) {
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)&address)->sin6_addr);
    }
    const struct sockaddr_in *four = (const struct sockaddr_in *)&address;
    return ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

bool socket_address_is_any(struct text host)
{
    struct sockaddr_storage address;
    socklen_t length;
    if (!socket_address_parse(host, 0, &address, &length)) {
        return false;
    }
    return address.ss_family == AF_INET
               ? ((const struct sockaddr_in *)&address)->sin_addr.s_addr == htonl(INADDR_ANY)
               : IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)&address)->sin6_addr);
}

bool socket_address_toward(struct text host, char ret_own[static HTTP_ADDRESS_BYTES_MAX])
{
    enum { ANY_PORT = 9 }; /* connecting a datagram socket only chooses the route */
    struct sockaddr_storage address;
    socklen_t length;
    if (!socket_address_parse(host, ANY_PORT, &address, &length)) {
        return false;
    }
    int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    socklen_t own_length = sizeof(address);
    bool found = connect(fd, (const struct sockaddr *)&address, length) == 0 &&
                 getsockname(fd, (struct sockaddr *)&address, &own_length) == 0;
    (void)close(fd);
    return found && getnameinfo((const struct sockaddr *)&address, own_length, ret_own,
                                HTTP_ADDRESS_BYTES_MAX, NULL, 0, NI_NUMERICHOST) == 0;
}
