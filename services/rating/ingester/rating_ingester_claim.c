/* Whose a partition is, by the store. */
#include "base/clock.h"
#include "rating/ingester/rating_ingester_private.h"

struct ingest_partition *rating_ingester_partition(struct rating_ingester *self, int32_t partition)
{
    CHECK(partition >= 0 && partition < RATING_INGESTER_PARTITIONS_MAX);
    return &self->partitions[partition];
}

/* A claim would refuse the batch of this partition that is being applied: it goes first. false: it
 * did not come into the store. */
static bool finish_own_batch(struct rating_ingester *self, int32_t partition)
{
    const struct ingest_batch *batch = self->applying;
    if (batch == NULL || batch->events.partition != partition) {
        return true;
    }
    fiber_group_join(&self->applier);
    return batch->status == STATUS_OK;
}

/* Where a person has said that a position should be. */
static enum status move_position(struct rating_ingester *self, struct call *call,
                                 struct rating_position *position)
{
    for (size_t i = 0; i < self->options.move_count; i++) {
        const struct rating_ingester_move *move = &self->moves[i];
        if (move->partition != position->partition || move->from != position->next_offset) {
            continue;
        }
        struct rating_position moved = *position;
        moved.next_offset = move->to;
        const struct rating_batch batch = {.position = &moved, .from_offset = move->from};
        struct rating_repository repository = self->options.repository;
        enum status status = repository.ops->apply(repository.state, call, &batch);
        if (status == STATUS_OK) {
            *position = moved;
            log_write(self->options.log, LOG_WARNING, "position moved, as --move-position says",
                      LOG_FIELDS(log_integer("partition", move->partition),
                                 log_integer("from", move->from), log_integer("to", move->to)));
        }
        return status;
    }
    return STATUS_OK;
}

static void claim_failed(struct rating_ingester *self, const struct call *call, int32_t partition,
                         enum status status)
{
    if (status == STATUS_CANCELLED) {
        ingest_wait_end(&self->claim_wait); /* we gave it up, not the store */
        return;
    }
    ingest_wait_refused(&self->claim_wait, status);
    log_call(
        self->options.log, LOG_WARNING, call, "not claimed; trying again",
        LOG_FIELDS(log_integer("partition", partition), log_string("status", status_name(status))));
}

enum status rating_ingester_claim(void *ingester, struct call *call, struct text topic,
                                  int32_t partition, int64_t *ret_next_offset)
{
    struct rating_ingester *self = ingester;
    struct ingest_partition *own = rating_ingester_partition(self, partition);
    struct rating_repository repository = self->options.repository;
    struct rating_position position;
    if (!finish_own_batch(self, partition)) {
        return call_fail(call, STATUS_UNAVAILABLE, "a batch of the partition has to end first");
    }
    int64_t now_ns = clock_monotonic_ns();
    if (own->refused &&
        now_ns - own->claimed_ns < RATING_INGESTER_CLAIM_PAUSE_MS * CLOCK_NS_PER_MS) {
        return call_fail(call, STATUS_UNAVAILABLE, "another instance has just claimed it");
    }
    ingest_wait_ask(&self->claim_wait);
    enum status status =
        repository.ops->claim_position(repository.state, call, topic, partition, &position);
    if (status == STATUS_OK) {
        own->claimed_ns = now_ns;
        own->refused = false;
        own->epoch = position.epoch;
        status = move_position(self, call, &position);
    }
    if (status != STATUS_OK) {
        claim_failed(self, call, partition, status);
        return status;
    }
    ingest_wait_end(&self->claim_wait);
    own->next_offset = position.next_offset > 0 ? position.next_offset : -1;
    atomic_store_explicit(&own->applied_time_ms, 0, memory_order_relaxed);
    log_write(self->options.log, LOG_INFO, "claimed",
              LOG_FIELDS(log_integer("partition", partition), log_integer("epoch", position.epoch),
                         log_integer("position", position.next_offset)));
    *ret_next_offset = position.next_offset;
    return position.next_offset > 0 ? STATUS_OK : STATUS_NOT_FOUND;
}
