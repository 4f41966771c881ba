/* event_ingest.h: rating events from a file into an event log, in batches.
 *
 * Memory is bounded by one batch, whatever the file's length. Into a log that can (produce_once()),
 * each event goes once, whatever happens to a run that is begun again from the position that it
 * has kept; into another the last batch of a run that was killed may come twice. */
#pragma once

#include "eventlog/eventlog.h"
#include "marquee/byte_source.h"
#include "marquee/complaints.h"
#include "marquee/ingest_position.h"

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
    size_t batch_max;   /* events of one; 0: EVENT_INGEST_BATCH_MAX */
    int64_t timeout_ms; /* for one batch to be delivered */
    struct complaints complaints;
    struct ingest_position position; /* where to begin; moves with what is delivered */
    /* Keeps the position, before the first batch and after each; may be NULL. */
    enum status (*keep)(void *state, struct call *call, const struct ingest_position *position);
    void *keep_state;
    void (*progressed)(void *state, uint64_t delivered); /* after every batch; may be NULL */
    void *progressed_state;
    /* read only */
    uint64_t passed_over; /* before the position */
    uint64_t read;        /* from there */
    uint64_t delivered;
    uint64_t undelivered;
};

/* In a fiber. STATUS_FAILED_PRECONDITION: the position is not of this input. STATUS_OK: all was
 * read, and what was not refused is delivered. What is refused is
 * complained of and passed over. STATUS_INVALID_ARGUMENT: the file is not of that form; what stood
 * before is delivered. Otherwise a batch was not delivered, or the source failed; reading ended
 * there. The call's error says why. */
MUST_USE enum status event_ingest_run(struct event_ingest *ingest, struct call *call);
