/* ranked_catalogue.h: the catalogue as a copy in memory: an ordered index (lib/rank) and what lists
 * show of each movie, both kept up to date by the feeds of the metadata and the rating service.
 *
 * After a start everything is listed in the background; until all metadata is there, lists are
 * UNAVAILABLE and say how far it is. Ratings may come later, or be away: then lists have none, and
 * say why. Once made, the copy answers through any outage, and tells its age.
 *
 * Memory: about 320 bytes a movie; sorting anew by other score parameters takes 33 more while it
 * lasts. Changes are taken on threads of its own; a question that takes much
 * looking goes there too, and does not hold up a loop. */
#pragma once

#include "movie/catalogue/movie_catalogue.h"
#include "movie/gateway/metadata_feed_gateway.h"
#include "movie/gateway/rating_feed_gateway.h"

struct log;
struct ranked_catalogue;
struct telemetry_page;

enum {
    RANKED_CATALOGUE_MOVIES_DEFAULT = 4 * 1000 * 1000,
    RANKED_CATALOGUE_MOVIES_MAX = 16 * 1000 * 1000,
    RANKED_CATALOGUE_QUESTIONS_MAX = 1024, /* that wait for a thread */
};

struct ranked_catalogue_options {
    const struct log *log;
    struct metadata_feed_gateway metadata; /* its state is borrowed, as below */
    struct rating_feed_gateway rating;
    size_t movies_max; /* what comes beyond is not listed, and that is logged; 0: the default */
};

/* In the open hook. STATUS_RESOURCE_EXHAUSTED: no memory or threads. Owned by the caller. */
MUST_USE enum status ranked_catalogue_create(struct call *call,
                                             const struct ranked_catalogue_options *options,
                                             struct ranked_catalogue **ret_catalogue);

/* The port; borrowed. */
struct movie_catalogue ranked_catalogue_port(struct ranked_catalogue *catalogue);

/* In a fiber of the loop that is to follow the feeds, where the gateways can be used from now on.
 * STATUS_RESOURCE_EXHAUSTED: no fiber. */
MUST_USE enum status ranked_catalogue_start(struct ranked_catalogue *catalogue);

/* In a fiber of the same loop, when nobody asks any more. Never started: does nothing; so does
 * NULL. */
void ranked_catalogue_stop(struct ranked_catalogue *catalogue);

/* Stopped. NULL is accepted. */
void ranked_catalogue_destroy(struct ranked_catalogue *catalogue);

/* A telemetry source: movies, ages, listings, failures. */
void ranked_catalogue_write_metrics(void *catalogue, struct telemetry_page *page);
