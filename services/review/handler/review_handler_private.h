/* review_handler_private.h: the methods of ReviewService that are about likes (review_likes.c). */
#pragma once

#include "review.pb-c.h"
#include "review/controller/review_controller.h"

enum status review_handler_no_room(struct call *call);

enum status review_handler_put_like(void *state, struct call *call, const void *request,
                                    void *response);
enum status review_handler_delete_like(void *state, struct call *call, const void *request,
                                       void *response);
enum status review_handler_put_review_like(void *state, struct call *call, const void *request,
                                           void *response);
enum status review_handler_delete_review_like(void *state, struct call *call, const void *request,
                                              void *response);
enum status review_handler_list_user_likes(void *state, struct call *call, const void *request,
                                           void *response);
enum status review_handler_get_reactions(void *state, struct call *call, const void *request,
                                         void *response);
