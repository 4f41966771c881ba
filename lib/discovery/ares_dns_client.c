#include <ares.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/list.h"
#include "discovery/dns_client.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/loop_poll.h"

/* On Unix c-ares has nothing to set up for the process: ares_library_init(3) is for Windows. */

enum { CLASS_IN = 1 };

/* A socket of c-ares, while it is open. */
struct dns_socket {
    struct list link;
    struct dns_client *client;
    int fd;
    struct loop_poll *poll;
};

struct dns_client {
    struct loop *loop;
    ares_channel channel;
    struct list sockets;
    struct loop_timer timer; /* of the next timeout that c-ares waits for */
};

/* What came back of one question; with c-ares until then. */
struct dns_reply {
    struct dns_batch *batch;
    int result; /* c-ares' own */
    uint8_t *message;
    size_t length;
};

/* The questions of one dns_client_ask(); freed by the last of them if nobody waits any more. */
struct dns_batch {
    struct fiber_wait answered;
    size_t outstanding;
    bool abandoned;
    size_t count;
    struct dns_reply replies[];
};

static void restart_timer(struct dns_client *client)
{
    struct timeval left;
    if (ares_timeout(client->channel, NULL, &left) == NULL) {
        loop_timer_stop(client->loop, &client->timer);
        return;
    }
    int64_t left_ns = left.tv_sec * CLOCK_NS_PER_S + left.tv_usec * (CLOCK_NS_PER_MS / 1000);
    /* Without memory for the timer, whoever asks waits until the time for the lookup is over. */
    status_ignore(loop_timer_start(client->loop, &client->timer, clock_monotonic_ns() + left_ns));
}

static void on_timer(struct loop_timer *timer)
{
    struct dns_client *client = CONTAINER_OF(timer, struct dns_client, timer);
    ares_process_fd(client->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    restart_timer(client);
}

/* The sockets do not block: c-ares finds out itself which of both can be done. */
static void on_ready(void *argument)
{
    struct dns_socket *socket = argument;
    struct dns_client *client = socket->client;
    ares_process_fd(client->channel, socket->fd, socket->fd); /* may free the socket */
    restart_timer(client);
}

static struct dns_socket *find_socket(struct dns_client *client, int fd)
{
    for (struct list *link = client->sockets.next; link != &client->sockets; link = link->next) {
        struct dns_socket *socket = CONTAINER_OF(link, struct dns_socket, link);
        if (socket->fd == fd) {
            return socket;
        }
    }
    return NULL;
}

/* NULL: no memory; its questions are given up in time. */
static struct dns_socket *open_socket(struct dns_client *client, int fd)
{
    struct dns_socket *socket = calloc(1, sizeof(*socket));
    if (socket == NULL ||
        loop_poll_open(client->loop, fd, on_ready, socket, &socket->poll) != STATUS_OK) {
        free(socket);
        return NULL;
    }
    socket->client = client;
    socket->fd = fd;
    list_append(&client->sockets, &socket->link);
    return socket;
}

/* c-ares tells what it waits for on a socket: to read and to write; neither: it closes it. */
static void on_socket_state(void *state, ares_socket_t fd, int readable, int writable)
{
    struct dns_client *client = state;
    struct dns_socket *socket = find_socket(client, fd);
    if (readable == 0 && writable == 0) {
        if (socket != NULL) {
            loop_poll_close(socket->poll);
            list_remove(&socket->link);
            free(socket);
        }
        return;
    }
    if (socket == NULL) {
        socket = open_socket(client, fd);
    }
    if (socket != NULL) {
        loop_poll_set_writable(socket->poll, writable != 0);
    }
}

/* In c-ares' form; its reader of lists in words is wrong about IPv6 without a port. */
static struct ares_addr_port_node server_node(const struct sockaddr_storage *server)
{
    struct ares_addr_port_node node = {.family = server->ss_family};
    const struct sockaddr_in *ip4 = (const struct sockaddr_in *)server;
    const struct sockaddr_in6 *ip6 = (const struct sockaddr_in6 *)server;
    if (server->ss_family == AF_INET) {
        node.addr.addr4 = ip4->sin_addr;
        node.udp_port = ntohs(ip4->sin_port);
    } else {
        memcpy(&node.addr.addr6, &ip6->sin6_addr, sizeof(node.addr.addr6));
        node.udp_port = ntohs(ip6->sin6_port);
    }
    node.tcp_port = node.udp_port;
    return node;
}

static int set_servers(struct dns_client *client, const struct sockaddr_storage *servers,
                       size_t count)
{
    struct ares_addr_port_node nodes[DNS_SERVERS_MAX];
    CHECK(count <= DNS_SERVERS_MAX);
    for (size_t i = 0; i < count; i++) {
        nodes[i] = server_node(&servers[i]);
        nodes[i].next = i + 1 < count ? &nodes[i + 1] : NULL;
    }
    return count > 0 ? ares_set_servers_ports(client->channel, nodes) : ARES_SUCCESS;
}

static enum status open_channel(struct dns_client *client, struct call *call,
                                const struct sockaddr_storage *servers, size_t server_count)
{
    struct ares_options options = {
        .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS,
        .timeout = DNS_TRY_TIMEOUT_MS,
        .tries = DNS_TRIES,
        .ednspsz = DNS_DATAGRAM_BYTES,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = client,
    };
    int wanted = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ |
                 ARES_OPT_SOCK_STATE_CB;
    int result = ares_init_options(&client->channel, &options, wanted);
    bool is_open = result == ARES_SUCCESS;
    if (is_open) {
        result = set_servers(client, servers, server_count);
    }
    if (result != ARES_SUCCESS) {
        if (is_open) {
            ares_destroy(client->channel);
        }
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "DNS cannot be set up: %s",
                         ares_strerror(result));
    }
    return STATUS_OK;
}

