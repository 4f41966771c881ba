/* The cases about positions: they move with their batches. */
#include "base/clock.h"
#include "contract/rating_case.h"

static void position_moves_with_the_batch(struct rating_case *self)
{
    const struct rating_change change = rating_case_put("user", "movie", 700);
    const struct rating_position first = {
        .topic = TEXT("ratings"), .partition = 3, .next_offset = 10};
    const struct rating_position second = {
        .topic = TEXT("ratings"), .partition = 3, .next_offset = 25};
    struct rating_batch batch = {.changes = &change, .change_count = 1, .position = &first};
    int64_t next_offset;
    assert_int_equal(rating_case_try(self, &batch), STATUS_OK);
    assert_int_equal(rating_case_get_position(self, "ratings", 3, &next_offset), STATUS_OK);
    assert_int_equal(next_offset, 10);
    batch = (struct rating_batch){.position = &second, .from_offset = 10};
    assert_int_equal(rating_case_try(self, &batch), STATUS_OK);
    assert_int_equal(rating_case_get_position(self, "ratings", 3, &next_offset), STATUS_OK);
    assert_int_equal(next_offset, 25);
    assert_int_equal(rating_case_get_position(self, "ratings", 4, &next_offset), STATUS_NOT_FOUND);
    assert_int_equal(rating_case_get_position(self, "rating", 3, &next_offset), STATUS_NOT_FOUND);
}

static void wrong_position_aborts_all(struct rating_case *self)
{
    const struct rating_change change = rating_case_put("user", "movie", 700);
    const struct rating_dead_letter letter = {.topic = TEXT("ratings"), .reason = TEXT("why")};
    const struct rating_position position = {
        .topic = TEXT("ratings"), .partition = 0, .next_offset = 10};
    enum rating_outcome outcome = RATING_STALE;
    const struct rating_batch batch = {
        .changes = &change,
        .change_count = 1,
        .dead_letters = &letter,
        .dead_letter_count = 1,
        .position = &position,
        .from_offset = 5,
        .outcomes = &outcome,
    };
    int64_t next_offset;
    assert_int_equal(rating_case_try(self, &batch), STATUS_ABORTED);
    assert_int_equal(outcome, RATING_STALE);
    rating_case_assert_untouched(self);
    assert_int_equal(rating_case_get_position(self, "ratings", 0, &next_offset), STATUS_NOT_FOUND);
    call_clear_error(self->call);
}

/* Every operation that writes. */
enum { WRITES = 5 };

static enum status write_any(struct rating_case *self, struct call *call, unsigned what)
{
    const struct rating_repository_ops *ops = self->repository.ops;
    void *state = self->repository.state;
    const struct rating_change change = rating_case_put("user", "movie", 700);
    const struct rating_batch batch = {.changes = &change, .change_count = 1};
    struct rating_position position;
    bool held;
    size_t count;
    switch (what) {
    case 0:
        return ops->apply(state, call, &batch);
    case 1:
        return ops->claim_position(state, call, TEXT("ratings"), 0, &position);
    case 2:
        return ops->trim_changes(state, call, 1);
    case 3:
        return ops->hold_lease(state, call, TEXT("name"), TEXT("owner"), 1000, &held);
    default:
        return ops->expire(state, call, 10, &count);
    }
}

static void call_that_is_over_changes_nothing(struct rating_case *self)
{
    struct cancellation cancellation;
    int64_t next_offset;
    bool held = false;
    cancellation_init(&cancellation);
    cancellation_request(&cancellation);
    for (unsigned what = 0; what < WRITES; what++) {
        struct call call = *self->call;
        call.deadline_ns = clock_monotonic_ns() - 1;
        assert_int_equal(write_any(self, &call, what), STATUS_DEADLINE_EXCEEDED);
        call = *self->call;
        call.cancellation = &cancellation;
        assert_int_equal(write_any(self, &call, what), STATUS_CANCELLED);
    }
    rating_case_assert_untouched(self);
    assert_int_equal(rating_case_get_position(self, "ratings", 0, &next_offset), STATUS_NOT_FOUND);
    assert_int_equal(self->repository.ops->hold_lease(self->repository.state, self->call,
                                                      TEXT("name"), TEXT("other"), 1000, &held),
                     STATUS_OK);
    assert_true(held); /* nobody had it */
}

static void opened_again_has_everything(struct rating_case *self)
{
    const struct rating_change change = rating_case_put("user", "movie", 700);
    const struct rating_dead_letter letter = {
        .topic = TEXT("ratings"), .offset = 4, .reason = TEXT("why"), .payload = TEXT("{}")};
    const struct rating_position position = {
        .topic = TEXT("ratings"), .partition = 0, .next_offset = 10};
    const struct rating_batch batch = {
        .changes = &change,
        .change_count = 1,
        .dead_letters = &letter,
        .dead_letter_count = 1,
        .position = &position,
    };
    struct rating_aggregate aggregate;
    struct rating_dead_letter *letters;
    struct vote vote;
    int64_t next_offset;
    size_t count;
    assert_int_equal(rating_case_try(self, &batch), STATUS_OK);
    rating_case_reopen(self);
    assert_int_equal(rating_case_get_vote(self, &vote), STATUS_OK);
    assert_int_equal(rating_case_get_aggregate(self, "movie", &aggregate), STATUS_OK);
    assert_int_equal(aggregate.sum_hundredths, 700);
    assert_int_equal(rating_case_get_position(self, "ratings", 0, &next_offset), STATUS_OK);
    assert_int_equal(next_offset, 10);
    assert_int_equal(self->repository.ops->list_dead_letters(self->repository.state, self->call,
                                                             NULL, 10, &letters, &count),
                     STATUS_OK);
    assert_int_equal(count, 1);
    assert_true(text_equal(letters[0].reason, TEXT("why")));
}

const struct rating_contract_case rating_position_cases[] = {
    {.name = "position_moves_with_the_batch", .run = position_moves_with_the_batch},
    {.name = "wrong_position_aborts_all", .run = wrong_position_aborts_all},
    {.name = "call_that_is_over_changes_nothing", .run = call_that_is_over_changes_nothing},
    {.name = "opened_again_has_everything", .run = opened_again_has_everything, .reopens = true},
    {.name = NULL},
};
