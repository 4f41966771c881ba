/* import_window.h: many votes gathered and then sent by the record that they are on.
 *
 * A store keeps votes record by record, and a file of votes is in the order of users: each vote of
 * a large set would change a page of its own. Of a window those on one record are sent one after
 * the other, so that they share their page. Votes on one record keep the order of the file.
 *
 * Of several votes of one user on one record the latest is sent, of those of one time the last of
 * the file: batches are under way at once, and whichever came last would stand, another one each
 * time. What another vote of the window supersedes counts as a vote that changes nothing. */
#pragma once

#include "base/digest.h"
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
    size_t votes_max;
    struct arena arena; /* of the texts */
    struct import_window_vote *votes;
    size_t count;
    size_t capacity;
    uint32_t *places; /* open addressing, twice the capacity: 1 + the number of a vote; 0: free */
    unsigned char key[DIGEST_KEY_BYTES]; /* of the hash by which they are found */
};

void import_window_init(struct import_window *window, struct bulk *bulk,
                        const struct import_window_limits *limits);
void import_window_deinit(struct import_window *window);

/* Copied; a vote with its time. Sends all of a full window
 * first. Fails as bulk_put_vote(): what was gathered and not sent is dropped. */
MUST_USE enum status import_window_put(struct import_window *window,
                                       const struct rating_change *vote, uint64_t line);

/* Sends what is gathered: to be called at the end. Fails as import_window_put(). */
MUST_USE enum status import_window_flush(struct import_window *window);
