#include "contract/rating_faulty_repository.h"

#include <pthread.h>
#include <stdlib.h>

#include "rating/repository/memory_rating_repository.h"

struct faulty_repository {
    struct rating_repository whole;   /* applies everything */
    struct rating_repository partial; /* what the aggregate is read from */
    enum rating_fault fault;
    pthread_mutex_t lock; /* of the count */
    unsigned batches;
};

static unsigned count_batch(struct faulty_repository *self)
{
    pthread_mutex_lock(&self->lock);
    unsigned batches = ++self->batches;
    pthread_mutex_unlock(&self->lock);
    return batches;
}

static enum status apply_puts(struct faulty_repository *self, struct call *call,
                              const struct rating_batch *batch)
{
    for (size_t i = 0; i < batch->change_count; i++) {
        const struct rating_batch one = {.changes = &batch->changes[i], .change_count = 1};
        if (batch->changes[i].kind == RATING_PUT) {
            enum status status = self->partial.ops->apply(self->partial.state, call, &one);
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
    return STATUS_OK;
}

static enum status apply(void *state, struct call *call, const struct rating_batch *batch)
{
    struct faulty_repository *self = state;
    struct rating_batch given = *batch;
    if (self->fault == RATING_FAULT_AGGREGATE_KEEPS_DELETED) {
        enum status status = apply_puts(self, call, batch);
        if (status != STATUS_OK) {
            return status;
        }
    } else if (count_batch(self) % 10 == 0 && given.change_count > 0) {
        given.change_count--;
        if (given.outcomes != NULL) {
            given.outcomes[given.change_count] = RATING_APPLIED;
        }
    }
    return self->whole.ops->apply(self->whole.state, call, &given);
}

static enum status get_aggregate(void *state, struct call *call, struct record_key record,
                                 struct rating_aggregate *ret_aggregate)
{
    struct faulty_repository *self = state;
    const struct rating_repository *from =
        self->fault == RATING_FAULT_AGGREGATE_KEEPS_DELETED ? &self->partial : &self->whole;
    return from->ops->get_aggregate(from->state, call, record, ret_aggregate);
}

static enum status get_vote(void *state, struct call *call, const struct vote_key *key,
                            struct vote *ret_vote)
{
    struct faulty_repository *self = state;
    return self->whole.ops->get_vote(self->whole.state, call, key, ret_vote);
}

static enum status list_user_votes(void *state, struct call *call, struct text user,
                                   const struct vote_key *after, size_t limit,
                                   struct vote **ret_votes, size_t *ret_count)
{
    struct faulty_repository *self = state;
    return self->whole.ops->list_user_votes(self->whole.state, call, user, after, limit, ret_votes,
                                            ret_count);
}

static void close_repository(void *state)
{
    struct faulty_repository *self = state;
    self->whole.ops->close(self->whole.state);
    self->partial.ops->close(self->partial.state);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

/* The oracle asks for no positions and dead letters. */
static const struct rating_repository_ops faulty_ops = {
    .apply = apply,
    .get_aggregate = get_aggregate,
    .get_vote = get_vote,
    .list_user_votes = list_user_votes,
    .close = close_repository,
};

enum status rating_faulty_repository_open(struct call *call, enum rating_fault fault,
                                          struct rating_repository *ret_repository)
{
    struct faulty_repository *self = calloc(1, sizeof(*self));
    CHECK(self != NULL && memory_rating_repository_open(call, &self->whole) == STATUS_OK &&
          memory_rating_repository_open(call, &self->partial) == STATUS_OK);
    self->fault = fault;
    pthread_mutex_init(&self->lock, NULL);
    *ret_repository = (struct rating_repository){.ops = &faulty_ops, .state = self};
    return STATUS_OK;
}
