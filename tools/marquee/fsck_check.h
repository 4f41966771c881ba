/* fsck_check.h: the parts of checking a rating store through its port, each in bounded memory and
 * while others may write. */
#pragma once

#include "base/call.h"
#include "marquee/fsck_report.h"
#include "marquee/progress.h"

struct rebuild_states;

struct fsck {
    const struct rating_repository *repository;
    struct call *call;
    struct fsck_report report;
    struct progress *progress;
    struct text topics;  /* whose positions are looked at, separated by ',' */
    struct text scratch; /* a directory for scratch files */
    /* What was looked at. */
    uint64_t votes;
    uint64_t tombstones;
    uint64_t aggregates;
    uint64_t user_entries; /* of the per-user index */
    uint64_t changes;
    uint64_t dead_letters;
    uint64_t positions;
};

/* Each reports what differs; not OK: the store cannot be read, with the words in the call. */

/* Votes against aggregates, and against the users' lists both ways. A list of a user who has no
 * vote cannot be found by the port. */
MUST_USE enum status fsck_check_votes(struct fsck *fsck);

/* The change log: no holes, and each vote as its last record says. */
MUST_USE enum status fsck_check_changes(struct fsck *fsck);

/* Dead letters and positions can be read. */
MUST_USE enum status fsck_check_ingestion(struct fsck *fsck);

/* Compares the record's aggregate with its votes, as of one moment. */
MUST_USE enum status fsck_look_again(struct fsck *fsck, struct record_key record);

/* DATA_LOSS, met while reading `what`, is a difference; else the status. */
MUST_USE enum status fsck_note_loss(struct fsck *fsck, enum status status, const char *what);
