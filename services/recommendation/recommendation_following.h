/* recommendation_following.h: followed recommendations as the options say, with their check and
 * metrics: for the programs that hold the service. */
#pragma once

#include "process/process.h"
#include "recommendation/repository/followed_recommendations.h"

enum { RECOMMENDATION_CO_RATERS_MAX = 1000, RECOMMENDATION_SHRINKAGE_MAX = 100000 };

/* Three users must have voted on both of two films, or they are not called alike: of a small circle
 * of friends that may be too many. */
#define RECOMMENDATION_OPTIONS                                                                     \
    {.name = "minimum-co-raters",                                                                  \
     .kind = CONFIG_INTEGER,                                                                       \
     .argument = "COUNT",                                                                          \
     .default_value = "3",                                                                         \
     .help = "users who must have voted on both of two movies that are called alike",              \
     .minimum = 1,                                                                                 \
     .maximum = RECOMMENDATION_CO_RATERS_MAX},                                                     \
    {                                                                                              \
        .name = "similarity-shrinkage", .kind = CONFIG_INTEGER, .argument = "COUNT",               \
        .default_value = "100", .help = "a likeness by so many users counts half", .minimum = 0,   \
        .maximum = RECOMMENDATION_SHRINKAGE_MAX                                                    \
    }

/* In the open hook; to be destroyed by the caller. directory: where the model is kept; empty:
 * nowhere. Statuses: as followed_recommendations_create(). */
MUST_USE enum status recommendation_following_open(struct process *process, struct call *call,
                                                   struct vote_feed feed, struct text directory,
                                                   struct followed_recommendations **ret_followed);

/* The types of the messages that grpc_vote_feed() sends and receives. Owned by the caller. */
MUST_USE enum status recommendation_following_messages(struct call *call,
                                                       struct proto_pool **ret_pool);
