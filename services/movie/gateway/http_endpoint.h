/* http_endpoint.h: a service's instances as plain HTTP: the list that discovery gives, one instance
 * at random for each request, another one when it refuses. For one loop. */
#pragma once

#include "base/call.h"
#include "discovery/discovery.h"
#include "http/http_client.h"

struct access_tokens;
struct proto_pool;

enum { HTTP_ENDPOINT_ATTEMPTS_MAX = 3 };

struct http_endpoint {
    /* Set by the owner. */
    bool secure;                  /* asks by https */
    struct access_tokens *tokens; /* whose first secret is shown; NULL: none is */
    /* Who keeps the list up to date, and is told when an instance cannot be reached. */
    struct discovery_watcher *watcher;
    const struct proto_pool *messages; /* the types of what gateway_rpc.h sends; borrowed */
    /* private */
    const char *service;
    struct http_client *client;
    struct text *addresses; /* owned, in one block of memory */
    size_t count;
};

/* client: borrowed. */
void http_endpoint_init(struct http_endpoint *endpoint, const char *service,
                        struct http_client *client);
void http_endpoint_deinit(struct http_endpoint *endpoint);

/* A discovery_update_fn; state: the endpoint. Without memory for a new list the earlier one stays.
 */
void http_endpoint_update(void *endpoint, const struct discovery_snapshot *snapshot);

/* GET of a path with its query, on behalf of whose call it is, where a secret is shown
 * (access_acting_for()). STATUS_OK: 200. STATUS_UNAVAILABLE: no instance, or none could be
 * reached. Otherwise the status that the reply names (Connect's `code`), or that its HTTP
 * status means; the call's error holds the words of its problem details, if it has any. ret_reply
 * is valid in the call's arena. */
MUST_USE enum status http_endpoint_get(struct http_endpoint *endpoint, struct call *call,
                                       struct text path, struct http_client_reply *ret_reply);

/* The same by POST of JSON. What it does must be safe to repeat. */
MUST_USE enum status http_endpoint_post(struct http_endpoint *endpoint, struct call *call,
                                        struct text path, struct text json,
                                        struct http_client_reply *ret_reply);
