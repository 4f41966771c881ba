/* import_window.h: many votes gathered and then sent by the record that they are on.
 *
 * A store keeps votes record by record, and a file of votes is in the order of users: each vote of
 * a large set would change a page of its own. Of a window those on one record are sent one after
 * the other, so that they share their page. Votes on one record keep the order of the file. */
#pragma once

#include "marquee/bulk.h"

/* How much is gathered at most. */
struct import_window_limits {
    size_t votes;
    size_t bytes; /* of their texts: with longer ones, fewer votes */
};

/* What an import of a large set takes. */
extern const struct import_window_limits import_window_usual;

struct import_window_vote;

struct import_window {
    struct bulk *bulk;
    /* private */
    struct text provider;
    size_t votes_max;
    struct arena arena; /* of the texts */
    struct import_window_vote *votes;
    size_t count;
    size_t capacity;
};

/* provider: of all votes; borrowed. */
void import_window_init(struct import_window *window, struct bulk *bulk, struct text provider,
                        const struct import_window_limits *limits);
void import_window_deinit(struct import_window *window);

/* Copied; a movie's vote, of the window's provider, with its time. Sends all of a full window
 * first. Fails as bulk_put_vote(): what was gathered and not sent is dropped. */
MUST_USE enum status import_window_put(struct import_window *window,
                                       const struct rating_change *vote, uint64_t line);

/* Sends what is gathered: to be called at the end. Fails as import_window_put(). */
MUST_USE enum status import_window_flush(struct import_window *window);
