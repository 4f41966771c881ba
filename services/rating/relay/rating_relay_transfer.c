/* Everything that is known, for receivers who know nothing: a page a step. */
#include "base/clock.h"
#include "rating/relay/rating_relay_private.h"

/* All that is read from now on holds the changes up to here. */
static enum status begin(struct rating_relay *self)
{
    struct rating_repository repository = self->options.repository;
    struct rating_change_range range;
    int64_t now_ms = clock_wall_ms();
    enum status status = repository.ops->get_change_range(repository.state, &self->call, &range);
    if (status != STATUS_OK) {
        return status;
    }
    const struct rating_change_event anything = {
        .all = true, .sequence = range.last, .time_ms = now_ms};
    struct eventlog_message message;
    status = rating_relay_encode_change(self, &anything, &message);
    if (status == STATUS_OK) {
        status = rating_relay_produce(self, self->options.changes_topic, &message, 1);
    }
    if (status == STATUS_OK) {
        self->transfer = (struct relay_transfer){
            .wanted = true, .begun = true, .sequence = range.last, .time_ms = now_ms};
    }
    return status;
}

static enum status send_page(struct rating_relay *self,
                             const struct rating_stored_aggregate *aggregates, size_t count)
{
    struct eventlog_message *messages = arena_calloc(&self->arena, count, sizeof(*messages));
    enum status status = messages != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
    int64_t now_ms = clock_wall_ms();
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const struct rating_aggregate_event event = {.record = aggregates[i].record,
                                                     .aggregate = aggregates[i].aggregate,
                                                     .sequence = self->transfer.sequence,
                                                     .time_ms = now_ms};
        status = rating_relay_encode_aggregate(self, &event, &messages[i]);
    }
    if (status == STATUS_OK) {
        status = rating_relay_produce(self, self->options.aggregates_topic, messages, count);
    }
    if (status == STATUS_OK) {
        rating_relay_add(&self->figures.aggregates, count);
    }
    return status;
}

static enum status end(struct rating_relay *self)
{
    static const enum rating_aggregate_event_kind kinds[] = {RATING_EVENT_COMPLETE,
                                                             RATING_EVENT_CURRENT};
    struct eventlog_message messages[ARRAY_LENGTH(kinds)];
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ARRAY_LENGTH(kinds) && status == STATUS_OK; i++) {
        const struct rating_aggregate_event event = {.kind = kinds[i],
                                                     .sequence = self->transfer.sequence,
                                                     .time_ms = self->transfer.time_ms};
        status = rating_relay_encode_aggregate(self, &event, &messages[i]);
    }
    if (status == STATUS_OK) {
        status = rating_relay_produce(self, self->options.aggregates_topic, messages,
                                      ARRAY_LENGTH(kinds));
    }
    if (status == STATUS_OK) {
        status = rating_relay_confirm(self, self->transfer.sequence);
    }
    if (status == STATUS_OK) {
        self->transfer.wanted = false;
        rating_relay_add(&self->figures.transfers, 1);
        log_write(self->options.log, LOG_INFO, "all aggregates have been sent",
                  LOG_FIELDS(log_integer("sequence", self->transfer.sequence)));
    }
    return status;
}

static void move_cursor(struct relay_transfer *transfer, struct record_key record)
{
    CHECK(record.id.length <= sizeof(transfer->cursor_id));
    transfer->has_cursor = true;
    transfer->cursor_type = record.type;
    transfer->cursor_id_length = record.id.length;
    memcpy(transfer->cursor_id, record.id.data, record.id.length);
}

static enum status aggregates_page(struct rating_relay *self)
{
    struct relay_transfer *transfer = &self->transfer;
    struct rating_repository repository = self->options.repository;
    struct rating_stored_aggregate *aggregates;
    size_t count;
    const struct record_key after = {
        .type = transfer->cursor_type,
        .id = text_of_bytes(transfer->cursor_id, transfer->cursor_id_length)};
    enum status status = repository.ops->list_aggregates(repository.state, &self->call,
                                                         transfer->has_cursor ? &after : NULL,
                                                         RATING_PAGE_SIZE_MAX, &aggregates, &count);
    if (status == STATUS_OK && count > 0) {
        status = send_page(self, aggregates, count);
    }
    if (status == STATUS_OK && count > 0) {
        move_cursor(transfer, aggregates[count - 1].record);
    }
    transfer->aggregates_sent = status == STATUS_OK && count < RATING_PAGE_SIZE_MAX;
    return status;
}

enum status rating_relay_transfer_page(struct rating_relay *self)
{
    struct relay_transfer *transfer = &self->transfer;
    bool more = false;
    if (!transfer->begun) {
        return begin(self);
    }
    if (!transfer->aggregates_sent) {
        return aggregates_page(self);
    }
    enum status status = rating_relay_letters_page(self, &transfer->letter, &more);
    return status == STATUS_OK && !more ? end(self) : status;
}
