/* How often each client may ask. */
#include "access/access_limit.h"
#include "base/arena.h"
#include "base/clock.h"
#include "http/socket_address.h"
#include "process/process_guard.h"
#include "process/process_private.h"

#include <netinet/in.h>

/* "u" and a user, "a" and an address. */
enum { CLIENT_BYTES_MAX = 1 + ACCESS_USER_BYTES_MAX, NETWORK_BYTES = 8 };

/* Without its port, and of IPv6 without the half of it that a customer chooses (RFC 6177). */
static struct text address_of(struct text peer, char client[static CLIENT_BYTES_MAX])
{
    size_t port = peer.length;
    while (port > 0 && peer.data[port - 1] != ':') {
        port--;
    }
    struct text host = text_slice(peer, 0, port > 0 ? port - 1 : 0);
    struct sockaddr_storage address;
    socklen_t length;
    client[0] = 'a';
    if (host.length > 2 && host.data[0] == '[' &&
        socket_address_parse(text_slice(host, 1, host.length - 1), 0, &address, &length) &&
        address.ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address;
        memcpy(client + 1, six->sin6_addr.s6_addr, NETWORK_BYTES);
        return text_of_bytes(client, 1 + NETWORK_BYTES);
    }
    size_t kept = host.length < ACCESS_USER_BYTES_MAX ? host.length : (size_t)ACCESS_USER_BYTES_MAX;
    if (kept > 0) {
        memcpy(client + 1, host.data, kept);
    }
    return text_of_bytes(client, 1 + kept);
}

/* Where access is open, a user is who it says: its address is what it has. */
static struct text client_of(const struct call *call, bool is_known,
                             char client[static CLIENT_BYTES_MAX])
{
    struct text user = call->identity.user;
    if (!is_known || !call->identity.is_checked || user.length == 0) {
        return address_of(call->identity.peer, client);
    }
    client[0] = 'u';
    memcpy(client + 1, user.data, user.length);
    return text_of_bytes(client, 1 + user.length);
}

/* A service was let in to act for others, who are limited where they came in. */
static bool is_exempt(const struct call *call, bool is_known)
{
    return call->identity.peer.length == 0 || (is_known && call->identity.is_checked &&
                                               (call->identity.scopes & ACCESS_IMPERSONATE) != 0);
}

enum status process_limit(struct process *process, struct call *call, enum access_scope scope,
                          bool is_known, int64_t *ret_retry_ms)
{
    bool reads = scope == ACCESS_READ;
    struct access_limit *limit = reads ? process->access.reads : process->access.writes;
    char client[CLIENT_BYTES_MAX];
    int64_t wait_ns;
    if (limit == NULL || is_exempt(call, is_known) ||
        access_limit_take(limit, client_of(call, is_known, client), clock_monotonic_ns(),
                          &wait_ns)) {
        return STATUS_OK;
    }
    *ret_retry_ms = wait_ns / CLOCK_NS_PER_MS + 1;
    call->identity.is_limited = true;
    call_clear_error(call);
    call_fail(call, STATUS_RESOURCE_EXHAUSTED, "too many %s: try again in %lld ms",
              reads ? "reads" : "writes", (long long)*ret_retry_ms);
    return process_guard_refuse(process, reads ? PROCESS_REFUSED_READS : PROCESS_REFUSED_WRITES,
                                STATUS_RESOURCE_EXHAUSTED);
}
