/* ranked_catalogue_private.h: what the files of the catalogue share. */
#pragma once

#include <stdatomic.h>

#include "loop/worker.h"
#include "movie/catalogue/catalogue_cards.h"
#include "movie/catalogue/catalogue_follower.h"
#include "movie/catalogue/ranked_catalogue.h"
#include "rank/rank.h"

struct ranked_catalogue {
    struct ranked_catalogue_options options;
    struct rank_index *index;
    struct catalogue_cards *cards;
    struct worker_pool *workers;
    struct catalogue_follower metadata;
    struct catalogue_follower rating;
    atomic_bool has_parameters; /* the rating service has told them */
    atomic_bool is_full;
};

/* What the followers do with each feed; state: the catalogue. */
struct catalogue_follower_options ranked_catalogue_metadata_feed(struct ranked_catalogue *self);
struct catalogue_follower_options ranked_catalogue_rating_feed(struct ranked_catalogue *self);
