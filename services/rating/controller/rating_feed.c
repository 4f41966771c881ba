#include "rating/controller/rating_feed.h"

#include "base/arena.h"
#include "base/clock.h"
#include "rating/controller/rating_page_token.h"
#include "rating/model/record_keys.h"

static enum status no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the answer is too large");
}

static enum status read_page_size(struct call *call, int32_t page_size, size_t *ret_wanted)
{
    if (page_size < 0 || page_size > RATING_PAGE_SIZE_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the page size must be 0 to %d",
                         RATING_PAGE_SIZE_MAX);
    }
    *ret_wanted = page_size > 0 ? (size_t)page_size : RATING_FEED_PAGE_SIZE_DEFAULT;
    return STATUS_OK;
}

enum status rating_feed_filter_parse(struct call *call, struct text record_type,
                                     struct rating_feed_filter *ret_filter)
{
    struct rating_feed_filter filter = {.one_type = record_type.length > 0};
    enum status status =
        filter.one_type ? record_type_parse(call, record_type, &filter.type) : STATUS_OK;
    if (status == STATUS_OK) {
        *ret_filter = filter;
    }
    return status;
}

static bool passes(const struct rating_feed_filter *filter, enum record_type type)
{
    return !filter->one_type || filter->type == type;
}

static enum status read_sequence(struct rating_controller *self, struct call *call,
                                 int64_t *ret_sequence)
{
    struct rating_change_range range;
    enum status status =
        self->repository.ops->get_change_range(self->repository.state, call, &range);
    if (status == STATUS_OK) {
        *ret_sequence = range.last;
    }
    return status;
}

/* Everything, page by page */

enum status rating_feed_list_aggregates(struct rating_controller *self, struct call *call,
                                        const struct rating_page_request *request,
                                        struct rating_aggregate_page *ret_page)
{
    size_t wanted = 0;
    bool is_first = request->page_token.length == 0;
    struct record_key after = {.type = request->filter.type}; /* before all of its type */
    struct rating_stored_aggregate *aggregates = NULL;
    struct rating_aggregate_page page = {.next_page_token = TEXT("")};
    enum status status = read_page_size(call, request->page_size, &wanted);
    if (status == STATUS_OK) {
        status = is_first ? read_sequence(self, call, &page.sequence)
                          : rating_aggregate_token_read(call, request->page_token, &page.sequence,
                                                        &after);
    }
    if (status == STATUS_OK) {
        bool from_begin = is_first && !request->filter.one_type;
        status = self->repository.ops->list_aggregates(self->repository.state, call,
                                                       from_begin ? NULL : &after, wanted + 1,
                                                       &aggregates, &page.count);
    }
    if (status != STATUS_OK) {
        return status;
    }
    page.aggregates = aggregates;
    while (page.count > 0 && !passes(&request->filter, aggregates[page.count - 1].record.type)) {
        page.count--;
    }
    if (page.count > wanted) {
        page.count = wanted;
        status = rating_aggregate_token_write(call, page.sequence, aggregates[wanted - 1].record,
                                              &page.next_page_token);
    }
    if (status == STATUS_OK) {
        *ret_page = page;
    }
    return status;
}

/* Without the marks of deletions, which a copy that is new has no use for. */
static size_t keep_votes(struct rating_stored_vote *votes, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!votes[i].deleted) {
            votes[kept++] = votes[i];
        }
    }
    return kept;
}

enum status rating_feed_list_votes(struct rating_controller *self, struct call *call,
                                   const struct rating_page_request *request,
                                   struct rating_stored_vote_page *ret_page)
{
    size_t wanted = 0;
    bool is_first = request->page_token.length == 0;
    struct vote_key after = {.record.type = request->filter.type};
    struct rating_stored_vote *votes = NULL;
    struct rating_stored_vote_page page = {.next_page_token = TEXT("")};
    enum status status = read_page_size(call, request->page_size, &wanted);
    if (status == STATUS_OK) {
        status = is_first
                     ? read_sequence(self, call, &page.sequence)
                     : rating_feed_token_read(call, request->page_token, &page.sequence, &after);
    }
    if (status == STATUS_OK) {
        bool from_begin = is_first && !request->filter.one_type;
        status = self->repository.ops->list_votes(self->repository.state, call,
                                                  from_begin ? NULL : &after, wanted + 1, &votes,
                                                  &page.count);
    }
    if (status != STATUS_OK) {
        return status;
    }
    page.votes = votes;
    while (page.count > 0 &&
           !passes(&request->filter, votes[page.count - 1].vote.key.record.type)) {
        page.count--;
    }
    if (page.count > wanted) {
        page.count = wanted;
        status = rating_feed_token_write(call, page.sequence, &votes[wanted - 1].vote.key,
                                         &page.next_page_token);
    }
    if (status == STATUS_OK) {
        page.count = keep_votes(votes, page.count);
        *ret_page = page;
    }
    return status;
}

/* What has changed */

void rating_feed_end(struct rating_controller *self)
{
    atomic_store(&self->feeds_end, true);
}

