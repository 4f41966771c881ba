#include "contract/rating_case.h"

#include "base/clock.h"
#include "loop/fiber.h"
#include "support/scratch_directory.h"

void rating_case_reopen(struct rating_case *self)
{
    self->repository.ops->close(self->repository.state);
    assert_int_equal(
        self->implementation->open(self->call, self->directory, self->retention, &self->repository),
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

void rating_case_wipe(struct rating_case *self)
{
    if (self->implementation->durable) {
        self->repository.ops->close(self->repository.state);
        char directory[SCRATCH_PATH_BYTES];
        assert_true(text_to_c_string(self->directory, directory, sizeof(directory)));
        scratch_directory_remove(directory);
        assert_int_equal(self->implementation->open(self->call, self->directory, self->retention,
                                                    &self->repository),
                         STATUS_OK);
    } else {
        rating_case_reopen(self);
    }
}

struct rating_change rating_case_put_at(int32_t hundredths, int64_t time_ms)
{
    struct rating_change change = rating_case_put("user", "movie", hundredths);
    change.has_time = true;
    change.time_ms = time_ms;
    return change;
}

struct rating_change rating_case_delete_now(void)
{
    struct rating_change change = rating_case_put("user", "movie", 0);
    change.kind = RATING_DELETE;
    return change;
}

struct rating_change rating_case_delete_at(int64_t time_ms)
{
    struct rating_change change = rating_case_put_at(0, time_ms);
    change.kind = RATING_DELETE;
    return change;
}

enum status rating_case_try(struct rating_case *self, const struct rating_batch *batch)
{
    return self->repository.ops->apply(self->repository.state, self->call, batch);
}

void rating_case_apply(struct rating_case *self, const struct rating_change *changes, size_t count,
                       enum rating_outcome *outcomes)
{
    const struct rating_batch batch = {
        .changes = changes, .change_count = count, .outcomes = outcomes};
    assert_int_equal(rating_case_try(self, &batch), STATUS_OK);
}

enum status rating_case_get_aggregate(struct rating_case *self, const char *record,
                                      struct rating_aggregate *ret_aggregate)
{
    const struct record_key key = {RECORD_TYPE_MOVIE, text_of(record)};
    return self->repository.ops->get_aggregate(self->repository.state, self->call, key,
                                               ret_aggregate);
}

enum status rating_case_get_vote(struct rating_case *self, struct vote *ret_vote)
{
    const struct rating_change change = rating_case_put("user", "movie", 0);
    return self->repository.ops->get_vote(self->repository.state, self->call, &change.key,
                                          ret_vote);
}

enum status rating_case_get_position(struct rating_case *self, const char *topic, int32_t partition,
                                     int64_t *ret_next_offset)
{
    return self->repository.ops->get_position(self->repository.state, self->call, text_of(topic),
                                              partition, ret_next_offset);
}

void rating_case_assert_untouched(struct rating_case *self)
{
    struct rating_aggregate aggregate;
    struct vote vote;
    struct rating_dead_letter *letters;
    size_t count;
    assert_int_equal(rating_case_get_aggregate(self, "movie", &aggregate), STATUS_NOT_FOUND);
    assert_int_equal(rating_case_get_vote(self, &vote), STATUS_NOT_FOUND);
    assert_int_equal(self->repository.ops->list_dead_letters(self->repository.state, self->call,
                                                             NULL, 10, &letters, &count),
                     STATUS_OK);
    assert_int_equal(count, 0);
    assert_int_equal(rating_case_range(self).last, 0);
}

struct rating_change_range rating_case_range(struct rating_case *self)
{
    struct rating_change_range range;
    assert_int_equal(
        self->repository.ops->get_change_range(self->repository.state, self->call, &range),
        STATUS_OK);
    return range;
}

size_t rating_case_changes(struct rating_case *self, int64_t after, size_t limit,
                           struct rating_change_record **ret_records)
{
    size_t count;
    assert_int_equal(self->repository.ops->list_changes(self->repository.state, self->call, after,
                                                        limit, ret_records, &count),
                     STATUS_OK);
    assert_true(count <= limit);
    return count;
}

void rating_case_pass(struct rating_case *self, int64_t duration_ms)
{
    int64_t until_ms = clock_wall_ms() + duration_ms;
    while (clock_wall_ms() <= until_ms) {
        assert_int_equal(fiber_sleep(self->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}
