#include "discovery/dns_target.h"

#include "http/socket_address.h"

static const struct text scheme = TEXT_INIT("dns:");

bool dns_target_is(struct text target)
{
    return text_starts_with(target, scheme);
}

static enum status refuse(struct call *call, struct text written, const char *why)
{
    return call_fail(call, STATUS_INVALID_ARGUMENT,
                     "\"%.*s\" is not dns:[//server/]host[:port]: %s", TEXT_ARGUMENTS(written),
                     why);
}

static bool is_label_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

static bool is_label(struct text label)
{
    for (size_t i = 0; i < label.length; i++) {
        if (!is_label_byte(label.data[i])) {
            return false;
        }
    }
    return label.length > 0 && label.length <= DNS_LABEL_BYTES_MAX;
}

static bool is_name(struct text name)
{
    if (name.length == 0 || name.length > DNS_NAME_BYTES_MAX) {
        return false;
    }
    for (struct text rest = name; rest.data != NULL;) {
        if (!is_label(text_next(&rest, '.'))) {
            return false;
        }
    }
    return true;
}

static bool is_address(struct text host)
{
    struct sockaddr_storage address;
    socklen_t length;
    return !text_equal(host, TEXT("localhost")) && socket_address_parse(host, 1, &address, &length);
}

/* "127.0.0.1:53" or "[::1]:53" into what is before the port, and the port; without one it is
 * {NULL, 0}. false: brackets that do not close, or something but a port behind them. */
static bool split_server(struct text server, struct text *ret_host, struct text *ret_port)
{
    *ret_port = server;
    if (!text_starts_with(server, TEXT("["))) {
        *ret_host = text_next(ret_port, ':');
        return true;
    }
    size_t end = text_find(server, 0, ']');
    *ret_host = text_slice(server, 1, end);
    *ret_port = text_slice(server, end + 1, server.length);
    if (end == server.length || (ret_port->length > 0 && ret_port->data[0] != ':')) {
        return false;
    }
    (void)text_next(ret_port, ':'); /* what is before it is empty */
    return true;
}

static bool parse_server(struct text server, struct sockaddr_storage *ret_address)
{
    enum { DOMAIN_PORT = 53 };
    struct text host;
    struct text port;
    socklen_t length;
    uint64_t number = DOMAIN_PORT;
    if (!split_server(server, &host, &port) ||
        (port.data != NULL &&
         (!text_to_u64(port, &number) || number == 0 || number > UINT16_MAX))) {
        return false;
    }
    return is_address(host) && socket_address_parse(host, (uint16_t)number, ret_address, &length);
}

static enum status parse_servers(struct call *call, struct text written, struct text servers,
                                 struct dns_target *target)
{
    for (struct text rest = servers; rest.data != NULL && servers.length > 0;) {
        struct text server = text_next(&rest, ',');
        if (target->server_count == DNS_SERVERS_MAX) {
            return refuse(call, written, "there are too many servers");
        }
        if (!parse_server(server, &target->servers[target->server_count++])) {
            return refuse(call, written, "a server is a numeric address, with a port or without");
        }
    }
    return STATUS_OK;
}

static enum status parse_endpoint(struct call *call, struct text written, struct text endpoint,
                                  struct dns_target *target)
{
    uint64_t number = 0;
    if (endpoint.length > 0 && (endpoint.data[0] == '[' || is_address(endpoint))) {
        return refuse(call, written, "an address is given as it is, without dns:");
    }
    struct text port = endpoint;
    struct text host = text_next(&port, ':');
    if (port.data != NULL && (!text_to_u64(port, &number) || number == 0 || number > UINT16_MAX)) {
        return refuse(call, written, "the port is not a number from 1 to 65535");
    }
    if (is_address(host)) {
        return refuse(call, written, "an address is given as it is, without dns:");
    }
    if (host.length > 1 && text_ends_with(host, TEXT("."))) {
        host.length--;
    }
    if (!is_name(host)) {
        return refuse(call, written, "the host is no name");
    }
    target->host = host;
    target->port = (uint16_t)number;
    return STATUS_OK;
}

enum status dns_target_parse(struct call *call, struct text written, struct dns_target *ret_target)
{
    struct dns_target target = {.port = 0};
    struct text servers = {NULL, 0};
    if (!dns_target_is(written)) {
        return refuse(call, written, "it does not begin with dns:");
    }
    struct text endpoint = text_slice(written, scheme.length, written.length);
    if (text_starts_with(endpoint, TEXT("//"))) {
        endpoint = text_slice(endpoint, 2, endpoint.length);
        servers = text_next(&endpoint, '/');
    }
    enum status status = parse_servers(call, written, servers, &target);
    if (status == STATUS_OK) {
        status = parse_endpoint(call, written, endpoint, &target);
    }
    if (status == STATUS_OK) {
        *ret_target = target;
    }
    return status;
}
