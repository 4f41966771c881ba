/* The methods of RatingService for those who keep a copy: everything, and what has changed. */
#include "base/arena.h"
#include "proto/proto.h"
#include "rating/controller/rating_feed.h"
#include "rating/handler/rating_handler.h"
#include "rating/handler/rating_handler_private.h"
#include "rating/model/rating_message.h"

static const enum record_type types[] = {
#define X(number, symbol, name) RECORD_TYPE_##symbol,
    RECORD_TYPES(X)
#undef X
};

ScoreParameters *rating_handler_parameters(struct arena *arena,
                                           const struct rank_parameters *parameters)
{
    ScoreParameters *message = arena_alloc(arena, sizeof(*message));
    struct text version = arena_copy(arena, text_of(parameters->version));
    if (message == NULL || version.data == NULL) {
        return NULL;
    }
    score_parameters__init(message);
    message->formula = parameters->formula;
    message->minimum_votes = parameters->minimum_votes;
    message->mean = parameters->mean;
    message->version = proto_bytes(version);
    return message;
}

static RecordTypeParameters *parameters_of(struct rating_controller *controller, struct call *call,
                                           enum record_type type)
{
    struct rank_parameters parameters;
    const struct rating_ranking *ranking = &controller->ranking;
    RecordTypeParameters *message = arena_alloc(call->arena, sizeof(*message));
    if (message == NULL) {
        return NULL;
    }
    record_type_parameters__init(message);
    message->record_type = proto_bytes(text_of(record_type_name(type)));
    if (ranking->ops != NULL && ranking->ops->get_parameters(ranking->state, type, &parameters)) {
        message->parameters = rating_handler_parameters(call->arena, &parameters);
        return message->parameters != NULL ? message : NULL;
    }
    return message;
}

/* Of each type that the filter lets through. */
static enum status add_parameters(struct rating_controller *controller, struct call *call,
                                  const struct rating_feed_filter *filter,
                                  RecordTypeParameters ***ret_parameters, size_t *ret_count)
{
    size_t count = 0;
    RecordTypeParameters **parameters =
        arena_calloc(call->arena, ARRAY_LENGTH(types), sizeof(RecordTypeParameters *));
    if (parameters == NULL) {
        return rating_handler_no_room(call);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        if (filter->one_type && filter->type != types[i]) {
            continue;
        }
        parameters[count] = parameters_of(controller, call, types[i]);
        if (parameters[count++] == NULL) {
            return rating_handler_no_room(call);
        }
    }
    *ret_parameters = parameters;
    *ret_count = count;
    return STATUS_OK;
}

static enum status add_aggregates(struct call *call, const struct rating_stored_aggregate *stored,
                                  size_t count, RecordAggregate ***ret_aggregates)
{
    RecordAggregate *messages = arena_calloc(call->arena, count + 1, sizeof(*messages));
    RecordAggregate **aggregates = arena_calloc(call->arena, count + 1, sizeof(RecordAggregate *));
    if (messages == NULL || aggregates == NULL) {
        return rating_handler_no_room(call);
    }
    for (size_t i = 0; i < count; i++) {
        record_aggregate__init(&messages[i]);
        messages[i].record_type = proto_bytes(text_of(record_type_name(stored[i].record.type)));
        messages[i].record_id = proto_bytes(stored[i].record.id);
        messages[i].count = stored[i].aggregate.count;
        messages[i].sum_hundredths = stored[i].aggregate.sum_hundredths;
        aggregates[i] = &messages[i];
    }
    *ret_aggregates = aggregates;
    return STATUS_OK;
}

static enum status add_votes(struct call *call, const struct rating_stored_vote *stored,
                             size_t count, VoteRecord ***ret_votes)
{
    VoteRecord *messages = arena_calloc(call->arena, count + 1, sizeof(*messages));
    VoteRecord **votes = arena_calloc(call->arena, count + 1, sizeof(VoteRecord *));
    if (messages == NULL || votes == NULL) {
        return rating_handler_no_room(call);
    }
    for (size_t i = 0; i < count; i++) {
        const struct vote *vote = &stored[i].vote;
        vote_record__init(&messages[i]);
        messages[i].record_type = proto_bytes(text_of(record_type_name(vote->key.record.type)));
        messages[i].record_id = proto_bytes(vote->key.record.id);
        messages[i].provider_id = proto_bytes(vote->key.provider);
        messages[i].user_id = proto_bytes(vote->key.user);
        messages[i].hundredths = stored[i].deleted ? 0 : vote->hundredths;
        messages[i].time_ms = vote->time_ms;
        messages[i].deleted = stored[i].deleted;
        votes[i] = &messages[i];
    }
    *ret_votes = votes;
    return STATUS_OK;
}

