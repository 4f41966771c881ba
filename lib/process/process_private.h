/* process_private.h: the parts of a process, for the files of this folder. */
#pragma once

#include <stdatomic.h>

#include "access/access_tokens.h"
#include "base/arena.h"
#include "grpc/grpc_server.h"
#include "idempotency/idempotency.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "openapi/openapi.h"
#include "process/process.h"
#include "process/process_guard.h"

/* What one start-up or shutdown step may take of memory. */
enum { PROCESS_ARENA_BYTES_MAX = 4 * 1024 * 1024 };

/* Of freed memory, that much stays with each of the C library's arenas; pieces above the second
 * have a mapping of their own, which goes when they are freed. */
enum {
    PROCESS_HEAP_KEPT_BYTES = 32 * 1024 * 1024,
    PROCESS_HEAP_MAPPED_BYTES = 4 * 1024 * 1024,
};

enum { PROCESS_HOSTS_MAX = 32 }; /* of --allowed-hosts */

/* Lines a second about connections and hosts that were refused: strangers could fill a log with
 * them. */
enum { PROCESS_REFUSALS_LOGGED_MAX = 10 };

enum process_phase { PROCESS_STARTING, PROCESS_READY, PROCESS_DRAINING };

struct process_check {
    const char *name;
    bool (*is_ready)(void *state, struct call *call, struct text *ret_reason);
    void *state;
};

/* What SIGHUP has done anew. */
struct process_reload {
    void (*reload)(void *state);
    void *state;
};

struct process_server {
    struct process *process;
    struct process_listener spec;
    bool is_on_loopback;
    bool checks_hosts; /* who asks by another name is refused */
    struct grpc_server *grpc;
    struct grpc_interceptor interceptors[GRPC_INTERCEPTORS_MAX]; /* the log's, the metrics', its */
    struct http_route routes[PROCESS_ROUTES_MAX];
    struct process_guarded_route guarded[PROCESS_ROUTES_MAX];
    size_t route_count;
    struct http_route metrics; /* as it would be without tokens */
    struct process_guarded_route guarded_metrics;
    struct http_route session_routes[PROCESS_SESSION_ROUTES];
    struct process_method *methods; /* by their paths: open addressing */
    size_t method_mask;
    struct openapi_place openapi;
    size_t own_route; /* the first of those that every process has; they come last */
    struct http_server *http[LOOP_THREADS_MAX];
    int fd;
    char address[HTTP_ADDRESS_BYTES_MAX]; /* as bound */
    struct discovery_registrar registrar;
    struct discovery_keeper *keeper;
    _Atomic unsigned registries; /* that it is to be registered with; 0: that is not known yet */
    _Atomic unsigned registered; /* and with how many of them it is */
};

struct process {
    const struct process_definition *definition;
    void *self;
    struct arena arena; /* of what lives as long as the process */
    struct config *config;
    struct log log;
    struct telemetry *telemetry;
    struct loop *control; /* of the main thread: signals, registration */
    struct worker_pool *pool;
    struct loop_threads *threads;
    struct text cors_origins[GRPC_CORS_ORIGINS_MAX]; /* of the option; texts valid in the config */
    size_t cors_origin_count;
    struct text allowed_hosts[PROCESS_HOSTS_MAX]; /* as these */
    size_t allowed_host_count;
    struct process_server servers[PROCESS_LISTENERS_MAX];
    unsigned server_count;
    struct process_check checks[PROCESS_CHECKS_MAX];
    size_t check_count;
    struct process_reload reloads[PROCESS_RELOADS_MAX];
    size_t reload_count;
    struct loop_signal *hangup;
    struct access_tokens *tokens;          /* of which callers must show one; NULL: nobody must */
    struct access_tokens *call_tokens;     /* what is shown to other services; NULL: nothing */
    struct access_tokens *registry_tokens; /* and to registries */
    struct process_access access;
    struct idempotency_store *idempotency;
    struct tls_context *tls_server; /* NULL: plaintext */
    struct tls_context *tls_client; /* NULL: peers are spoken to in plaintext */
    _Atomic uint64_t refusals;
    _Atomic int64_t refusal_second;
    _Atomic unsigned refusals_logged; /* in that second */
    _Atomic int phase;
    _Atomic bool failure_told;
    _Atomic unsigned unresolved;       /* channels that have seen no instance yet */
    _Atomic uint64_t refused_requests; /* for overload: the server's */
    _Atomic uint64_t refused_shares;   /* a connection's */
    bool opened;
    bool started[LOOP_THREADS_MAX];
    int64_t start_ns;
    double start_seconds; /* since 1970 */
    struct fiber_wait stop_asked;
    unsigned signal_count;
    int exit_status;
};

