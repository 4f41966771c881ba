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

/* "127.0.0.1", "127.0.0.1:53", "[::1]:53", "[::1]": what is between the brackets, or before the
 * port. */
static bool is_server(struct text server)
{
    struct text host = server;
    struct text port = {NULL, 0};
    if (server.length > 0 && server.data[0] == '[') {
        host = text_slice(server, 1, text_find(server, 0, ']'));
        struct text after = text_slice(server, host.length + 2, server.length);
        if (after.length > 0 && after.data[0] != ':') {
            return false;
        }
        port = after.length > 0 ? text_slice(after, 1, after.length) : port;
        if (after.length == 1 || host.length + 2 > server.length) {
            return false;
        }
    } else {
        port = server;
        host = text_next(&port, ':');
    }
    uint64_t number = 0;
    bool is_port =
        port.data == NULL || (text_to_u64(port, &number) && number > 0 && number <= UINT16_MAX);
    return is_port && is_address(host);
}

static enum status check_servers(struct call *call, struct text written, struct text servers)
{
    unsigned count = 0;
    for (struct text rest = servers; rest.data != NULL && servers.length > 0;) {
        if (!is_server(text_next(&rest, ','))) {
            return refuse(call, written, "a server is a numeric address, with a port or without");
        }
        if (++count > DNS_SERVERS_MAX) {
            return refuse(call, written, "there are too many servers");
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
    if (!dns_target_is(written)) {
        return refuse(call, written, "it does not begin with dns:");
    }
    struct text endpoint = text_slice(written, scheme.length, written.length);
    if (text_starts_with(endpoint, TEXT("//"))) {
        endpoint = text_slice(endpoint, 2, endpoint.length);
        target.servers = text_next(&endpoint, '/');
    }
    enum status status = check_servers(call, written, target.servers);
    if (status == STATUS_OK) {
        status = parse_endpoint(call, written, endpoint, &target);
    }
    if (status == STATUS_OK) {
        *ret_target = target;
    }
    return status;
}
