/* The cases about epochs: a position moves only for who has claimed it last. */
#include <stdio.h>

#include "contract/rating_case.h"
#include "loop/fiber.h"

static struct rating_position claim(struct rating_case *self, const char *topic, int32_t partition)
{
    struct rating_position position = {.epoch = -1};
    assert_int_equal(self->repository.ops->claim_position(self->repository.state, self->call,
                                                          text_of(topic), partition, &position),
                     STATUS_OK);
    assert_true(text_equal(position.topic, text_of(topic)));
    assert_int_equal(position.partition, partition);
    return position;
}

static void claim_raises_the_epoch(struct rating_case *self)
{
    int64_t next_offset = -1;
    struct rating_position position = claim(self, "ratings", 3);
    assert_int_equal(position.next_offset, 0);
    assert_int_equal(position.epoch, 1);
    assert_int_equal(rating_case_get_position(self, "ratings", 3, &next_offset), STATUS_OK);
    assert_int_equal(next_offset, 0);
    position.next_offset = 10;
    const struct rating_batch batch = {.position = &position};
    assert_int_equal(rating_case_try(self, &batch), STATUS_OK);
    position = claim(self, "ratings", 3);
    assert_int_equal(position.next_offset, 10); /* what was ingested stays */
    assert_int_equal(position.epoch, 2);
    assert_int_equal(claim(self, "ratings", 4).epoch, 1); /* each partition has its own */
    assert_int_equal(claim(self, "rating", 3).epoch, 1);
    assert_int_equal(rating_case_get_position(self, "ratings", 3, &next_offset), STATUS_OK);
    assert_int_equal(next_offset, 10);
}

static void claim_of_an_overlong_topic(struct rating_case *self)
{
    char bytes[RATING_TOPIC_BYTES_MAX + 1];
    struct rating_position position;
    memset(bytes, 'x', sizeof(bytes));
    for (size_t length = RATING_TOPIC_BYTES_MAX; length <= sizeof(bytes); length++) {
        assert_int_equal(self->repository.ops->claim_position(self->repository.state, self->call,
                                                              text_of_bytes(bytes, length), 0,
                                                              &position),
                         length <= RATING_TOPIC_BYTES_MAX ? STATUS_OK : STATUS_INVALID_ARGUMENT);
    }
}

/* The batch of one who claimed the partition `epoch` times ago. */
static enum status try_epoch(struct rating_case *self, int64_t epoch, int64_t from_offset,
                             enum rating_outcome *outcome)
{
    static const struct rating_dead_letter_key settled = {TEXT_INIT("other"), 0, 1};
    const struct rating_change change = rating_case_put("user", "movie", 700);
    const struct rating_dead_letter letter = {
        .topic = TEXT("ratings"), .offset = from_offset, .reason = TEXT("why")};
    const struct rating_position position = {
        .topic = TEXT("ratings"), .next_offset = from_offset + 2, .epoch = epoch};
    const struct rating_batch batch = {
        .changes = &change,
        .change_count = 1,
        .dead_letters = &letter,
        .dead_letter_count = 1,
        .settled = &settled,
        .settled_count = 1,
        .position = &position,
        .from_offset = from_offset,
        .outcomes = outcome,
    };
    return rating_case_try(self, &batch);
}

