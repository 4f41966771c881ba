/* Votes, aggregates and the users' lists. Votes and aggregates come in the same order, so both are
 * walked at once. */
#include <inttypes.h>
#include <string.h>

#include "marquee/fsck_check.h"
#include "marquee/fsck_settle.h"
#include "marquee/snapshot_walk.h"

enum { ARENA_BYTES_MAX = 4 * 1024 * 1024, FEW = 16, TRIES_MAX = 100 };

static int compare_records(struct record_key left, struct record_key right)
{
    size_t common = left.id.length < right.id.length ? left.id.length : right.id.length;
    if (left.type != right.type) {
        return left.type < right.type ? -1 : 1;
    }
    int order = common > 0 ? memcmp(left.id.data, right.id.data, common) : 0;
    return order != 0 ? order
                      : (left.id.length > right.id.length) - (left.id.length < right.id.length);
}

enum status fsck_look_again(struct fsck *fsck, struct record_key record)
{
    char name[FSCK_NAME_BYTES];
    struct fsck_aggregate found;
    enum status status = fsck_settle_aggregate(fsck->repository, fsck->call, record, &found);
    if (status != STATUS_OK) {
        return fsck_note_loss(fsck, status, fsck_record_name(record, name));
    }
    if (found.verdict == FSCK_UNSETTLED) {
        fsck_report_unsettled(&fsck->report, "aggregate", "%s", fsck_record_name(record, name));
    } else if (found.verdict == FSCK_DIFFERENT && !found.is_stored) {
        fsck_report_difference(&fsck->report, "aggregate", "%s has none, but %" PRIu64 " votes",
                               fsck_record_name(record, name), found.counted.count);
    } else if (found.verdict == FSCK_DIFFERENT) {
        fsck_report_difference(&fsck->report, "aggregate",
                               "%s has %" PRIu64 " votes of %" PRIu64
                               " hundredths; counted: %" PRIu64 " of %" PRIu64 "%s",
                               fsck_record_name(record, name), found.stored.count,
                               found.stored.sum_hundredths, found.counted.count,
                               found.counted.sum_hundredths,
                               found.stored.count == found.counted.count &&
                                       found.stored.sum_hundredths == found.counted.sum_hundredths
                                   ? ", in other bins"
                                   : "");
    }
    return STATUS_OK;
}

/* The users' lists */

/* Behind which the vote comes, with few in between: the port's cursors are keys themselves. */
static struct vote_key cursor_before(const struct vote_key *key)
{
    struct vote_key cursor = {.record = key->record, .user = key->user};
    if (key->provider.length > 0) {
        return cursor; /* the record's entry without a provider, and those of others before it */
    }
    size_t length = key->record.id.length > 0 ? key->record.id.length - 1 : 0;
    while (length > 0 && ((unsigned char)key->record.id.data[length] & 0xC0U) == 0x80U) {
        length--; /* into the middle of a character */
    }
    cursor.record.id = text_slice(key->record.id, 0, length);
    return cursor;
}

/* A call to read with, of an arena of its own. */
struct reading {
    struct arena arena;
    struct call call;
};

static void begin(struct reading *reading)
{
    arena_init(&reading->arena, ARENA_BYTES_MAX);
    call_init(&reading->call, &reading->arena, SNAPSHOT_WALK_TIMEOUT_MS);
}

static enum status end(struct fsck *fsck, struct reading *reading, enum status status)
{
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        (void)call_fail(fsck->call, status, "%.*s: %.*s",
                        TEXT_ARGUMENTS(reading->call.error.message),
                        TEXT_ARGUMENTS(reading->call.error.detail));
    }
    arena_deinit(&reading->arena);
    return status;
}

static bool is_same_key(const struct vote_key *left, const struct vote_key *right)
{
    return compare_records(left->record, right->record) == 0 &&
           text_equal(left->provider, right->provider);
}

