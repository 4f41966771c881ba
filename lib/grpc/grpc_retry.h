/* grpc_retry.h: whether a failed attempt at a call may be followed by another, and after how long
 * (gRFC A6).
 *
 * Numbers in, numbers out: there is no clock and no loop here. A call is tried again
 * - at once, whatever its policy, when the attempt surely reached nobody: as often as
 *   GRPC_UNSENT_RETRIES_MAX if the request never left, once if the server refused it
 * (REFUSED_STREAM, or above GOAWAY's last stream);
 * - by its policy, when the status is one of those named there, the reply's headers have not come,
 *   attempts and tokens are left, and the wait ends before the call's deadline. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "grpc/grpc_backoff.h"

enum {
    GRPC_ATTEMPTS_MAX = 5, /* of one call, the first counted; a policy that wants more gets these */
    GRPC_UNSENT_RETRIES_MAX = 100,

    GRPC_RETRY_TOKENS_MAX = 1000, /* that a throttle may hold */
    GRPC_RETRY_TOKENS_DEFAULT = 100,
    GRPC_RETRY_TOKEN = 1000, /* tokens are counted in thousandths */
    GRPC_RETRY_TOKEN_RATIO_DEFAULT = 100,
};

/* The set of statuses that holds one of them. */
#define GRPC_STATUS_BIT(status) (UINT32_C(1) << (unsigned)(status))

struct grpc_retry_policy {
    unsigned attempts_max;       /* the first counted; 0 and 1: no retries */
    struct grpc_backoff backoff; /* gRFC A6 has a jitter of 0.2 */
    uint32_t statuses;           /* GRPC_STATUS_BIT() of those that are tried again */
    /* Also when no instance could be reached, as gRFC A6 has it; otherwise such a call fails at
     * once. */
    bool when_unreachable;
};

/* Of a call that is said to be idempotent and has no other: GRPC_ATTEMPTS_MAX attempts, UNAVAILABLE
 * only, 100 ms doubling up to 1 s; none when no instance can be reached. */
extern const struct grpc_retry_policy grpc_retry_idempotent;

/* Several attempts at a call at once, of which the first that succeeds counts: for methods that may
 * be carried out more than once, where waiting for a slow instance is worse. */
struct grpc_hedging_policy {
    unsigned attempts_max; /* as above */
    int64_t delay_ns;      /* between them; 0: all at once */
    uint32_t non_fatal;    /* GRPC_STATUS_BIT() of those that do not end the call, but bring on the
                              next attempt at once */
};

/* Retries are paid for with tokens that successes earn, so that they cannot multiply an overload:
 * at half of the most or below there are none. One for all methods of a channel. */
struct grpc_retry_throttle {
    /* private; in thousandths of a token */
    uint32_t tokens;
    uint32_t tokens_max;
    uint32_t ratio;
};

/* tokens_max: 1 to GRPC_RETRY_TOKENS_MAX, at the start all there. ratio: what a success earns, in
 * thousandths of a token. */
void grpc_retry_throttle_init(struct grpc_retry_throttle *throttle, unsigned tokens_max,
                              unsigned ratio);
/* For a failure that is no fault of the call. */
void grpc_retry_throttle_take(struct grpc_retry_throttle *throttle);
bool grpc_retry_throttle_allows(const struct grpc_retry_throttle *throttle);

/* How far an attempt got. */
enum grpc_reach {
    GRPC_REACH_LOCAL,       /* it failed here, and would again */
    GRPC_REACH_NO_INSTANCE, /* there was none to try */
    GRPC_REACH_UNSENT,      /* the request never left */
    GRPC_REACH_REFUSED,     /* the server surely did not handle it */
    GRPC_REACH_SERVER,      /* the server may have handled it */
};

#define GRPC_PUSHBACK_NONE INT64_C(-1)
#define GRPC_PUSHBACK_NEVER INT64_MAX

/* What has become of an attempt. */
struct grpc_attempt_end {
    enum status status;
    enum grpc_reach reach;
    bool committed;       /* headers came, or what was sent is not all kept */
    int64_t pushback_ms;  /* grpc-retry-pushback-ms, or one of the above */
    int64_t remaining_ns; /* of the call's time */
};

/* The retries of one call. Starts with policy (NULL: none) and throttle set, the rest zero. */
struct grpc_retry {
    const struct grpc_retry_policy *policy; /* borrowed, as the throttle */
    struct grpc_retry_throttle *throttle;
    unsigned previous_attempts; /* read only: retries by policy so far, what the server is told */
    /* private */
    unsigned backoffs; /* since the start, or since the server named a time */
    unsigned unsent;
    bool refused;
};

/* Counts the failed attempt. true: another may begin after *ret_wait_ns.
 * fraction: random, in [0, 1). */
bool grpc_retry_after(struct grpc_retry *self, const struct grpc_attempt_end *end, double fraction,
                      int64_t *ret_wait_ns);

/* Counts the call's success. */
void grpc_retry_succeeded(struct grpc_retry *self);
