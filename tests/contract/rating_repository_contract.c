#include "contract/rating_repository_contract.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "contract/rating_repository_oracle.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

enum { ARENA_BYTES_MAX = 64 * 1024 * 1024, TIMEOUT_MS = 60 * 1000 };

/* Running a case */

struct case_run {
    struct rating_case self;
    void (*run)(struct rating_case *self);
};

static void run_case(void *argument)
{
    struct case_run *run = argument;
    struct rating_case *self = &run->self;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    self->call = &call;
    assert_int_equal(self->implementation->open(&call, self->directory, &self->repository),
                     STATUS_OK);
    run->run(self);
    self->repository.ops->close(self->repository.state);
    arena_deinit(&arena);
}

void rating_case_run(const struct rating_implementation *implementation,
                     void (*run)(struct rating_case *self))
{
    char directory[SCRATCH_PATH_BYTES];
    scratch_directory_make(directory);
    struct case_run case_run = {
        .self = {.implementation = implementation, .directory = text_of(directory)},
        .run = run,
    };
    in_fiber(run_case, &case_run);
    scratch_directory_remove(directory);
}

void rating_case_reopen(struct rating_case *self)
{
    self->repository.ops->close(self->repository.state);
    assert_int_equal(self->implementation->open(self->call, self->directory, &self->repository),
                     STATUS_OK);
}

struct rating_change rating_case_put(const char *user, const char *record, int32_t hundredths)
{
    return (struct rating_change){
        .kind = RATING_PUT,
        .key = {.record = {RECORD_TYPE_MOVIE, text_of(record)}, .user = text_of(user)},
        .hundredths = hundredths,
    };
}

static struct rating_change put_at(int32_t hundredths, int64_t time_ms)
{
    struct rating_change change = rating_case_put("user", "movie", hundredths);
    change.has_time = true;
    change.time_ms = time_ms;
    return change;
}

static struct rating_change delete_now(void)
{
    struct rating_change change = rating_case_put("user", "movie", 0);
    change.kind = RATING_DELETE;
    return change;
}

static struct rating_change delete_at(int64_t time_ms)
{
    struct rating_change change = put_at(0, time_ms);
    change.kind = RATING_DELETE;
    return change;
}

static enum status apply(struct rating_case *self, const struct rating_batch *batch)
{
    return self->repository.ops->apply(self->repository.state, self->call, batch);
}

void rating_case_apply(struct rating_case *self, const struct rating_change *changes, size_t count,
                       enum rating_outcome *outcomes)
{
    const struct rating_batch batch = {
        .changes = changes, .change_count = count, .outcomes = outcomes};
    assert_int_equal(apply(self, &batch), STATUS_OK);
}

static enum status get_aggregate(struct rating_case *self, const char *record,
                                 struct rating_aggregate *ret_aggregate)
{
    const struct record_key key = {RECORD_TYPE_MOVIE, text_of(record)};
    return self->repository.ops->get_aggregate(self->repository.state, self->call, key,
                                               ret_aggregate);
}

static enum status get_vote(struct rating_case *self, struct vote *ret_vote)
{
    const struct rating_change change = rating_case_put("user", "movie", 0);
    return self->repository.ops->get_vote(self->repository.state, self->call, &change.key,
                                          ret_vote);
}

static enum status get_position(struct rating_case *self, const char *topic, int32_t partition,
                                int64_t *ret_next_offset)
{
    return self->repository.ops->get_position(self->repository.state, self->call, text_of(topic),
                                              partition, ret_next_offset);
}

static void assert_untouched(struct rating_case *self)
{
    struct rating_aggregate aggregate;
    struct vote vote;
    struct rating_dead_letter *letters;
    size_t count;
    assert_int_equal(get_aggregate(self, "movie", &aggregate), STATUS_NOT_FOUND);
    assert_int_equal(get_vote(self, &vote), STATUS_NOT_FOUND);
    assert_int_equal(self->repository.ops->list_dead_letters(self->repository.state, self->call,
                                                             NULL, 10, &letters, &count),
                     STATUS_OK);
    assert_int_equal(count, 0);
}

/* Votes */