enum status dns_client_create(struct loop *loop, struct call *call,
                              const struct sockaddr_storage *servers, size_t server_count,
                              struct dns_client **ret_client)
{
    struct dns_client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for DNS");
    }
    client->loop = loop;
    client->timer.expire = on_timer;
    list_init(&client->sockets);
    enum status status = open_channel(client, call, servers, server_count);
    if (status != STATUS_OK) {
        free(client);
        return status;
    }
    *ret_client = client;
    return STATUS_OK;
}

void dns_client_destroy(struct dns_client *client)
{
    if (client == NULL) {
        return;
    }
    ares_destroy(client->channel); /* ends what was abandoned, closes the sockets */
    CHECK(list_is_empty(&client->sockets));
    loop_timer_stop(client->loop, &client->timer);
    free(client);
}

static void free_batch(struct dns_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        free(batch->replies[i].message);
    }
    free(batch);
}

/* c-ares tells a question's end, once; the message is its own. */
static void on_reply(void *argument, int result, int timeouts, unsigned char *message, int length)
{
    struct dns_reply *reply = argument;
    struct dns_batch *batch = reply->batch;
    (void)timeouts;
    reply->result = result;
    if (message != NULL && length > 0 && !batch->abandoned) {
        reply->message = malloc((size_t)length);
        if (reply->message == NULL) {
            reply->result = ARES_ENOMEM;
        } else {
            memcpy(reply->message, message, (size_t)length);
            reply->length = (size_t)length;
        }
    }
    batch->outstanding--;
    if (batch->outstanding > 0) {
        return;
    }
    if (batch->abandoned) {
        free_batch(batch);
    } else {
        fiber_wait_signal(&batch->answered);
    }
}

/* c-ares goes on to the next server after a failure or a refusal, and in the end says of all of
 * them that they could not be reached. */
static const char *result_text(int result)
{
    return result == ARES_ECONNREFUSED ? "no server can be reached, or each fails or refuses"
                                       : ares_strerror(result);
}

static enum status read_reply(struct call *call, const struct dns_reply *reply,
                              struct dns_question *question)
{
    bool is_answer = reply->result == ARES_SUCCESS || reply->result == ARES_ENODATA ||
                     reply->result == ARES_ENOTFOUND;
    if (!is_answer || reply->message == NULL) {
        return call_fail(
            call, reply->result == ARES_ENOMEM ? STATUS_RESOURCE_EXHAUSTED : STATUS_UNAVAILABLE,
            "DNS gives no answer for %.*s: %s", TEXT_ARGUMENTS(question->name),
            result_text(reply->result));
    }
    return dns_answer_read(call, text_of_bytes(reply->message, reply->length), question->type,
                           &question->answer);
}

static void send_all(struct dns_client *client, struct dns_batch *batch,
                     const struct dns_question *questions)
{
    for (size_t i = 0; i < batch->count; i++) {
        char name[DNS_NAME_BYTES_MAX + 1];
        batch->replies[i].batch = batch;
        if (!text_to_c_string(questions[i].name, name, sizeof(name))) {
            on_reply(&batch->replies[i], ARES_EBADNAME, 0, NULL, 0);
            continue;
        }
        ares_query(client->channel, name, CLASS_IN, (int)questions[i].type, on_reply,
                   &batch->replies[i]);
    }
}

enum status dns_client_ask(struct dns_client *client, struct call *call,
                           struct dns_question *questions, size_t count)
{
    struct call waiting = call_within(call, DNS_LOOKUP_TIMEOUT_MS);
    CHECK(count > 0 && count <= DNS_QUESTIONS_MAX);
    struct dns_batch *batch = calloc(1, sizeof(*batch) + count * sizeof(struct dns_reply));
    if (batch == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a DNS question");
    }
    fiber_wait_init(&batch->answered);
    batch->count = count;
    batch->outstanding = count;
    send_all(client, batch, questions);
    restart_timer(client);
    enum status status = fiber_wait(&waiting, &batch->answered);
    if (status != STATUS_OK) {
        batch->abandoned = true;
        enum status over = call_check(call);
        return over != STATUS_OK
                   ? over
                   : call_fail(call, STATUS_UNAVAILABLE, "no DNS server has answered");
    }
    for (size_t i = 0; i < count; i++) {
        questions[i].status = read_reply(call, &batch->replies[i], &questions[i]);
    }
    free_batch(batch);
    return STATUS_OK;
}
