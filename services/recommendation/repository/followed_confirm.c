/* Whether a model of an earlier process can go on. */
#include "recommendation/repository/followed_private.h"

/* The next page of what the witness was told. */
static enum status hear(struct followed_recommendations *self,
                        const struct followed_testimony *told, struct followed_testimony *heard,
                        int64_t *sequence)
{
    struct vote_feed_page page;
    struct call call;
    followed_begin_call(self, &call, FOLLOWED_TIMEOUT_MS);
    enum status status = self->feed.ops->changes(self->feed.state, &call, *sequence, 0, &page);
    if (status == STATUS_OK) {
        followed_note_success(self);
        followed_testimony_take(heard, &page, told->count - heard->count);
        /* Fewer than it has told before: it is not the same. */
        status = heard->count < told->count && !page.more ? STATUS_OUT_OF_RANGE : STATUS_OK;
        *sequence = page.sequence;
    } else if (status != STATUS_OUT_OF_RANGE) {
        followed_survive(self, &call, status);
    }
    return status;
}

bool followed_confirm(struct followed_recommendations *self, const struct followed_place *place)
{
    const struct followed_testimony *told = &place->witness.told;
    struct followed_testimony heard = {.from = told->from};
    int64_t sequence = told->from;
    while (heard.count < told->count) {
        if (self->stop.requested || hear(self, told, &heard, &sequence) == STATUS_OUT_OF_RANGE) {
            return false;
        }
    }
    return heard.checksum == told->checksum;
}
