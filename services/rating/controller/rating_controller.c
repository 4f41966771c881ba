#include "rating/controller/rating_controller.h"

#include "base/arena.h"
#include "rating/controller/rating_page_token.h"
#include "rating/controller/rating_quarantine.h"
#include "rating/model/rating_held.h"

enum status rating_controller_validate(const struct rating_controller *self, struct call *call,
                                       const struct rating_change *change)
{
    enum status status = rating_change_validate(call, change);
    if (status != STATUS_OK || change->kind != RATING_PUT || change->key.provider.length > 0) {
        return status;
    }
    if (change->hundredths % self->step_hundredths != 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "ratings are given in steps of %g points",
                         (double)self->step_hundredths / RATING_HUNDREDTHS_PER_POINT);
    }
    return STATUS_OK;
}

/* outcomes, held: room for each; held is written where votes may be held. */
static enum status apply(struct rating_controller *self, struct call *call,
                         const struct rating_change *changes, size_t count,
                         enum rating_outcome *outcomes, bool *held)
{
    if (self->burst != NULL) {
        return rating_quarantine_put(self, call, changes, count, outcomes, held);
    }
    const struct rating_batch batch = {
        .changes = changes, .change_count = count, .outcomes = outcomes};
    return self->repository.ops->apply(self->repository.state, call, &batch);
}

enum status rating_controller_put_all(struct rating_controller *self, struct call *call,
                                      const struct rating_change *changes, size_t count,
                                      size_t *ret_changed, size_t *ret_held)
{
    enum rating_outcome *outcomes = arena_calloc(call->arena, count, sizeof(*outcomes));
    bool *held = arena_calloc(call->arena, count, sizeof(*held));
    if (outcomes == NULL || held == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the request is too large");
    }
    enum status status = apply(self, call, changes, count, outcomes, held);
    if (status == STATUS_OK) {
        *ret_changed = 0;
        *ret_held = 0;
        for (size_t i = 0; i < count; i++) {
            *ret_changed += outcomes[i] == RATING_APPLIED;
            *ret_held += held[i];
        }
    }
    return status;
}

enum status rating_controller_put(struct rating_controller *self, struct call *call,
                                  const struct rating_change *change, bool *ret_held)
{
    enum rating_outcome outcome;
    bool held = false;
    enum status status = rating_controller_validate(self, call, change);
    if (status == STATUS_OK) {
        status = apply(self, call, change, 1, &outcome, &held);
    }
    if (status == STATUS_OK && ret_held != NULL) {
        *ret_held = held;
    }
    return status;
}

enum status rating_controller_await(struct rating_controller *self, struct call *call,
                                    struct rating_place place)
{
    if (self->applied.await == NULL) {
        return call_fail(call, STATUS_FAILED_PRECONDITION,
                         "positions of ingestion are not known here");
    }
    return self->applied.await(self->applied.state, call, place.partition, place.offset);
}

enum status rating_place_parse(struct call *call, struct text text, struct rating_place *ret_place)
{
    struct text rest = text;
    int64_t partition = -1;
    int64_t offset = -1;
    bool is_place = text_to_i64(text_next(&rest, ':'), &partition) && text_to_i64(rest, &offset) &&
                    partition >= 0 && partition <= INT32_MAX && offset >= 0;
    if (!is_place) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "'%.*s' is not a position such as 2:17 (partition and offset)",
                         TEXT_ARGUMENTS(text));
    }
    *ret_place = (struct rating_place){.partition = (int32_t)partition, .offset = offset};
    return STATUS_OK;
}

static enum status no_such_vote(struct call *call, const struct vote_key *key)
{
    return call_fail(call, STATUS_NOT_FOUND, "user '%.*s' has not rated %s '%.*s'",
                     TEXT_ARGUMENTS(key->user), record_type_name(key->record.type),
                     TEXT_ARGUMENTS(key->record.id));
}

