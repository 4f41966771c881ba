#include "bookmark/controller/bookmark_controller.h"

enum status bookmark_controller_put(struct bookmark_controller *self, struct call *call,
                                    const struct bookmark *bookmark)
{
    enum status status = bookmark_validate(call, bookmark);
    return status == STATUS_OK ? self->repository.ops->put(self->repository.state, call, bookmark)
                               : status;
}

enum status bookmark_controller_list(struct bookmark_controller *self, struct call *call,
                                     struct text user_id, struct text **ret_movie_ids,
                                     size_t *ret_count)
{
    return self->repository.ops->list(self->repository.state, call, user_id, ret_movie_ids,
                                      ret_count);
}
