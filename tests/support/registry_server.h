/* registry_server.h: the registry in the test's own process, on a TCP port of the kernel's choice.
 */
#pragma once

#include "http/http_message.h"
#include "registry/checker/registry_checker.h"

struct registry_server {
    char address[HTTP_ADDRESS_BYTES_MAX]; /* stays the same over restarts */
    struct registry_checker checker;      /* of the caller; may be left empty */
    int64_t settle_ms;
    bool answers_dns; /* too, in the domain "consul" and with TTL 0; set by the caller */
    char dns_address[HTTP_ADDRESS_BYTES_MAX]; /* stays the same over restarts */
    /* private */
    bool running;
    int fd;
    struct registry_controller *controller;
    struct registry_handler *handler;
    struct http_server *http;
    struct registry_dns *dns;
};

/* All in a fiber; a failure fails the test. Zeroed before the first start, but for `checker`,
 * `settle_ms` and `answers_dns`. Started again after a stop, it knows nothing of before. */
void registry_server_start(struct registry_server *server, struct call *call);
void registry_server_stop(struct registry_server *server);
