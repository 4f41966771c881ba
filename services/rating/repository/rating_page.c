#include "rating/repository/rating_page.h"

#include "base/arena.h"

static enum status fail_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the answer is too large");
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
