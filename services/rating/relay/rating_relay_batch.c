/* From the change log to messages: a notification for each change, one aggregate for each record.
 */
#include <stdlib.h>

#include "base/clock.h"
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

static int compare_records(const void *a, const void *b)
{
    const struct record_key *first = a;
    const struct record_key *second = b;
    return first->type != second->type ? (first->type < second->type ? -1 : 1)
                                       : text_compare(first->id, second->id);
}

/* Each record that changed, once; in no order that matters. NULL: no memory. */
static struct record_key *changed_records(struct rating_relay *self,
                                          const struct relay_batch *batch, size_t *ret_count)
{
    struct record_key *records = arena_calloc(&self->arena, batch->count, sizeof(*records));
    size_t votes = 0;
    size_t count = 0;
    for (size_t i = 0; i < batch->count && records != NULL; i++) {
        if (is_vote(batch->records[i])) {
            records[votes++] = batch->records[i]->vote.key.record;
        }
    }
    if (votes > 0) {
        qsort(records, votes, sizeof(*records), compare_records);
    }
    for (size_t i = 0; i < votes; i++) {
        if (count == 0 || compare_records(&records[count - 1], &records[i]) != 0) {
            records[count++] = records[i];
        }
    }
    *ret_count = count;
    return records;
}

/* A record that nobody votes on any more is said to have no votes. */
static enum status encode_record(struct rating_relay *self, struct record_key record,
                                 int64_t sequence, struct eventlog_message *ret_message)
{
    struct rating_repository repository = self->options.repository;
    struct rating_aggregate_event event = {
        .record = record, .sequence = sequence, .time_ms = clock_wall_ms()};
    enum status status =
        repository.ops->get_aggregate(repository.state, &self->call, record, &event.aggregate);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    return rating_relay_encode_aggregate(self, &event, ret_message);
}

/* Whatever the batch's changes were, what is sent is read after them, and so holds them. */
static enum status send_aggregates(struct rating_relay *self, const struct relay_batch *batch)
{
    size_t count;
    const struct rating_change_record *last = batch->records[batch->count - 1];
    const struct record_key *records = changed_records(self, batch, &count);
    struct eventlog_message *messages = arena_calloc(&self->arena, count + 1, sizeof(*messages));
    if (records == NULL || messages == NULL) {
        return call_fail(&self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a batch");
    }
    for (size_t i = 0; i < count; i++) {
        enum status status = encode_record(self, records[i], last->sequence, &messages[i]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    size_t total = count;
    if (rating_relay_mark_is_due(self)) {
        const struct rating_aggregate_event mark = {
            .kind = RATING_EVENT_CURRENT, .sequence = last->sequence, .time_ms = last->time_ms};
        enum status status = rating_relay_encode_aggregate(self, &mark, &messages[total++]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    enum status status =
        rating_relay_produce(self, self->options.aggregates_topic, messages, total);
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
