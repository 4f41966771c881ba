/* registry_dns_private.h: what the two ways to the registry's DNS share. */
#pragma once

#include "base/list.h"
#include "loop/loop.h"
#include "registry/handler/ldns_message.h"
#include "registry/handler/registry_dns.h"

struct loop_poll;

struct registry_dns {
    struct loop *loop;
    const struct registry_controller *controller;
    struct registry_dns_zone zone;
    struct dns_source source;
    struct arena kept;     /* of the zone's texts */
    struct arena exchange; /* of one exchange */
    char address[HTTP_ADDRESS_BYTES_MAX];
    int datagram_fd;
    int stream_fd;
    struct loop_poll *datagram_poll;
    struct loop_poll *stream_poll;
    struct loop_timer accept_again; /* after the descriptors were out */
    struct list streams;            /* open ones */
    unsigned stream_count;
    uint8_t reply[DNS_MESSAGE_BYTES_MAX];
};

/* The reply to one query, in dns->reply; 0: none. */
size_t registry_dns_reply(struct registry_dns *dns, struct text query, bool datagram);

/* Answers what has come on the socket. */
void registry_dns_read_datagrams(void *dns);

/* Accepts from the listening socket. STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status registry_dns_accept_streams(struct registry_dns *dns);
void registry_dns_close_streams(struct registry_dns *dns);