static void empty_has_nothing(struct rating_case *self)
{
    struct vote *votes;
    size_t count;
    int64_t next_offset;
    assert_untouched(self);
    assert_int_equal(get_position(self, "ratings", 0, &next_offset), STATUS_NOT_FOUND);
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
    assert_int_equal(get_vote(self, &vote), STATUS_OK);
    assert_int_equal(vote.hundredths, 850);
    assert_true(vote.time_ms >= before_ms && vote.time_ms <= clock_wall_ms());
    assert_true(text_equal(vote.key.user, TEXT("user")));
    assert_true(text_equal(vote.key.record.id, TEXT("movie")));
    assert_int_equal(get_aggregate(self, "movie", &aggregate), STATUS_OK);
    assert_int_equal(aggregate.count, 2);
    assert_int_equal(aggregate.sum_hundredths, 1850);
    assert_int_equal(aggregate.histogram[rating_bin(850)], 1);
    assert_int_equal(aggregate.histogram[rating_bin(1000)], 1);
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
    assert_int_equal(get_vote(self, &vote), want);
    assert_int_equal(get_aggregate(self, "movie", &aggregate), want);
    if (want == STATUS_OK) {
        assert_int_equal(vote.hundredths, history->want_hundredths);
        assert_int_equal(aggregate.count, 1);
        assert_int_equal(aggregate.sum_hundredths, history->want_hundredths);
        assert_int_equal(aggregate.histogram[rating_bin(history->want_hundredths)], 1);
    }
}

enum { HISTORY_COUNT = 11 };

