/* From the change log to messages: a notification for each change, one aggregate for each record.
 */
#include "base/clock.h"
#include "rating/model/record_keys.h"
#include "rating/relay/rating_relay_private.h"

/* Records in the order of their sequences. */
struct relay_batch {
    const struct rating_change_record **records;
    size_t count;
};

/* STATUS_OUT_OF_RANGE: what follows the position was trimmed. */
static enum status read_batch(struct rating_relay *self, struct relay_batch *batch)
{
    struct rating_repository repository = self->options.repository;
    size_t batch_max = self->options.batch_max;
    int64_t after = self->position.next_offset;
    while (batch->count < batch_max) {
        struct rating_change_record *page;
        size_t left = batch_max - batch->count;
        size_t limit = left < RATING_PAGE_SIZE_MAX ? left : RATING_PAGE_SIZE_MAX;
        size_t count;
        enum status status = repository.ops->list_changes(repository.state, &self->call, after,
                                                          limit, &page, &count);
        if (status != STATUS_OK || count == 0) {
            return status;
        }
        if (batch->records == NULL) {
            size_t room = count < limit ? count : batch_max;
            batch->records =
                arena_calloc(&self->arena, room, sizeof(struct rating_change_record *));
        }
        if (batch->records == NULL) {
            return call_fail(&self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a batch");
        }
        for (size_t i = 0; i < count; i++) {
            batch->records[batch->count++] = &page[i];
        }
        if (count < limit) {
            return STATUS_OK;
        }
        after = page[count - 1].sequence;
    }
    return STATUS_OK;
}

static bool is_vote(const struct rating_change_record *record)
{
    return record->kind == RATING_RECORD_PUT || record->kind == RATING_RECORD_DELETE;
}

static enum status send_changes(struct rating_relay *self, const struct relay_batch *batch)
{
    struct eventlog_message *messages = arena_calloc(&self->arena, batch->count, sizeof(*messages));
    size_t count = 0;
    if (messages == NULL) {
        return call_fail(&self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a batch");
    }
    for (size_t i = 0; i < batch->count; i++) {
        const struct rating_change_record *record = batch->records[i];
        const struct rating_change_event event = {.record = record->vote.key.record,
                                                  .sequence = record->sequence,
                                                  .time_ms = record->time_ms};
        enum status status = is_vote(record)
                                 ? rating_relay_encode_change(self, &event, &messages[count])
                                 : STATUS_OK;
        if (status != STATUS_OK) {
            return status;
        }
        count += is_vote(record) ? 1 : 0;
    }
    enum status status = rating_relay_produce(self, self->options.changes_topic, messages, count);
    if (status == STATUS_OK) {
        rating_relay_add(&self->figures.changes, count);
    }
    return status;
}

/* Each record that changed, once, with what stands of it now. */
static enum status read_changed(struct rating_relay *self, const struct relay_batch *batch,
                                struct rating_stored_aggregate **ret_changed, size_t *ret_count)
{
    struct rating_repository repository = self->options.repository;
    struct record_key *records = arena_calloc(&self->arena, batch->count, sizeof(*records));
    struct rating_stored_aggregate *changed =
        arena_calloc(&self->arena, batch->count, sizeof(*changed));
    size_t count = 0;
    if (records == NULL || changed == NULL) {
        return call_fail(&self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a batch");
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (is_vote(batch->records[i])) {
            records[count++] = batch->records[i]->vote.key.record;
        }
    }
    count = record_keys_make_set(records, count);
    for (size_t i = 0; i < count; i++) {
        changed[i].record = records[i];
    }
    *ret_changed = changed;
    *ret_count = count;
    enum status status = STATUS_OK;
    for (size_t at = 0; at < count && status == STATUS_OK; at += RATING_PAGE_SIZE_MAX) {
        size_t left = count - at;
        status = repository.ops->get_aggregates(repository.state, &self->call, changed + at,
                                                left < RATING_PAGE_SIZE_MAX ? left
                                                                            : RATING_PAGE_SIZE_MAX);
    }
    return status;
}

/* A record that nobody votes on any more is said to have no votes. */
static enum status encode_changed(struct rating_relay *self,
                                  const struct rating_stored_aggregate *changed, int64_t sequence,
                                  struct eventlog_message *ret_message)
{
    const struct rating_aggregate_event event = {.record = changed->record,
                                                 .sequence = sequence,
                                                 .time_ms = clock_wall_ms(),
                                                 .aggregate = changed->aggregate};
    return rating_relay_encode_aggregate(self, &event, ret_message);
}

/* Whatever the batch's changes were, what is sent is read after them, and so holds them. */
static enum status send_aggregates(struct rating_relay *self, const struct relay_batch *batch)
{
    size_t count = 0;
    struct rating_stored_aggregate *changed = NULL;
    const struct rating_change_record *last = batch->records[batch->count - 1];
    enum status status = read_changed(self, batch, &changed, &count);
    if (status != STATUS_OK) {
        return status;
    }
    struct eventlog_message *messages = arena_calloc(&self->arena, count + 1, sizeof(*messages));
    if (messages == NULL) {
        return call_fail(&self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a batch");
    }
    for (size_t i = 0; i < count; i++) {
        status = encode_changed(self, &changed[i], last->sequence, &messages[i]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    size_t total = count;
    if (rating_relay_mark_is_due(self)) {
        const struct rating_aggregate_event mark = {
            .kind = RATING_EVENT_CURRENT, .sequence = last->sequence, .time_ms = last->time_ms};
        status = rating_relay_encode_aggregate(self, &mark, &messages[total++]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    status = rating_relay_produce(self, self->options.aggregates_topic, messages, total);
    if (status == STATUS_OK) {
        rating_relay_add(&self->figures.aggregates, count);
    }
    return status;
}

/* Nothing has changed since the position, as of a moment before we looked: receivers are told so,
 * now and then. A mark that is lost is followed by another. */
static enum status tell_current(struct rating_relay *self, int64_t looked_ms)
{
    const struct rating_aggregate_event event = {
        .kind = RATING_EVENT_CURRENT, .sequence = self->position.next_offset, .time_ms = looked_ms};
    struct eventlog_message message;
    enum status status = rating_relay_encode_aggregate(self, &event, &message);
    if (status == STATUS_OK) {
        status = rating_relay_produce(self, self->options.aggregates_topic, &message, 1);
    }
    if (status == STATUS_OK) {
        self->unconfirmed = -1; /* a mark, sent late, misleads nobody */
    }
    return status;
}

static enum status wait_for_changes(struct rating_relay *self, int64_t looked_ms)
{
    struct rating_repository repository = self->options.repository;
    atomic_store_explicit(&self->figures.behind, 0, memory_order_relaxed);
    atomic_store_explicit(&self->figures.oldest_ms, 0, memory_order_relaxed);
    enum status status = rating_relay_mark_is_due(self) ? tell_current(self, looked_ms) : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    struct call waiting = call_within(&self->call, 0);
    int64_t due_ns =
        self->lease_due_ns < self->mark_due_ns ? self->lease_due_ns : self->mark_due_ns;
    waiting.deadline_ns = due_ns < waiting.deadline_ns ? due_ns : waiting.deadline_ns;
    status = repository.ops->await_change(repository.state, &waiting, self->position.next_offset);
    return status == STATUS_DEADLINE_EXCEEDED || status == STATUS_CANCELLED ? STATUS_OK : status;
}

static enum status note_lag(struct rating_relay *self, const struct relay_batch *batch)
{
    struct rating_repository repository = self->options.repository;
    struct rating_change_range range;
    enum status status = repository.ops->get_change_range(repository.state, &self->call, &range);
    if (status == STATUS_OK) {
        atomic_store_explicit(&self->figures.behind, range.last - self->position.next_offset,
                              memory_order_relaxed);
        atomic_store_explicit(&self->figures.oldest_ms, batch->records[0]->time_ms,
                              memory_order_relaxed);
    }
    return status;
}

enum status rating_relay_batch(struct rating_relay *self)
{
    struct relay_batch batch = {.records = NULL};
    int64_t looked_ms = clock_wall_ms();
    enum status status = read_batch(self, &batch);
    if (status == STATUS_OUT_OF_RANGE) {
        log_write(self->options.log, LOG_WARNING,
                  "the change log was trimmed beyond what was relayed; sending all aggregates",
                  LOG_FIELDS(log_integer("position", self->position.next_offset)));
        call_clear_error(&self->call);
        self->transfer.wanted = true;
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (batch.count == 0) {
        return wait_for_changes(self, looked_ms);
    }
    status = note_lag(self, &batch);
    if (status == STATUS_OK) {
        status = send_changes(self, &batch);
    }
    if (status == STATUS_OK) {
        status = send_aggregates(self, &batch);
    }
    if (status == STATUS_OK) {
        status = rating_relay_letters(self, batch.records, batch.count);
    }
    return status == STATUS_OK
               ? rating_relay_confirm(self, batch.records[batch.count - 1]->sequence)
               : status;
}
