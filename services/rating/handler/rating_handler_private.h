/* rating_handler_private.h: the methods of RatingService that move many at once (rating_lists.c).
 */
#pragma once

#include "base/call.h"

enum status rating_handler_no_room(struct call *call);

enum status rating_handler_batch_put_ratings(void *state, struct call *call, const void *request,
                                             void *response);
enum status rating_handler_list_user_ratings(void *state, struct call *call, const void *request,
                                             void *response);
enum status rating_handler_list_dead_letters(void *state, struct call *call, const void *request,
                                             void *response);
