#include "unit/rating/planned_rating_repository.h"

#include "rating/repository/memory_rating_repository.h"

static enum status apply(void *state, struct call *call, const struct rating_batch *batch)
{
    struct planned_rating_repository *self = state;
    self->writes++;
    if (self->failures == 0) {
        return self->whole.ops->apply(self->whole.state, call, batch);
    }
    self->failures--;
    if (self->fails_after) {
        enum status status = self->whole.ops->apply(self->whole.state, call, batch);
        CHECK(status == STATUS_OK);
    }
    return call_fail(call, self->failure, "as planned");
}

static enum status get_aggregate(void *state, struct call *call, struct record_key record,
                                 struct rating_aggregate *ret_aggregate)
{
    struct planned_rating_repository *self = state;
    return self->whole.ops->get_aggregate(self->whole.state, call, record, ret_aggregate);
}

static enum status get_vote(void *state, struct call *call, const struct vote_key *key,
                            struct vote *ret_vote)
{
    struct planned_rating_repository *self = state;
    return self->whole.ops->get_vote(self->whole.state, call, key, ret_vote);
}

static enum status list_user_votes(void *state, struct call *call, struct text user,
                                   const struct vote_key *after, size_t limit,
                                   struct vote **ret_votes, size_t *ret_count)
{
    struct planned_rating_repository *self = state;
    return self->whole.ops->list_user_votes(self->whole.state, call, user, after, limit, ret_votes,
                                            ret_count);
}

static enum status get_position(void *state, struct call *call, struct text topic,
                                int32_t partition, int64_t *ret_next_offset)
{
    struct planned_rating_repository *self = state;
    return self->whole.ops->get_position(self->whole.state, call, topic, partition,
                                         ret_next_offset);
}

static enum status list_dead_letters(void *state, struct call *call,
                                     const struct rating_dead_letter_key *after, size_t limit,
                                     struct rating_dead_letter **ret_letters, size_t *ret_count)
{
    struct planned_rating_repository *self = state;
    return self->whole.ops->list_dead_letters(self->whole.state, call, after, limit, ret_letters,
                                              ret_count);
}

static void close_planned(void *state)
{
    struct planned_rating_repository *self = state;
    self->whole.ops->close(self->whole.state);
}

static const struct rating_repository_ops ops = {
    .apply = apply,
    .get_aggregate = get_aggregate,
    .get_vote = get_vote,
    .list_user_votes = list_user_votes,
    .get_position = get_position,
    .list_dead_letters = list_dead_letters,
    .close = close_planned,
};

enum status planned_rating_repository_open(struct planned_rating_repository *self,
                                           struct call *call,
                                           struct rating_repository *ret_repository)
{
    enum status status = memory_rating_repository_open(call, &self->whole);
    if (status == STATUS_OK) {
        *ret_repository = (struct rating_repository){&ops, self};
    }
    return status;
}