static void older_epoch_changes_nothing(struct rating_case *self)
{
    const struct rating_dead_letter letter = {
        .topic = TEXT("other"), .offset = 1, .reason = TEXT("why")};
    const struct rating_dead_letter_key key = {TEXT("other"), 0, 1};
    const struct rating_batch batch = {.dead_letters = &letter, .dead_letter_count = 1};
    static const int64_t wrong[] = {0, 1, 3};
    struct rating_dead_letter kept;
    struct vote vote;
    int64_t next_offset = -1;
    enum rating_outcome outcome = RATING_STALE;
    assert_int_equal(rating_case_try(self, &batch), STATUS_OK);
    (void)claim(self, "ratings", 0);
    assert_int_equal(claim(self, "ratings", 0).epoch, 2);
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        assert_int_equal(try_epoch(self, wrong[i], 0, &outcome), STATUS_ABORTED);
        call_clear_error(self->call);
        assert_int_equal(outcome, RATING_STALE);
        assert_int_equal(rating_case_get_vote(self, &vote), STATUS_NOT_FOUND);
        assert_int_equal(rating_case_get_position(self, "ratings", 0, &next_offset), STATUS_OK);
        assert_int_equal(next_offset, 0);
        assert_int_equal(
            self->repository.ops->get_dead_letter(self->repository.state, self->call, &key, &kept),
            STATUS_OK); /* nor settled */
        assert_int_equal(rating_case_range(self).last, 1);
    }
    assert_int_equal(try_epoch(self, 2, 7, &outcome),
                     STATUS_ABORTED); /* the right epoch, not there */
    assert_int_equal(try_epoch(self, 2, 0, &outcome), STATUS_OK);
    assert_int_equal(outcome, RATING_APPLIED);
    assert_int_equal(try_epoch(self, 2, 0, &outcome), STATUS_ABORTED); /* not twice */
    assert_int_equal(try_epoch(self, 2, 2, &outcome), STATUS_OK);      /* the epoch stays */
    call_clear_error(self->call);
}

static void epochs_are_kept(struct rating_case *self)
{
    assert_int_equal(claim(self, "ratings", 0).epoch, 1);
    rating_case_reopen(self);
    assert_int_equal(claim(self, "ratings", 0).epoch, 2);
}

/* Writers at once, every other one of an older epoch: their transactions are shared. */
enum { WRITERS = 32, ROUNDS = 8 };

struct writer {
    struct rating_case *self;
    unsigned index;
    bool is_old;
};

static void write_rounds(void *argument)
{
    const struct writer *writer = argument;
    struct call call = *writer->self->call;
    char user[16];
    (void)snprintf(user, sizeof(user), "user-%u", writer->index);
    for (unsigned round = 0; round < ROUNDS; round++) {
        const struct rating_change change = rating_case_put(user, "movie", (int32_t)round);
        const struct rating_position position = {.topic = TEXT("ratings"),
                                                 .partition = (int32_t)writer->index,
                                                 .next_offset = round + 1,
                                                 .epoch = writer->is_old ? 1 : 2};
        const struct rating_batch batch = {
            .changes = &change,
            .change_count = 1,
            .position = &position,
            .from_offset = round,
        };
        assert_int_equal(
            writer->self->repository.ops->apply(writer->self->repository.state, &call, &batch),
            writer->is_old ? STATUS_ABORTED : STATUS_OK);
    }
}

static void refused_writers_leave_no_holes(struct rating_case *self)
{
    struct writer writers[WRITERS];
    struct fiber_group group;
    struct rating_change_record *records;
    fiber_group_init(&group);
    for (unsigned i = 0; i < WRITERS; i++) {
        (void)claim(self, "ratings", (int32_t)i);
        (void)claim(self, "ratings", (int32_t)i);
        writers[i] = (struct writer){self, i, i % 2 == 1};
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        assert_int_equal(fiber_group_start(&group, write_rounds, &writers[i]), STATUS_OK);
    }
    fiber_group_join(&group);
    size_t count = rating_case_changes(self, 0, RATING_PAGE_SIZE_MAX, &records);
    assert_int_equal(count, WRITERS / 2 * ROUNDS);
    assert_int_equal(rating_case_range(self).last, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(records[i].sequence, i + 1);
    }
}

const struct rating_contract_case rating_epoch_cases[] = {
    {.name = "claim_raises_the_epoch", .run = claim_raises_the_epoch},
    {.name = "claim_of_an_overlong_topic", .run = claim_of_an_overlong_topic},
    {.name = "older_epoch_changes_nothing", .run = older_epoch_changes_nothing},
    {.name = "epochs_are_kept", .run = epochs_are_kept, .reopens = true},
    {.name = "refused_writers_leave_no_holes", .run = refused_writers_leave_no_holes},
    {.name = NULL},
};
