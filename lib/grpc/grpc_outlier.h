/* grpc_outlier.h: which instances fail so much that calls had better go to the others
 * (gRFC A50, and Envoy's consecutive failures).
 *
 * Numbers in, numbers out: there is no clock and no loop here. A failure is a status that speaks
 * against the instance (GRPC_OUTLIER_FAILURES), unlike gRFC A50, to which every status but OK is
 * one: NOT_FOUND is an answer. A deadline speaks against it only if it had
 * GRPC_OUTLIER_PATIENCE_MS, so that nobody can have instances ejected by asking in haste. An
 * instance is ejected for a time that grows with each ejection that follows soon, and is then given
 * calls again.
 *
 * Ejecting ends where it would do harm: at ejected_percent_max (but one instance may always be
 * ejected), and when more than GRPC_OUTLIER_PANIC_PERCENT of the instances are ejected, all get
 * calls, as the fault is then hardly theirs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/status.h"

enum {
    GRPC_OUTLIER_PANIC_PERCENT = 50,
    GRPC_OUTLIER_PATIENCE_MS = 500,
    GRPC_OUTLIER_INTERVAL_MS = 10000, /* the defaults, all from gRFC A50 */
    GRPC_OUTLIER_EJECTION_MS = 30000,
    GRPC_OUTLIER_EJECTION_MS_MAX = 300000,
    GRPC_OUTLIER_EJECTED_PERCENT_MAX = 10,
    GRPC_OUTLIER_HOSTS_MIN = 5,
    GRPC_OUTLIER_RATE_CALLS_MIN = 100,
    GRPC_OUTLIER_PERCENT_CALLS_MIN = 50,
};

#define GRPC_OUTLIER_FAILURES                                                                      \
    (1U << STATUS_UNKNOWN | 1U << STATUS_DEADLINE_EXCEEDED | 1U << STATUS_INTERNAL |               \
     1U << STATUS_UNAVAILABLE | 1U << STATUS_DATA_LOSS)

/* Zero is the default of each, where it is not said to switch something off. */
struct grpc_outlier_options {
    int64_t interval_ms;          /* after which the counts are looked at, and begin anew */
    int64_t ejection_ms;          /* times the number of ejections in a row, ... */
    int64_t ejection_ms_max;      /* ... but not longer */
    unsigned ejected_percent_max; /* of the instances */

    /* So many failures in a row eject at once. 0: any number is suffered. */
    unsigned consecutive_failures;

    /* A success rate below the mean less so many thousandths of the standard deviation ejects
     * (gRFC A50 suggests 1900). 0: rates are not compared. */
    unsigned rate_deviation;
    unsigned rate_hosts_min; /* with rate_calls_min calls each in the interval */
    unsigned rate_calls_min;

    /* A greater percentage of failures ejects (gRFC A50 suggests 85). 0: it is not looked at. */
    unsigned failure_percent;
    unsigned percent_hosts_min; /* with percent_calls_min calls each in the interval */
    unsigned percent_calls_min;
};

/* What is known of one instance. Zeroed before it is added. All private. */
struct grpc_outlier_host {
    struct list link;
    bool added;
    bool ejected;
    uint32_t successes; /* in this interval */
    uint32_t failures;
    uint32_t failures_in_a_row;
    uint32_t ejections; /* in a row, less one for each interval without */
    int64_t ejected_ns;
};

struct grpc_outlier {
    struct grpc_outlier_options options; /* read only: the defaults filled in */
    size_t ejected;                      /* read only: how many are */
    /* private */
    struct list hosts;
    size_t count;
};

/* options: NULL: nobody is ever ejected. */
void grpc_outlier_init(struct grpc_outlier *outlier, const struct grpc_outlier_options *options);

void grpc_outlier_add(struct grpc_outlier *outlier, struct grpc_outlier_host *host);
/* A host that was not added is left as it is. */
void grpc_outlier_remove(struct grpc_outlier *outlier, struct grpc_outlier_host *host);

/* Counts a call's end at the host, which took so long; one that was removed may be counted still.
 */
void grpc_outlier_count(struct grpc_outlier *outlier, struct grpc_outlier_host *host,
                        enum status status, int64_t duration_ns, int64_t now_ns);

/* Looks at what was counted; to be called each interval. */
void grpc_outlier_sweep(struct grpc_outlier *outlier, int64_t now_ns);

/* Whether calls are not to go to the host. */
bool grpc_outlier_avoids(const struct grpc_outlier *outlier, const struct grpc_outlier_host *host);
