/* rating_handler_private.h: the methods of RatingService that move many at once (rating_lists.c),
 * those of feeds (rating_feed_methods.c), of what votes come to (rating_top_methods.c, and by plain
 * HTTP rating_top_routes.c), and of dead letters (rating_dead_letter_methods.c). */
#pragma once

#include "http/http_server.h"
#include "rating.pb-c.h"
#include "rating/controller/rating_controller.h"
#include "rating/controller/rating_quarantine.h"

enum status rating_handler_no_room(struct call *call);

/* Waits for the event that the caller wants to have been applied; NULL: for none. */
enum status rating_handler_await(struct rating_controller *controller, struct call *call,
                                 const LogPosition *after);

/* What there is of a key, for the caller: what is held of it is told to whose vote it is alone.
 * STATUS_NOT_FOUND: nothing, or, unless wants_held, a vote that is held alone. */
enum status rating_handler_get_own(struct rating_controller *controller, struct call *call,
                                   const struct vote_key *key, bool wants_held,
                                   struct rating_own_vote *ret_own);

/* STATUS_INVALID_ARGUMENT: an unknown type. */
enum status rating_handler_read_record(struct call *call, ProtobufCBinaryData type,
                                       ProtobufCBinaryData id, struct record_key *ret_record);

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

enum status rating_handler_list_aggregates(void *state, struct call *call, const void *request,
                                           void *response);
enum status rating_handler_list_aggregate_changes(void *state, struct call *call,
                                                  const void *request, void *response);
enum status rating_handler_list_votes(void *state, struct call *call, const void *request,
                                      void *response);
enum status rating_handler_list_vote_changes(void *state, struct call *call, const void *request,
                                             void *response);

/* A message of the parameters, valid in the arena. NULL: no room. */
ScoreParameters *rating_handler_parameters(struct arena *arena,
                                           const struct rank_parameters *parameters);

enum status rating_handler_get_rating_summary(void *state, struct call *call, const void *request,
                                              void *response);
enum status rating_handler_list_top_ratings(void *state, struct call *call, const void *request,
                                            void *response);

void rating_handler_get_summary_route(void *state, struct http_exchange *exchange);
void rating_handler_list_top_route(void *state, struct http_exchange *exchange);

extern const char *const rating_handler_orders[]; /* by name, then NULL */

enum status rating_handler_list_quarantine(void *state, struct call *call, const void *request,
                                           void *response);
enum status rating_handler_release_quarantine(void *state, struct call *call, const void *request,
                                              void *response);
enum status rating_handler_reject_quarantine(void *state, struct call *call, const void *request,
                                             void *response);
