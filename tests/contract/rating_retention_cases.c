/* The cases about what is kept for a while: event ids and tombstones. */
#include "contract/rating_case.h"

static struct rating_change event(const char *provider, const char *event_id, const char *user,
                                  int32_t hundredths)
{
    struct rating_change change = rating_case_put(user, "movie", hundredths);
    change.key.provider = text_of(provider);
    change.event_id = text_of(event_id);
    return change;
}

static enum rating_outcome apply_event(struct rating_case *self, const char *provider,
                                       const char *event_id, int32_t hundredths)
{
    const struct rating_change change = event(provider, event_id, "user", hundredths);
    enum rating_outcome outcome;
    rating_case_apply(self, &change, 1, &outcome);
    return outcome;
}

static size_t expire(struct rating_case *self, size_t limit)
{
    size_t count;
    assert_int_equal(
        self->repository.ops->expire(self->repository.state, self->call, limit, &count), STATUS_OK);
    return count;
}

static void an_event_is_taken_once(struct rating_case *self)
{
    struct rating_aggregate aggregate;
    assert_int_equal(apply_event(self, "p", "1", 100), RATING_APPLIED);
    assert_int_equal(apply_event(self, "p", "1", 200), RATING_DUPLICATE);
    assert_int_equal(apply_event(self, "q", "1", 300), RATING_APPLIED); /* each provider's own */
    assert_int_equal(apply_event(self, "p", "2", 400), RATING_APPLIED);
    assert_int_equal(apply_event(self, "p", "12", 500), RATING_APPLIED);
    assert_int_equal(apply_event(self, "p1", "2", 600), RATING_APPLIED);
    assert_int_equal(apply_event(self, "p", "", 700), RATING_APPLIED); /* none */
    assert_int_equal(apply_event(self, "p", "", 700), RATING_APPLIED);
    assert_int_equal(rating_case_get_aggregate(self, "movie", &aggregate), STATUS_OK);
    assert_int_equal(aggregate.count, 3);
    assert_int_equal(aggregate.sum_hundredths, 700 + 300 + 600);
    assert_int_equal(rating_case_range(self).last, 7); /* a duplicate is no record */
}

static void an_event_is_taken_once_within_a_batch(struct rating_case *self)
{
    const struct rating_change changes[] = {
        event("p", "1", "a", 100), event("p", "2", "a", 200), event("p", "1", "b", 300),
        event("q", "1", "b", 400), event("p", "2", "a", 500), event("p", "1", "a", 600),
    };
    static const enum rating_outcome want[] = {RATING_APPLIED, RATING_APPLIED,   RATING_DUPLICATE,
                                               RATING_APPLIED, RATING_DUPLICATE, RATING_DUPLICATE};
    enum rating_outcome outcomes[ARRAY_LENGTH(changes)];
    struct rating_aggregate aggregate;
    rating_case_apply(self, changes, ARRAY_LENGTH(changes), outcomes);
    assert_memory_equal(outcomes, want, sizeof(want));
    assert_int_equal(rating_case_get_aggregate(self, "movie", &aggregate), STATUS_OK);
    assert_int_equal(aggregate.count, 2);
    assert_int_equal(aggregate.sum_hundredths, 200 + 400);
    rating_case_apply(self, changes, ARRAY_LENGTH(changes), outcomes);
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        assert_int_equal(outcomes[i], RATING_DUPLICATE);
    }
}

/* What an event did does not matter: it was taken. */
static void a_stale_event_is_taken_too(struct rating_case *self)
{
    struct rating_change changes[] = {rating_case_put_at(100, 5), rating_case_put_at(200, 4),
                                      rating_case_put_at(300, 6)};
    enum rating_outcome outcomes[3];
    changes[1].event_id = TEXT("1");
    changes[2].event_id = TEXT("1");
    for (size_t i = 0; i < 3; i++) {
        rating_case_apply(self, &changes[i], 1, &outcomes[i]);
    }
    assert_int_equal(outcomes[1], RATING_STALE);
    assert_int_equal(outcomes[2], RATING_DUPLICATE);
}

static void a_refused_batch_takes_no_event(struct rating_case *self)
{
    const struct rating_change change = event("p", "1", "user", 100);
    const struct rating_position position = {
        .topic = TEXT("ratings"), .next_offset = 1, .epoch = 9};
    const struct rating_batch batch = {
        .changes = &change, .change_count = 1, .position = &position};
    assert_int_equal(rating_case_try(self, &batch), STATUS_ABORTED);
    call_clear_error(self->call);
    assert_int_equal(apply_event(self, "p", "1", 100), RATING_APPLIED);
}

static void event_ids_have_a_limit(struct rating_case *self)
{
    char bytes[RATING_EVENT_ID_BYTES_MAX + 1];
    struct rating_change change = rating_case_put("user", "movie", 100);
    const struct rating_batch batch = {.changes = &change, .change_count = 1};
    memset(bytes, 'x', sizeof(bytes));
    change.event_id = text_of_bytes(bytes, sizeof(bytes));
    assert_int_equal(rating_case_try(self, &batch), STATUS_INVALID_ARGUMENT);
    change.event_id = TEXT("a\0b");
    assert_int_equal(rating_case_try(self, &batch), STATUS_INVALID_ARGUMENT);
    call_clear_error(self->call);
    rating_case_assert_untouched(self);
    change.event_id = text_of_bytes(bytes, RATING_EVENT_ID_BYTES_MAX);
    change.key.provider = text_of_bytes(bytes, RATING_PROVIDER_BYTES_MAX);
    assert_int_equal(rating_case_try(self, &batch), STATUS_OK);
}