/* The options that every service has. */
extern const struct config_option process_options[];
extern const size_t process_option_count;

/* Certificates, from the options --tls-…; open in a fiber on loop 0, close when the loops have
 * ended.
 */
struct loop_signal;
MUST_USE enum status process_tls_open(struct process *process, struct call *call);
void process_tls_close(struct process *process);

/* Secrets, from the options --…token-file; open and close as certificates. */
MUST_USE enum status process_tokens_open(struct process *process, struct call *call);
void process_tokens_close(struct process *process);

/* The store of idempotency keys, by the option --idempotency-window; open and close as
 * certificates.
 */
MUST_USE enum status process_idempotency_open(struct process *process, struct call *call);
void process_idempotency_close(struct process *process);

/* Answers SIGHUP from now on, if there is something to read again; on the control loop's thread,
 * once before the process is opened and once after. */
MUST_USE enum status process_watch_hangup(struct process *process);

/* As http_server_options.refused; state: the process. */
void process_connection_refused(void *state, struct text peer, const char *reason);
/* Whether this second's lines about refusals are not used up; counts one. */
MUST_USE bool process_may_log_refusal(struct process *process);

/* --allowed-hosts. STATUS_INVALID_ARGUMENT: it is no list of hosts. */
MUST_USE enum status process_take_hosts(struct process *process, struct call *call);
/* As http_server_options.misdirected; state: the listener. */
const char *process_misdirected(void *state, const struct http_request *request);

/* Readiness, liveness and metrics, for each listener; appended to its routes. */
void process_add_own_routes(struct process_server *server);
/* The document of a listener whose routes are all there. */
MUST_USE enum status process_describe(struct process_server *server, struct call *call);
bool process_is_own_route(const struct process_server *server, const struct http_route *route);

/* A source of telemetry: what was refused for overload. */
void process_write_refused(void *state, struct telemetry_page *page);

/* gRPC and HTTP servers of every listener. create, accept and the reverses run on the loop `index`.
 */
MUST_USE enum status process_servers_bind(struct process *process, struct call *call);
MUST_USE enum status process_servers_create(struct process *process, struct call *call,
                                            unsigned index);
MUST_USE enum status process_servers_accept(struct process *process, struct call *call,
                                            unsigned index);
void process_servers_drain(struct process *process, struct call *call, unsigned index);
void process_server_destroy(struct process *process, unsigned server, unsigned index);
/* The loops' own listeners are the last: once they drain, who connects is refused at once and goes
 * elsewhere, in place of waiting in a queue that nobody looks at. */
void process_servers_refuse(struct process *process);
void process_servers_unbind(struct process *process);

/* What health says, from any thread; once it has stopped, its watchers are sent away, so that they
 * do not hold up the drain. */
void process_servers_serve(struct process *process);
void process_servers_stop_serving(struct process *process);

/* Registration of every listener, from the control loop. */
void process_register(struct process *process);
/* That it is not to be called any more, and then that it is gone. */
void process_announce_drain(struct process *process, struct call *call);
void process_deregister(struct process *process, struct call *call);
