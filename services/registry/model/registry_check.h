/* registry_check.h: a check: what says whether an instance, or the whole node, is well.
 *
 * The meanings and limits are Consul's where it has them
 * (developer.hashicorp.com/consul/docs/services/usage/checks). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/call.h"
#include "base/status.h"
#include "base/text.h"

struct registry_instance;
struct registry_node;

enum {
    REGISTRY_ID_BYTES_MAX = 255, /* of names and ids of services and checks, and of tags */
    REGISTRY_TARGET_BYTES_MAX = 2048,
    REGISTRY_NOTES_BYTES_MAX = 1024,
    REGISTRY_OUTPUT_BYTES_MAX = 4096, /* of a report; longer output is cut, and says so */
    REGISTRY_PROBE_OUTPUT_BYTES_MAX =
        8192, /* of a look: so much of a body, and what goes with it */
    REGISTRY_CHECK_BODY_BYTES_MAX = 4096,
    REGISTRY_CHECK_HEADERS_MAX = 16,
    REGISTRY_CHECK_INTERVAL_MIN_MS = 1000, /* shorter ones are raised to it */
    REGISTRY_CHECK_TIMEOUT_DEFAULT_MS = 10000,
    REGISTRY_CHECK_TIMEOUT_MAX_MS = 60000, /* of a look; longer ones count as this */
};

enum registry_status { REGISTRY_PASSING, REGISTRY_WARNING, REGISTRY_CRITICAL };

/* "passing", "warning", "critical"; static storage. */
const char *registry_status_name(enum registry_status status);
/* false: another word; *ret_status is untouched. */
MUST_USE bool registry_status_parse(struct text name, enum registry_status *ret_status);

enum registry_check_kind {
    REGISTRY_CHECK_TTL,
    REGISTRY_CHECK_HTTP,
    REGISTRY_CHECK_TCP,
    REGISTRY_CHECK_GRPC,
    REGISTRY_CHECK_H2PING,
    REGISTRY_CHECK_ALIAS,       /* as the checks of another instance */
    REGISTRY_CHECK_EXTERNAL,    /* somebody else looks, and tells the catalog */
    REGISTRY_CHECK_MAINTENANCE, /* critical for as long as it is there */
};

/* "ttl", "http", "tcp", "grpc", "h2ping", "alias", "", "maintenance"; static storage. */
const char *registry_check_kind_name(enum registry_check_kind kind);
/* Whether the registry itself looks, at each interval. */
bool registry_check_kind_is_active(enum registry_check_kind kind);

struct registry_check_definition;
/* What is kept of a report, or of an HTTP reply's body. */
size_t registry_check_output_bytes_max(const struct registry_check_definition *definition);

struct registry_check_header {
    struct text name;
    struct text value;
};

struct registry_check_definition {
    struct text node; /* empty: the registry's own */
    struct text key;  /* of the registry's own copies: registry_key() */
    struct text id;
    struct text name;
    struct text notes;
    struct text service_id; /* empty: a check of the node */
    enum registry_check_kind kind;
    enum registry_status initial; /* critical unless the registration says otherwise */
    int64_t ttl_ns;               /* of TTL, else 0 */
    int64_t interval_ns;          /* of active ones, else 0 */
    int64_t timeout_ns;           /* of active ones; 0: REGISTRY_CHECK_TIMEOUT_DEFAULT_MS */
    int64_t deregister_after_ns;  /* 0: never */
    bool is_alone;           /* it was not registered with its instance: told with times of "0s" */
    size_t output_bytes_max; /* 0: REGISTRY_OUTPUT_BYTES_MAX */
    /* Of active ones: how many looks in a row it takes to become passing or warning again, warning,
     * critical. 0: one; for warnings as many as for critical. */
    unsigned success_before_passing;
    unsigned failures_before_warning;
    unsigned failures_before_critical;
    struct text target;        /* "http://host:port/path", "host:port", "host:port/service" */
    bool target_is_http;       /* of an external one, which is only told */
    struct text alias_service; /* of an alias: an instance's id; empty: the node's own checks */
    struct text method;        /* of HTTP; empty: GET */
    struct text body;          /* of HTTP */
    const struct registry_check_header *headers; /* of HTTP */
    size_t header_count;
};

/* How the target of an active check has answered so far: those that hang must not keep the others
 * from being looked at. */
enum registry_pace {
    REGISTRY_PACE_UNKNOWN,
    REGISTRY_PACE_QUICK,
    REGISTRY_PACE_SLOW,
    REGISTRY_PACES,
};

/* A check as the registry keeps it. Read only, borrowed until the next write. */
struct registry_check {
    const struct registry_check_definition *definition;
    const struct registry_node *node;         /* NULL: the registry's own */
    const struct registry_instance *instance; /* NULL: of the node */
    enum registry_status status;
    struct text output;
    uint64_t create_index;
    uint64_t modify_index;
    enum registry_pace pace;
    bool is_unconfirmed; /* as it was before the registry's restart: nothing was heard since */
};

/* STATUS_INVALID_ARGUMENT: a limit above; the call's error names the field. */
MUST_USE enum status
registry_check_definition_validate(struct call *call,
                                   const struct registry_check_definition *definition);

bool registry_check_definition_equal(const struct registry_check_definition *first,
                                     const struct registry_check_definition *second);

/* A copy with all that it points to in one block, to be freed by free(); NULL: no memory.
 * ret_bytes: the block's size. */
MUST_USE struct registry_check_definition *
registry_check_definition_copy(const struct registry_check_definition *definition,
                               size_t *ret_bytes);
