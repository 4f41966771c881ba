#include "proof/proof_bugs.h"

#include <stdlib.h>

struct buggy_repository {
    struct rating_repository real;
    struct rating_repository_ops ops; /* the real ones but where the bug is */
};

/* A kill between the two transactions leaves changes that will be applied again. */
static enum status apply_then_move(void *state, struct call *call, const struct rating_batch *batch)
{
    struct buggy_repository *self = state;
    struct rating_batch changes = *batch;
    struct rating_batch move = {.position = batch->position, .from_offset = batch->from_offset};
    changes.position = NULL;
    enum status status = self->real.ops->apply(self->real.state, call, &changes);
    if (status == STATUS_OK && batch->position != NULL) {
        move.source = batch->source;
        status = self->real.ops->apply(self->real.state, call, &move);
    }
    return status;
}

/* Whoever writes last has his way: what another instance has applied is applied again. */
static enum status apply_unfenced(void *state, struct call *call, const struct rating_batch *batch)
{
    struct buggy_repository *self = state;
    struct rating_batch given = *batch;
    struct rating_position position;
    if (batch->position == NULL) {
        return self->real.ops->apply(self->real.state, call, batch);
    }
    for (;;) {
        enum status status = self->real.ops->claim_position(
            self->real.state, call, batch->position->topic, batch->position->partition, &position);
        if (status != STATUS_OK) {
            return status;
        }
        given.from_offset = position.next_offset;
        position.next_offset = batch->position->next_offset;
        given.position = &position;
        status = self->real.ops->apply(self->real.state, call, &given);
        if (status != STATUS_ABORTED) {
            return status;
        }
    }
}

static enum status claim_from_beginning(void *state, struct call *call, struct text topic,
                                        int32_t partition, struct rating_position *ret_position)
{
    struct buggy_repository *self = state;
    enum status status =
        self->real.ops->claim_position(self->real.state, call, topic, partition, ret_position);
    if (status == STATUS_OK) {
        ret_position->next_offset = 0;
    }
    return status;
}

static enum status position_from_beginning(void *state, struct call *call, struct text topic,
                                           int32_t partition, int64_t *ret_next_offset)
{
    (void)state;
    (void)call;
    (void)topic;
    (void)partition;
    *ret_next_offset = 0;
    return STATUS_OK;
}

/* The real operations take the real state: those that are not replaced go through these. */
static enum status apply_real(void *state, struct call *call, const struct rating_batch *batch)
{
    struct buggy_repository *self = state;
    return self->real.ops->apply(self->real.state, call, batch);
}

static enum status claim_real(void *state, struct call *call, struct text topic, int32_t partition,
                              struct rating_position *ret_position)
{
    struct buggy_repository *self = state;
    return self->real.ops->claim_position(self->real.state, call, topic, partition, ret_position);
}

static enum status position_real(void *state, struct call *call, struct text topic,
                                 int32_t partition, int64_t *ret_next_offset)
{
    struct buggy_repository *self = state;
    return self->real.ops->get_position(self->real.state, call, topic, partition, ret_next_offset);
}

struct rating_repository proof_bugs_wrap(const char *bug, struct rating_repository repository)
{
    if (bug == NULL || bug[0] == '\0') {
        return repository;
    }
    /* An ingester asks for no more than these; whatever else it came to ask would end the process.
     */
    struct buggy_repository *self = calloc(1, sizeof(*self));
    CHECK(self != NULL);
    self->real = repository;
    self->ops.apply = apply_real;
    self->ops.claim_position = claim_real;
    self->ops.get_position = position_real;
    if (strcmp(bug, "position-outside") == 0) {
        self->ops.apply = apply_then_move;
    } else if (strcmp(bug, "no-fence") == 0) {
        self->ops.apply = apply_unfenced;
    } else {
        CHECK(strcmp(bug, "from-beginning") == 0);
        self->ops.apply = apply_unfenced;
        self->ops.claim_position = claim_from_beginning;
        self->ops.get_position = position_from_beginning;
    }
    return (struct rating_repository){.ops = &self->ops, .state = self};
}
