/* rating_relay.h: the outbox: sends what has changed in the store to topics of an event log.
 *
 * Reads the store's change log in order, from a position that the store keeps, and sends batches of
 * it: to the topic of changes one notification a change, to the topic of aggregates each record
 * that changed once, with its aggregate read after the batch, and, if asked for, the dead letters
 * (rating/model/rating_outbox_event.h, api/events.md). The position moves when the log has
 * acknowledged: every change leaves at least once, with its sequence, by which receivers tell
 * repetitions and latecomers.
 *
 * Of all instances on one store, one relays at a time: a lease elects it, the position's epoch
 * fences it. One that finds itself fenced after it has sent winds the position back, so that what
 * it may have sent too late is sent again after it.
 *
 * A store that has never been relayed, or whose change log was trimmed beyond the position, is sent
 * as a whole: all aggregates and dead letters, then the mark "complete"; so it is when the topic of
 * aggregates was not there and had to be made. The relay never trims (see rating_relay_position.h).
 * Failures of log and store are tried again, with pauses; readiness is not touched. Runs on a loop
 * of its own.
 */
#pragma once

#include "base/log.h"
#include "eventlog/eventlog_admin.h"
#include "rating/repository/rating_repository.h"

struct rating_relay;
struct telemetry_page;

enum {
    RATING_RELAY_BATCH_DEFAULT = 5000, /* changes that are sent, then confirmed, together */
    RATING_RELAY_BATCH_MAX = 50000,
    RATING_RELAY_ARENA_BYTES_MAX = 256 * 1024 * 1024, /* of one batch, encoded */
    RATING_RELAY_LETTERS_MAX = 16,                    /* dead letters in memory at once */
    RATING_RELAY_LEASE_MS_DEFAULT = 6000, /* after the leader has died, another one takes over */
    RATING_RELAY_LEASE_MS_MIN = 300,      /* it is renewed, and others ask, three times as often */
    RATING_RELAY_LEASE_MS_MAX = 300000,
    RATING_RELAY_MARK_MS = 2000,      /* how often receivers are told that nothing is missing */
    RATING_RELAY_STEP_MS = 5000,      /* until a step has failed and is tried again */
    RATING_RELAY_PAUSE_MS_MAX = 2000, /* between two tries */
};

#define RATING_RELAY_CHANGES_KEPT_MS (INT64_C(24) * 3600 * 1000)

struct rating_relay_options {
    struct rating_repository repository; /* its state outlives the relay */
    const struct log *log;               /* borrowed */
    /* Copied, and so are the others; at most EVENTLOG_TOPIC_BYTES_MAX. Empty: not sent. */
    struct text changes_topic;
    struct text aggregates_topic;
    struct text dead_letters_topic;
    struct text owner; /* of the lease: unique to this process, as hold_lease() wants it */
    size_t batch_max;  /* 0: RATING_RELAY_BATCH_DEFAULT */
    int64_t lease_ms;  /* 0: RATING_RELAY_LEASE_MS_DEFAULT */
};

/* STATUS_INVALID_ARGUMENT: a topic or the owner is overlong, or a number out of range.
 * STATUS_RESOURCE_EXHAUSTED: no memory. *ret_relay is owned by the caller. */
MUST_USE enum status rating_relay_create(const struct rating_relay_options *options,
                                         struct rating_relay **ret_relay);

/* Starts relaying to the producer; topics are made by the administrator: aggregates in one
 * partition, compacted; changes kept for RATING_RELAY_CHANGES_KEPT_MS; dead letters kept. Both are
 * consumed: closed by the end of the fiber. In a fiber of the loop that is to run it.
 * STATUS_RESOURCE_EXHAUSTED: no fiber; both are closed. */
MUST_USE enum status rating_relay_start(struct rating_relay *relay,
                                        struct eventlog_producer producer,
                                        struct eventlog_admin admin);

/* Ends the fiber, and gives the lease back for others. In a fiber of the same loop. */
void rating_relay_stop(struct rating_relay *relay);

/* After stop, or if never started. NULL is accepted. */
void rating_relay_destroy(struct rating_relay *relay);

/* From any thread: whether this instance relays now. */
bool rating_relay_is_leader(const struct rating_relay *relay);

/* Telemetry: what was sent, the lag in changes and seconds, who leads. state: the relay. */
void rating_relay_write_metrics(void *state, struct telemetry_page *page);
