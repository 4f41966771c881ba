/* The RPC face of ratings: between messages and the controller. */
#include "access/access_identity.h"
#include "base/arena.h"
#include "base/clock.h"
#include "proto/proto.h"
#include "rating/handler/rating_handler.h"
#include "rating/handler/rating_handler_private.h"
#include "rating/model/rating_message.h"

enum status rating_handler_no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
}

enum status rating_handler_await(struct rating_controller *controller, struct call *call,
                                 const LogPosition *after)
{
    return after == NULL
               ? STATUS_OK
               : rating_controller_await(controller, call,
                                         (struct rating_place){after->partition, after->offset});
}

enum status rating_handler_read_record(struct call *call, ProtobufCBinaryData type,
                                       ProtobufCBinaryData id, struct record_key *ret_record)
{
    struct record_key record = {.id = proto_text(id)};
    enum status status = record_type_parse(call, proto_text(type), &record.type);
    if (status == STATUS_OK) {
        *ret_record = record;
    }
    return status;
}

static enum status get_aggregated_rating(void *state, struct call *call, const void *request,
                                         void *response)
{
    const GetAggregatedRatingRequest *get = request;
    GetAggregatedRatingResponse *reply = response;
    struct record_key record;
    struct rating_aggregate aggregate;
    enum status status =
        rating_handler_read_record(call, get->record_type, get->record_id, &record);
    if (status == STATUS_OK) {
        status = rating_handler_await(state, call, get->after);
    }
    if (status == STATUS_OK) {
        status = rating_controller_get_aggregate(state, call, record, &aggregate);
    }
    if (status == STATUS_OK) {
        reply->rating_value = rating_aggregate_mean(&aggregate);
        reply->count = (uint32_t)aggregate.count;
    }
    return status;
}

static enum status put_rating(void *state, struct call *call, const void *request, void *response)
{
    PutRatingResponse *reply = response;
    struct rating_change change;
    bool held = false;
    enum status status = rating_change_from_message(call, request, &change);
    if (status == STATUS_OK) {
        status = rating_controller_put(state, call, &change, &held);
    }
    reply->held = held;
    return status;
}

enum status rating_handler_get_own(struct rating_controller *controller, struct call *call,
                                   const struct vote_key *key, bool wants_held,
                                   struct rating_own_vote *ret_own)
{
    struct rating_own_vote own = {.is_counted = true};
    enum status status = access_user_is_shown(call, key->user, key->provider)
                             ? rating_quarantine_get_own(controller, call, key, &own)
                             : rating_controller_get_vote(controller, call, key, &own.counted);
    if (status == STATUS_OK && !own.is_counted && !wants_held) {
        status = call_fail(call, STATUS_NOT_FOUND,
                           "the vote of user '%.*s' on %s '%.*s' is held for review",
                           TEXT_ARGUMENTS(key->user), record_type_name(key->record.type),
                           TEXT_ARGUMENTS(key->record.id));
    }
    if (status == STATUS_OK) {
        *ret_own = own;
    }
    return status;
}

/* NULL where there is no such vote. false: no room. */
static bool add_vote(struct arena *arena, bool exists, const struct vote *vote, Rating **ret_rating)
{
    *ret_rating = exists ? vote_to_message(arena, vote) : NULL;
    return !exists || *ret_rating != NULL;
}

