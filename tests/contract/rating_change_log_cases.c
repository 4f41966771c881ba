/* The cases about the change log: what becomes a record, in which order, and what is trimmed. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "contract/rating_case.h"

static enum status try_changes(struct rating_case *self, int64_t after)
{
    struct rating_change_record *records;
    size_t count;
    enum status status = self->repository.ops->list_changes(self->repository.state, self->call,
                                                            after, 10, &records, &count);
    call_clear_error(self->call);
    return status;
}

static void trim(struct rating_case *self, int64_t through)
{
    assert_int_equal(
        self->repository.ops->trim_changes(self->repository.state, self->call, through), STATUS_OK);
}

static void new_log_is_empty(struct rating_case *self)
{
    struct rating_change_record *records;
    struct rating_change_range range = rating_case_range(self);
    assert_int_equal(range.first, 1);
    assert_int_equal(range.last, 0);
    assert_int_equal(rating_case_changes(self, 0, 10, &records), 0);
    assert_int_equal(try_changes(self, 1), STATUS_OUT_OF_RANGE);
    assert_int_equal(try_changes(self, -1), STATUS_OUT_OF_RANGE);
}

static void direct_vote_is_a_record(struct rating_case *self)
{
    const struct rating_change change = rating_case_put("user", "movie", 850);
    struct rating_change_record *records;
    struct vote vote;
    int64_t before_ms = clock_wall_ms();
    rating_case_apply(self, &change, 1, NULL);
    assert_int_equal(rating_case_changes(self, 0, 10, &records), 1);
    assert_int_equal(rating_case_get_vote(self, &vote), STATUS_OK);
    assert_int_equal(records[0].sequence, 1);
    assert_int_equal(records[0].kind, RATING_RECORD_PUT);
    assert_true(records[0].time_ms >= before_ms && records[0].time_ms <= clock_wall_ms());
    assert_true(text_equal(records[0].vote.key.user, TEXT("user")));
    assert_true(text_equal(records[0].vote.key.record.id, TEXT("movie")));
    assert_int_equal(records[0].vote.key.record.type, RECORD_TYPE_MOVIE);
    assert_int_equal(records[0].vote.key.provider.length, 0);
    assert_int_equal(records[0].vote.hundredths, 850);
    assert_int_equal(records[0].vote.time_ms, vote.time_ms);
    assert_int_equal(records[0].source.topic.length, 0);
}

/* Seven changes, of which three are applied, and two dead letters. */
static void apply_mixed(struct rating_case *self, enum rating_outcome outcomes[static 7])
{
    struct rating_change changes[] = {
        rating_case_put_at(100, 5), rating_case_put_at(200, 4),
        rating_case_put_at(300, 6), rating_case_delete_at(7),
        rating_case_delete_at(8),   rating_case_put("nobody", "movie", 0),
        rating_case_put_at(400, 6),
    };
    changes[5].kind = RATING_DELETE;
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        changes[i].offset = (int64_t)(40 + i);
    }
    const struct rating_dead_letter letters[] = {
        {.topic = TEXT("ratings"), .partition = 3, .offset = 47, .reason = TEXT("why")},
        {.topic = TEXT("others"), .partition = 1, .offset = 9, .reason = TEXT("why")},
    };
    const struct rating_source source = {TEXT("ratings"), 3};
    const struct rating_batch batch = {
        .changes = changes,
        .change_count = ARRAY_LENGTH(changes),
        .dead_letters = letters,
        .dead_letter_count = ARRAY_LENGTH(letters),
        .source = &source,
        .outcomes = outcomes,
    };
    assert_int_equal(rating_case_try(self, &batch), STATUS_OK);
}

