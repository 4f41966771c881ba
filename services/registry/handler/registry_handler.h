/* registry_handler.h: the registry over HTTP, with the paths, JSON and error texts of Consul's
 * interface, so that its clients need not know the difference. docs/registry.md lists what is
 * there.
 *
 * On the controller's loop. */
#pragma once

#include "http/http_server.h"
#include "registry/controller/registry_controller.h"

struct access_tokens;
struct audit_log;
struct registry_handler;

enum {
    REGISTRY_BODY_BYTES_MAX = 256 * 1024, /* of a request */
    /* Blocked queries of one address: half of all, so that it cannot keep the others from waiting.
     */
    REGISTRY_WATCHERS_PER_PEER_MAX = REGISTRY_WATCHERS_MAX / 2,
    REGISTRY_REPLY_BYTES_MAX = 64 * 1024 * 1024, /* a longer one is answered by 500 */
};

struct registry_handler_options {
    struct text datacenter;   /* empty: "dc1" */
    struct text node_name;    /* empty: "marquee" */
    struct text node_address; /* of instances without one of their own; empty: "127.0.0.1" */
    struct text version;      /* empty: "0.0.0" */
    /* Who knows one of these may do everything (access/access_tokens.h); NULL: everybody may. */
    struct access_tokens *tokens;
    struct access_tokens *read_tokens; /* one of these: read; NULL: there are none */
    /* Told of each write, accepted or refused, but of reports that leave a check's status as it
     * was (access/audit_log.h); NULL: nobody is. */
    struct audit_log *audit;
};

/* The options' texts are copied, the rest is borrowed. STATUS_RESOURCE_EXHAUSTED: no memory. The
 * controller must outlive *ret_handler, which is owned by the caller. */
MUST_USE enum status registry_handler_create(struct registry_controller *controller,
                                             const struct registry_handler_options *options,
                                             struct registry_handler **ret_handler);

/* "host:port", told as the leader; "127.0.0.1:8500" before. Copied. STATUS_RESOURCE_EXHAUSTED. */
MUST_USE enum status registry_handler_set_address(struct registry_handler *handler,
                                                  struct text address);

/* NULL is accepted. After the HTTP server that serves the routes. */
void registry_handler_destroy(struct registry_handler *handler);

/* For http_server_options; borrowed until destroy. */
const struct http_route *registry_handler_routes(const struct registry_handler *handler,
                                                 size_t *ret_count);
