/* process_guard.h: who may do what in a process, for the files of this folder. */
#pragma once

#include <stdatomic.h>

#include "access/access_grants.h"
#include "access/access_limit.h"
#include "access/access_rule.h"
#include "access/access_sessions.h"
#include "access/access_tokens.h"
#include "grpc/grpc_server.h"
#include "http/http_server.h"
#include "loop/loop.h"

struct process;
struct process_server;

/* Of process_admit(): nothing is known of when to try again. */
#define PROCESS_RETRY_UNKNOWN INT64_C(-1)

/* How often the keys of sessions are looked at anew: more often than
 * ACCESS_SESSION_KEY_ADOPT_MS, so that a key is known to all before it signs. */
#define PROCESS_SESSION_KEYS_LOOK_MS INT64_C(600000)
/* How often it is looked which sessions others have ended. */
#define PROCESS_SESSION_ENDS_LOOK_MS INT64_C(1000)

enum {
    PROCESS_SESSION_ENDS_WAITING_MAX = 64, /* to be written down */
    PROCESS_LIMIT_BURST_SECONDS = 2,       /* that a client may be ahead of its limit */
    PROCESS_LIMIT_RATE_MAX = 100000,
    /* A second and client, where strangers can come: unless the options say otherwise. */
    PROCESS_READS_BEYOND_LOOPBACK = 200,
    PROCESS_WRITES_BEYOND_LOOPBACK = 20,
};

enum process_refusal {
    PROCESS_REFUSED_TOKEN,  /* none, or not one of ours */
    PROCESS_REFUSED_SCOPE,  /* which lacks a scope */
    PROCESS_REFUSED_USER,   /* for another user */
    PROCESS_REFUSED_ORIGIN, /* a session, from a page of another origin */
    PROCESS_REFUSED_HOST,   /* by a name that is none of ours */
    PROCESS_REFUSED_READS,  /* too many */
    PROCESS_REFUSED_WRITES,
    PROCESS_REFUSALS,
};

struct process_access {
    bool is_on;                       /* callers must say who they are, beyond what is open */
    bool opens_reads;                 /* what needs ACCESS_READ alone is open */
    struct access_grants *grants;     /* of --access-file; NULL: none */
    struct access_sessions *sessions; /* NULL: cookies mean nothing */
    int64_t session_lifetime_ms;
    struct worker_pool *session_writer; /* NULL: their ends are written nowhere */
    struct loop_timer session_timer;    /* of the control loop */
    int64_t session_keys_due_ns;
    struct access_limit *reads; /* NULL: no limit */
    struct access_limit *writes;
    _Atomic uint64_t refused[PROCESS_REFUSALS];
    _Atomic uint64_t sessions_opened;
};

/* One method of gRPC. */
struct process_method {
    const char *path; /* the server's own text: calls name their method by it. NULL: no method */
    enum access_scope scope;
    bool has_user; /* its request names users */
};

/* Options; open and close as certificates. */
MUST_USE enum status process_guard_open(struct process *process, struct call *call);
void process_guard_close(struct process *process);
/* When the listeners are known: whether they may be, and which limits they need.
 * STATUS_FAILED_PRECONDITION: one may not. */
MUST_USE enum status process_guard_listeners(struct process *process, struct call *call);
/* On the control loop, when the loops serve: keys of sessions are changed from then on, and those
 * that others end are ended. */
void process_guard_start(struct process *process);
/* Before the loops end: nothing is written any more. */
void process_guard_stop(struct process *process);

/* Whether routes and calls have to be looked at at all. */
bool process_is_guarded(const struct process *process);

/* method: NULL for a path of gRPC. NULL: no rule names it. */
const struct access_rule *process_find_rule(const struct process *process, const char *method,
                                            const char *path);

/* Fills in the server's table of methods, and logs what no rule names. STATUS_RESOURCE_EXHAUSTED:
 * no memory. */
MUST_USE enum status process_list_methods(struct process_server *server, struct call *call);
const struct process_method *process_method_of(const struct process_server *server,
                                               const char *path);

/* Whether a message of this type names users, itself or in what it holds. */
bool process_has_users(const ProtobufCMessageDescriptor *type);

/* Puts the caller where a request names nobody, and refuses what is done as another (`writes`).
 * STATUS_PERMISSION_DENIED: so. */
MUST_USE enum status process_take_users(struct call *call, ProtobufCMessage *request, bool writes);

/* Looks at who asks, which it notes in the call's identity, and whether it may. Not OK: what to
 * answer, with words in the call. *ret_retry_ms: of STATUS_RESOURCE_EXHAUSTED, when it may be tried
 * again. */
MUST_USE enum status process_admit(struct process *process, struct http_exchange *exchange,
                                   struct call *call, enum access_scope scope,
                                   int64_t *ret_retry_ms);
void process_reply_refused(struct http_exchange *exchange, enum status status, int64_t retry_ms);

/* Counts the refusal; returns `status`. */
enum status process_guard_refuse(struct process *process, enum process_refusal refusal,
                                 enum status status);

/* Of --access-file. false: nobody's. */
MUST_USE bool process_find_token(struct process *process, struct text token,
                                 struct access_holder *ret_holder);

/* Who asks, by its cookie; nobody, if it has none that holds. STATUS_PERMISSION_DENIED: it has, but
 * the request may be another page's doing. */
MUST_USE enum status process_session_identify(struct process *process,
                                              const struct http_request *request,
                                              struct call *call);

/* The cookie's name; NULL: the process has no sessions. */
const char *process_session_cookie(const struct process *process);

/* Counts the call against its client's limit. is_known: the identity holds.
 * STATUS_RESOURCE_EXHAUSTED: it is over it. */
MUST_USE enum status process_limit(struct process *process, struct call *call,
                                   enum access_scope scope, bool is_known, int64_t *ret_retry_ms);

/* A route of a listener that is served to those alone who may, or that changes something. */
struct process_guarded_route {
    struct process *process;
    const struct http_route *route; /* the listener's own, borrowed */
    enum access_scope scope;
    bool is_open;    /* to everybody: nobody is asked who it is */
    bool takes_keys; /* a write: its outcome is kept, if it comes with an idempotency-key */
};

/* The route as it is served: by its own handler, if everybody may, and it only reads. */
struct http_route process_guard_route(struct process *process, const struct http_route *route,
                                      struct process_guarded_route *guarded);

/* Whether that route, as it is served, keeps outcomes by idempotency keys. */
bool process_takes_keys(const struct http_route *route);

/* What lets calls of gRPC in, or refuses them, by the rules of their methods. */
struct grpc_interceptor process_guard_calls(struct process_server *server);

/* /session, if the process has sessions: at most PROCESS_SESSION_ROUTES. Returns how many. */
enum { PROCESS_SESSION_ROUTES = 3 };
size_t process_session_routes(struct process *process,
                              struct http_route routes[static PROCESS_SESSION_ROUTES]);