static void what_was_done_is_a_record(struct rating_case *self)
{
    static const struct rating_change_record want[] = {
        {.sequence = 1,
         .kind = RATING_RECORD_PUT,
         .vote = {.hundredths = 100, .time_ms = 5},
         .source = {TEXT_INIT("ratings"), 3},
         .offset = 40},
        {.sequence = 2,
         .kind = RATING_RECORD_PUT,
         .vote = {.hundredths = 300, .time_ms = 6},
         .source = {TEXT_INIT("ratings"), 3},
         .offset = 42},
        {.sequence = 3,
         .kind = RATING_RECORD_DELETE,
         .vote = {.time_ms = 7},
         .source = {TEXT_INIT("ratings"), 3},
         .offset = 43},
        {.sequence = 4,
         .kind = RATING_RECORD_DEAD_LETTER,
         .source = {TEXT_INIT("ratings"), 3},
         .offset = 47},
        {.sequence = 5,
         .kind = RATING_RECORD_DEAD_LETTER,
         .source = {TEXT_INIT("others"), 1},
         .offset = 9},
    };
    enum rating_outcome outcomes[7];
    struct rating_change_record *records;
    apply_mixed(self, outcomes);
    assert_int_equal(outcomes[1], RATING_STALE);
    assert_int_equal(outcomes[4], RATING_ABSENT);
    assert_int_equal(outcomes[5], RATING_ABSENT);
    assert_int_equal(outcomes[6], RATING_STALE);
    assert_int_equal(rating_case_changes(self, 0, 100, &records), ARRAY_LENGTH(want));
    for (size_t i = 0; i < ARRAY_LENGTH(want); i++) {
        assert_int_equal(records[i].sequence, want[i].sequence);
        assert_int_equal(records[i].kind, want[i].kind);
        assert_true(text_equal(records[i].source.topic, want[i].source.topic));
        assert_int_equal(records[i].source.partition, want[i].source.partition);
        assert_int_equal(records[i].offset, want[i].offset);
        if (want[i].kind != RATING_RECORD_DEAD_LETTER) {
            assert_true(text_equal(records[i].vote.key.user, TEXT("user")));
            assert_int_equal(records[i].vote.hundredths, want[i].vote.hundredths);
            assert_int_equal(records[i].vote.time_ms, want[i].vote.time_ms);
        }
    }
}

/* Each change of one vote has what stood then, in one batch too. */
static void records_have_the_time_that_stands(struct rating_case *self)
{
    const struct rating_change changes[] = {rating_case_put_at(100, INT64_C(4000000000000)),
                                            rating_case_put("user", "movie", 200),
                                            rating_case_delete_now()};
    struct rating_change_record *records;
    rating_case_apply(self, changes, ARRAY_LENGTH(changes), NULL);
    assert_int_equal(rating_case_changes(self, 0, 10, &records), ARRAY_LENGTH(changes));
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        assert_int_equal(records[i].vote.time_ms, INT64_C(4000000000000));
    }
    assert_int_equal(records[0].vote.hundredths, 100);
    assert_int_equal(records[1].vote.hundredths, 200);
    assert_int_equal(records[2].kind, RATING_RECORD_DELETE);
}

enum { MANY = 3000 };

/* So many that no implementation keeps them in one piece. */
static void apply_many(struct rating_case *self)
{
    struct rating_change *changes = calloc(MANY, sizeof(*changes));
    char(*users)[16] = calloc(MANY, sizeof(*users));
    assert_true(changes != NULL && users != NULL);
    for (size_t i = 0; i < MANY; i++) {
        (void)snprintf(users[i], sizeof(users[i]), "u%zu", i * 7919 % 10007);
        changes[i] = rating_case_put(users[i], "movie", (int32_t)(i % 1001));
        changes[i].offset = (int64_t)i;
    }
    rating_case_apply(self, changes, MANY, NULL);
    free(changes);
    free(users);
}

static void pages_of_changes(struct rating_case *self)
{
    static const size_t limits[] = {1, 7, RATING_PAGE_SIZE_MAX + 1};
    struct rating_change_record *records;
    apply_many(self);
    assert_int_equal(rating_case_changes(self, 0, 0, &records), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(limits); i++) {
        int64_t last = i == 0 ? MANY - 300 : 0;
        size_t count = limits[i];
        while (count == limits[i]) {
            count = rating_case_changes(self, last, limits[i], &records);
            for (size_t at = 0; at < count; at++) {
                last++;
                assert_int_equal(records[at].sequence, last);
                assert_int_equal(records[at].offset, last - 1); /* the order of the batch */
                assert_int_equal(records[at].vote.hundredths, (last - 1) % 1001);
            }
            arena_reset(self->call->arena);
        }
        assert_int_equal(last, MANY);
    }
}

