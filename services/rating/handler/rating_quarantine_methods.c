/* The methods of RatingService about votes that are held for review. */
#include "base/arena.h"
#include "base/clock.h"
#include "proto/proto.h"
#include "rating/controller/rating_quarantine.h"
#include "rating/handler/rating_handler.h"
#include "rating/handler/rating_handler_private.h"
#include "rating/model/rating_message.h"

static enum status read_request(struct call *call, const QuarantineRequest *message,
                                struct rating_held_request *request)
{
    *request = (struct rating_held_request){.page_size = message->page_size,
                                            .page_token = proto_text(message->page_token),
                                            .record_id = proto_text(message->record_id)};
    enum status status =
        rating_feed_filter_parse(call, proto_text(message->record_type), &request->filter);
    if (status == STATUS_OK && request->record_id.length > 0 && !request->filter.one_type) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "a record id goes with its record type");
    }
    return status;
}

static bool write_vote(struct arena *arena, const struct rating_held_vote *held, HeldVote *message)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    struct text held_time = arena_copy(arena, clock_format(held->held_ms, time));
    held_vote__init(message);
    message->rating = vote_to_message(arena, &held->vote);
    message->reason = proto_bytes(held->reason);
    message->held_time = proto_bytes(held_time);
    message->topic = proto_bytes(held->place.topic);
    message->partition = held->place.partition;
    message->offset = held->place.offset;
    return message->rating != NULL && held_time.data != NULL;
}

enum status rating_handler_list_quarantine(void *state, struct call *call, const void *request,
                                           void *response)
{
    const ListQuarantineRequest *list = request;
    ListQuarantineResponse *reply = response;
    static const QuarantineRequest everything = QUARANTINE_REQUEST__INIT;
    struct rating_held_request wanted;
    struct rating_held_page page;
    enum status status = read_request(call, list->held != NULL ? list->held : &everything, &wanted);
    if (status == STATUS_OK) {
        status = rating_quarantine_list(state, call, &wanted, &page);
    }
    if (status != STATUS_OK) {
        return status;
    }
    HeldVote *messages = arena_calloc(call->arena, page.count + 1, sizeof(*messages));
    reply->votes = arena_calloc(call->arena, page.count + 1, sizeof(HeldVote *));
    if (messages == NULL || reply->votes == NULL) {
        return rating_handler_no_room(call);
    }
    for (size_t i = 0; i < page.count; i++) {
        if (!write_vote(call->arena, &page.votes[i], &messages[i])) {
            return rating_handler_no_room(call);
        }
        reply->votes[i] = &messages[i];
    }
    reply->n_votes = page.count;
    reply->next_page_token = proto_bytes(page.next_page_token);
    return STATUS_OK;
}

static enum status end(struct rating_controller *controller, struct call *call,
                       const QuarantineRequest *held, enum rating_held_end how,
                       struct rating_held_page *ret_page)
{
    struct rating_held_request wanted;
    if (held == NULL) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "which held votes is missing");
    }
    enum status status = read_request(call, held, &wanted);
    return status == STATUS_OK ? rating_quarantine_end(controller, call, &wanted, how, ret_page)
                               : status;
}

enum status rating_handler_release_quarantine(void *state, struct call *call, const void *request,
                                              void *response)
{
    const ReleaseQuarantineRequest *release = request;
    ReleaseQuarantineResponse *reply = response;
    struct rating_held_page page;
    enum status status = end(state, call, release->held, RATING_HELD_RELEASED, &page);
    if (status == STATUS_OK) {
        reply->released = (uint32_t)page.count;
        reply->next_page_token = proto_bytes(page.next_page_token);
    }
    return status;
}

enum status rating_handler_reject_quarantine(void *state, struct call *call, const void *request,
                                             void *response)
{
    const RejectQuarantineRequest *reject = request;
    RejectQuarantineResponse *reply = response;
    struct rating_held_page page;
    enum status status = end(state, call, reject->held, RATING_HELD_REJECTED, &page);
    if (status == STATUS_OK) {
        reply->rejected = (uint32_t)page.count;
        reply->next_page_token = proto_bytes(page.next_page_token);
    }
    return status;
}
