/* recommendation_controller.h: the rules of recommendations: what may be asked. */
#pragma once

#include "recommendation/model/recommendation.h"
#include "recommendation/repository/recommendation_repository.h"

struct recommendation_controller {
    struct recommendation_repository repository;
};

/* Valid in the call's arena. count: 0 for the default. STATUS_INVALID_ARGUMENT: not an id, a record
 * type of which there are no recommendations, or the count out of range. STATUS_UNAVAILABLE: the
 * model is not made yet. STATUS_RESOURCE_EXHAUSTED. */
MUST_USE enum status recommendation_controller_list_similar(struct recommendation_controller *self,
                                                            struct call *call,
                                                            struct text record_type,
                                                            struct text record_id, int32_t count,
                                                            struct recommendation_list *ret_list);
MUST_USE enum status recommendation_controller_list_for_user(struct recommendation_controller *self,
                                                             struct call *call,
                                                             struct text record_type,
                                                             struct text user_id, int32_t count,
                                                             struct recommendation_list *ret_list);
MUST_USE enum status recommendation_controller_get_basis(struct recommendation_controller *self,
                                                         struct call *call,
                                                         struct recommendation_basis *ret_basis);