static void list_histories(struct history table[static HISTORY_COUNT])
{
    const enum rating_outcome applied = RATING_APPLIED;
    const enum rating_outcome stale = RATING_STALE;
    const enum rating_outcome absent = RATING_ABSENT;
    const struct rating_change put_now = rating_case_put("user", "movie", 600);
    const struct history rows[] = {
        {"replaced", {put_at(100, 1), put_at(200, 2)}, {applied, applied}, 2, 200},
        {"the later time wins", {put_at(100, 5), put_at(200, 4)}, {applied, stale}, 2, 100},
        {"an equal time wins", {put_at(100, 5), put_at(200, 5)}, {applied, applied}, 2, 200},
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

static void wipe(struct rating_case *self)
{
    if (self->implementation->durable) {
        self->repository.ops->close(self->repository.state);
        char directory[SCRATCH_PATH_BYTES];
        assert_true(text_to_c_string(self->directory, directory, sizeof(directory)));
        scratch_directory_remove(directory);
        assert_int_equal(self->implementation->open(self->call, self->directory, &self->repository),
                         STATUS_OK);
    } else {
        rating_case_reopen(self);
    }
}

static void times_decide(struct rating_case *self)
{
    struct history table[HISTORY_COUNT];
    list_histories(table);
    for (size_t i = 0; i < 2 * ARRAY_LENGTH(table); i++) {
        run_history(self, &table[i / 2], i % 2 == 1);
        wipe(self);
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
        assert_int_equal(apply(self, &batch), STATUS_INVALID_ARGUMENT);
        assert_untouched(self);
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
    assert_int_equal(get_aggregate(self, "movie", &aggregate), STATUS_OK);
    assert_int_equal(aggregate.count, RATING_REPOSITORY_BATCH_MAX);
    free(changes);
    free(users);
}

/* Ingestion */

static void position_moves_with_the_batch(struct rating_case *self)
{
    const struct rating_change change = rating_case_put("user", "movie", 700);
    const struct rating_position first = {TEXT("ratings"), 3, 10};
    const struct rating_position second = {TEXT("ratings"), 3, 25};
    struct rating_batch batch = {.changes = &change, .change_count = 1, .position = &first};
    int64_t next_offset;
    assert_int_equal(apply(self, &batch), STATUS_OK);
    assert_int_equal(get_position(self, "ratings", 3, &next_offset), STATUS_OK);
    assert_int_equal(next_offset, 10);
    batch = (struct rating_batch){.position = &second, .from_offset = 10};
    assert_int_equal(apply(self, &batch), STATUS_OK);
    assert_int_equal(get_position(self, "ratings", 3, &next_offset), STATUS_OK);
    assert_int_equal(next_offset, 25);
    assert_int_equal(get_position(self, "ratings", 4, &next_offset), STATUS_NOT_FOUND);
    assert_int_equal(get_position(self, "rating", 3, &next_offset), STATUS_NOT_FOUND);
}

static void wrong_position_aborts_all(struct rating_case *self)
{
    const struct rating_change change = rating_case_put("user", "movie", 700);
    const struct rating_dead_letter letter = {.topic = TEXT("ratings"), .reason = TEXT("why")};
    const struct rating_position position = {TEXT("ratings"), 0, 10};
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
    assert_int_equal(apply(self, &batch), STATUS_ABORTED);
    assert_int_equal(outcome, RATING_STALE);
    assert_untouched(self);
    assert_int_equal(get_position(self, "ratings", 0, &next_offset), STATUS_NOT_FOUND);
    call_clear_error(self->call);
}

static void call_that_is_over_changes_nothing(struct rating_case *self)
{
    const struct rating_change change = rating_case_put("user", "movie", 700);
    const struct rating_batch batch = {.changes = &change, .change_count = 1};
    struct cancellation cancellation;
    cancellation_init(&cancellation);
    cancellation_request(&cancellation);
    struct call call = *self->call;
    call.deadline_ns = clock_monotonic_ns() - 1;
    assert_int_equal(self->repository.ops->apply(self->repository.state, &call, &batch),
                     STATUS_DEADLINE_EXCEEDED);
    call = *self->call;
    call.cancellation = &cancellation;
    assert_int_equal(self->repository.ops->apply(self->repository.state, &call, &batch),
                     STATUS_CANCELLED);
    assert_untouched(self);
}

static void opened_again_has_everything(struct rating_case *self)
{
    const struct rating_change change = rating_case_put("user", "movie", 700);
    const struct rating_dead_letter letter = {
        .topic = TEXT("ratings"), .offset = 4, .reason = TEXT("why"), .payload = TEXT("{}")};
    const struct rating_position position = {TEXT("ratings"), 0, 10};
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
    assert_int_equal(apply(self, &batch), STATUS_OK);
    rating_case_reopen(self);
    assert_int_equal(get_vote(self, &vote), STATUS_OK);
    assert_int_equal(get_aggregate(self, "movie", &aggregate), STATUS_OK);
    assert_int_equal(aggregate.sum_hundredths, 700);
    assert_int_equal(get_position(self, "ratings", 0, &next_offset), STATUS_OK);
    assert_int_equal(next_offset, 10);
    assert_int_equal(self->repository.ops->list_dead_letters(self->repository.state, self->call,
                                                             NULL, 10, &letters, &count),
                     STATUS_OK);
    assert_int_equal(count, 1);
    assert_true(text_equal(letters[0].reason, TEXT("why")));
}

/* The suite */

struct contract_case {
    const char *name;
    void (*run)(struct rating_case *self);
};

static const struct contract_case cases[] = {
    {"empty_has_nothing", empty_has_nothing},
    {"vote_is_kept", vote_is_kept},
    {"times_decide", times_decide},
    {"keys_at_their_limits", keys_at_their_limits},
    {"keys_over_their_limits", keys_over_their_limits},
    {"largest_batch", largest_batch},
    {"position_moves_with_the_batch", position_moves_with_the_batch},
    {"wrong_position_aborts_all", wrong_position_aborts_all},
    {"call_that_is_over_changes_nothing", call_that_is_over_changes_nothing},
    {"opened_again_has_everything", opened_again_has_everything},
    {"neighbours_stay_apart", rating_case_neighbours_stay_apart},
    {"pages_of_votes", rating_case_pages_of_votes},
    {"largest_page", rating_case_largest_page},
    {"pages_of_dead_letters", rating_case_pages_of_dead_letters},
    {"page_without_room", rating_case_page_without_room},
};

struct case_state {
    const struct rating_implementation *implementation;
    const struct contract_case *contract_case;
};

static void run_contract_case(void **state)
{
    const struct case_state *case_state = *state;
    if (case_state->contract_case->run == opened_again_has_everything &&
        !case_state->implementation->durable) {
        skip();
    }
    rating_case_run(case_state->implementation, case_state->contract_case->run);
}

static void agrees_with_the_oracle(void **state)
{
    const struct case_state *case_state = *state;
    struct rating_oracle_report report;
    rating_oracle_run(case_state->implementation, &report);
    if (report.differences > 0) {
        fail_msg("%u differences, the first: %s", report.differences, report.first);
    }
    assert_true(report.operations > 0);
}

int rating_repository_contract_run(const struct rating_implementation *implementation)
{
    struct case_state states[ARRAY_LENGTH(cases) + 1];
    struct CMUnitTest tests[ARRAY_LENGTH(cases) + 1];
    for (size_t i = 0; i <= ARRAY_LENGTH(cases); i++) {
        bool oracle = i == ARRAY_LENGTH(cases);
        states[i] = (struct case_state){implementation, oracle ? NULL : &cases[i]};
        tests[i] = (struct CMUnitTest){
            .name = oracle ? "agrees_with_the_oracle" : cases[i].name,
            .test_func = oracle ? agrees_with_the_oracle : run_contract_case,
            .initial_state = &states[i],
        };
    }
    return cmocka_run_group_tests_name(implementation->name, tests, NULL, NULL);
}
