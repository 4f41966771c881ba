/* process.h: the life of a service process, the same for all of them.
 *
 * Reads the options; opens the stores; listens; turns ready; registers; serves until SIGTERM or
 * SIGINT; tells the registry that it drains; drains; deregisters; closes; exits. What is particular
 * to a service stands in its main.c as a definition of hooks. Every listener serves its gRPC
 * services (JSON too), health, reflection, /livez, /readyz, /metrics, and at /openapi.json what all
 * of that is (openapi/openapi.h).
 *
 * A port in use, an unreadable store, a bad option: one line on standard error, exit status 1 (2
 * for bad usage). A second SIGTERM or SIGINT exits at once, with status 1. */
#pragma once

#include "base/call.h"
#include "base/log.h"
#include "base/status.h"
#include "config/config.h"
#include "discovery/discovery.h"
#include "grpc/grpc_channel.h"
#include "grpc/grpc_interceptor.h"
#include "grpc/grpc_method.h"
#include "http/http_client.h"
#include "http/http_server.h"
#include "proto/proto.h"
#include "telemetry/telemetry.h"

struct access_rule;
struct access_tokens;
struct loop;
struct process;

enum {
    PROCESS_LISTENERS_MAX = 8,
    PROCESS_CHECKS_MAX = 16,
    PROCESS_ROUTES_MAX = 256,                             /* of one listener, all together */
    PROCESS_INTERCEPTORS_MAX = GRPC_INTERCEPTORS_MAX - 3, /* of one listener */
    PROCESS_RELOADS_MAX = 16,
    PROCESS_FAILURES_IN_A_ROW_MAX = 5,
};

/* Opening a store, resolving, binding: what must be done before the process is ready. */
#define PROCESS_START_TIMEOUT_MS INT64_C(30000)
/* So long after the start, /readyz waits until an instance is known of every service that is asked.
 * Later it does not: what others lack must not take this process away. */
#define PROCESS_RESOLVE_TIMEOUT_MS INT64_C(5000)

struct process_definition {
    const char *program; /* "marquee-rating" */
    const char
        *service; /* "rating": its section in the configuration, `service` in its log lines */
    const char *summary;                 /* for --help */
    const struct config_option *options; /* its own, besides the common ones */
    size_t option_count;
    /* Which scope the methods and routes need, of all services that are served together; NULL: with
     * access on, all need `admin`. */
    const struct access_rule *rules;
    size_t rule_count;
    unsigned threads_max; /* 0: as --threads says; the registry is one loop */

    /* Opens stores, makes controllers, adds listeners, checks and telemetry sources. In a fiber on
     * loop 0 before anything runs: it may block. Not OK: the process says the call's error and
     * exits. */
    enum status (*open)(void *self, struct process *process, struct call *call);

    /* In a fiber on each loop, when its HTTP servers exist but do not accept yet: channels.
     * Optional. */
    enum status (*start)(void *self, struct process *process, struct call *call, unsigned loop);

    /* In a fiber on each loop, when the process is told to stop and before it drains: ends what
     * would hold the drain up. Optional. */
    void (*drain)(void *self, struct process *process, unsigned loop);

    /* The reverse of start, after the drain; called wherever start was, also if that failed.
     * Optional. */
    void (*stop)(void *self, struct process *process, struct call *call, unsigned loop);

    /* The reverse of open, in a fiber on loop 0, the last of all; also after a failed open.
     * Optional. */
    void (*close)(void *self);
};

/* Returns the process's exit status. `self` is given to the hooks. */
int process_main(const struct process_definition *definition, void *self, int argc, char **argv);

/* One address with what is served there. Tables are borrowed for the process's life. */
struct process_listener {
    const char *service; /* under which it is registered; NULL: not at all */
    struct text address; /* "127.0.0.1:8082" */
    const struct grpc_service *services;
    size_t service_count;
    /* Of the services' files; without data: none. */
    struct proto_descriptor_set descriptors;
    /* The same with the files' comments, which /openapi.json shows; without data: none. */
    struct proto_descriptor_set documented;
    const struct http_route *routes;
    size_t route_count;
    bool guards_routes; /* asks for --token-file's secrets itself, in words of its own */
    /* Of every call, behind the access log, the metrics and --token-file (grpc/grpc_interceptor.h);
     * at most PROCESS_INTERCEPTORS_MAX. The routes are not theirs to guard. */
    const struct grpc_interceptor *interceptors;
    size_t interceptor_count;
};

/* In open. Returns the listener's number. CHECKs the limits. */
unsigned process_add_listener(struct process *process, const struct process_listener *listener);

