#include "rating/controller/rating_top.h"

enum status rating_controller_get_summary(struct rating_controller *self, struct call *call,
                                          struct record_key record,
                                          struct rating_summary *ret_summary)
{
    struct rating_summary summary;
    const struct rating_ranking *ranking = &self->ranking;
    enum status status = rating_controller_get_aggregate(self, call, record, &summary.aggregate);
    if (status != STATUS_OK) {
        return status;
    }
    summary.mean = rating_aggregate_mean(&summary.aggregate);
    summary.has_score =
        ranking->ops != NULL &&
        ranking->ops->get_parameters(ranking->state, record.type, &summary.parameters);
    summary.weighted_score = summary.has_score
                                 ? rank_score(&summary.parameters, summary.aggregate.count,
                                              summary.aggregate.sum_hundredths)
                                 : 0;
    *ret_summary = summary;
    return STATUS_OK;
}

enum status rating_controller_list_top(struct rating_controller *self, struct call *call,
                                       const struct rating_top_request *request,
                                       struct rank_page *ret_page)
{
    const struct rating_ranking *ranking = &self->ranking;
    const struct rank_query query = {
        .order = request->order,
        .minimum_votes = request->minimum_votes,
        .page_size = request->page_size > 0 ? (size_t)request->page_size : RATING_PAGE_SIZE_DEFAULT,
        .page_token = request->page_token,
    };
    if (ranking->ops == NULL) {
        return call_fail(call, STATUS_FAILED_PRECONDITION, "there is no ranking here");
    }
    if (request->page_size < 0 || request->page_size > RATING_PAGE_SIZE_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the page size must be 0 to %d",
                         RATING_PAGE_SIZE_MAX);
    }
    return ranking->ops->list(ranking->state, call, request->type, &query, ret_page);
}
