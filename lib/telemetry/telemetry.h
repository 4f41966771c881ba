/* telemetry.h: what a process counts of itself, in Prometheus's text form.
 *
 * Requests (rate, errors, duration: by method) and the calls it makes itself (by target and method)
 * are observed on the loop threads, each into rows of its own, so that observing takes no lock and
 * shares no cache line; writing the page adds the threads' rows up. Everything else (store commits,
 * lag) is read from its owner by a source when the page is asked for. */
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

struct buffer;
struct telemetry;
struct telemetry_page;

enum {
    TELEMETRY_ROWS_MAX =
        256, /* methods a thread tells apart; what comes beyond counts as "other" */
    TELEMETRY_KEY_BYTES_MAX = 96,
    TELEMETRY_SOURCES_MAX = 32,
    TELEMETRY_BUCKET_COUNT = 16,
};

enum telemetry_side {
    TELEMETRY_SERVED, /* requests: first label `protocol` */
    TELEMETRY_CALLED, /* of dependencies: first label `target` */
};

/* threads: how many will observe. STATUS_RESOURCE_EXHAUSTED: no memory. *ret_telemetry is owned by
 * the caller. */
MUST_USE enum status telemetry_create(unsigned threads, struct telemetry **ret_telemetry);

/* NULL is accepted. */
void telemetry_destroy(struct telemetry *telemetry);

/* Counts one request. On the thread with that number only. first: the protocol or the target;
 * method: from a table of ours, never from a client. */
void telemetry_observe(struct telemetry *telemetry, unsigned thread, enum telemetry_side side,
                       const char *first, const char *method, enum status status,
                       int64_t duration_ns);

/* Has write(state, page) called for every page. Before the threads run. CHECKs the limit. */
void telemetry_add_source(struct telemetry *telemetry,
                          void (*write)(void *state, struct telemetry_page *page), void *state);

/* For sources: a family's head, then its samples. kind: "counter", "gauge". labels: "a=\"b\"" or ""
 * for none; values are ours, never a client's. */
void telemetry_write_family(struct telemetry_page *page, const char *name, const char *kind,
                            const char *help);
void telemetry_write_sample(struct telemetry_page *page, const char *name, const char *labels,
                            double value);

/* Whole page. false: it does not fit the buffer. From any thread. */
MUST_USE bool telemetry_write(const struct telemetry *telemetry, struct buffer *buffer);
