#include "load_connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

void load_fail(const char *what)
{
    (void)fprintf(stderr, "registry_load: %s\n", what);
    exit(EXIT_FAILURE);
}

void load_connect(struct load_connection *connection, uint16_t port)
{
    static const int on = 1;
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 ||
        connect(connection->fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) {
        load_fail(strerror(errno));
    }
}

void load_send(struct load_connection *connection, struct text request, int64_t due_ns)
{
    connection->is_busy = true;
    connection->sent_ns = due_ns;
    connection->length = 0;
    if (send(connection->fd, request.data, request.length, MSG_NOSIGNAL) !=
        (ssize_t)request.length) {
        load_fail("a request did not fit into the socket");
    }
}

static void make_room(struct load_connection *connection)
{
    if (connection->length < connection->capacity) {
        return;
    }
    size_t capacity = connection->capacity > 0 ? 2 * connection->capacity : LOAD_REPLY_BYTES_FIRST;
    char *bytes = capacity <= LOAD_REPLY_BYTES_MAX ? realloc(connection->bytes, capacity) : NULL;
    if (bytes == NULL) {
        load_fail("a reply was too long");
    }
    connection->bytes = bytes;
    connection->capacity = capacity;
}

/* The value of a header line, by the name with which it begins; empty if it is not there. */
static struct text header(struct text head, const char *name)
{
    size_t name_length = strlen(name);
    for (const char *line = head.data; line != NULL && line < head.data + head.length;) {
        const char *end = memchr(line, '\r', (size_t)(head.data + head.length - line));
        if (end == NULL) {
            break;
        }
        if ((size_t)(end - line) > name_length && strncasecmp(line, name, name_length) == 0) {
            return text_trim((struct text){line + name_length, (size_t)(end - line) - name_length});
        }
        line = end + 2;
    }
    return (struct text){NULL, 0};
}

static bool is_whole(struct text head, struct text body)
{
    static const char last_chunk[] = "0\r\n\r\n";
    enum { LAST_BYTES = sizeof(last_chunk) - 1 };
    struct text value = header(head, "content-length:");
    uint64_t length = 0;
    if (value.length > 0) {
        return text_to_u64(value, &length) && body.length >= length;
    }
    if (header(head, "transfer-encoding:").length == 0) {
        load_fail("a reply whose end cannot be told");
    }
    /* JSON has no line ends of its own that could look like this. */
    return body.length >= LAST_BYTES &&
           memcmp(body.data + body.length - LAST_BYTES, last_chunk, LAST_BYTES) == 0;
}

static bool parse(struct load_connection *connection)
{
    static const struct text protocol = TEXT_INIT("HTTP/1.1 ");
    enum { STATUS_DIGITS = 3 };
    const char *end = memmem(connection->bytes, connection->length, "\r\n\r\n", 4);
    if (end == NULL) {
        return false;
    }
    struct text head = {connection->bytes, (size_t)(end - connection->bytes) + 2};
    struct text body = {end + 4, connection->length - head.length - 2};
    if (!is_whole(head, body)) {
        return false;
    }
    struct text status = text_slice(head, protocol.length, protocol.length + STATUS_DIGITS);
    if (!text_starts_with(head, protocol) || !text_to_u64(status, &connection->status)) {
        load_fail("what came is no reply of HTTP/1.1");
    }
    if (!text_to_u64(header(head, "x-consul-index:"), &connection->index)) {
        connection->index = 0;
    }
    return true;
}

bool load_receive(struct load_connection *connection)
{
    make_room(connection);
    ssize_t got = recv(connection->fd, connection->bytes + connection->length,
                       connection->capacity - connection->length, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    if (got <= 0) {
        load_fail("the server closed a connection");
    }
    connection->length += (size_t)got;
    connection->is_busy = !parse(connection);
    return !connection->is_busy;
}
