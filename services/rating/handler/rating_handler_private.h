/* rating_handler_private.h: the methods of RatingService that move many at once (rating_lists.c),
 * and those of dead letters (rating_dead_letter_methods.c). */
#pragma once

#include "movie.pb-c.h"
#include "rating/controller/rating_controller.h"

enum status rating_handler_no_room(struct call *call);

/* Waits for the event that the caller wants to have been applied; NULL: for none. */
enum status rating_handler_await(struct rating_controller *controller, struct call *call,
                                 const LogPosition *after);

enum status rating_handler_batch_put_ratings(void *state, struct call *call, const void *request,
                                             void *response);
enum status rating_handler_batch_get_aggregated_ratings(void *state, struct call *call,
                                                        const void *request, void *response);
enum status rating_handler_list_user_ratings(void *state, struct call *call, const void *request,
                                             void *response);
enum status rating_handler_list_dead_letters(void *state, struct call *call, const void *request,
                                             void *response);
enum status rating_handler_get_dead_letter(void *state, struct call *call, const void *request,
                                           void *response);
enum status rating_handler_retry_dead_letter(void *state, struct call *call, const void *request,
                                             void *response);
enum status rating_handler_retry_dead_letters(void *state, struct call *call, const void *request,
                                              void *response);
