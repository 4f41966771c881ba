/* The change log against the votes, and what ingestion keeps. */
#include "marquee/fsck_check.h"
#include "marquee/rebuild_lmdb_states.h"
#include "marquee/rebuild_settle.h"
#include "marquee/snapshot_walk.h"

enum status fsck_note_loss(struct fsck *fsck, enum status status, const char *what)
{
    if (status != STATUS_DATA_LOSS) {
        return status;
    }
    fsck_report_difference(&fsck->report, "damage", "%s: %.*s", what,
                           TEXT_ARGUMENTS(fsck->call->error.message));
    call_clear_error(fsck->call);
    return STATUS_OK;
}

static enum status compare_votes(struct fsck *fsck, struct rebuild_follower *follower)
{
    struct vote_key key;
    struct rebuild_state state;
    bool found = false;
    enum status status = rebuild_states_begin(follower->states, fsck->call);
    while (status == STATUS_OK) {
        status = rebuild_states_next(follower->states, fsck->call, &found, &key, &state);
        if (status != STATUS_OK || !found) {
            break;
        }
        progress_update(fsck->progress, 0, ++fsck->changes);
        status = rebuild_settle_vote(follower, fsck->call, &key, &state, &fsck->report);
    }
    rebuild_states_end(follower->states);
    return status;
}

static enum status check_range(struct fsck *fsck, const struct rating_change_range *range)
{
    if (range->first < 1 || range->last < 0 || range->first > range->last + 1) {
        fsck_report_difference(&fsck->report, "change log", "it is said to go from %lld to %lld",
                               (long long)range->first, (long long)range->last);
    }
    return STATUS_OK;
}

static enum status check_with(struct fsck *fsck, struct rebuild_follower *follower)
{
    struct rating_change_range range;
    enum status status =
        fsck->repository->ops->get_change_range(fsck->repository->state, fsck->call, &range);
    status = status == STATUS_OK ? check_range(fsck, &range) : status;
    if (status != STATUS_OK) {
        return status;
    }
    follower->taken = range.first - 1;
    status = rebuild_follow(follower, fsck->call);
    if (status == STATUS_OK && follower->taken < range.last) {
        fsck_report_difference(&fsck->report, "change log",
                               "it ends at %lld, before its last, %lld", (long long)follower->taken,
                               (long long)range.last);
    }
    return status == STATUS_OK ? compare_votes(fsck, follower) : status;
}

enum status fsck_check_changes(struct fsck *fsck)
{
    struct rebuild_follower follower = {.repository = fsck->repository};
    enum status status = rebuild_states_open(fsck->call, fsck->scratch, &follower.states);
    if (status != STATUS_OK) {
        return status;
    }
    status = check_with(fsck, &follower);
    rebuild_states_close(follower.states);
    if (status == STATUS_OUT_OF_RANGE) {
        call_clear_error(fsck->call);
        fsck_report_unsettled(&fsck->report, "change log", "it was trimmed while it was checked");
        return STATUS_OK;
    }
    return fsck_note_loss(fsck, status, "change log");
}

static enum status check_dead_letters(struct fsck *fsck)
{
    struct snapshot_walk walk = {.repository = fsck->repository,
                                 .kind = SNAPSHOT_WALK_DEAD_LETTERS};
    const void *entry = NULL;
    enum status status = snapshot_walk_next(&walk, fsck->call, &entry);
    while (status == STATUS_OK && entry != NULL) {
        fsck->dead_letters++;
        status = snapshot_walk_next(&walk, fsck->call, &entry);
    }
    snapshot_walk_end(&walk);
    return fsck_note_loss(fsck, status, "dead letters");
}

/* Partitions are numbered from 0, and each was claimed by somebody. */
static enum status check_positions(struct fsck *fsck, struct text topic)
{
    const struct rating_repository *repository = fsck->repository;
    enum status status = STATUS_OK;
    int32_t partition = 0;
    while (status == STATUS_OK) {
        int64_t next_offset;
        status = repository->ops->get_position(repository->state, fsck->call, topic, partition,
                                               &next_offset);
        if (status == STATUS_OK && next_offset < 0) {
            fsck_report_difference(&fsck->report, "position", "%.*s/%d stands at %lld",
                                   TEXT_ARGUMENTS(topic), partition, (long long)next_offset);
        }
        fsck->positions += status == STATUS_OK ? 1 : 0;
        partition++;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : fsck_note_loss(fsck, status, "positions");
}

enum status fsck_check_ingestion(struct fsck *fsck)
{
    struct text rest = fsck->topics;
    enum status status = check_dead_letters(fsck);
    while (status == STATUS_OK && rest.length > 0) {
        status = check_positions(fsck, text_next(&rest, ','));
    }
    return status;
}
