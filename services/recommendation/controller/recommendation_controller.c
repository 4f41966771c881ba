#include "recommendation/controller/recommendation_controller.h"

static enum status validate(struct call *call, struct text record_type, int32_t count,
                            size_t *ret_limit)
{
    enum status status = recommendation_type_validate(call, record_type);
    return status == STATUS_OK ? recommendation_count_validate(call, count, ret_limit) : status;
}

enum status recommendation_controller_list_similar(struct recommendation_controller *self,
                                                   struct call *call, struct text record_type,
                                                   struct text record_id, int32_t count,
                                                   struct recommendation_list *ret_list)
{
    const struct record_key record = {.type = RECORD_TYPE_MOVIE, .id = record_id};
    const struct recommendation_repository *repository = &self->repository;
    size_t limit;
    enum status status = validate(call, record_type, count, &limit);
    if (status == STATUS_OK) {
        status = record_key_validate(call, record);
    }
    return status == STATUS_OK
               ? repository->ops->list_similar(repository->state, call, record_id, limit, ret_list)
               : status;
}

enum status recommendation_controller_list_for_user(struct recommendation_controller *self,
                                                    struct call *call, struct text record_type,
                                                    struct text user_id, int32_t count,
                                                    struct recommendation_list *ret_list)
{
    const struct recommendation_repository *repository = &self->repository;
    size_t limit;
    enum status status = validate(call, record_type, count, &limit);
    if (status == STATUS_OK) {
        status = rating_user_validate(call, user_id);
    }
    return status == STATUS_OK
               ? repository->ops->list_for_user(repository->state, call, user_id, limit, ret_list)
               : status;
}

enum status recommendation_controller_get_basis(struct recommendation_controller *self,
                                                struct call *call,
                                                struct recommendation_basis *ret_basis)
{
    return self->repository.ops->get_basis(self->repository.state, call, ret_basis);
}