enum status rating_controller_delete(struct rating_controller *self, struct call *call,
                                     const struct vote_key *key)
{
    const struct rating_change change = {.kind = RATING_DELETE, .key = *key};
    enum rating_outcome outcome = RATING_ABSENT;
    struct rating_dead_letter_key held;
    struct vote vote;
    struct rating_batch batch = {.changes = &change, .change_count = 1, .outcomes = &outcome};
    enum status status = vote_key_validate(call, key);
    if (status == STATUS_OK && self->burst != NULL) { /* what is held is taken back too */
        status = rating_quarantine_find(self, call, key, &held, &vote);
        batch.settled = status == STATUS_OK ? &held : NULL;
        batch.settled_count = status == STATUS_OK ? 1 : 0;
        status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    if (status == STATUS_OK) {
        status = self->repository.ops->apply(self->repository.state, call, &batch);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return outcome == RATING_ABSENT && batch.settled_count == 0 ? no_such_vote(call, key)
                                                                : STATUS_OK;
}

enum status rating_controller_get_vote(struct rating_controller *self, struct call *call,
                                       const struct vote_key *key, struct vote *ret_vote)
{
    enum status status = vote_key_validate(call, key);
    if (status == STATUS_OK) {
        status = self->repository.ops->get_vote(self->repository.state, call, key, ret_vote);
    }
    return status == STATUS_NOT_FOUND ? no_such_vote(call, key) : status;
}

enum status rating_controller_get_aggregate(struct rating_controller *self, struct call *call,
                                            struct record_key record,
                                            struct rating_aggregate *ret_aggregate)
{
    enum status status = record_key_validate(call, record);
    if (status == STATUS_OK) {
        status = self->repository.ops->get_aggregate(self->repository.state, call, record,
                                                     ret_aggregate);
    }
    if (status == STATUS_NOT_FOUND) {
        return call_fail(call, STATUS_NOT_FOUND, "nobody has rated %s '%.*s' yet",
                         record_type_name(record.type), TEXT_ARGUMENTS(record.id));
    }
    return status;
}

enum status rating_controller_get_aggregates(struct rating_controller *self, struct call *call,
                                             struct rating_stored_aggregate *aggregates,
                                             size_t count)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = record_key_validate(call, aggregates[i].record);
    }
    return status == STATUS_OK ? self->repository.ops->get_aggregates(self->repository.state, call,
                                                                      aggregates, count)
                               : status;
}

static enum status check_page_size(struct call *call, int32_t page_size, size_t *ret_wanted)
{
    if (page_size < 0 || page_size > RATING_PAGE_SIZE_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the page size must be 0 to %d",
                         RATING_PAGE_SIZE_MAX);
    }
    *ret_wanted = page_size > 0 ? (size_t)page_size : RATING_PAGE_SIZE_DEFAULT;
    return STATUS_OK;
}

enum status rating_controller_list_user_votes(struct rating_controller *self, struct call *call,
                                              struct text user, int32_t page_size,
                                              struct text page_token,
                                              struct rating_vote_page *ret_page)
{
    size_t wanted = 0;
    struct vote_key after = {.user = user};
    struct vote *votes = NULL;
    size_t count = 0;
    struct text token = TEXT("");
    enum status status = rating_user_validate(call, user);
    if (status == STATUS_OK) {
        status = check_page_size(call, page_size, &wanted);
    }
    if (status == STATUS_OK && page_token.length > 0) {
        status = rating_vote_token_read(call, page_token, &after);
    }
    if (status == STATUS_OK) {
        /* One more than wanted tells whether there is another page. */
        status = self->repository.ops->list_user_votes(self->repository.state, call, user,
                                                       page_token.length > 0 ? &after : NULL,
                                                       wanted + 1, &votes, &count);
    }
    if (status == STATUS_OK && count > wanted) {
        count = wanted;
        status = rating_vote_token_write(call, &votes[wanted - 1].key, &token);
    }
    if (status == STATUS_OK) {
        *ret_page = (struct rating_vote_page){votes, count, token};
    }
    return status;
}

enum status rating_controller_list_dead_letters(struct rating_controller *self, struct call *call,
                                                int32_t page_size, struct text page_token,
                                                struct rating_dead_letter_page *ret_page)
{
    size_t wanted = 0;
    struct rating_dead_letter_key after = {.partition = 0};
    struct rating_dead_letter *letters = NULL;
    size_t count = 0;
    struct text token = TEXT("");
    enum status status = check_page_size(call, page_size, &wanted);
    if (status == STATUS_OK && page_token.length > 0) {
        status = rating_dead_letter_token_read(call, page_token, &after);
    }
    if (status == STATUS_OK) {
        status = self->repository.ops->list_dead_letters(self->repository.state, call,
                                                         page_token.length > 0 ? &after : NULL,
                                                         wanted + 1, &letters, &count);
    }
    while (count > 0 && rating_held_is_topic(letters[count - 1].topic)) {
        count--; /* held votes, which come last, are no events that cannot be applied */
    }
    if (status == STATUS_OK && count > wanted) {
        count = wanted;
        status = rating_dead_letter_token_write(call, &letters[wanted - 1], &token);
    }
    if (status == STATUS_OK) {
        *ret_page = (struct rating_dead_letter_page){letters, count, token};
    }
    return status;
}