static void events_are_kept(struct rating_case *self)
{
    assert_int_equal(apply_event(self, "p", "1", 100), RATING_APPLIED);
    rating_case_reopen(self);
    assert_int_equal(apply_event(self, "p", "1", 100), RATING_DUPLICATE);
}

static void nothing_is_due_yet(struct rating_case *self)
{
    const struct rating_change changes[] = {rating_case_put_at(100, 5), rating_case_delete_at(7)};
    const struct rating_change older = rating_case_put_at(100, 6);
    enum rating_outcome outcome;
    assert_int_equal(apply_event(self, "p", "1", 100), RATING_APPLIED);
    rating_case_apply(self, changes, 2, NULL);
    assert_int_equal(expire(self, 100), 0);
    assert_int_equal(apply_event(self, "p", "1", 100), RATING_DUPLICATE);
    rating_case_apply(self, &older, 1, &outcome);
    assert_int_equal(outcome, RATING_STALE);
}

/* The window: PASSED_MS. */
enum { PASSED_MS = 2 };

static void an_event_is_taken_again_after_the_window(struct rating_case *self)
{
    assert_int_equal(apply_event(self, "p", "1", 100), RATING_APPLIED);
    rating_case_pass(self, PASSED_MS);
    assert_int_equal(apply_event(self, "p", "1", 200), RATING_APPLIED);
    rating_case_pass(self, PASSED_MS);
    assert_int_equal(expire(self, 100), 1); /* taken twice, kept once */
    assert_int_equal(expire(self, 100), 0);
    assert_int_equal(apply_event(self, "p", "1", 300), RATING_APPLIED);
}

static void what_is_due_is_forgotten(struct rating_case *self)
{
    static const char *const ids[] = {"1", "2", "3"};
    const struct rating_change changes[] = {
        rating_case_put_at(100, 5), rating_case_delete_at(7), /* a tombstone */
    };
    struct rating_change other = rating_case_put("other", "movie", 0);
    const struct rating_change older = rating_case_put_at(100, 6);
    struct rating_stored_vote *votes;
    enum rating_outcome outcome;
    size_t count;
    other.kind = RATING_DELETE;
    other.has_time = true; /* and one where there was no vote */
    other.time_ms = 9;
    for (size_t i = 0; i < ARRAY_LENGTH(ids); i++) {
        assert_int_equal(apply_event(self, "p", ids[i], 100), RATING_APPLIED);
    }
    rating_case_apply(self, changes, 2, NULL);
    rating_case_apply(self, &other, 1, NULL);
    rating_case_pass(self, PASSED_MS);
    assert_int_equal(expire(self, 0), 0);
    assert_int_equal(expire(self, 4), 4);
    assert_int_equal(expire(self, 4), 1);
    assert_int_equal(expire(self, 4), 0);
    assert_int_equal(self->repository.ops->list_votes(self->repository.state, self->call, NULL, 10,
                                                      &votes, &count),
                     STATUS_OK);
    assert_int_equal(count, 1); /* the events' vote stays */
    assert_false(votes[0].deleted);
    rating_case_apply(self, &older, 1, &outcome);
    assert_int_equal(outcome, RATING_APPLIED); /* nothing is left that would hold it off */
}

/* A vote that took a tombstone's place is not taken for it. */
static void a_vote_after_its_deletion_stays(struct rating_case *self)
{
    const struct rating_change changes[] = {rating_case_put_at(100, 5), rating_case_delete_at(7),
                                            rating_case_put_at(200, 7)};
    struct vote vote;
    rating_case_apply(self, changes, 3, NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        rating_case_apply(self, &changes[i], 1, NULL);
    }
    rating_case_pass(self, PASSED_MS);
    assert_int_equal(expire(self, 100), 0);
    assert_int_equal(rating_case_get_vote(self, &vote), STATUS_OK);
    assert_int_equal(vote.hundredths, 200);
}

#define SHORT                                                                                      \
    {                                                                                              \
        PASSED_MS, PASSED_MS                                                                       \
    }

const struct rating_contract_case rating_retention_cases[] = {
    {.name = "an_event_is_taken_once", .run = an_event_is_taken_once},
    {.name = "an_event_is_taken_once_within_a_batch", .run = an_event_is_taken_once_within_a_batch},
    {.name = "a_stale_event_is_taken_too", .run = a_stale_event_is_taken_too},
    {.name = "a_refused_batch_takes_no_event", .run = a_refused_batch_takes_no_event},
    {.name = "event_ids_have_a_limit", .run = event_ids_have_a_limit},
    {.name = "events_are_kept", .run = events_are_kept, .reopens = true},
    {.name = "nothing_is_due_yet", .run = nothing_is_due_yet},
    {.name = "an_event_is_taken_again_after_the_window",
     .run = an_event_is_taken_again_after_the_window,
     .retention = SHORT},
    {.name = "what_is_due_is_forgotten", .run = what_is_due_is_forgotten, .retention = SHORT},
    {.name = "a_vote_after_its_deletion_stays",
     .run = a_vote_after_its_deletion_stays,
     .retention = SHORT},
    {.name = NULL},
};