static enum status get_rating(void *state, struct call *call, const void *request, void *response)
{
    const GetRatingRequest *get = request;
    GetRatingResponse *reply = response;
    struct vote_key key;
    struct rating_own_vote own;
    enum status status =
        vote_key_from_texts(call, proto_text(get->record_type), proto_text(get->record_id),
                            proto_text(get->user_id), proto_text(get->provider_id), &key);
    if (status == STATUS_OK) {
        status = rating_handler_await(state, call, get->after);
    }
    if (status == STATUS_OK) {
        status = rating_handler_get_own(state, call, &key, get->want_held, &own);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return add_vote(call->arena, own.is_counted, &own.counted, &reply->rating) &&
                   add_vote(call->arena, own.is_held, &own.held, &reply->held)
               ? STATUS_OK
               : rating_handler_no_room(call);
}

static enum status delete_rating(void *state, struct call *call, const void *request,
                                 void *response)
{
    const DeleteRatingRequest *remove = request;
    struct vote_key key;
    (void)response;
    enum status status =
        vote_key_from_texts(call, proto_text(remove->record_type), proto_text(remove->record_id),
                            proto_text(remove->user_id), proto_text(remove->provider_id), &key);
    return status == STATUS_OK ? rating_controller_delete(state, call, &key) : status;
}

static const struct grpc_method methods[] = {
    {.name = "GetAggregatedRating",
     .no_side_effects = true,
     .request = &get_aggregated_rating_request__descriptor,
     .response = &get_aggregated_rating_response__descriptor,
     .unary = get_aggregated_rating},
    {.name = "PutRating",
     .request = &put_rating_request__descriptor,
     .response = &put_rating_response__descriptor,
     .unary = put_rating},
    {.name = "BatchPutRatings",
     .request = &batch_put_ratings_request__descriptor,
     .response = &batch_put_ratings_response__descriptor,
     .unary = rating_handler_batch_put_ratings},
    {.name = "GetRating",
     .no_side_effects = true,
     .request = &get_rating_request__descriptor,
     .response = &get_rating_response__descriptor,
     .unary = get_rating},
    {.name = "DeleteRating",
     .request = &delete_rating_request__descriptor,
     .response = &delete_rating_response__descriptor,
     .unary = delete_rating},
    {.name = "GetRatingSummary",
     .no_side_effects = true,
     .request = &get_rating_summary_request__descriptor,
     .response = &get_rating_summary_response__descriptor,
     .unary = rating_handler_get_rating_summary},
    {.name = "BatchGetAggregatedRatings",
     .no_side_effects = true,
     .request = &batch_get_aggregated_ratings_request__descriptor,
     .response = &batch_get_aggregated_ratings_response__descriptor,
     .unary = rating_handler_batch_get_aggregated_ratings},
    {.name = "ListUserRatings",
     .no_side_effects = true,
     .request = &list_user_ratings_request__descriptor,
     .response = &list_user_ratings_response__descriptor,
     .unary = rating_handler_list_user_ratings},
    {.name = "ListTopRatings",
     .no_side_effects = true,
     .request = &list_top_ratings_request__descriptor,
     .response = &list_top_ratings_response__descriptor,
     .unary = rating_handler_list_top_ratings},
    {.name = "ListAggregates",
     .no_side_effects = true,
     .request = &list_aggregates_request__descriptor,
     .response = &list_aggregates_response__descriptor,
     .unary = rating_handler_list_aggregates},
    {.name = "ListAggregateChanges",
     .no_side_effects = true,
     .request = &list_aggregate_changes_request__descriptor,
     .response = &list_aggregate_changes_response__descriptor,
     .unary = rating_handler_list_aggregate_changes},
    {.name = "ListVotes",
     .no_side_effects = true,
     .request = &list_votes_request__descriptor,
     .response = &list_votes_response__descriptor,
     .unary = rating_handler_list_votes},
    {.name = "ListVoteChanges",
     .no_side_effects = true,
     .request = &list_vote_changes_request__descriptor,
     .response = &list_vote_changes_response__descriptor,
     .unary = rating_handler_list_vote_changes},
    {.name = "ListDeadLetters",
     .no_side_effects = true,
     .request = &list_dead_letters_request__descriptor,
     .response = &list_dead_letters_response__descriptor,
     .unary = rating_handler_list_dead_letters},
    {.name = "GetDeadLetter",
     .no_side_effects = true,
     .request = &get_dead_letter_request__descriptor,
     .response = &get_dead_letter_response__descriptor,
     .unary = rating_handler_get_dead_letter},
    {.name = "RetryDeadLetter",
     .request = &retry_dead_letter_request__descriptor,
     .response = &retry_dead_letter_response__descriptor,
     .unary = rating_handler_retry_dead_letter},
    {.name = "ListQuarantine",
     .no_side_effects = true,
     .request = &list_quarantine_request__descriptor,
     .response = &list_quarantine_response__descriptor,
     .unary = rating_handler_list_quarantine},
    {.name = "ReleaseQuarantine",
     .request = &release_quarantine_request__descriptor,
     .response = &release_quarantine_response__descriptor,
     .unary = rating_handler_release_quarantine},
    {.name = "RejectQuarantine",
     .request = &reject_quarantine_request__descriptor,
     .response = &reject_quarantine_response__descriptor,
     .unary = rating_handler_reject_quarantine},
    {.name = "RetryDeadLetters",
     .request = &retry_dead_letters_request__descriptor,
     .response = &retry_dead_letters_response__descriptor,
     .unary = rating_handler_retry_dead_letters},
};

struct grpc_service rating_handler_service(struct rating_controller *controller)
{
    return (struct grpc_service){.name = "RatingService",
                                 .methods = methods,
                                 .method_count = ARRAY_LENGTH(methods),
                                 .state = controller};
}
