/* dns_client.h: asks DNS servers, several questions at once. Private to the DNS implementation.
 *
 * For one loop; its sockets and timeouts are the loop's, and nothing blocks. */
#pragma once

#include <sys/socket.h>

#include "discovery/dns_answer.h"

struct dns_client;

enum { DNS_QUESTIONS_MAX = 2 * DNS_TARGETS_ASKED_MAX }; /* of one dns_client_ask() */

/* servers: IPv4 or IPv6, at most DNS_SERVERS_MAX, copied; none: those of /etc/resolv.conf, which is
 * read now. STATUS_RESOURCE_EXHAUSTED: no memory. *ret_client is owned by the caller. */
MUST_USE enum status dns_client_create(struct loop *loop, struct call *call,
                                       const struct sockaddr_storage *servers, size_t server_count,
                                       struct dns_client **ret_client);

/* With nobody asking. NULL is accepted. On the loop's thread. */
void dns_client_destroy(struct dns_client *client);

struct dns_question {
    struct text name;
    enum dns_type type;
    /* Filled in. STATUS_UNAVAILABLE: no server has answered; the others as dns_answer_read(). */
    enum status status;
    struct dns_answer answer; /* in the call's arena; of STATUS_OK */
};

/* Asks all of them at once, and parks until each is answered or given up. STATUS_OK: look at each;
 * the call's error says what went wrong with the first that failed.
 * STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED: the call is over. STATUS_RESOURCE_EXHAUSTED. */
MUST_USE enum status dns_client_ask(struct dns_client *client, struct call *call,
                                    struct dns_question *questions, size_t count);
