#include "contract/rating_faulty_repository.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "rating/repository/memory_rating_repository.h"

enum { PARTITIONS_MAX = 64, HOLE_AFTER = 5, EACH = 10 };

struct faulty_repository {
    struct rating_repository whole;   /* applies everything */
    struct rating_repository partial; /* what the aggregate is read from */
    enum rating_fault fault;
    pthread_mutex_t lock; /* of what follows */
    unsigned batches;
    int64_t epochs[PARTITIONS_MAX]; /* the newest */
};

/* Each tenth. */
static bool is_hit(struct faulty_repository *self)
{
    pthread_mutex_lock(&self->lock);
    unsigned batches = ++self->batches;
    pthread_mutex_unlock(&self->lock);
    return batches % EACH == 0;
}

static enum status apply_whole(struct faulty_repository *self, struct call *call,
                               const struct rating_batch *batch)
{
    return self->whole.ops->apply(self->whole.state, call, batch);
}

/* The faults */

static enum status keep_deleted(struct faulty_repository *self, struct call *call,
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
    return apply_whole(self, call, batch);
}

static enum status lose_a_change(struct faulty_repository *self, struct call *call,
                                 const struct rating_batch *batch)
{
    struct rating_batch given = *batch;
    if (is_hit(self) && given.change_count > 0) {
        given.change_count--;
        if (given.outcomes != NULL) {
            given.outcomes[given.change_count] = RATING_APPLIED;
        }
    }
    return apply_whole(self, call, &given);
}

static enum status pass_any_epoch(struct faulty_repository *self, struct call *call,
                                  const struct rating_batch *batch)
{
    struct rating_batch given = *batch;
    struct rating_position position;
    if (batch->position != NULL) {
        position = *batch->position;
        CHECK(position.partition >= 0 && position.partition < PARTITIONS_MAX);
        pthread_mutex_lock(&self->lock);
        position.epoch = self->epochs[position.partition];
        pthread_mutex_unlock(&self->lock);
        given.position = &position;
    }
    return apply_whole(self, call, &given);
}

static enum status forget_event_ids(struct faulty_repository *self, struct call *call,
                                    const struct rating_batch *batch)
{
    struct rating_batch given = *batch;
    if (is_hit(self) && batch->change_count > 0) {
        struct rating_change *changes =
            arena_calloc(call->arena, batch->change_count, sizeof(*changes));
        CHECK(changes != NULL);
        memcpy(changes, batch->changes, batch->change_count * sizeof(*changes));
        for (size_t i = 0; i < batch->change_count; i++) {
            changes[i].event_id = TEXT("");
        }
        given.changes = changes;
    }
    return apply_whole(self, call, &given);
}

static enum status move_position_apart(struct faulty_repository *self, struct call *call,
                                       const struct rating_batch *batch)
{
    struct rating_batch given = *batch;
    given.position = NULL;
    enum status status = apply_whole(self, call, &given);
    if (status == STATUS_OK && batch->position != NULL) {
        const struct rating_batch moved = {.position = batch->position,
                                           .from_offset = batch->from_offset};
        status = apply_whole(self, call, &moved);
    }
    return status;
}

static enum status apply(void *state, struct call *call, const struct rating_batch *batch)
{
    struct faulty_repository *self = state;
    switch (self->fault) {
    case RATING_FAULT_AGGREGATE_KEEPS_DELETED:
        return keep_deleted(self, call, batch);
    case RATING_FAULT_LOSES_A_CHANGE:
        return lose_a_change(self, call, batch);
    case RATING_FAULT_EPOCH_IS_NOT_COMPARED:
        return pass_any_epoch(self, call, batch);
    case RATING_FAULT_EVENT_ID_IS_FORGOTTEN:
        return forget_event_ids(self, call, batch);
    case RATING_FAULT_POSITION_APART:
        return move_position_apart(self, call, batch);
    case RATING_FAULT_NONE:
    case RATING_FAULT_HOLE_IN_THE_LOG:
        break;
    }
    return apply_whole(self, call, batch);
}

