#include "marquee/fsck_settle.h"

#include <string.h>

#include "marquee/snapshot_walk.h"
#include "store/ordered_map.h"

enum {
    KEY_BYTES_MAX = RATING_PROVIDER_BYTES_MAX + 1 + RATING_USER_BYTES_MAX,
    ARENA_BYTES_MAX = 64 * 1024,
};

struct scan {
    const struct rating_repository *repository;
    struct call *call;
    struct record_key record;
    struct ordered_map *votes; /* provider NUL user → hundredths */
    struct rating_aggregate counted;
    int64_t sequence; /* the change log up to this is in it */
    bool is_over;     /* too many votes, or the log was trimmed: not to be settled by this scan */
};

static bool is_of_record(const struct scan *scan, struct record_key record)
{
    return record.type == scan->record.type && text_equal(record.id, scan->record.id);
}

/* What stands under the key from now on. */
static void set_vote(struct scan *scan, const struct vote_key *key, bool exists, int32_t hundredths)
{
    char bytes[KEY_BYTES_MAX];
    size_t provider = key->provider.length;
    if (provider > RATING_PROVIDER_BYTES_MAX || key->user.length > RATING_USER_BYTES_MAX) {
        scan->is_over = true;
        return;
    }
    if (provider > 0) {
        memcpy(bytes, key->provider.data, provider);
    }
    bytes[provider] = '\0';
    if (key->user.length > 0) {
        memcpy(bytes + provider + 1, key->user.data, key->user.length);
    }
    struct text place = text_of_bytes(bytes, provider + 1 + key->user.length);
    const struct ordered_map_entry *before = ordered_map_find(scan->votes, place);
    if (before != NULL) {
        rating_aggregate_subtract(&scan->counted, *(const int32_t *)before->value);
        ordered_map_remove(scan->votes, place);
    }
    if (exists) {
        ordered_map_put(scan->votes, place, &hundredths, sizeof(hundredths));
        rating_aggregate_add(&scan->counted, hundredths);
    }
    scan->is_over = scan->is_over || scan->counted.count > FSCK_SETTLE_VOTES_MAX;
}

static enum status read_last(const struct scan *scan, int64_t *ret_last)
{
    struct rating_change_range range;
    enum status status =
        scan->repository->ops->get_change_range(scan->repository->state, scan->call, &range);
    if (status == STATUS_OK) {
        *ret_last = range.last;
    }
    return status;
}

static enum status scan_votes(struct scan *scan)
{
    const struct vote_key before = {.record = scan->record};
    struct snapshot_walk walk = {
        .repository = scan->repository, .kind = SNAPSHOT_WALK_VOTES, .after = &before};
    enum status status = read_last(scan, &scan->sequence);
    while (status == STATUS_OK && !scan->is_over) {
        const void *entry;
        status = snapshot_walk_next(&walk, scan->call, &entry);
        const struct rating_stored_vote *stored = entry;
        if (status != STATUS_OK || stored == NULL || !is_of_record(scan, stored->vote.key.record)) {
            break;
        }
        if (!stored->deleted) {
            set_vote(scan, &stored->vote.key, true, stored->vote.hundredths);
        }
    }
    snapshot_walk_end(&walk);
    return status;
}

/* Brings the scan up to what the change log has now. *ret_changed: the record was changed. */
static enum status follow_log(struct scan *scan, bool *ret_changed)
{
    struct snapshot_walk walk = {
        .repository = scan->repository, .kind = SNAPSHOT_WALK_CHANGES, .sequence = scan->sequence};
    const void *entry = NULL;
    *ret_changed = false;
    enum status status = snapshot_walk_next(&walk, scan->call, &entry);
    while (status == STATUS_OK && entry != NULL) {
        const struct rating_change_record *change = entry;
        if (change->kind != RATING_RECORD_DEAD_LETTER &&
            is_of_record(scan, change->vote.key.record)) {
            *ret_changed = true;
            set_vote(scan, &change->vote.key, change->kind == RATING_RECORD_PUT,
                     change->vote.hundredths);
        }
        status = snapshot_walk_next(&walk, scan->call, &entry);
    }
    scan->sequence = walk.sequence;
    snapshot_walk_end(&walk);
    if (status == STATUS_OUT_OF_RANGE) { /* it was trimmed meanwhile */
        call_clear_error(scan->call);
        scan->is_over = true;
        return STATUS_OK;
    }
    return status;
}

static enum status read_stored(const struct scan *scan, struct fsck_aggregate *aggregate)
{
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, SNAPSHOT_WALK_TIMEOUT_MS);
    aggregate->stored = (struct rating_aggregate){.count = 0};
    enum status status = scan->repository->ops->get_aggregate(scan->repository->state, &call,
                                                              scan->record, &aggregate->stored);
    aggregate->is_stored = status == STATUS_OK;
    if (status == STATUS_NOT_FOUND) {
        status = STATUS_OK;
    } else if (status != STATUS_OK) {
        status = call_fail(scan->call, status, "%.*s", TEXT_ARGUMENTS(call.error.message));
    }
    arena_deinit(&arena);
    return status;
}

bool fsck_aggregate_equals(const struct rating_aggregate *left,
                           const struct rating_aggregate *right)
{
    return left->count == right->count && left->sum_hundredths == right->sum_hundredths &&
           memcmp(left->histogram, right->histogram, sizeof(left->histogram)) == 0;
}

/* The stored aggregate is of the scan's moment when the log has nothing of the record between. */
static enum status compare(struct scan *scan, struct fsck_aggregate *aggregate)
{
    bool changed = true;
    enum status status = follow_log(scan, &changed);
    changed = true;
    for (int tries = 0;
         tries < FSCK_SETTLE_TRIES_MAX && status == STATUS_OK && changed && !scan->is_over;
         tries++) {
        aggregate->counted = scan->counted;
        status = read_stored(scan, aggregate);
        if (status == STATUS_OK) {
            status = follow_log(scan, &changed);
        }
    }
    if (status == STATUS_OK && !changed && !scan->is_over) {
        bool same = fsck_aggregate_equals(&aggregate->stored, &aggregate->counted) &&
                    aggregate->is_stored == (aggregate->counted.count > 0);
        aggregate->verdict = same ? FSCK_SAME : FSCK_DIFFERENT;
    }
    return status;
}

enum status fsck_settle_aggregate(const struct rating_repository *repository, struct call *call,
                                  struct record_key record, struct fsck_aggregate *ret_aggregate)
{
    struct fsck_aggregate aggregate = {.verdict = FSCK_UNSETTLED};
    enum status status = STATUS_OK;
    for (int scans = 0; scans < FSCK_SETTLE_SCANS_MAX && status == STATUS_OK &&
                        aggregate.verdict == FSCK_UNSETTLED;
         scans++) {
        struct scan scan = {.repository = repository,
                            .call = call,
                            .record = record,
                            .votes = ordered_map_create()};
        status = scan_votes(&scan);
        if (status == STATUS_OK && !scan.is_over) {
            status = compare(&scan, &aggregate);
        }
        ordered_map_destroy(scan.votes);
    }
    if (status == STATUS_OK) {
        *ret_aggregate = aggregate;
    }
    return status;
}