enum status rating_handler_list_aggregates(void *state, struct call *call, const void *request,
                                           void *response)
{
    const ListAggregatesRequest *list = request;
    ListAggregatesResponse *reply = response;
    struct rating_page_request wanted = {.page_size = list->page_size,
                                         .page_token = proto_text(list->page_token)};
    struct rating_aggregate_page page;
    enum status status =
        rating_feed_filter_parse(call, proto_text(list->record_type), &wanted.filter);
    if (status == STATUS_OK) {
        status = rating_feed_list_aggregates(state, call, &wanted, &page);
    }
    if (status == STATUS_OK) {
        status = add_aggregates(call, page.aggregates, page.count, &reply->aggregates);
    }
    if (status == STATUS_OK) {
        status =
            add_parameters(state, call, &wanted.filter, &reply->parameters, &reply->n_parameters);
    }
    if (status == STATUS_OK) {
        reply->n_aggregates = page.count;
        reply->next_page_token = proto_bytes(page.next_page_token);
        reply->sequence = page.sequence;
    }
    return status;
}

enum status rating_handler_list_aggregate_changes(void *state, struct call *call,
                                                  const void *request, void *response)
{
    const ListAggregateChangesRequest *list = request;
    ListAggregateChangesResponse *reply = response;
    struct rating_changes_request wanted = {
        .after = list->sequence, .page_size = list->page_size, .wait_ms = list->wait_ms};
    struct rating_aggregate_changes changes;
    enum status status =
        rating_feed_filter_parse(call, proto_text(list->record_type), &wanted.filter);
    if (status == STATUS_OK) {
        status = rating_feed_list_aggregate_changes(state, call, &wanted, &changes);
    }
    if (status == STATUS_OK) {
        status = add_aggregates(call, changes.aggregates, changes.count, &reply->aggregates);
    }
    if (status == STATUS_OK) {
        status =
            add_parameters(state, call, &wanted.filter, &reply->parameters, &reply->n_parameters);
    }
    if (status == STATUS_OK) {
        reply->n_aggregates = changes.count;
        reply->sequence = changes.sequence;
        reply->more = changes.more;
    }
    return status;
}

enum status rating_handler_list_votes(void *state, struct call *call, const void *request,
                                      void *response)
{
    const ListVotesRequest *list = request;
    ListVotesResponse *reply = response;
    struct rating_page_request wanted = {.page_size = list->page_size,
                                         .page_token = proto_text(list->page_token)};
    struct rating_stored_vote_page page;
    enum status status =
        rating_feed_filter_parse(call, proto_text(list->record_type), &wanted.filter);
    if (status == STATUS_OK) {
        status = rating_feed_list_votes(state, call, &wanted, &page);
    }
    if (status == STATUS_OK) {
        status = add_votes(call, page.votes, page.count, &reply->votes);
    }
    if (status == STATUS_OK) {
        reply->n_votes = page.count;
        reply->next_page_token = proto_bytes(page.next_page_token);
        reply->sequence = page.sequence;
    }
    return status;
}

enum status rating_handler_list_vote_changes(void *state, struct call *call, const void *request,
                                             void *response)
{
    const ListVoteChangesRequest *list = request;
    ListVoteChangesResponse *reply = response;
    struct rating_changes_request wanted = {
        .after = list->sequence, .page_size = list->page_size, .wait_ms = list->wait_ms};
    struct rating_vote_changes changes;
    enum status status =
        rating_feed_filter_parse(call, proto_text(list->record_type), &wanted.filter);
    if (status == STATUS_OK) {
        status = rating_feed_list_vote_changes(state, call, &wanted, &changes);
    }
    if (status == STATUS_OK) {
        status = add_votes(call, changes.votes, changes.count, &reply->votes);
    }
    if (status == STATUS_OK) {
        reply->n_votes = changes.count;
        reply->sequence = changes.sequence;
        reply->more = changes.more;
    }
    return status;
}
