/* registry_handler_private.h: what the handler's files share. */
#pragma once

#include "access/access_tokens.h"
#include "base/buffer.h"
#include "http/http_operation.h"
#include "registry/handler/registry_handler.h"

/* What every Consul node says of itself: that it is in no part of the network of its own. */
#define REGISTRY_NODE_META_KEY "consul-network-segment"

enum { REGISTRY_SHARED_BYTES_MAX = 1024 * 1024 };

/* The list of a service's instances as it was rendered last: all who wait for a change ask for the
 * same, and are answered together. */
struct registry_shared_list {
    struct buffer service;
    struct buffer text;
    bool only_passing;
    uint64_t revision; /* of the state; 0: there is none */
};

struct registry_handler {
    struct registry_shared_list shared;
    struct registry_controller *controller;
    struct arena *arena; /* of the texts below */
    struct text datacenter;
    struct text node_name;
    struct text node_address;
    struct text listen_address;
    struct text version;
    struct access_tokens *tokens;
    struct access_tokens *read_tokens;
    struct audit_log *audit;
    struct registry_peers *peers; /* of blocked queries */
    char node_id[REGISTRY_NODE_ID_BYTES];
    struct http_route *routes;
    struct registry_binding *bindings;
    struct http_operation *operations;
};

/* What the audit log is told of a write besides its path; empty where there is none. */
struct registry_audited {
    struct text id;      /* of the instance or check; else what follows the path */
    struct text service; /* its name */
    struct text node;    /* another one than the registry's own */
    bool is_repetition;  /* a report that left the status as it was */
};

/* One request, as every endpoint is given it. */
struct registry_request {
    struct registry_handler *handler;
    struct registry_controller *controller;
    const struct registry_state *state;
    struct http_exchange *exchange;
    struct call *call;
    struct text query;  /* raw */
    struct text rest;   /* decoded: what follows the endpoint's path */
    int64_t arrival_ns; /* what TTLs count from */
    struct registry_audited audited;
    /* Whose token it is; "none" was shown, or an "unknown" one; empty: nobody asks for tokens. */
    char holder[ACCESS_NAME_BYTES_MAX + 1];
    int replied;           /* the reply's HTTP status; 0: none yet */
    struct text complaint; /* what an error was answered with */
};

typedef void (*registry_endpoint_fn)(struct registry_request *request);

/* Which parameters an endpoint reads, what follows its path, and what it answers. */
enum registry_takes {
    REGISTRY_TAKES_TOKEN,
    REGISTRY_TAKES_FILTER,
    REGISTRY_TAKES_WATCH,
    REGISTRY_TAKES_INSTANCES,
    REGISTRY_TAKES_MAINTENANCE,
    REGISTRY_TAKES_NOTE,
    REGISTRY_TAKES_HASH,
    REGISTRY_TAKES_REPLACE,
    REGISTRY_TAKES_FORMAT,
};
enum registry_rest {
    REGISTRY_REST_NONE,
    REGISTRY_REST_SERVICE,
    REGISTRY_REST_ID,
    REGISTRY_REST_CHECK,
    REGISTRY_REST_NODE,
    REGISTRY_REST_STATE,
};
enum registry_answers {
    REGISTRY_ANSWERS_NOTHING,
    REGISTRY_ANSWERS_OBJECT,
    REGISTRY_ANSWERS_ARRAY,
    REGISTRY_ANSWERS_STRING,
    REGISTRY_ANSWERS_TRUE,
    REGISTRY_ANSWERS_HEALTH_OF_ONE, /* by its status, too */
    REGISTRY_ANSWERS_HEALTH_OF_ALL,
};

struct registry_endpoint {
    const char *method;
    const char *path; /* as of http_route */
    registry_endpoint_fn serve;
    const char *id; /* as of http_operation, as the rest: registry_describe.h */
    const char *summary;
    enum registry_takes takes;
    enum registry_rest rest;
    enum registry_answers answers;
    bool has_body;
};

/* The tables of the files of endpoints. */
extern const struct registry_endpoint registry_service_endpoints[];
extern const size_t registry_service_endpoint_count;
extern const struct registry_endpoint registry_agent_endpoints[];
extern const size_t registry_agent_endpoint_count;
extern const struct registry_endpoint registry_check_endpoints[];
extern const size_t registry_check_endpoint_count;
extern const struct registry_endpoint registry_catalog_endpoints[];
extern const size_t registry_catalog_endpoint_count;
extern const struct registry_endpoint registry_catalog_writes[];
extern const size_t registry_catalog_write_count;
extern const struct registry_endpoint registry_overview_endpoints[];
extern const size_t registry_overview_endpoint_count;
extern const struct registry_endpoint registry_health_endpoints[];
extern const size_t registry_health_endpoint_count;
