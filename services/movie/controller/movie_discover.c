#include "movie/controller/movie_discover.h"

static enum status validate(struct call *call, const struct movie_list_query *query)
{
    if ((unsigned)query->order >= MOVIE_ORDER_COUNT) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "there is no such order");
    }
    if (query->page_size > MOVIE_LIST_PAGE_SIZE_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the page size must be 0 to %d",
                         MOVIE_LIST_PAGE_SIZE_MAX);
    }
    if (query->genre.length > METADATA_GENRE_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the genre is longer than %d bytes",
                         METADATA_GENRE_BYTES_MAX);
    }
    if (query->year_from < 0 || query->year_from > METADATA_YEAR_MAX || query->year_to < 0 ||
        query->year_to > METADATA_YEAR_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "a year must be 0 to %d",
                         METADATA_YEAR_MAX);
    }
    return STATUS_OK;
}

static enum status no_lists(struct call *call)
{
    return call_fail(call, STATUS_UNIMPLEMENTED, "this service keeps no lists of movies");
}

enum status movie_controller_discover(struct movie_controller *self, struct call *call,
                                      const struct movie_list_query *query,
                                      struct movie_list *ret_list)
{
    struct movie_list_query whole = *query;
    enum status status = validate(call, query);
    if (status != STATUS_OK) {
        return status;
    }
    if (self->catalogue.ops == NULL) {
        return no_lists(call);
    }
    if (whole.page_size == 0) {
        whole.page_size = MOVIE_LIST_PAGE_SIZE_DEFAULT;
    }
    return self->catalogue.ops->list(self->catalogue.state, call, &whole, ret_list);
}

enum status movie_controller_list_genres(struct movie_controller *self, struct call *call,
                                         struct movie_genres *ret_genres)
{
    return self->catalogue.ops != NULL
               ? self->catalogue.ops->list_genres(self->catalogue.state, call, ret_genres)
               : no_lists(call);
}
