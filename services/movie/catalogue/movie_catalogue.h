/* movie_catalogue.h: lists of all movies: what the controller asks. Safe from any loop thread. */
#pragma once

#include "base/call.h"
#include "movie/model/movie_list.h"

/* What they give is valid in the call's arena. STATUS_UNAVAILABLE: the catalogue is being made; the
 * call's error says how far it is. STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED,
 * STATUS_RESOURCE_EXHAUSTED. */
struct movie_catalogue_ops {
    /* STATUS_INVALID_ARGUMENT: the page token is not one of ours, or belongs to another query. */
    enum status (*list)(void *state, struct call *call, const struct movie_list_query *query,
                        struct movie_list *ret_list);

    /* Every genre that a movie has. */
    enum status (*list_genres)(void *state, struct call *call, struct movie_genres *ret_genres);
};

struct movie_catalogue {
    const struct movie_catalogue_ops *ops; /* NULL: there is none */
    void *state;                           /* borrowed: outlives every call */
};
