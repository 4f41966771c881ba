/* The cases about votes: what stands after which changes, and how long their keys may be. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "contract/rating_case.h"

/* Votes */

static void empty_has_nothing(struct rating_case *self)
{
    struct vote *votes;
    size_t count;
    int64_t next_offset;
    rating_case_assert_untouched(self);
    assert_int_equal(rating_case_get_position(self, "ratings", 0, &next_offset), STATUS_NOT_FOUND);
    assert_int_equal(self->call->error.message.length, 0); /* the words are the controller's */
    assert_int_equal(self->repository.ops->list_user_votes(self->repository.state, self->call,
                                                           TEXT("user"), NULL, 10, &votes, &count),
                     STATUS_OK);
    assert_int_equal(count, 0);
}

static void vote_is_kept(struct rating_case *self)
{
    const struct rating_change changes[] = {rating_case_put("user", "movie", 850),
                                            rating_case_put("other", "movie", 1000)};
    enum rating_outcome outcomes[2];
    struct rating_aggregate aggregate;
    struct vote vote;
    int64_t before_ms = clock_wall_ms();
    rating_case_apply(self, changes, 2, outcomes);
    assert_int_equal(outcomes[0], RATING_APPLIED);
    assert_int_equal(outcomes[1], RATING_APPLIED);
    assert_int_equal(rating_case_get_vote(self, &vote), STATUS_OK);
    assert_int_equal(vote.hundredths, 850);
    assert_true(vote.time_ms >= before_ms && vote.time_ms <= clock_wall_ms());
    assert_true(text_equal(vote.key.user, TEXT("user")));
    assert_true(text_equal(vote.key.record.id, TEXT("movie")));
    assert_int_equal(rating_case_get_aggregate(self, "movie", &aggregate), STATUS_OK);
    assert_int_equal(aggregate.count, 2);
    assert_int_equal(aggregate.sum_hundredths, 1850);
    assert_int_equal(aggregate.histogram[rating_bin(850)], 1);
    assert_int_equal(aggregate.histogram[rating_bin(1000)], 1);
}

/* Short, for the table. */
static struct rating_change put_at(int32_t hundredths, int64_t time_ms)
{
    return rating_case_put_at(hundredths, time_ms);
}

static struct rating_change import_at(int32_t hundredths, int64_t time_ms)
{
    struct rating_change change = put_at(hundredths, time_ms);
    change.skip_unchanged = true;
    return change;
}

static struct rating_change delete_at(int64_t time_ms)
{
    return rating_case_delete_at(time_ms);
}

static struct rating_change delete_now(void)
{
    return rating_case_delete_now();
}

/* One vote's history: what each change gives, and what stands at the end. */
struct history {
    const char *name;
    struct rating_change changes[4];
    enum rating_outcome outcomes[4];
    size_t count;
    int32_t want_hundredths; /* -1: no vote */
};

static void run_history(struct rating_case *self, const struct history *history, bool one_batch)
{
    enum rating_outcome outcomes[4];
    struct rating_aggregate aggregate;
    struct vote vote;
    print_message("  %s, %s\n", history->name, one_batch ? "one batch" : "one by one");
    for (size_t i = 0; i < history->count && !one_batch; i++) {
        rating_case_apply(self, &history->changes[i], 1, &outcomes[i]);
    }
    if (one_batch) {
        rating_case_apply(self, history->changes, history->count, outcomes);
    }
    for (size_t i = 0; i < history->count; i++) {
        assert_int_equal(outcomes[i], history->outcomes[i]);
    }
    enum status want = history->want_hundredths < 0 ? STATUS_NOT_FOUND : STATUS_OK;
    assert_int_equal(rating_case_get_vote(self, &vote), want);
    assert_int_equal(rating_case_get_aggregate(self, "movie", &aggregate), want);
    if (want == STATUS_OK) {
        assert_int_equal(vote.hundredths, history->want_hundredths);
        assert_int_equal(aggregate.count, 1);
        assert_int_equal(aggregate.sum_hundredths, history->want_hundredths);
        assert_int_equal(aggregate.histogram[rating_bin(history->want_hundredths)], 1);
    }
}

enum { HISTORY_COUNT = 14 };

