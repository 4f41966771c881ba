#include "rating/controller/rating_quarantine.h"

#include "base/arena.h"
#include "base/clock.h"
#include "rating/controller/rating_page_token.h"
#include "rating/controller/rating_quarantine_private.h"
#include "rating/model/rating_event.h"
#include "rating/model/rating_held.h"

enum {
    PLACES_TRIED = 8, /* for direct votes of one hash */
    EVENT_ARENA_BYTES_MAX = 4 * 1024 * 1024,
};

static enum status no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the request is too large");
}

/* What a letter holds. false: it is no vote, as somebody else may have put one there. */
static bool read_letter(struct call *call, const struct rating_dead_letter *letter,
                        struct rating_change *ret_change)
{
    struct call reading = call_within(call, 0);
    struct rating_change change;
    if (rating_event_decode(&reading, letter->payload, &change) != STATUS_OK ||
        change.kind != RATING_PUT) {
        return false;
    }
    change.time_ms = change.has_time ? change.time_ms : letter->time_ms;
    change.has_time = true;
    change.offset = letter->offset;
    *ret_change = change;
    return true;
}

/* The place of a direct vote: that where it is held already, else a free one. *ret_change is
 * written where there is one. STATUS_NOT_FOUND: the place is free. */
static enum status find_place(struct rating_controller *self, struct call *call,
                              const struct vote_key *key, int64_t *ret_offset,
                              struct rating_change *ret_change)
{
    int64_t first = rating_held_offset(key);
    for (int64_t offset = first; offset < first + PLACES_TRIED; offset++) {
        const struct rating_dead_letter_key place = {.topic = TEXT(RATING_HELD_TOPIC),
                                                     .offset = offset};
        struct rating_dead_letter letter;
        enum status status =
            self->repository.ops->get_dead_letter(self->repository.state, call, &place, &letter);
        *ret_offset = offset;
        if (status != STATUS_OK) {
            return status;
        }
        if (read_letter(call, &letter, ret_change) && vote_key_equal(&ret_change->key, key)) {
            return STATUS_OK;
        }
    }
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the vote cannot be held");
}

