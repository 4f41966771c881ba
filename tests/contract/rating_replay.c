#include "contract/rating_replay.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "rating/model/vote_state.h"
#include "rating/repository/rating_key.h"
#include "store/ordered_map.h"

enum { PAGE = 500, ARENA_BYTES_MAX = 4 * 1024 * 1024, TIMEOUT_MS = 60 * 1000 };

struct replay {
    struct rating_repository repository;
    struct text topic;
    struct arena arena;
    struct call call;
    struct ordered_map *votes;      /* struct vote_state, as the log makes them */
    struct ordered_map *aggregates; /* struct rating_aggregate, of those */
    struct rating_replay_report report;
};

static void differ(struct replay *self, const char *format, ...) PRINTF_LIKE(2, 3);

static void differ(struct replay *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (self->report.differences++ == 0) {
        (void)vsnprintf(self->report.first, sizeof(self->report.first), format, arguments);
    }
    va_end(arguments);
}

static void begin_page(struct replay *self)
{
    arena_reset(&self->arena);
    call_init(&self->call, &self->arena, TIMEOUT_MS);
}

/* The change log */

static void take_record(struct replay *self, const struct rating_change_record *record)
{
    if (record->sequence != (int64_t)self->report.records + 1) {
        differ(self, "record %zu has the sequence %lld", self->report.records + 1,
               (long long)record->sequence);
    }
    self->report.records++;
    if (record->source.topic.length > 0 && text_equal(record->source.topic, self->topic)) {
        if (record->offset != (int64_t)self->report.ingested) {
            differ(self, "event %zu has the offset %lld", self->report.ingested,
                   (long long)record->offset);
        }
        self->report.ingested++;
    }
    if (record->kind == RATING_RECORD_DEAD_LETTER) {
        return;
    }
    char key[RATING_VOTE_KEY_BYTES_MAX];
    const struct vote_state state = {
        .exists = true,
        .deleted = record->kind == RATING_RECORD_DELETE,
        .hundredths = record->vote.hundredths,
        .time_ms = record->vote.time_ms,
    };
    ordered_map_put(self->votes, text_of_bytes(key, rating_key_encode_vote(&record->vote.key, key)),
                    &state, sizeof(state));
}

static void read_log(struct replay *self)
{
    size_t count = PAGE;
    while (count == PAGE) {
        struct rating_change_record *records;
        begin_page(self);
        if (self->repository.ops->list_changes(self->repository.state, &self->call,
                                               (int64_t)self->report.records, PAGE, &records,
                                               &count) != STATUS_OK) {
            differ(self, "the log cannot be listed after %zu", self->report.records);
            return;
        }
        for (size_t i = 0; i < count; i++) {
            take_record(self, &records[i]);
        }
    }
}

/* The votes */

static void add_to_aggregate(struct replay *self, const struct vote *vote)
{
    char bytes[RATING_RECORD_KEY_BYTES_MAX];
    struct text key = text_of_bytes(bytes, rating_key_encode_record(vote->key.record, bytes));
    const struct ordered_map_entry *entry = ordered_map_find(self->aggregates, key);
    struct rating_aggregate aggregate = {.count = 0};
    if (entry != NULL) {
        aggregate = *(const struct rating_aggregate *)entry->value;
    }
    rating_aggregate_add(&aggregate, vote->hundredths);
    ordered_map_put(self->aggregates, key, &aggregate, sizeof(aggregate));
}

static void take_vote(struct replay *self, const struct rating_stored_vote *stored)
{
    char bytes[RATING_VOTE_KEY_BYTES_MAX];
    struct text key = text_of_bytes(bytes, rating_key_encode_vote(&stored->vote.key, bytes));
    const struct ordered_map_entry *entry = ordered_map_find(self->votes, key);
    const struct vote_state *made = entry != NULL ? entry->value : NULL;
    self->report.votes += stored->deleted ? 0 : 1;
    if (!stored->deleted) {
        add_to_aggregate(self, &stored->vote);
    }
    if (made == NULL
            ? !stored->deleted
            : made->deleted != stored->deleted || made->hundredths != stored->vote.hundredths ||
                  made->time_ms != stored->vote.time_ms) {
        differ(self, "the log makes another vote of %.*s", TEXT_ARGUMENTS(stored->vote.key.user));
    }
    ordered_map_remove(self->votes, key); /* what is left in the end is missing */
}