static void list_histories(struct history table[static HISTORY_COUNT])
{
    const enum rating_outcome applied = RATING_APPLIED;
    const enum rating_outcome stale = RATING_STALE;
    const enum rating_outcome same = RATING_UNCHANGED;
    const enum rating_outcome absent = RATING_ABSENT;
    const struct rating_change put_now = rating_case_put("user", "movie", 600);
    const struct history rows[] = {
        {"replaced", {put_at(100, 1), put_at(200, 2)}, {applied, applied}, 2, 200},
        {"the later time wins", {put_at(100, 5), put_at(200, 4)}, {applied, stale}, 2, 100},
        {"an equal time wins", {put_at(100, 5), put_at(200, 5)}, {applied, applied}, 2, 200},
        {"the same again", {put_at(100, 5), put_at(100, 5)}, {applied, applied}, 2, 100},
        {"the same imported again",
         {import_at(100, 5), import_at(100, 5), put_at(100, 5)},
         {applied, same, applied},
         3,
         100},
        {"the same after a deletion of that time",
         {put_at(100, 5), delete_at(5), import_at(100, 5)},
         {applied, applied, applied},
         3,
         100},
        {"deleted", {put_at(100, 5), delete_at(6)}, {applied, applied}, 2, -1},
        {"an older deletion", {put_at(100, 5), delete_at(4)}, {applied, stale}, 2, 100},
        {"a tombstone holds off what is older",
         {delete_at(6), put_at(100, 5), put_at(200, 6)},
         {absent, stale, applied},
         3,
         200},
        {"deleted twice",
         {put_at(100, 5), delete_at(6), delete_at(7), put_at(300, 6)},
         {applied, applied, absent, stale},
         4,
         -1},
        {"without a time it always wins",
         {put_at(100, INT64_C(4000000000000)), put_now},
         {applied, applied},
         2,
         600},
        {"and then has the later of the times",
         {put_at(100, INT64_C(4000000000000)), put_now, put_at(300, INT64_C(3999999999999))},
         {applied, applied, stale},
         3,
         600},
        {"deleted without a time",
         {put_now, delete_now(), put_at(100, 5)},
         {applied, applied, stale},
         3,
         -1},
        {"nothing to delete", {delete_now(), put_at(100, 5)}, {absent, applied}, 2, 100},
    };
    _Static_assert(ARRAY_LENGTH(rows) == HISTORY_COUNT, "one place a row");
    memcpy(table, rows, sizeof(rows));
}

static void times_decide(struct rating_case *self)
{
    struct history table[HISTORY_COUNT];
    list_histories(table);
    for (size_t i = 0; i < 2 * ARRAY_LENGTH(table); i++) {
        run_history(self, &table[i / 2], i % 2 == 1);
        rating_case_wipe(self);
    }
}

/* Limits */

static void fill(char *bytes, size_t length)
{
    memset(bytes, 'x', length);
}

static void keys_at_their_limits(struct rating_case *self)
{
    char bytes[RATING_RECORD_BYTES_MAX + 1];
    fill(bytes, sizeof(bytes));
    struct rating_change change = {
        .key = {.record = {RECORD_TYPE_SOUNDTRACK, {bytes, RATING_RECORD_BYTES_MAX}},
                .provider = {bytes, RATING_PROVIDER_BYTES_MAX},
                .user = {bytes, RATING_USER_BYTES_MAX}},
        .hundredths = 500,
    };
    struct vote vote;
    rating_case_apply(self, &change, 1, NULL);
    assert_int_equal(
        self->repository.ops->get_vote(self->repository.state, self->call, &change.key, &vote),
        STATUS_OK);
    assert_int_equal(vote.key.user.length, RATING_USER_BYTES_MAX);
}

static void keys_over_their_limits(struct rating_case *self)
{
    char bytes[RATING_RECORD_BYTES_MAX + 1];
    fill(bytes, sizeof(bytes));
    const struct vote_key fitting = rating_case_put("user", "movie", 0).key;
    struct vote_key keys[] = {fitting, fitting, fitting, fitting};
    keys[0].record.id = (struct text){bytes, RATING_RECORD_BYTES_MAX + 1};
    keys[1].provider = (struct text){bytes, RATING_PROVIDER_BYTES_MAX + 1};
    keys[2].user = (struct text){bytes, RATING_USER_BYTES_MAX + 1};
    keys[3].user = TEXT("a\0b");
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        const struct rating_change changes[] = {rating_case_put("user", "movie", 500),
                                                {.key = keys[i], .hundredths = 500}};
        const struct rating_batch batch = {.changes = changes, .change_count = 2};
        assert_int_equal(rating_case_try(self, &batch), STATUS_INVALID_ARGUMENT);
        rating_case_assert_untouched(self);
    }
}

