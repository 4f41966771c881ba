#include "marquee/rebuild_settle.h"

#include "marquee/snapshot_walk.h"

enum { ARENA_BYTES_MAX = 64 * 1024 };

enum status rebuild_follow(struct rebuild_follower *follower, struct call *call)
{
    return rebuild_states_take(follower->states, call, follower->repository, follower->taken,
                               &follower->taken);
}

/* The vote that stands; one that does not is deleted. */
static enum status read_vote(const struct rebuild_follower *follower, struct call *call,
                             const struct vote_key *key, struct rebuild_state *ret_state)
{
    struct arena arena;
    struct call reading;
    struct vote vote;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&reading, &arena, SNAPSHOT_WALK_TIMEOUT_MS);
    enum status status =
        follower->repository->ops->get_vote(follower->repository->state, &reading, key, &vote);
    if (status == STATUS_OK) {
        *ret_state = (struct rebuild_state){.hundredths = vote.hundredths, .time_ms = vote.time_ms};
    } else if (status == STATUS_NOT_FOUND) {
        *ret_state = (struct rebuild_state){.deleted = true};
        status = STATUS_OK;
    } else {
        status = call_fail(call, status, "%.*s: %.*s", TEXT_ARGUMENTS(reading.error.message),
                           TEXT_ARGUMENTS(reading.error.detail));
    }
    arena_deinit(&arena);
    return status;
}

static bool is_same(const struct rebuild_state *left, const struct rebuild_state *right)
{
    return left->deleted == right->deleted &&
           (left->deleted ||
            (left->hundredths == right->hundredths && left->time_ms == right->time_ms));
}

static void tell(struct fsck_report *report, const struct vote_key *key,
                 const struct rebuild_state *expected, const struct rebuild_state *found)
{
    char name[FSCK_NAME_BYTES];
    (void)fsck_vote_name(key, name);
    if (expected->deleted) {
        fsck_report_difference(report, "vote", "%s stands, but the change log has none", name);
    } else if (found->deleted) {
        fsck_report_difference(report, "vote",
                               "%s is missing; the change log has %d hundredths at %lld", name,
                               expected->hundredths, (long long)expected->time_ms);
    } else {
        fsck_report_difference(report, "vote",
                               "%s is %d hundredths at %lld; the change log has %d at %lld", name,
                               found->hundredths, (long long)found->time_ms, expected->hundredths,
                               (long long)expected->time_ms);
    }
}

/* Where the log has nothing newer after the vote was read, that is of the moment of `expected`. */
enum status rebuild_settle_vote(struct rebuild_follower *follower, struct call *call,
                                const struct vote_key *key, const struct rebuild_state *expected,
                                struct fsck_report *report)
{
    struct rebuild_state wanted = *expected;
    for (int tries = 0; tries < REBUILD_SETTLE_TRIES_MAX; tries++) {
        struct rebuild_state found = {.deleted = true};
        struct rebuild_state newer;
        enum status status = read_vote(follower, call, key, &found);
        if (status != STATUS_OK || is_same(&found, &wanted)) {
            return status;
        }
        status = rebuild_follow(follower, call);
        if (status != STATUS_OK) {
            return status;
        }
        status = rebuild_states_get(follower->states, call, key, &newer);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            return status;
        }
        if (status == STATUS_NOT_FOUND || newer.sequence <= wanted.sequence) {
            tell(report, key, &wanted, &found);
            return STATUS_OK;
        }
        wanted = newer;
    }
    char name[FSCK_NAME_BYTES];
    fsck_report_unsettled(report, "vote", "%s", fsck_vote_name(key, name));
    return STATUS_OK;
}
