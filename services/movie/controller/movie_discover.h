/* movie_discover.h: all movies, in orders and by filters; and the genres there are. */
#pragma once

#include "movie/controller/movie_cards.h"

enum { MOVIE_LIST_PAGE_SIZE_DEFAULT = 20, MOVIE_LIST_PAGE_SIZE_MAX = MOVIE_CARDS_MAX };

/* Valid in the call's arena. query->page_size: 0 for the default; it and the years may be what a
 * client says. Pages are cut by key: a movie that does not change is neither skipped nor shown
 * twice, and the scores of a list are of one version from its first page to its last.
 * STATUS_INVALID_ARGUMENT: a part of the query is outside its limits, or the token is none of this
 * query. STATUS_UNAVAILABLE: the lists are being made. STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED,
 * STATUS_RESOURCE_EXHAUSTED. */
MUST_USE enum status movie_controller_discover(struct movie_controller *self, struct call *call,
                                               const struct movie_list_query *query,
                                               struct movie_list *ret_list);

/* By name. Statuses as above. */
MUST_USE enum status movie_controller_list_genres(struct movie_controller *self, struct call *call,
                                                  struct movie_genres *ret_genres);
