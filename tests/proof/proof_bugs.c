#include "proof/proof_bugs.h"

/* One program, one repository: its state stays the real one, so that whatever is not replaced is
 * called as it was. */
static struct rating_repository_ops real;
static struct rating_repository_ops buggy;

/* A kill between the two transactions leaves changes that will be applied again. */
static enum status apply_then_move(void *state, struct call *call, const struct rating_batch *batch)
{
    struct rating_batch changes = *batch;
    struct rating_batch move = {
        .source = batch->source, .position = batch->position, .from_offset = batch->from_offset};
    changes.position = NULL;
    enum status status = real.apply(state, call, &changes);
    return status == STATUS_OK && batch->position != NULL ? real.apply(state, call, &move) : status;
}

/* Whoever writes last has his way: what another instance has applied is applied again. */
static enum status apply_unfenced(void *state, struct call *call, const struct rating_batch *batch)
{
    if (batch->position == NULL) {
        return real.apply(state, call, batch);
    }
    for (;;) {
        struct rating_batch given = *batch;
        struct rating_position position;
        enum status status = real.claim_position(state, call, batch->position->topic,
                                                 batch->position->partition, &position);
        if (status != STATUS_OK) {
            return status;
        }
        given.from_offset = position.next_offset;
        position.next_offset = batch->position->next_offset;
        given.position = &position;
        status = real.apply(state, call, &given);
        if (status != STATUS_ABORTED) {
            return status;
        }
    }
}

static enum status claim_from_beginning(void *state, struct call *call, struct text topic,
                                        int32_t partition, struct rating_position *ret_position)
{
    enum status status = real.claim_position(state, call, topic, partition, ret_position);
    if (status == STATUS_OK) {
        ret_position->next_offset = 0;
    }
    return status;
}

struct rating_repository proof_bugs_wrap(const char *bug, struct rating_repository repository)
{
    if (bug == NULL || bug[0] == '\0') {
        return repository;
    }
    real = *repository.ops;
    buggy = real;
    if (strcmp(bug, "position-outside") == 0) {
        buggy.apply = apply_then_move;
    } else if (strcmp(bug, "no-fence") == 0) {
        buggy.apply = apply_unfenced;
    } else {
        CHECK(strcmp(bug, "from-beginning") == 0);
        buggy.apply = apply_unfenced;
        buggy.claim_position = claim_from_beginning;
    }
    return (struct rating_repository){.ops = &buggy, .state = repository.state};
}
