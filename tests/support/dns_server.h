/* dns_server.h: a DNS server in the test's own process, by UDP and TCP on one port of the kernel's
 * choice, that answers from the records it is given. */
#pragma once

#include <stdbool.h>

#include "http/http_message.h"

struct loop_poll;
struct ldns_struct_rr_list;

enum {
    DNS_SERVER_CONNECTIONS_MAX = 16,
    DNS_SERVER_MESSAGE_BYTES_MAX = 65535,
    DNS_SERVER_NAME_BYTES_MAX = 256,
};

struct dns_server_connection {
    struct dns_server *server;
    struct loop_poll *poll;
    int fd;
    size_t length;
    unsigned char received[2 + DNS_SERVER_MESSAGE_BYTES_MAX];
};

struct dns_server {
    char address[HTTP_ADDRESS_BYTES_MAX]; /* stays the same over restarts */
    bool ip6;                             /* on ::1; set before the first start */
    /* How it behaves; may be changed at any time. */
    bool silent;
    bool cuts;          /* every datagram is an empty one, with TC set */
    bool old;           /* does not know EDNS, and says so by FORMERR */
    bool bare;          /* no addresses come with SRV records */
    unsigned code;      /* of every answer; 0: as the records have it */
    const char *broken; /* a name that gets SERVFAIL: "b.test." */
    /* Questions so far. */
    unsigned datagrams;
    unsigned streams;
    /* private */
    bool running;
    int datagram_fd;
    int stream_fd;
    struct loop_poll *datagram_poll;
    struct loop_poll *stream_poll;
    struct ldns_struct_rr_list *records;
    struct dns_server_connection *connections[DNS_SERVER_CONNECTIONS_MAX];
};

/* All in a fiber; a failure fails the test. Zeroed before the first start. The records stay over a
 * restart. */
void dns_server_start(struct dns_server *server);
void dns_server_stop(struct dns_server *server);

/* Frees the records of one that is stopped. */
void dns_server_forget(struct dns_server *server);

/* The records from now on, a line each, as in a zone file: "a.test. 30 IN A 127.0.0.1\n…". A name
 * without a record at it or below it does not exist. With an answer that there is none comes an
 * SOA, for so many seconds as that of the records says. */
void dns_server_set(struct dns_server *server, struct text records);