static void read_votes(struct replay *self)
{
    char last_bytes[RATING_VOTE_KEY_BYTES_MAX];
    struct vote_key last;
    size_t total = 0;
    size_t count = PAGE;
    while (count == PAGE) {
        struct rating_stored_vote *votes;
        begin_page(self);
        if (self->repository.ops->list_votes(self->repository.state, &self->call,
                                             total > 0 ? &last : NULL, PAGE, &votes,
                                             &count) != STATUS_OK) {
            differ(self, "the votes cannot be listed");
            return;
        }
        for (size_t i = 0; i < count; i++) {
            take_vote(self, &votes[i]);
        }
        total += count;
        if (count > 0) { /* the page is about to go */
            size_t length = rating_key_encode_vote(&votes[count - 1].vote.key, last_bytes);
            CHECK(rating_key_decode_vote(text_of_bytes(last_bytes, length), &last));
        }
    }
    const struct ordered_map_entry *missing = ordered_map_seek(self->votes, TEXT(""));
    if (missing != NULL) {
        differ(self, "the log has a vote that is not there");
    }
}

/* The aggregates */

static void take_aggregate(struct replay *self, const struct rating_stored_aggregate *stored)
{
    char bytes[RATING_RECORD_KEY_BYTES_MAX];
    struct text key = text_of_bytes(bytes, rating_key_encode_record(stored->record, bytes));
    const struct ordered_map_entry *entry = ordered_map_find(self->aggregates, key);
    const struct rating_aggregate *made = entry != NULL ? entry->value : NULL;
    if (made == NULL || made->count != stored->aggregate.count ||
        made->sum_hundredths != stored->aggregate.sum_hundredths ||
        memcmp(made->histogram, stored->aggregate.histogram, sizeof(made->histogram)) != 0) {
        differ(self, "the aggregate of %.*s is not that of its votes",
               TEXT_ARGUMENTS(stored->record.id));
    }
    ordered_map_remove(self->aggregates, key);
}

static void read_aggregates(struct replay *self)
{
    char last_bytes[RATING_RECORD_KEY_BYTES_MAX];
    struct record_key last;
    size_t total = 0;
    size_t count = PAGE;
    while (count == PAGE) {
        struct rating_stored_aggregate *aggregates;
        begin_page(self);
        if (self->repository.ops->list_aggregates(self->repository.state, &self->call,
                                                  total > 0 ? &last : NULL, PAGE, &aggregates,
                                                  &count) != STATUS_OK) {
            differ(self, "the aggregates cannot be listed");
            return;
        }
        for (size_t i = 0; i < count; i++) {
            take_aggregate(self, &aggregates[i]);
        }
        total += count;
        if (count > 0) {
            size_t length = rating_key_encode_record(aggregates[count - 1].record, last_bytes);
            CHECK(rating_key_decode_record(text_of_bytes(last_bytes, length), &last));
        }
    }
    if (ordered_map_seek(self->aggregates, TEXT("")) != NULL) {
        differ(self, "an aggregate is missing");
    }
}

static void check_position(struct replay *self, int32_t partition)
{
    int64_t next_offset = 0;
    begin_page(self);
    enum status status = self->repository.ops->get_position(self->repository.state, &self->call,
                                                            self->topic, partition, &next_offset);
    if ((status != STATUS_OK && status != STATUS_NOT_FOUND) ||
        next_offset != (int64_t)self->report.ingested) {
        differ(self, "the position is %lld, after %zu events", (long long)next_offset,
               self->report.ingested);
    }
}

void rating_replay_check(struct rating_repository repository, struct text topic, int32_t partition,
                         struct rating_replay_report *ret_report)
{
    struct replay self = {.repository = repository, .topic = topic};
    arena_init(&self.arena, ARENA_BYTES_MAX);
    self.votes = ordered_map_create();
    self.aggregates = ordered_map_create();
    read_log(&self);
    read_votes(&self);
    read_aggregates(&self);
    check_position(&self, partition);
    ordered_map_destroy(self.votes);
    ordered_map_destroy(self.aggregates);
    arena_deinit(&self.arena);
    *ret_report = self.report;
}
