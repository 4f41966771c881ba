#include <arpa/inet.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/call.h"
#include "http/socket_address.h"
#include "loop/loop.h"
#include "loop/loop_poll.h"
#include "support/cmocka_test.h"
#include "support/dns_server.h"

enum { PLAIN_DATAGRAM_BYTES = 512, BACKLOG = 16 };

/* Adds copies of the records of the name and type; SOA: of whatever name. Returns how many. */
static size_t add_records(const struct dns_server *server, ldns_pkt *reply,
                          ldns_pkt_section section, const ldns_rdf *name, ldns_rr_type type)
{
    size_t count = 0;
    for (size_t i = 0; i < ldns_rr_list_rr_count(server->records); i++) {
        const ldns_rr *record = ldns_rr_list_rr(server->records, i);
        if (ldns_rr_get_type(record) == type &&
            (type == LDNS_RR_TYPE_SOA || ldns_dname_compare(ldns_rr_owner(record), name) == 0)) {
            assert_true(ldns_pkt_push_rr(reply, section, ldns_rr_clone(record)));
            count++;
        }
    }
    return count;
}

static bool name_exists(const struct dns_server *server, const ldns_rdf *name)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(server->records); i++) {
        const ldns_rdf *owner = ldns_rr_owner(ldns_rr_list_rr(server->records, i));
        if (ldns_dname_compare(owner, name) == 0 || ldns_dname_is_subdomain(owner, name)) {
            return true;
        }
    }
    return false;
}

static void add_targets(const struct dns_server *server, ldns_pkt *reply)
{
    const ldns_rr_list *answers = ldns_pkt_answer(reply);
    for (size_t i = 0; i < ldns_rr_list_rr_count(answers); i++) {
        const ldns_rr *record = ldns_rr_list_rr(answers, i);
        if (ldns_rr_get_type(record) == LDNS_RR_TYPE_SRV) {
            const ldns_rdf *target = ldns_rr_rdf(record, 3);
            (void)add_records(server, reply, LDNS_SECTION_ADDITIONAL, target, LDNS_RR_TYPE_A);
            (void)add_records(server, reply, LDNS_SECTION_ADDITIONAL, target, LDNS_RR_TYPE_AAAA);
        }
    }
}

static bool is_broken(const struct dns_server *server, const ldns_rdf *name)
{
    if (server->broken == NULL) {
        return false;
    }
    ldns_rdf *broken = ldns_dname_new_frm_str(server->broken);
    bool is_it = ldns_dname_compare(broken, name) == 0;
    ldns_rdf_deep_free(broken);
    return is_it;
}

/* Follows an alias, as a server that resolves for others does. */
static size_t add_answers(const struct dns_server *server, ldns_pkt *reply, const ldns_rdf *name,
                          ldns_rr_type type)
{
    size_t count = add_records(server, reply, LDNS_SECTION_ANSWER, name, type);
    if (count == 0 &&
        add_records(server, reply, LDNS_SECTION_ANSWER, name, LDNS_RR_TYPE_CNAME) > 0) {
        const ldns_rr *alias = ldns_rr_list_rr(ldns_pkt_answer(reply), 0);
        count = 1 + add_records(server, reply, LDNS_SECTION_ANSWER, ldns_rr_rdf(alias, 0), type);
    }
    return count;
}

static void fill_reply(const struct dns_server *server, ldns_pkt *reply, const ldns_rr *question)
{
    const ldns_rdf *name = ldns_rr_owner(question);
    if (server->code != 0 || is_broken(server, name)) {
        ldns_pkt_set_rcode(reply,
                           (uint8_t)(server->code != 0 ? server->code : LDNS_RCODE_SERVFAIL));
        return;
    }
    if (add_answers(server, reply, name, ldns_rr_get_type(question)) == 0) {
        ldns_pkt_set_rcode(reply,
                           name_exists(server, name) ? LDNS_RCODE_NOERROR : LDNS_RCODE_NXDOMAIN);
        (void)add_records(server, reply, LDNS_SECTION_AUTHORITY, name, LDNS_RR_TYPE_SOA);
    } else if (!server->bare) {
        add_targets(server, reply);
    }
}