static enum status claim_position(void *state, struct call *call, struct text topic,
                                  int32_t partition, struct rating_position *ret_position)
{
    struct faulty_repository *self = state;
    CHECK(partition >= 0 && partition < PARTITIONS_MAX);
    enum status status =
        self->whole.ops->claim_position(self->whole.state, call, topic, partition, ret_position);
    if (status == STATUS_OK) {
        pthread_mutex_lock(&self->lock);
        self->epochs[partition] = ret_position->epoch;
        pthread_mutex_unlock(&self->lock);
    }
    return status;
}

static enum status list_changes(void *state, struct call *call, int64_t after, size_t limit,
                                struct rating_change_record **ret_records, size_t *ret_count)
{
    struct faulty_repository *self = state;
    bool faulty = self->fault == RATING_FAULT_HOLE_IN_THE_LOG;
    int64_t hidden = faulty && after > HOLE_AFTER ? 1 : 0;
    enum status status = self->whole.ops->list_changes(self->whole.state, call, after - hidden,
                                                       limit, ret_records, ret_count);
    for (size_t i = 0; faulty && status == STATUS_OK && i < *ret_count; i++) {
        (*ret_records)[i].sequence += (*ret_records)[i].sequence > HOLE_AFTER ? 1 : 0;
    }
    return status;
}

/* The rest is handed on */

static enum status get_aggregate(void *state, struct call *call, struct record_key record,
                                 struct rating_aggregate *ret_aggregate)
{
    struct faulty_repository *self = state;
    const struct rating_repository *from =
        self->fault == RATING_FAULT_AGGREGATE_KEEPS_DELETED ? &self->partial : &self->whole;
    return from->ops->get_aggregate(from->state, call, record, ret_aggregate);
}

static enum status get_aggregates(void *state, struct call *call,
                                  struct rating_stored_aggregate *aggregates, size_t count)
{
    struct faulty_repository *self = state;
    const struct rating_repository *from =
        self->fault == RATING_FAULT_AGGREGATE_KEEPS_DELETED ? &self->partial : &self->whole;
    return from->ops->get_aggregates(from->state, call, aggregates, count);
}

static enum status get_vote(void *state, struct call *call, const struct vote_key *key,
                            struct vote *ret_vote)
{
    struct faulty_repository *self = state;
    return self->whole.ops->get_vote(self->whole.state, call, key, ret_vote);
}

static enum status get_position(void *state, struct call *call, struct text topic,
                                int32_t partition, int64_t *ret_next_offset)
{
    struct faulty_repository *self = state;
    return self->whole.ops->get_position(self->whole.state, call, topic, partition,
                                         ret_next_offset);
}

static enum status list_user_votes(void *state, struct call *call, struct text user,
                                   const struct vote_key *after, size_t limit,
                                   struct vote **ret_votes, size_t *ret_count)
{
    struct faulty_repository *self = state;
    return self->whole.ops->list_user_votes(self->whole.state, call, user, after, limit, ret_votes,
                                            ret_count);
}

static enum status list_votes(void *state, struct call *call, const struct vote_key *after,
                              size_t limit, struct rating_stored_vote **ret_votes,
                              size_t *ret_count)
{
    struct faulty_repository *self = state;
    return self->whole.ops->list_votes(self->whole.state, call, after, limit, ret_votes, ret_count);
}

static enum status list_aggregates(void *state, struct call *call, const struct record_key *after,
                                   size_t limit, struct rating_stored_aggregate **ret_aggregates,
                                   size_t *ret_count)
{
    struct faulty_repository *self = state;
    return self->whole.ops->list_aggregates(self->whole.state, call, after, limit, ret_aggregates,
                                            ret_count);
}

static enum status get_change_range(void *state, struct call *call,
                                    struct rating_change_range *ret_range)
{
    struct faulty_repository *self = state;
    return self->whole.ops->get_change_range(self->whole.state, call, ret_range);
}

static void close_repository(void *state)
{
    struct faulty_repository *self = state;
    self->whole.ops->close(self->whole.state);
    self->partial.ops->close(self->partial.state);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

/* What the oracle asks for. */
static const struct rating_repository_ops faulty_ops = {
    .apply = apply,
    .claim_position = claim_position,
    .get_position = get_position,
    .get_aggregate = get_aggregate,
    .get_aggregates = get_aggregates,
    .get_vote = get_vote,
    .list_user_votes = list_user_votes,
    .list_votes = list_votes,
    .list_aggregates = list_aggregates,
    .list_changes = list_changes,
    .get_change_range = get_change_range,
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
