/* event_ingest.h: rating events from a file into an event log, in batches.
 *
 * Memory is bounded by one batch, whatever the file's length. */
#pragma once

#include "eventlog/eventlog.h"
#include "marquee/byte_source.h"
#include "marquee/complaints.h"

enum {
    EVENT_INGEST_BATCH_MAX = 10000,
    EVENT_INGEST_BATCH_BYTES_MAX = 8 * 1024 * 1024,
};

struct event_ingest {
    /* set by the owner */
    struct byte_source source;
    const char *file; /* in complaints */
    struct eventlog_producer producer;
    struct text topic;
    bool key_is_record; /* the record's id is the key, not the user's */
    bool raw;           /* nothing is validated */
    int64_t timeout_ms; /* for one batch to be delivered */
    struct complaints complaints;
    void (*progressed)(void *state, uint64_t delivered); /* after every batch; may be NULL */
    void *progressed_state;
    /* read only */
    uint64_t read;
    uint64_t delivered;
    uint64_t undelivered;
};

/* In a fiber. STATUS_OK: all was read, and what was not refused is delivered. What is refused is
 * complained of and passed over. STATUS_INVALID_ARGUMENT: the file is not of that form; what stood
 * before is delivered. Otherwise a batch was not delivered, or the source failed; reading ended
 * there. The call's error says why. */
MUST_USE enum status event_ingest_run(struct event_ingest *ingest, struct call *call);
