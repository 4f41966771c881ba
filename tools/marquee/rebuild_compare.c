#include "marquee/rebuild_compare.h"

#include <string.h>

#include "marquee/fsck_settle.h"
#include "marquee/snapshot_walk.h"

/* The next of each, of votes that count only. */
struct comparison {
    struct rebuild_expected *expected;
    struct fsck *fsck;
    struct rebuild_counts *counts;
    struct snapshot_walk votes;
    const struct rating_stored_vote *vote;
    bool found;
    struct vote_key key;
    struct rebuild_state state;
    /* The aggregate of the record that the expected votes are at. */
    struct snapshot_walk aggregates;
    const struct rating_stored_aggregate *aggregate;
    char id[RATING_RECORD_BYTES_MAX];
    struct record_key record; /* type 0: none yet */
    struct rating_aggregate counted;
};

static int compare_records(struct record_key left, struct record_key right)
{
    return rebuild_compare_keys(&(struct vote_key){.record = left},
                                &(struct vote_key){.record = right});
}

static enum status next_vote(struct comparison *self)
{
    const void *entry;
    enum status status;
    do {
        status = snapshot_walk_next(&self->votes, self->fsck->call, &entry);
        self->vote = status == STATUS_OK ? entry : NULL;
    } while (self->vote != NULL && self->vote->deleted);
    return status;
}

static enum status next_aggregate(struct comparison *self)
{
    const void *entry;
    enum status status = snapshot_walk_next(&self->aggregates, self->fsck->call, &entry);
    self->aggregate = status == STATUS_OK ? entry : NULL;
    return status;
}

static enum status look_again(struct comparison *self, struct record_key record)
{
    return fsck_look_again(self->fsck, record);
}

/* Aggregates of records before that, or of all that are left when record is NULL, have no votes. */
static enum status pass_aggregates(struct comparison *self, const struct record_key *record)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && self->aggregate != NULL &&
           (record == NULL || compare_records(self->aggregate->record, *record) < 0)) {
        status = look_again(self, self->aggregate->record);
        status = status == STATUS_OK ? next_aggregate(self) : status;
    }
    return status;
}

/* All votes of the record were counted. */
static enum status end_record(struct comparison *self)
{
    if (self->counted.count == 0) {
        return STATUS_OK;
    }
    self->counts->aggregates++;
    enum status status = pass_aggregates(self, &self->record);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_stored =
        self->aggregate != NULL && compare_records(self->aggregate->record, self->record) == 0;
    if (!is_stored || !fsck_aggregate_equals(&self->aggregate->aggregate, &self->counted)) {
        status = look_again(self, self->record);
    }
    self->counted = (struct rating_aggregate){.count = 0};
    return status == STATUS_OK && is_stored ? next_aggregate(self) : status;
}

static enum status count_expected(struct comparison *self)
{
    enum status status = STATUS_OK;
    if (self->record.type == 0 || compare_records(self->record, self->key.record) != 0) {
        status = end_record(self);
        if (self->key.record.id.length > sizeof(self->id)) {
            return call_fail(self->fsck->call, STATUS_DATA_LOSS, "an overlong record id");
        }
        memcpy(self->id, self->key.record.id.data, self->key.record.id.length);
        self->record = (struct record_key){self->key.record.type,
                                           text_of_bytes(self->id, self->key.record.id.length)};
    }
    self->counts->votes++;
    rating_aggregate_add(&self->counted, self->state.hundredths);
    progress_update(self->fsck->progress, 0, self->counts->votes);
    return status;
}

/* Of votes that count only; those that were deleted are counted. */
static enum status next_expected(struct comparison *self)
{
    enum status status;
    do {
        status = rebuild_expected_next(self->expected, self->fsck->call, &self->found, &self->key,
                                       &self->state);
        self->counts->tombstones +=
            status == STATUS_OK && self->found && self->state.deleted ? 1 : 0;
    } while (status == STATUS_OK && self->found && self->state.deleted);
    return status == STATUS_OK && self->found ? count_expected(self) : status;
}

static enum status settle(struct comparison *self, const struct vote_key *key,
                          const struct rebuild_state *state)
{
    return rebuild_settle_vote(self->expected->follower, self->fsck->call, key, state,
                               &self->fsck->report);
}

static enum status compare_next(struct comparison *self)
{
    const struct rebuild_state none = {.deleted = true}; /* older than any record */
    int order = self->vote == NULL ? -1
                : !self->found     ? 1
                                   : rebuild_compare_keys(&self->key, &self->vote->vote.key);
    bool same = order == 0 && self->state.hundredths == self->vote->vote.hundredths &&
                self->state.time_ms == self->vote->vote.time_ms;
    enum status status = STATUS_OK;
    if (order > 0) {
        status = settle(self, &self->vote->vote.key, &none);
    } else if (!same) {
        status = settle(self, &self->key, &self->state);
    }
    status = status == STATUS_OK && order >= 0 ? next_vote(self) : status;
    return status == STATUS_OK && order <= 0 ? next_expected(self) : status;
}

static enum status walk(struct comparison *self)
{
    enum status status = next_vote(self);
    status = status == STATUS_OK ? next_aggregate(self) : status;
    status = status == STATUS_OK ? next_expected(self) : status;
    while (status == STATUS_OK && (self->vote != NULL || self->found)) {
        status = compare_next(self);
    }
    status = status == STATUS_OK ? end_record(self) : status;
    return status == STATUS_OK ? pass_aggregates(self, NULL) : status;
}

enum status rebuild_compare(struct rebuild_expected *expected, struct fsck *fsck,
                            struct rebuild_counts *counts)
{
    struct comparison self = {
        .expected = expected,
        .fsck = fsck,
        .counts = counts,
        .votes = {.repository = fsck->repository, .kind = SNAPSHOT_WALK_VOTES},
        .aggregates = {.repository = fsck->repository, .kind = SNAPSHOT_WALK_AGGREGATES},
    };
    enum status status = walk(&self);
    snapshot_walk_end(&self.votes);
    snapshot_walk_end(&self.aggregates);
    return status;
}