enum status rating_quarantine_hold(struct rating_controller *self, struct call *call,
                                   const struct rating_change *change, const char *reason,
                                   int64_t time_ms, struct rating_dead_letter *ret_letter)
{
    struct rating_change before;
    struct rating_dead_letter letter = {
        .topic = TEXT(RATING_HELD_TOPIC),
        .reason = arena_copy(call->arena, text_of(reason)),
        .payload = rating_held_event(call->arena, change, time_ms),
        .time_ms = clock_wall_ms(),
    };
    if (letter.reason.data == NULL || letter.payload.data == NULL) {
        return no_room(call);
    }
    enum status status = find_place(self, call, &change->key, &letter.offset, &before);
    if (status == STATUS_OK && before.time_ms > time_ms) { /* a later vote is held: it stays */
        letter.payload = rating_held_event(call->arena, &before, before.time_ms);
        status = letter.payload.data != NULL ? STATUS_OK : no_room(call);
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    *ret_letter = letter;
    return STATUS_OK;
}

enum status rating_quarantine_find(struct rating_controller *self, struct call *call,
                                   const struct vote_key *key,
                                   struct rating_dead_letter_key *ret_place, struct vote *ret_vote)
{
    struct rating_change change;
    int64_t offset;
    enum status status = find_place(self, call, key, &offset, &change);
    if (status == STATUS_OK) {
        *ret_place =
            (struct rating_dead_letter_key){.topic = TEXT(RATING_HELD_TOPIC), .offset = offset};
        *ret_vote = (struct vote){
            .key = change.key, .hundredths = change.hundredths, .time_ms = change.time_ms};
    }
    return status;
}

/* What was held before a vote that counts is no news: released, it changes nothing. */
static enum status add_held(struct rating_controller *self, struct call *call,
                            const struct vote_key *key, struct rating_own_vote *own)
{
    struct rating_dead_letter_key place;
    enum status status = rating_quarantine_find(self, call, key, &place, &own->held);
    own->is_held =
        status == STATUS_OK && !(own->is_counted && own->held.time_ms < own->counted.time_ms);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status rating_quarantine_get_own(struct rating_controller *self, struct call *call,
                                      const struct vote_key *key, struct rating_own_vote *ret_own)
{
    struct rating_own_vote own = {.is_counted = false};
    struct call reading = call_within(call, 0);
    enum status status = rating_controller_get_vote(self, &reading, key, &own.counted);
    own.is_counted = status == STATUS_OK;
    if (self->burst != NULL && (status == STATUS_OK || status == STATUS_NOT_FOUND)) {
        enum status held_status = add_held(self, call, key, &own);
        if (held_status != STATUS_OK) {
            return held_status;
        }
    }
    if (!own.is_counted && !own.is_held) {
        call->error = reading.error;
        return status;
    }
    *ret_own = own;
    return STATUS_OK;
}

/* Review */

static bool is_asked_for(const struct rating_held_request *request,
                         const struct rating_change *change)
{
    return (!request->filter.one_type || request->filter.type == change->key.record.type) &&
           (request->record_id.length == 0 ||
            text_equal(request->record_id, change->key.record.id));
}

static enum status list_letters(struct rating_controller *self, struct call *call,
                                const struct rating_held_request *request, size_t wanted,
                                struct rating_dead_letter **ret_letters, size_t *ret_count)
{
    /* Before all held votes, behind all topics of a log. */
    struct rating_dead_letter_key after = {
        .topic = TEXT("~"), .partition = INT32_MAX, .offset = INT64_MAX};
    enum status status = STATUS_OK;
    if (request->page_token.length > 0) {
        status = rating_dead_letter_token_read(call, request->page_token, &after);
    }
    if (status == STATUS_OK && request->page_token.length > 0 &&
        !rating_held_is_topic(after.topic)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the page token is not one of ours");
    }
    if (status == STATUS_OK) {
        status = self->repository.ops->list_dead_letters(self->repository.state, call, &after,
                                                         wanted + 1, ret_letters, ret_count);
    }
    while (status == STATUS_OK && *ret_count > 0 &&
           !rating_held_is_topic((*ret_letters)[*ret_count - 1].topic)) {
        (*ret_count)--; /* of topics behind */
    }
    return status;
}

/* The page, and the changes that it is made of. */
static enum status read_page(struct rating_controller *self, struct call *call,
                             const struct rating_held_request *request,
                             struct rating_change **ret_changes, struct rating_held_page *ret_page)
{
    struct rating_dead_letter *letters;
    size_t count;
    size_t wanted = request->page_size > 0 ? (size_t)request->page_size
                                           : (size_t)RATING_RETRY_PAGE_SIZE_DEFAULT;
    struct rating_held_page page = {.next_page_token = TEXT("")};
    if (request->page_size < 0 || request->page_size > RATING_PAGE_SIZE_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the page size must be 0 to %d",
                         RATING_PAGE_SIZE_MAX);
    }
    enum status status = list_letters(self, call, request, wanted, &letters, &count);
    if (status == STATUS_OK && count > wanted) {
        count = wanted;
        status = rating_dead_letter_token_write(call, &letters[wanted - 1], &page.next_page_token);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct rating_held_vote *votes = arena_calloc(call->arena, count + 1, sizeof(*votes));
    struct rating_change *changes = arena_calloc(call->arena, count + 1, sizeof(*changes));
    if (votes == NULL || changes == NULL) {
        return no_room(call);
    }
    for (size_t i = 0; i < count; i++) {
        struct rating_change *change = &changes[page.count];
        if (read_letter(call, &letters[i], change) && is_asked_for(request, change)) {
            votes[page.count++] = (struct rating_held_vote){
                .place = {letters[i].topic, letters[i].partition, letters[i].offset},
                .vote = {.key = change->key,
                         .hundredths = change->hundredths,
                         .time_ms = change->time_ms},
                .reason = letters[i].reason,
                .held_ms = letters[i].time_ms,
            };
        }
    }
    page.votes = votes;
    *ret_changes = changes;
    *ret_page = page;
    return STATUS_OK;
}

enum status rating_quarantine_list(struct rating_controller *self, struct call *call,
                                   const struct rating_held_request *request,
                                   struct rating_held_page *ret_page)
{
    struct rating_change *changes;
    return read_page(self, call, request, &changes, ret_page);
}

enum status rating_quarantine_end(struct rating_controller *self, struct call *call,
                                  const struct rating_held_request *request,
                                  enum rating_held_end end, struct rating_held_page *ret_page)
{
    struct rating_change *changes;
    struct rating_held_page page;
    enum status status = read_page(self, call, request, &changes, &page);
    if (status != STATUS_OK || page.count == 0) {
        if (status == STATUS_OK) {
            *ret_page = page;
        }
        return status;
    }
    struct rating_dead_letter_key *settled =
        arena_calloc(call->arena, page.count, sizeof(*settled));
    if (settled == NULL) {
        return no_room(call);
    }
    for (size_t i = 0; i < page.count; i++) {
        settled[i] = page.votes[i].place;
    }
    const struct rating_batch batch = {
        .changes = changes,
        .change_count = end == RATING_HELD_RELEASED ? page.count : 0,
        .settled = settled,
        .settled_count = page.count,
    };
    status = self->repository.ops->apply(self->repository.state, call, &batch);
    if (status == STATUS_OK) {
        *ret_page = page;
    }
    return status;
}
