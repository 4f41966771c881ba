/* Many ratings at once: batches and pages. */
#include "base/arena.h"
#include "proto/proto.h"
#include "rating/handler/rating_handler.h"
#include "rating/handler/rating_handler_private.h"
#include "rating/model/rating_message.h"

/* A row that is refused does not hold up the others: it is told with its reason. */
static bool refuse(struct call *call, size_t index, BatchPutRatingsResponse *reply)
{
    RefusedRating *refused = arena_alloc(call->arena, sizeof(*refused));
    if (refused == NULL) {
        return false;
    }
    refused_rating__init(refused);
    refused->index = (uint32_t)index;
    refused->reason = proto_bytes(call->error.message);
    reply->refused[reply->n_refused++] = refused;
    call_clear_error(call);
    return true;
}

enum status rating_handler_batch_put_ratings(void *state, struct call *call, const void *request,
                                             void *response)
{
    const BatchPutRatingsRequest *batch = request;
    BatchPutRatingsResponse *reply = response;
    if (batch->n_ratings > RATING_BATCH_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d ratings at once",
                         RATING_BATCH_MAX);
    }
    struct rating_change *changes = arena_calloc(call->arena, batch->n_ratings, sizeof(*changes));
    reply->refused = arena_calloc(call->arena, batch->n_ratings, sizeof(RefusedRating *));
    if (changes == NULL || reply->refused == NULL) {
        return rating_handler_no_room(call);
    }
    size_t count = 0;
    for (size_t i = 0; i < batch->n_ratings; i++) {
        enum status status = rating_change_from_message(call, batch->ratings[i], &changes[count]);
        if (status == STATUS_OK) {
            status = rating_controller_validate(state, call, &changes[count]);
        }
        if (status == STATUS_OK) {
            count++;
        } else if (!refuse(call, i, reply)) {
            return rating_handler_no_room(call);
        }
    }
    size_t changed = 0;
    size_t held = 0;
    enum status status =
        count > 0 ? rating_controller_put_all(state, call, changes, count, &changed, &held)
                  : STATUS_OK;
    reply->accepted = (uint32_t)count;
    reply->changed = (uint32_t)changed;
    reply->held = (uint32_t)held;
    return status;
}

/* Tells by which parameters the scores of the reply are; *ret_known: whether there are any. */
static enum status add_parameters(struct rating_controller *controller, struct call *call,
                                  enum record_type type, struct rank_parameters *ret_parameters,
                                  bool *ret_known, BatchGetAggregatedRatingsResponse *reply)
{
    const struct rating_ranking *ranking = &controller->ranking;
    *ret_known =
        ranking->ops != NULL && ranking->ops->get_parameters(ranking->state, type, ret_parameters);
    if (*ret_known) {
        reply->parameters = rating_handler_parameters(call->arena, ret_parameters);
    }
    return !*ret_known || reply->parameters != NULL ? STATUS_OK : rating_handler_no_room(call);
}

/* Adds what is known of one record to the lists of the reply, which have room for it. */
static enum status add_aggregate(struct call *call, const struct rating_stored_aggregate *stored,
                                 const struct rank_parameters *parameters,
                                 BatchGetAggregatedRatingsResponse *reply)
{
    const struct rating_aggregate *aggregate = &stored->aggregate;
    if (aggregate->count == 0) {
        reply->unrated_record_ids[reply->n_unrated_record_ids++] = proto_bytes(stored->record.id);
        return STATUS_OK;
    }
    RankedRecord *rated = arena_alloc(call->arena, sizeof(*rated));
    if (rated == NULL) {
        return rating_handler_no_room(call);
    }
    ranked_record__init(rated);
    rated->record_id = proto_bytes(stored->record.id);
    rated->count = (uint32_t)aggregate->count;
    rated->mean = rating_aggregate_mean(aggregate);
    if (parameters != NULL) {
        rated->weighted_score = rank_score(parameters, aggregate->count, aggregate->sum_hundredths);
    }
    reply->ratings[reply->n_ratings++] = rated;
    return STATUS_OK;
}

enum status rating_handler_batch_get_aggregated_ratings(void *state, struct call *call,
                                                        const void *request, void *response)
{
    const BatchGetAggregatedRatingsRequest *batch = request;
    BatchGetAggregatedRatingsResponse *reply = response;
    enum record_type type;
    struct rank_parameters parameters;
    bool is_scored;
    enum status status = record_type_parse(call, proto_text(batch->record_type), &type);
    if (status == STATUS_OK && batch->n_record_ids > RATING_BATCH_MAX) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d record ids at once",
                           RATING_BATCH_MAX);
    }
    if (status != STATUS_OK) {
        return status;
    }
    reply->ratings = arena_calloc(call->arena, batch->n_record_ids, sizeof(RankedRecord *));
    reply->unrated_record_ids =
        arena_calloc(call->arena, batch->n_record_ids, sizeof(ProtobufCBinaryData));
    struct rating_stored_aggregate *aggregates =
        arena_calloc(call->arena, batch->n_record_ids, sizeof(*aggregates));
    if (reply->ratings == NULL || reply->unrated_record_ids == NULL || aggregates == NULL) {
        return rating_handler_no_room(call);
    }
    for (size_t i = 0; i < batch->n_record_ids; i++) {
        aggregates[i].record = (struct record_key){type, proto_text(batch->record_ids[i])};
    }
    status = add_parameters(state, call, type, &parameters, &is_scored, reply);
    if (status == STATUS_OK) {
        status = rating_controller_get_aggregates(state, call, aggregates, batch->n_record_ids);
    }
    for (size_t i = 0; i < batch->n_record_ids && status == STATUS_OK; i++) {
        status = add_aggregate(call, &aggregates[i], is_scored ? &parameters : NULL, reply);
    }
    return status;
}

enum status rating_handler_list_user_ratings(void *state, struct call *call, const void *request,
                                             void *response)
{
    const ListUserRatingsRequest *list = request;
    ListUserRatingsResponse *reply = response;
    struct rating_vote_page page;
    enum status status = rating_handler_await(state, call, list->after);
    if (status == STATUS_OK) {
        status =
            rating_controller_list_user_votes(state, call, proto_text(list->user_id),
                                              list->page_size, proto_text(list->page_token), &page);
    }
    if (status != STATUS_OK) {
        return status;
    }
    reply->ratings = arena_calloc(call->arena, page.count, sizeof(Rating *));
    if (reply->ratings == NULL) {
        return rating_handler_no_room(call);
    }
    for (size_t i = 0; i < page.count; i++) {
        reply->ratings[i] = vote_to_message(call->arena, &page.votes[i]);
        if (reply->ratings[i] == NULL) {
            return rating_handler_no_room(call);
        }
    }
    reply->n_ratings = page.count;
    reply->next_page_token = proto_bytes(page.next_page_token);
    return STATUS_OK;
}
