#include "recommendation/repository/grpc_vote_feed.h"

#include "base/arena.h"
#include "grpc/grpc_channel.h"
#include "proto/proto.h"
#include "rating.pb-c.h"

/* What would make the model wrong is the other side's fault. */
static enum status read_votes(struct call *call, VoteRecord *const *records, size_t count,
                              struct vote_feed_page *page)
{
    struct vote_feed_vote *votes = arena_calloc(call->arena, count + 1, sizeof(*votes));
    if (count > VOTE_FEED_PAGE_MAX) {
        return call_fail(call, STATUS_INTERNAL, "more votes than were asked for");
    }
    if (votes == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no room for a page of votes");
    }
    for (size_t i = 0; i < count; i++) {
        votes[i] = (struct vote_feed_vote){
            .user_id = proto_text(records[i]->user_id),
            .record_id = proto_text(records[i]->record_id),
            .deleted = records[i]->deleted,
            .hundredths = records[i]->hundredths,
        };
    }
    page->votes = votes;
    page->count = count;
    return STATUS_OK;
}

static enum status list(void *state, struct call *call, struct text page_token,
                        struct vote_feed_page *ret_page)
{
    const struct grpc_vote_feed *self = state;
    ListVotesRequest request = LIST_VOTES_REQUEST__INIT;
    ProtobufCMessage *response;
    request.page_size = VOTE_FEED_PAGE_MAX;
    request.page_token = proto_bytes(page_token);
    request.record_type = proto_bytes(text_of(record_type_name(RECORD_TYPE_MOVIE)));
    enum status status =
        grpc_call_unary(self->channel, call, "/RatingService/ListVotes",
                        &(struct grpc_call_options){.idempotent = true}, &request.base,
                        &list_votes_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const ListVotesResponse *listed = (const ListVotesResponse *)response;
    struct vote_feed_page page = {.sequence = listed->sequence,
                                  .next_page_token = proto_text(listed->next_page_token)};
    if (page.next_page_token.length > VOTE_FEED_TOKEN_BYTES_MAX) {
        return call_fail(call, STATUS_INTERNAL, "a page token is too long");
    }
    status = read_votes(call, listed->votes, listed->n_votes, &page);
    if (status == STATUS_OK) {
        *ret_page = page;
    }
    return status;
}

static enum status changes(void *state, struct call *call, int64_t sequence, int32_t wait_ms,
                           struct vote_feed_page *ret_page)
{
    const struct grpc_vote_feed *self = state;
    ListVoteChangesRequest request = LIST_VOTE_CHANGES_REQUEST__INIT;
    ProtobufCMessage *response;
    request.sequence = sequence;
    request.page_size = VOTE_FEED_PAGE_MAX;
    request.wait_ms = wait_ms;
    request.record_type = proto_bytes(text_of(record_type_name(RECORD_TYPE_MOVIE)));
    enum status status =
        grpc_call_unary(self->channel, call, "/RatingService/ListVoteChanges",
                        &(struct grpc_call_options){.idempotent = true, .long_poll = true},
                        &request.base, &list_vote_changes_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const ListVoteChangesResponse *changed = (const ListVoteChangesResponse *)response;
    struct vote_feed_page page = {.sequence = changed->sequence, .more = changed->more};
    status = read_votes(call, changed->votes, changed->n_votes, &page);
    if (status == STATUS_OK) {
        *ret_page = page;
    }
    return status;
}

static const struct vote_feed_ops ops = {.list = list, .changes = changes};

struct vote_feed grpc_vote_feed(struct grpc_vote_feed *self)
{
    return (struct vote_feed){&ops, self};
}