/* STATUS_OK also when nothing has come in time. */
static enum status wait_for_change(struct rating_controller *self, struct call *call,
                                   const struct rating_changes_request *request)
{
    int64_t end_ns = clock_monotonic_ns() + request->wait_ms * CLOCK_NS_PER_MS;
    int64_t last_ns = call->deadline_ns - RATING_FEED_MARGIN_MS * CLOCK_NS_PER_MS;
    enum status status = STATUS_DEADLINE_EXCEEDED;
    end_ns = last_ns < end_ns ? last_ns : end_ns;
    while (status == STATUS_DEADLINE_EXCEEDED && !atomic_load(&self->feeds_end)) {
        int64_t now_ns = clock_monotonic_ns();
        if (now_ns >= end_ns) {
            break;
        }
        struct call waiting = call_within(call, RATING_FEED_SLICE_MS);
        waiting.deadline_ns = end_ns < waiting.deadline_ns ? end_ns : waiting.deadline_ns;
        status =
            self->repository.ops->await_change(self->repository.state, &waiting, request->after);
        if (status != STATUS_OK && status != STATUS_DEADLINE_EXCEEDED) {
            return call_fail(call, status, "%.*s", TEXT_ARGUMENTS(waiting.error.message));
        }
    }
    return STATUS_OK;
}

static enum status read_changes(struct rating_controller *self, struct call *call,
                                const struct rating_changes_request *request, size_t wanted,
                                struct rating_change_record **ret_records, size_t *ret_count)
{
    return self->repository.ops->list_changes(self->repository.state, call, request->after, wanted,
                                              ret_records, ret_count);
}

/* The next changes; parks when there are none. */
static enum status take_changes(struct rating_controller *self, struct call *call,
                                const struct rating_changes_request *request, size_t *ret_wanted,
                                struct rating_change_record **ret_records, size_t *ret_count)
{
    enum status status = read_page_size(call, request->page_size, ret_wanted);
    if (status == STATUS_OK &&
        (request->wait_ms < 0 || request->wait_ms > RATING_FEED_WAIT_MS_MAX)) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "the wait must be 0 to %d milliseconds",
                           RATING_FEED_WAIT_MS_MAX);
    }
    if (status == STATUS_OK && request->after < 0) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "a sequence is not negative");
    }
    if (status == STATUS_OK) {
        status = read_changes(self, call, request, *ret_wanted, ret_records, ret_count);
    }
    if (status != STATUS_OK || *ret_count > 0 || request->wait_ms == 0) {
        return status;
    }
    if (atomic_fetch_add(&self->feeds_waiting, 1) < RATING_FEED_WAITING_MAX) {
        status = wait_for_change(self, call, request);
    } else {
        status = call_fail(call, STATUS_RESOURCE_EXHAUSTED, "too many wait for changes already");
    }
    atomic_fetch_sub(&self->feeds_waiting, 1);
    return status == STATUS_OK
               ? read_changes(self, call, request, *ret_wanted, ret_records, ret_count)
               : status;
}

static bool is_vote(const struct rating_change_record *record)
{
    return record->kind == RATING_RECORD_PUT || record->kind == RATING_RECORD_DELETE;
}

enum status rating_feed_list_aggregate_changes(struct rating_controller *self, struct call *call,
                                               const struct rating_changes_request *request,
                                               struct rating_aggregate_changes *ret_changes)
{
    struct rating_change_record *records = NULL;
    size_t wanted = 0;
    size_t count = 0;
    enum status status = take_changes(self, call, request, &wanted, &records, &count);
    if (status != STATUS_OK) {
        return status;
    }
    struct record_key *keys = arena_calloc(call->arena, count + 1, sizeof(*keys));
    struct rating_stored_aggregate *aggregates =
        arena_calloc(call->arena, count + 1, sizeof(*aggregates));
    struct rating_aggregate_changes changes = {
        .aggregates = aggregates,
        .sequence = count > 0 ? records[count - 1].sequence : request->after,
        .more = count == wanted,
    };
    if (keys == NULL || aggregates == NULL) {
        return no_room(call);
    }
    for (size_t i = 0; i < count; i++) {
        const struct record_key record = records[i].vote.key.record;
        if (is_vote(&records[i]) && passes(&request->filter, record.type)) {
            keys[changes.count++] = record;
        }
    }
    changes.count = record_keys_make_set(keys, changes.count);
    for (size_t i = 0; i < changes.count; i++) {
        aggregates[i].record = keys[i];
    }
    status = self->repository.ops->get_aggregates(self->repository.state, call, aggregates,
                                                  changes.count);
    if (status == STATUS_OK) {
        *ret_changes = changes;
    }
    return status;
}

enum status rating_feed_list_vote_changes(struct rating_controller *self, struct call *call,
                                          const struct rating_changes_request *request,
                                          struct rating_vote_changes *ret_changes)
{
    struct rating_change_record *records = NULL;
    size_t wanted = 0;
    size_t count = 0;
    enum status status = take_changes(self, call, request, &wanted, &records, &count);
    if (status != STATUS_OK) {
        return status;
    }
    struct rating_stored_vote *votes = arena_calloc(call->arena, count + 1, sizeof(*votes));
    struct rating_vote_changes changes = {
        .votes = votes,
        .sequence = count > 0 ? records[count - 1].sequence : request->after,
        .more = count == wanted,
    };
    if (votes == NULL) {
        return no_room(call);
    }
    for (size_t i = 0; i < count; i++) {
        if (is_vote(&records[i]) && passes(&request->filter, records[i].vote.key.record.type)) {
            votes[changes.count++] = (struct rating_stored_vote){
                .vote = records[i].vote, .deleted = records[i].kind == RATING_RECORD_DELETE};
        }
    }
    *ret_changes = changes;
    return STATUS_OK;
}