static ldns_pkt *new_reply(const ldns_pkt *query)
{
    ldns_pkt *reply = ldns_pkt_new();
    ldns_rr *question = ldns_rr_clone(ldns_rr_list_rr(ldns_pkt_question(query), 0));
    assert_non_null(reply);
    ldns_pkt_set_id(reply, ldns_pkt_id(query));
    ldns_pkt_set_qr(reply, true);
    ldns_pkt_set_aa(reply, true);
    ldns_pkt_set_rd(reply, ldns_pkt_rd(query));
    assert_true(ldns_pkt_push_rr(reply, LDNS_SECTION_QUESTION, question));
    return reply;
}

/* The whole reply, allocated; a datagram that is too long is cut down to its header. */
static uint8_t *answer(struct dns_server *server, const uint8_t *message, size_t length,
                       bool datagram, size_t *ret_length)
{
    ldns_pkt *query = NULL;
    uint8_t *wire = NULL;
    assert_int_equal(ldns_wire2pkt(&query, message, length), LDNS_STATUS_OK);
    size_t most = ldns_pkt_edns(query) ? ldns_pkt_edns_udp_size(query) : PLAIN_DATAGRAM_BYTES;
    ldns_pkt *reply = new_reply(query);
    if (server->old && ldns_pkt_edns(query)) {
        ldns_pkt_set_rcode(reply, LDNS_RCODE_FORMERR);
    } else if (!datagram || !server->cuts) {
        fill_reply(server, reply, ldns_rr_list_rr(ldns_pkt_question(query), 0));
    }
    assert_int_equal(ldns_pkt2wire(&wire, reply, ret_length), LDNS_STATUS_OK);
    if (datagram && (server->cuts || *ret_length > most)) {
        ldns_pkt *cut = new_reply(query);
        free(wire);
        ldns_pkt_set_tc(cut, true);
        assert_int_equal(ldns_pkt2wire(&wire, cut, ret_length), LDNS_STATUS_OK);
        ldns_pkt_free(cut);
    }
    ldns_pkt_free(reply);
    ldns_pkt_free(query);
    return wire;
}

static void read_datagrams(void *argument)
{
    struct dns_server *server = argument;
    uint8_t message[DNS_SERVER_MESSAGE_BYTES_MAX];
    struct sockaddr_storage peer;
    socklen_t peer_length = sizeof(peer);
    ssize_t length;
    while ((length = recvfrom(server->datagram_fd, message, sizeof(message), MSG_DONTWAIT,
                              (struct sockaddr *)&peer, &peer_length)) > 0) {
        size_t reply_length;
        server->datagrams++;
        if (!server->silent) {
            uint8_t *reply = answer(server, message, (size_t)length, true, &reply_length);
            (void)sendto(server->datagram_fd, reply, reply_length, 0, /* else it is asked again */
                         (const struct sockaddr *)&peer, peer_length);
            free(reply);
        }
        peer_length = sizeof(peer);
    }
}

static void close_connection(struct dns_server_connection *connection)
{
    struct dns_server *server = connection->server;
    for (unsigned i = 0; i < DNS_SERVER_CONNECTIONS_MAX; i++) {
        if (server->connections[i] == connection) {
            server->connections[i] = NULL;
        }
    }
    loop_poll_close(connection->poll);
    (void)close(connection->fd);
    free(connection);
}

static void answer_stream(struct dns_server_connection *connection, size_t length)
{
    size_t reply_length;
    connection->server->streams++;
    uint8_t *reply =
        answer(connection->server, connection->received + 2, length, false, &reply_length);
    const uint8_t prefix[2] = {(uint8_t)(reply_length >> 8), (uint8_t)reply_length};
    assert_int_equal(send(connection->fd, prefix, 2, MSG_MORE), 2);
    assert_int_equal(send(connection->fd, reply, reply_length, 0), reply_length); /* small: fits */
    free(reply);
}

static void read_stream(void *argument)
{
    struct dns_server_connection *connection = argument;
    ssize_t length = recv(connection->fd, connection->received + connection->length,
                          sizeof(connection->received) - connection->length, MSG_DONTWAIT);
    if (length <= 0) {
        close_connection(connection);
        return;
    }
    connection->length += (size_t)length;
    while (connection->length >= 2) {
        size_t wanted = 2 + ((size_t)connection->received[0] << 8 | connection->received[1]);
        if (connection->length < wanted) {
            return;
        }
        if (!connection->server->silent) {
            answer_stream(connection, wanted - 2);
        }
        connection->length -= wanted;
        memmove(connection->received, connection->received + wanted, connection->length);
    }
}