/* As it was bound, the port that the kernel chose included; from `start` on. Borrowed for the
 * process's life. */
struct text process_listener_address(const struct process *process, unsigned listener);

/* A condition of readiness, looked at by /readyz on any loop thread. reason: why not, or what is to
 * be said although it is met; valid in the call's arena or static. In open, or in start on loop 0.
 */
void process_add_check(struct process *process, const char *name,
                       bool (*is_ready)(void *state, struct call *call, struct text *ret_reason),
                       void *state);

/* Has it done anew on SIGHUP, on the control loop's thread: files read or opened again. In open. */
void process_add_reload(struct process *process, void (*reload)(void *state), void *state);

/* Sessions of browsers: POST, GET and DELETE /session on every listener, and their cookie in place
 * of a token for all that is served there (docs/security.md). The options are
 * PROCESS_SESSION_OPTIONS. STATUS_FAILED_PRECONDITION, STATUS_RESOURCE_EXHAUSTED: as of
 * access_sessions_open(). In open, once. */
MUST_USE enum status process_open_sessions(struct process *process, struct call *call);

/* For the tables of services' options. */
#define PROCESS_LISTEN_OPTION(default_address)                                                     \
    {                                                                                              \
        .name = "listen", .kind = CONFIG_TEXT, .argument = "HOST:PORT",                            \
        .default_value = (default_address),                                                        \
        .help = "the address to serve on; port 0 lets the kernel choose"                           \
    }
#define PROCESS_SESSION_OPTIONS                                                                    \
    {.name = "session-keys",                                                                       \
     .kind = CONFIG_TEXT,                                                                          \
     .argument = "FILE",                                                                           \
     .help = "the keys that sign browsers' sessions, made if there is no such file; empty: "       \
             "sessions end with the process"},                                                     \
    {                                                                                              \
        .name = "session-lifetime", .kind = CONFIG_DURATION, .argument = "TIME",                   \
        .default_value = "7d", .help = "how long a browser's session holds",                       \
        .minimum = INT64_C(1000), .maximum = INT64_C(2592000000)                                   \
    }

/* Those of --token-file: of which callers must show one; NULL: nobody must. For a listener that
 * guards_routes. Borrowed. */
struct access_tokens *process_tokens(const struct process *process);

/* How other services and registries are asked by HTTP: what the options --tls-ca,
 * --tls-certificate,
 * --tls-key, --call-token-file and --registry-token-file say. Borrowed. */
struct http_client_access process_call_access(const struct process *process);
struct http_client_access process_registry_access(const struct process *process);

/* config_set_default() of the process's options. In open. */
MUST_USE enum status process_set_default(struct process *process, struct call *call,
                                         const char *name, struct text value);

const struct config *process_config(const struct process *process);
const struct log *process_log(const struct process *process);
struct telemetry *process_telemetry(struct process *process);
unsigned process_loop_count(const struct process *process);
struct loop *process_loop(struct process *process, unsigned index);

/* The HTTP server of a listener on a loop, from `start` to `stop`: for loopback channels. */
struct http_server *process_http_server(struct process *process, unsigned listener, unsigned loop);

/* A channel on this loop to a service that is found by the options --services or --registry, and
 * the watcher that keeps it up to date; its calls are observed, and keep away for a time from an
 * instance that has failed PROCESS_FAILURES_IN_A_ROW_MAX of them (grpc/grpc_outlier.h). That its
 * instances cannot be asked for, and can again, is logged. service, pool: borrowed. In start, with
 * process_close_channel() in stop. */
struct process_channel {
    struct grpc_channel *grpc;
    /* private */
    struct process *process;
    const char *service;
    struct discovery_resolver resolver;
    struct discovery_watcher *watcher;
    bool resolved; /* an instance was seen */
};

/* STATUS_INVALID_ARGUMENT: neither option says how the service is found, or one is not understood.
 * STATUS_RESOURCE_EXHAUSTED: no memory. /readyz says no until an instance was seen. */
MUST_USE enum status process_open_channel(struct process *process, struct call *call,
                                          const struct proto_pool *pool, const char *service,
                                          struct process_channel *ret_channel);
/* The same to a service that this one can do without: /readyz does not wait for it, and where no
 * option says how it is found, ret_channel->grpc is NULL. */
MUST_USE enum status process_open_optional_channel(struct process *process, struct call *call,
                                                   const struct proto_pool *pool,
                                                   const char *service,
                                                   struct process_channel *ret_channel);
void process_close_channel(struct process_channel *channel);

/* Options for a channel that is made by hand, so that its calls are observed too. */
struct grpc_channel_options
process_channel_options(struct process *process, const struct proto_pool *pool, const char *target);