static enum status is_listed(struct fsck *fsck, const struct vote_key *key, bool *ret_listed)
{
    struct vote_key cursor = cursor_before(key);
    struct snapshot_walk walk = {.repository = fsck->repository,
                                 .kind = SNAPSHOT_WALK_USER_VOTES,
                                 .user = key->user,
                                 .after = &cursor};
    struct reading reading;
    struct vote *votes;
    size_t count;
    begin(&reading);
    *ret_listed = false;
    enum status status = fsck->repository->ops->list_user_votes(
        fsck->repository->state, &reading.call, key->user, &cursor, FEW, &votes, &count);
    for (size_t i = 0; status == STATUS_OK && i < count && !*ret_listed; i++) {
        *ret_listed = is_same_key(&votes[i].key, key);
    }
    status = end(fsck, &reading, status);
    if (status != STATUS_OK || *ret_listed || count < FEW) {
        return status;
    }
    const void *entry; /* rare: it is further behind */
    while ((status = snapshot_walk_next(&walk, fsck->call, &entry)) == STATUS_OK && entry != NULL &&
           !*ret_listed) {
        *ret_listed = is_same_key(&((const struct vote *)entry)->key, key);
    }
    snapshot_walk_end(&walk);
    return status;
}

static enum status get_time(struct fsck *fsck, const struct vote_key *key, int64_t *ret_time_ms,
                            bool *ret_exists)
{
    struct reading reading;
    struct vote vote = {.time_ms = 0};
    begin(&reading);
    enum status status =
        fsck->repository->ops->get_vote(fsck->repository->state, &reading.call, key, &vote);
    *ret_exists = status == STATUS_OK;
    *ret_time_ms = vote.time_ms;
    status = end(fsck, &reading, status);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Of a vote that was seen a moment ago: it may be gone. */
static enum status check_listed(struct fsck *fsck, const struct vote_key *key)
{
    char name[FSCK_NAME_BYTES];
    bool listed = false;
    enum status status = is_listed(fsck, key, &listed);
    for (int tries = 0; tries < TRIES_MAX && status == STATUS_OK && !listed; tries++) {
        bool before;
        bool after;
        int64_t before_ms;
        int64_t after_ms;
        status = get_time(fsck, key, &before_ms, &before);
        status = status == STATUS_OK ? is_listed(fsck, key, &listed) : status;
        status = status == STATUS_OK ? get_time(fsck, key, &after_ms, &after) : status;
        if (status == STATUS_OK && (!before || !after)) {
            return STATUS_OK;
        }
        if (status == STATUS_OK && !listed && before_ms == after_ms) {
            fsck_report_difference(&fsck->report, "user index", "%s is not in the user's list",
                                   fsck_vote_name(key, name));
            return STATUS_OK;
        }
    }
    return fsck_note_loss(fsck, status, fsck_vote_name(key, name));
}

/* An entry without a vote makes the list unreadable: it is not the port's to show. */
static enum status check_list(struct fsck *fsck, struct text user)
{
    struct snapshot_walk walk = {
        .repository = fsck->repository, .kind = SNAPSHOT_WALK_USER_VOTES, .user = user};
    char name[FSCK_NAME_BYTES];
    const void *entry = NULL;
    enum status status = snapshot_walk_next(&walk, fsck->call, &entry);
    while (status == STATUS_OK && entry != NULL) {
        fsck->user_entries++;
        status = snapshot_walk_next(&walk, fsck->call, &entry);
    }
    snapshot_walk_end(&walk);
    (void)snprintf(name, sizeof(name), "the votes of user %.*s", TEXT_ARGUMENTS(user));
    return fsck_note_loss(fsck, status, name);
}

/* Whether the vote is the first of its user's list: then the list is walked, once a user. A list
 * that cannot be read is told at each vote's own look. */
static enum status check_user(struct fsck *fsck, const struct vote_key *key)
{
    struct reading reading;
    struct vote *votes;
    size_t count = 0;
    begin(&reading);
    enum status status = fsck->repository->ops->list_user_votes(
        fsck->repository->state, &reading.call, key->user, NULL, 1, &votes, &count);
    bool is_first = status == STATUS_DATA_LOSS ||
                    (status == STATUS_OK && count == 1 && is_same_key(&votes[0].key, key));
    if (status == STATUS_DATA_LOSS) {
        status = STATUS_OK; /* as check_list() tells */
    }
    status = end(fsck, &reading, status);
    if (status == STATUS_OK && is_first) {
        status = check_list(fsck, key->user);
    }
    return status == STATUS_OK ? check_listed(fsck, key) : status;
}

/* Votes beside aggregates */

struct merge {
    struct fsck *fsck;
    struct snapshot_walk votes;
    struct snapshot_walk aggregates;
    const struct rating_stored_vote *vote;
    const struct rating_stored_aggregate *aggregate;
};

static enum status next_vote(struct merge *merge)
{
    const void *entry;
    enum status status = snapshot_walk_next(&merge->votes, merge->fsck->call, &entry);
    merge->vote = status == STATUS_OK ? entry : NULL;
    if (merge->vote != NULL) {
        merge->fsck->votes += merge->vote->deleted ? 0 : 1;
        merge->fsck->tombstones += merge->vote->deleted ? 1 : 0;
        progress_update(merge->fsck->progress, 0, merge->fsck->votes);
    }
    return status;
}

static enum status next_aggregate(struct merge *merge)
{
    const void *entry;
    enum status status = snapshot_walk_next(&merge->aggregates, merge->fsck->call, &entry);
    merge->aggregate = status == STATUS_OK ? entry : NULL;
    merge->fsck->aggregates += merge->aggregate != NULL ? 1 : 0;
    return status;
}

/* Counts the votes of the record that the walk is at, and goes behind them. The record's id is of a
 * page that goes: its copy is in `id`. */
static enum status count_record(struct merge *merge, char id[static RATING_RECORD_BYTES_MAX],
                                struct record_key *ret_record, struct rating_aggregate *ret_counted)
{
    struct record_key record = merge->vote->vote.key.record;
    struct rating_aggregate counted = {.count = 0};
    enum status status = STATUS_OK;
    if (record.id.length > RATING_RECORD_BYTES_MAX) {
        return call_fail(merge->fsck->call, STATUS_DATA_LOSS, "an overlong record id");
    }
    memcpy(id, record.id.data, record.id.length);
    record.id.data = id;
    while (status == STATUS_OK && merge->vote != NULL &&
           compare_records(merge->vote->vote.key.record, record) == 0) {
        if (!merge->vote->deleted) {
            rating_aggregate_add(&counted, merge->vote->vote.hundredths);
            status = check_user(merge->fsck, &merge->vote->vote.key);
        }
        status = status == STATUS_OK ? next_vote(merge) : status;
    }
    *ret_record = record;
    *ret_counted = counted;
    return status;
}

/* Aggregates before the record have no vote; that of the record must be what was counted. */
static enum status compare(struct merge *merge, struct record_key record,
                           const struct rating_aggregate *counted)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && merge->aggregate != NULL &&
           compare_records(merge->aggregate->record, record) < 0) {
        status = fsck_look_again(merge->fsck, merge->aggregate->record);
        status = status == STATUS_OK ? next_aggregate(merge) : status;
    }
    if (status != STATUS_OK) {
        return status;
    }
    bool is_stored =
        merge->aggregate != NULL && compare_records(merge->aggregate->record, record) == 0;
    bool same = is_stored ? counted->count > 0 &&
                                fsck_aggregate_equals(&merge->aggregate->aggregate, counted)
                          : counted->count == 0;
    if (!same) {
        status = fsck_look_again(merge->fsck, record);
    }
    return status == STATUS_OK && is_stored ? next_aggregate(merge) : status;
}

static enum status walk_both(struct merge *merge)
{
    char id[RATING_RECORD_BYTES_MAX];
    struct record_key record;
    struct rating_aggregate counted;
    enum status status = next_vote(merge);
    status = status == STATUS_OK ? next_aggregate(merge) : status;
    while (status == STATUS_OK && merge->vote != NULL) {
        status = count_record(merge, id, &record, &counted);
        status = status == STATUS_OK ? compare(merge, record, &counted) : status;
    }
    while (status == STATUS_OK && merge->aggregate != NULL) {
        status = fsck_look_again(merge->fsck, merge->aggregate->record);
        status = status == STATUS_OK ? next_aggregate(merge) : status;
    }
    return status;
}

enum status fsck_check_votes(struct fsck *fsck)
{
    struct merge merge = {
        .fsck = fsck,
        .votes = {.repository = fsck->repository, .kind = SNAPSHOT_WALK_VOTES},
        .aggregates = {.repository = fsck->repository, .kind = SNAPSHOT_WALK_AGGREGATES},
    };
    enum status status = walk_both(&merge);
    snapshot_walk_end(&merge.votes);
    snapshot_walk_end(&merge.aggregates);
    return fsck_note_loss(fsck, status, "votes and aggregates");
}