static void accept_streams(void *argument)
{
    struct dns_server *server = argument;
    int fd;
    while ((fd = accept4(server->stream_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        unsigned place = 0;
        while (place < DNS_SERVER_CONNECTIONS_MAX && server->connections[place] != NULL) {
            place++;
        }
        assert_in_range(place, 0, DNS_SERVER_CONNECTIONS_MAX - 1);
        struct dns_server_connection *connection = calloc(1, sizeof(*connection));
        assert_non_null(connection);
        connection->server = server;
        connection->fd = fd;
        server->connections[place] = connection;
        assert_int_equal(
            loop_poll_open(loop_current(), fd, read_stream, connection, &connection->poll),
            STATUS_OK);
    }
}

/* -1: the port is taken. On success, the address has the port. */
static int bound_socket(struct sockaddr_storage *address, socklen_t length, int type)
{
    const int on = 1;
    int fd = socket(address->ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (type == SOCK_STREAM) { /* with UDP, two servers would share the port */
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    }
    if (bind(fd, (const struct sockaddr *)address, length) != 0) {
        (void)close(fd);
        return -1;
    }
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, &length), 0);
    return fd;
}

/* The address to bind: that of before, or one with a port of the kernel's choice. */
static socklen_t wanted_address(const struct dns_server *server, struct sockaddr_storage *address)
{
    struct arena arena;
    struct call call;
    struct text host = server->ip6 ? TEXT("::1") : TEXT("127.0.0.1");
    uint16_t port = 0;
    socklen_t length;
    arena_init(&arena, PLAIN_DATAGRAM_BYTES);
    call_init(&call, &arena, 0);
    if (server->address[0] != '\0') {
        assert_int_equal(http_address_split(&call, text_of(server->address), &host, &port),
                         STATUS_OK);
    }
    assert_true(socket_address_parse(host, port, address, &length));
    arena_deinit(&arena);
    return length;
}

/* One port for both: the kernel chooses for TCP, and UDP's may be taken, so that it chooses again.
 */
static void bind_both(struct dns_server *server)
{
    struct sockaddr_storage address;
    do {
        socklen_t length = wanted_address(server, &address);
        server->stream_fd = bound_socket(&address, length, SOCK_STREAM);
        assert_true(server->stream_fd >= 0);
        server->datagram_fd = bound_socket(&address, length, SOCK_DGRAM);
        if (server->datagram_fd < 0) {
            (void)close(server->stream_fd);
            assert_true(server->address[0] == '\0');
        }
    } while (server->datagram_fd < 0);
    assert_int_equal(listen(server->stream_fd, BACKLOG), 0);
    socket_address_format(&address, server->address);
}

void dns_server_start(struct dns_server *server)
{
    bind_both(server);
    assert_int_equal(loop_poll_open(loop_current(), server->datagram_fd, read_datagrams, server,
                                    &server->datagram_poll),
                     STATUS_OK);
    assert_int_equal(loop_poll_open(loop_current(), server->stream_fd, accept_streams, server,
                                    &server->stream_poll),
                     STATUS_OK);
    server->running = true;
}

void dns_server_stop(struct dns_server *server)
{
    if (!server->running) {
        return;
    }
    server->running = false;
    for (unsigned i = 0; i < DNS_SERVER_CONNECTIONS_MAX; i++) {
        if (server->connections[i] != NULL) {
            close_connection(server->connections[i]);
        }
    }
    loop_poll_close(server->datagram_poll);
    loop_poll_close(server->stream_poll);
    (void)close(server->datagram_fd);
    (void)close(server->stream_fd);
}

void dns_server_forget(struct dns_server *server)
{
    ldns_rr_list_deep_free(server->records);
    server->records = NULL;
}

void dns_server_set(struct dns_server *server, struct text records)
{
    dns_server_forget(server);
    server->records = ldns_rr_list_new();
    assert_non_null(server->records);
    for (struct text rest = records; rest.data != NULL;) {
        char line[1024];
        ldns_rr *record = NULL;
        struct text one = text_trim(text_next(&rest, '\n'));
        if (one.length == 0) {
            continue;
        }
        assert_true(text_to_c_string(one, line, sizeof(line)));
        if (ldns_rr_new_frm_str(&record, line, 0, NULL, NULL) != LDNS_STATUS_OK) {
            fail_msg("no record: %s", line);
        }
        assert_true(ldns_rr_list_push_rr(server->records, record));
    }
}
