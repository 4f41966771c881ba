/* registry_server.h: the registry in the test's own process, on a TCP port of the kernel's choice.
 */
#pragma once

#include "http/http_message.h"
#include "registry/checker/registry_checker.h"

struct registry_server {
    char address[HTTP_ADDRESS_BYTES_MAX]; /* stays the same over restarts */
    struct registry_checker checker;      /* of the caller; may be left empty */
    int64_t settle_ms;
    /* private */
    bool running;
    int fd;
    struct registry_controller *controller;
    struct registry_handler *handler;
    struct http_server *http;
};

/* All in a fiber; a failure fails the test. Zeroed before the first start, but for `checker` and
 * `settle_ms`. Started again after a stop, it knows nothing of before. */
void registry_server_start(struct registry_server *server, struct call *call);
void registry_server_stop(struct registry_server *server);