static void trimmed_records_are_gone(struct rating_case *self)
{
    struct rating_change_record *records;
    const struct rating_change change = rating_case_put("user", "movie", 100);
    apply_many(self);
    trim(self, 0);
    assert_int_equal(rating_case_range(self).first, 1);
    trim(self, 1234);
    assert_int_equal(rating_case_range(self).first, 1235);
    assert_int_equal(rating_case_range(self).last, MANY);
    assert_int_equal(try_changes(self, 0), STATUS_OUT_OF_RANGE);
    assert_int_equal(try_changes(self, 1233), STATUS_OUT_OF_RANGE);
    assert_int_equal(rating_case_changes(self, 1234, 2, &records), 2);
    assert_int_equal(records[0].sequence, 1235);
    trim(self, 1000); /* there is nothing of it any more */
    assert_int_equal(rating_case_range(self).first, 1235);
    trim(self, MANY + 1000);
    assert_int_equal(rating_case_range(self).first, MANY + 1);
    assert_int_equal(rating_case_range(self).last, MANY);
    assert_int_equal(rating_case_changes(self, MANY, 2, &records), 0);
    assert_int_equal(try_changes(self, MANY - 1), STATUS_OUT_OF_RANGE);
    assert_int_equal(try_changes(self, MANY + 1), STATUS_OUT_OF_RANGE);
    rating_case_apply(self, &change, 1, NULL);
    assert_int_equal(rating_case_changes(self, MANY, 2, &records), 1);
    assert_int_equal(records[0].sequence, MANY + 1);
}

static void sequences_go_on_after_reopening(struct rating_case *self)
{
    const struct rating_change change = rating_case_put("user", "movie", 100);
    struct rating_change_record *records;
    for (int64_t i = 1; i <= 3; i++) {
        rating_case_apply(self, &change, 1, NULL);
        rating_case_reopen(self);
        assert_int_equal(rating_case_range(self).last, i);
    }
    assert_int_equal(rating_case_changes(self, 0, 10, &records), 3);
    trim(self, 3);
    rating_case_reopen(self);
    assert_int_equal(rating_case_range(self).first, 4);
    rating_case_apply(self, &change, 1, NULL);
    assert_int_equal(rating_case_changes(self, 3, 10, &records), 1);
    assert_int_equal(records[0].sequence, 4);
}

static void keys_at_their_limits_are_logged(struct rating_case *self)
{
    enum { RECORDS = 200 };
    char bytes[RATING_TOPIC_BYTES_MAX];
    struct rating_change changes[RECORDS];
    struct rating_change_record *records;
    memset(bytes, 'x', sizeof(bytes));
    for (size_t i = 0; i < RECORDS; i++) {
        changes[i] = (struct rating_change){
            .key = {.record = {RECORD_TYPE_SOUNDTRACK, {bytes, RATING_RECORD_BYTES_MAX}},
                    .provider = {bytes, RATING_PROVIDER_BYTES_MAX},
                    .user = {bytes, RATING_USER_BYTES_MAX}},
            .hundredths = (int32_t)i,
            .offset = (int64_t)i,
        };
    }
    const struct rating_source source = {{bytes, RATING_TOPIC_BYTES_MAX}, INT32_MAX};
    const struct rating_batch batch = {
        .changes = changes, .change_count = RECORDS, .source = &source};
    assert_int_equal(rating_case_try(self, &batch), STATUS_OK);
    assert_int_equal(rating_case_changes(self, 0, RECORDS + 1, &records), RECORDS);
    for (size_t i = 0; i < RECORDS; i++) {
        assert_int_equal(records[i].vote.key.user.length, RATING_USER_BYTES_MAX);
        assert_int_equal(records[i].vote.hundredths, i);
        assert_int_equal(records[i].source.topic.length, RATING_TOPIC_BYTES_MAX);
        assert_int_equal(records[i].source.partition, INT32_MAX);
    }
}

const struct rating_contract_case rating_change_log_cases[] = {
    {.name = "new_log_is_empty", .run = new_log_is_empty},
    {.name = "direct_vote_is_a_record", .run = direct_vote_is_a_record},
    {.name = "what_was_done_is_a_record", .run = what_was_done_is_a_record},
    {.name = "records_have_the_time_that_stands", .run = records_have_the_time_that_stands},
    {.name = "pages_of_changes", .run = pages_of_changes},
    {.name = "trimmed_records_are_gone", .run = trimmed_records_are_gone},
    {.name = "sequences_go_on_after_reopening",
     .run = sequences_go_on_after_reopening,
     .reopens = true},
    {.name = "keys_at_their_limits_are_logged", .run = keys_at_their_limits_are_logged},
    {.name = NULL},
};
