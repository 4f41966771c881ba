/* The methods of RatingService about what votes come to: a record's summary, and the best of all.
 */
#include "base/arena.h"
#include "proto/proto.h"
#include "rating/controller/rating_top.h"
#include "rating/handler/rating_handler.h"
#include "rating/handler/rating_handler_private.h"

enum status rating_handler_get_rating_summary(void *state, struct call *call, const void *request,
                                              void *response)
{
    const GetRatingSummaryRequest *get = request;
    GetRatingSummaryResponse *reply = response;
    struct record_key record;
    struct rating_summary summary;
    enum status status =
        rating_handler_read_record(call, get->record_type, get->record_id, &record);
    if (status == STATUS_OK) {
        status = rating_handler_await(state, call, get->after);
    }
    if (status == STATUS_OK) {
        status = rating_controller_get_summary(state, call, record, &summary);
    }
    if (status != STATUS_OK) {
        return status;
    }
    reply->histogram = arena_calloc(call->arena, RATING_BIN_COUNT, sizeof(uint32_t));
    reply->parameters =
        summary.has_score ? rating_handler_parameters(call->arena, &summary.parameters) : NULL;
    if (reply->histogram == NULL || (summary.has_score && reply->parameters == NULL)) {
        return rating_handler_no_room(call);
    }
    memcpy(reply->histogram, summary.aggregate.histogram, sizeof(summary.aggregate.histogram));
    reply->n_histogram = RATING_BIN_COUNT;
    reply->mean = summary.mean;
    reply->count = (uint32_t)summary.aggregate.count;
    reply->weighted_score = summary.weighted_score;
    return STATUS_OK;
}

/* Numbers that are not in the enum are those of a newer client. */
static enum status read_order(struct call *call, RatingOrder order, enum rank_order *ret_order)
{
    static const enum rank_order orders[] = {
        [RATING_ORDER__BY_WEIGHTED_SCORE] = RANK_BY_SCORE,
        [RATING_ORDER__BY_MEAN] = RANK_BY_MEAN,
        [RATING_ORDER__BY_VOTES] = RANK_BY_VOTES,
    };
    if ((size_t)order >= ARRAY_LENGTH(orders)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "there is no list in this order");
    }
    *ret_order = orders[order];
    return STATUS_OK;
}

static enum status write_page(struct call *call, const struct rank_page *page,
                              ListTopRatingsResponse *reply)
{
    RankedRecord *records = arena_calloc(call->arena, page->count + 1, sizeof(*records));
    reply->records = arena_calloc(call->arena, page->count + 1, sizeof(RankedRecord *));
    reply->parameters = rating_handler_parameters(call->arena, &page->parameters);
    if (records == NULL || reply->records == NULL || reply->parameters == NULL) {
        return rating_handler_no_room(call);
    }
    for (size_t i = 0; i < page->count; i++) {
        ranked_record__init(&records[i]);
        records[i].record_id = proto_bytes(page->rows[i].id);
        records[i].count = (uint32_t)page->rows[i].count;
        records[i].mean = page->rows[i].mean;
        records[i].weighted_score = page->rows[i].score;
        reply->records[i] = &records[i];
    }
    reply->n_records = page->count;
    reply->next_page_token = proto_bytes(page->next_page_token);
    return STATUS_OK;
}

enum status rating_handler_list_top_ratings(void *state, struct call *call, const void *request,
                                            void *response)
{
    const ListTopRatingsRequest *list = request;
    struct rating_top_request wanted = {.minimum_votes = list->minimum_votes,
                                        .page_size = list->page_size,
                                        .page_token = proto_text(list->page_token)};
    struct rank_page page;
    enum status status = record_type_parse(call, proto_text(list->record_type), &wanted.type);
    if (status == STATUS_OK) {
        status = read_order(call, list->order, &wanted.order);
    }
    if (status == STATUS_OK) {
        status = rating_controller_list_top(state, call, &wanted, &page);
    }
    return status == STATUS_OK ? write_page(call, &page, response) : status;
}