static void largest_batch(struct rating_case *self)
{
    struct rating_change *changes = calloc(RATING_REPOSITORY_BATCH_MAX, sizeof(*changes));
    char(*users)[16] = calloc(RATING_REPOSITORY_BATCH_MAX, sizeof(*users));
    assert_true(changes != NULL && users != NULL);
    for (size_t i = 0; i < RATING_REPOSITORY_BATCH_MAX; i++) {
        (void)snprintf(users[i], sizeof(users[i]), "user-%zu", i * 7919 % 100003);
        changes[i] = rating_case_put(users[i], "movie", (int32_t)(i % 1001));
    }
    rating_case_apply(self, changes, RATING_REPOSITORY_BATCH_MAX, NULL);
    struct rating_aggregate aggregate;
    assert_int_equal(rating_case_get_aggregate(self, "movie", &aggregate), STATUS_OK);
    assert_int_equal(aggregate.count, RATING_REPOSITORY_BATCH_MAX);
    free(changes);
    free(users);
}

/* Many changes of the same votes in one batch, of keys of many lengths, some alike in all but their
 * ends: of each vote the last change stands, and an id's first event counts. */
enum { SAME_USERS = 70, SAME_EVENTS_EACH = 3 };

static void check_same_votes(struct rating_case *self, const int32_t *want, char (*users)[48])
{
    for (size_t i = 0; i < SAME_USERS; i++) {
        const struct rating_change change = rating_case_put(users[i], "movie", 0);
        struct vote vote = {.hundredths = -1};
        enum status status =
            self->repository.ops->get_vote(self->repository.state, self->call, &change.key, &vote);
        assert_int_equal(status, want[i] < 0 ? STATUS_NOT_FOUND : STATUS_OK);
        assert_int_equal(vote.hundredths, want[i]);
    }
}

static void apply_same_votes(struct rating_case *self, size_t count, char (*users)[48],
                             int32_t *want)
{
    struct rating_change *changes = calloc(count, sizeof(*changes));
    enum rating_outcome *outcomes = calloc(count, sizeof(*outcomes));
    char(*events)[64] = calloc(count, sizeof(*events));
    assert_true(changes != NULL && outcomes != NULL && events != NULL);
    for (size_t i = 0; i < count; i++) {
        size_t user = i * 7919 % 1009 % SAME_USERS;
        bool repeats = i % SAME_EVENTS_EACH != 0; /* the id of the one before */
        (void)snprintf(events[i], sizeof(events[i]), "event-%zu-of-%zu",
                       i / SAME_EVENTS_EACH * SAME_EVENTS_EACH, count);
        changes[i] = rating_case_put(users[user], "movie", (int32_t)(i % 1001));
        changes[i].event_id = text_of(events[i]);
        want[user] = repeats ? want[user] : changes[i].hundredths;
    }
    rating_case_apply(self, changes, count, outcomes);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(outcomes[i],
                         i % SAME_EVENTS_EACH != 0 ? RATING_DUPLICATE : RATING_APPLIED);
    }
    check_same_votes(self, want, users);
    free(changes);
    free(outcomes);
    free(events);
}

static void same_votes_in_one_batch(struct rating_case *self)
{
    static const size_t counts[] = {5, 16, 17, 300, 511, 512, 6000};
    char users[SAME_USERS][48];
    int32_t want[SAME_USERS];
    for (size_t i = 0; i < SAME_USERS; i++) {
        (void)snprintf(users[i], sizeof(users[i]), i % 2 == 0 ? "u%zu" : "a-much-longer-user-%zu",
                       i);
        want[i] = -1;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
        apply_same_votes(self, counts[i], users, want);
    }
}

const struct rating_contract_case rating_vote_cases[] = {
    {.name = "empty_has_nothing", .run = empty_has_nothing},
    {.name = "vote_is_kept", .run = vote_is_kept},
    {.name = "times_decide", .run = times_decide},
    {.name = "keys_at_their_limits", .run = keys_at_their_limits},
    {.name = "keys_over_their_limits", .run = keys_over_their_limits},
    {.name = "largest_batch", .run = largest_batch},
    {.name = "same_votes_in_one_batch", .run = same_votes_in_one_batch},
    {.name = NULL},
};
