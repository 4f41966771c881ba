/* movie_ratings.h: where ratings come from, as the configuration says: asked for each time, cached,
 * or from a local copy. A part of main.c, kept apart for its size. */
#pragma once

#include "movie/gateway/rating_cache.h"
#include "movie/gateway/rating_copy.h"
#include "movie/gateway/rating_gateway.h"
#include "process/process.h"
#include "process/process_eventlog.h"

struct movie_ratings;

/* The options, for the table of main.c. */
#define MOVIE_RATINGS_OPTIONS                                                                      \
    {.name = "rating-source",                                                                      \
     .kind = CONFIG_CHOICE,                                                                        \
     .argument = "call|cached|local",                                                              \
     .default_value = "call",                                                                      \
     .help = "ask for each rating, keep it until it changes, or hold a copy of all"},              \
        {.name = "event-log",                                                                      \
         .kind = CONFIG_CHOICE,                                                                    \
         .argument = "local|kafka",                                                                \
         .default_value = "local",                                                                 \
         .help = "the event log that tells of changes"},                                           \
        PROCESS_EVENTLOG_OPTIONS,                                                                  \
        {.name = "changes-topic",                                                                  \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "NAME",                                                                       \
         .default_value = "rating-changes",                                                        \
         .help = "the topic of notifications, of --rating-source cached"},                         \
        {.name = "aggregates-topic",                                                               \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "NAME",                                                                       \
         .default_value = "rating-aggregates",                                                     \
         .help = "the topic of aggregates, of --rating-source local"},                             \
        {.name = "rating-cache-size",                                                              \
         .kind = CONFIG_INTEGER,                                                                   \
         .argument = "COUNT",                                                                      \
         .default_value = "100000",                                                                \
         .help = "ratings kept by --rating-source cached",                                         \
         .minimum = RATING_CACHE_SHARDS,                                                           \
         .maximum = RATING_CACHE_RECORDS_MAX},                                                     \
        {.name = "rating-cache-age",                                                               \
         .kind = CONFIG_DURATION,                                                                  \
         .argument = "TIME",                                                                       \
         .default_value = "1m",                                                                    \
         .help = "how long a cached rating is trusted when nothing is told of it",                 \
         .minimum = 1,                                                                             \
         .maximum = 3600000},                                                                      \
    {                                                                                              \
        .name = "rating-copy-size", .kind = CONFIG_INTEGER, .argument = "COUNT",                   \
        .default_value = "1000000", .help = "records held by --rating-source local", .minimum = 1, \
        .maximum = RATING_COPY_RECORDS_MAX                                                         \
    }

/* In the open hook. inner: asks the rating service; its state is borrowed. *ret_gateway is what
 * details are to use, *ret_ratings is owned by the caller, both until movie_ratings_close().
 * STATUS_INVALID_ARGUMENT: a topic's name is not valid. STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status movie_ratings_open(struct process *process, struct call *call,
                                        struct rating_gateway inner,
                                        struct rating_gateway *ret_gateway,
                                        struct movie_ratings **ret_ratings);

/* Whether the rating service is asked at all. */
bool movie_ratings_asks(const struct movie_ratings *ratings);

/* In the start hook of loop 0: starts to follow the topic, on a loop of its own.
 * STATUS_UNAVAILABLE: the log cannot be opened. */
MUST_USE enum status movie_ratings_start(struct movie_ratings *ratings, struct call *call);

/* When no loop asks any more. NULL is accepted. */
void movie_ratings_close(struct movie_ratings *ratings);
