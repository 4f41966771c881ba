#include "rating/repository/rating_page.h"

#include "base/arena.h"

static enum status fail_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the answer is too large");
}

enum status rating_page_fail_range(struct call *call)
{
    return call_fail(call, STATUS_OUT_OF_RANGE,
                     "the change log does not reach back to there: start from a snapshot");
}

void *rating_page_alloc(struct call *call, size_t limit, size_t entry_size)
{
    CHECK(limit <= RATING_PAGE_SIZE_MAX + 1);
    void *page = arena_calloc(call->arena, limit > 0 ? limit : 1, entry_size);
    if (page == NULL) {
        (void)fail_room(call); /* NULL says it */
    }
    return page;
}

enum status rating_page_copy_vote(struct call *call, const struct vote_key *key,
                                  const struct vote_state *state, struct vote *ret_vote)
{
    struct vote vote = {
        .key = {.record = {.type = key->record.type, .id = arena_copy(call->arena, key->record.id)},
                .provider = arena_copy(call->arena, key->provider),
                .user = arena_copy(call->arena, key->user)},
        .hundredths = state->hundredths,
        .time_ms = state->time_ms,
    };
    if (vote.key.record.id.data == NULL || vote.key.provider.data == NULL ||
        vote.key.user.data == NULL) {
        return fail_room(call);
    }
    *ret_vote = vote;
    return STATUS_OK;
}

enum status rating_page_copy_stored_vote(struct call *call, const struct vote_key *key,
                                         const struct vote_state *state,
                                         struct rating_stored_vote *ret_vote)
{
    enum status status = rating_page_copy_vote(call, key, state, &ret_vote->vote);
    if (status == STATUS_OK) {
        ret_vote->deleted = state->deleted;
    }
    return status;
}

enum status rating_page_copy_record(struct call *call, struct record_key record,
                                    struct record_key *ret_record)
{
    struct record_key copy = {.type = record.type, .id = arena_copy(call->arena, record.id)};
    if (copy.id.data == NULL) {
        return fail_room(call);
    }
    *ret_record = copy;
    return STATUS_OK;
}

enum status rating_page_copy_change(struct call *call, const struct rating_change_record *record,
                                    struct rating_change_record *ret_record)
{
    struct rating_change_record copy = *record;
    const struct vote_state state = {.hundredths = record->vote.hundredths,
                                     .time_ms = record->vote.time_ms};
    enum status status = STATUS_OK;
    if (record->kind != RATING_RECORD_DEAD_LETTER) {
        status = rating_page_copy_vote(call, &record->vote.key, &state, &copy.vote);
    }
    if (status == STATUS_OK && record->source.topic.length > 0) {
        copy.source.topic = arena_copy(call->arena, record->source.topic);
        status = copy.source.topic.data != NULL ? STATUS_OK : fail_room(call);
    }
    if (status == STATUS_OK) {
        *ret_record = copy;
    }
    return status;
}

enum status rating_page_copy_dead_letter(struct call *call, const struct rating_dead_letter *letter,
                                         struct rating_dead_letter *ret_letter)
{
    struct rating_dead_letter copy = *letter;
    copy.topic = arena_copy(call->arena, letter->topic);
    copy.reason = arena_copy(call->arena, letter->reason);
    copy.payload = arena_copy(call->arena, letter->payload);
    if (copy.topic.data == NULL || copy.reason.data == NULL || copy.payload.data == NULL) {
        return fail_room(call);
    }
    *ret_letter = copy;
    return STATUS_OK;
}
