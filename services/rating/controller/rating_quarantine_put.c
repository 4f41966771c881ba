/* The votes of a request, by what the guard against bursts says of them. */
#include "base/arena.h"
#include "base/clock.h"
#include "rating/controller/rating_quarantine_private.h"
#include "rating/model/rating_burst.h"
#include "rating/model/vote_state.h"

/* What is to become of a vote of a request. */
struct sifted {
    int64_t time_ms;
    bool is_counted;   /* as one of a burst to come */
    bool is_looked_up; /* whether it changes anything */
    bool is_held;
};

/* Votes that go into the store, and letters of those that do not. */
struct sieve {
    struct sifted *all; /* of the request */
    struct rating_change *changes;
    size_t *indexes; /* in the request */
    size_t change_count;
    struct rating_dead_letter *letters;
    size_t letter_count;
};

/* What comes of a change with a time of its own where such a vote stands. */
static enum rating_outcome outcome_on(const struct rating_change *change, int32_t hundredths,
                                      int64_t time_ms)
{
    struct vote_state stands = {.exists = true, .hundredths = hundredths, .time_ms = time_ms};
    return vote_state_change(&stands, change, change->time_ms);
}

/* The vote in the request that changes[at] repeats; NULL: it repeats none. */
static const struct rating_change *find_repeated(const struct rating_change *changes, size_t at)
{
    const struct rating_change *change = &changes[at];
    for (size_t i = at; change->skip_unchanged && change->has_time && i-- > 0;) {
        const struct rating_change *before = &changes[i];
        if (vote_key_equal(&before->key, &change->key)) {
            return before->kind == RATING_PUT && before->has_time &&
                           outcome_on(change, before->hundredths, before->time_ms) ==
                               RATING_UNCHANGED
                       ? before
                       : NULL;
        }
    }
    return NULL;
}

/* Whether it changes nothing of what is stored. */
static enum status look_up(struct rating_controller *self, struct call *call,
                           const struct rating_change *change, bool *ret_is_unchanged)
{
    struct vote stored;
    *ret_is_unchanged = false;
    if (!change->has_time) {
        return STATUS_OK;
    }
    enum status status =
        self->repository.ops->get_vote(self->repository.state, call, &change->key, &stored);
    *ret_is_unchanged = status == STATUS_OK &&
                        outcome_on(change, stored.hundredths, stored.time_ms) != RATING_APPLIED;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Gives back those that change nothing of the votes that were counted before changes[at] in this
 * request, on its record. */
static enum status recount(struct rating_controller *self, struct call *call,
                           const struct rating_change *changes, size_t at, struct sifted *all,
                           bool *ret_is_fewer)
{
    enum status status = STATUS_OK;
    *ret_is_fewer = false;
    for (size_t i = 0; i < at && status == STATUS_OK; i++) {
        bool is_unchanged = false;
        if (all[i].is_counted && !all[i].is_looked_up &&
            record_key_equal(changes[i].key.record, changes[at].key.record)) {
            status = look_up(self, call, &changes[i], &is_unchanged);
            all[i].is_looked_up = true;
        }
        if (is_unchanged) {
            rating_burst_give_back(self->burst, changes[i].key.record, all[i].time_ms, false);
            all[i].is_counted = false;
            *ret_is_fewer = true;
        }
    }
    return status;
}

/* Whether the guard holds changes[at]. The store tells of each vote whether it changes anything
 * when it is applied (give_back()): it is looked up before only where one is to be held. */
static enum status guard(struct rating_controller *self, struct call *call,
                         const struct rating_change *changes, size_t at, struct sifted *all,
                         char reason[static RATING_BURST_REASON_BYTES_MAX])
{
    struct record_key record = changes[at].key.record;
    struct sifted *sifted = &all[at];
    bool is_unchanged;
    bool is_fewer = false;
    sifted->is_held = rating_burst_take(self->burst, record, sifted->time_ms, reason);
    sifted->is_counted = !sifted->is_held;
    if (!sifted->is_held) {
        return STATUS_OK;
    }
    enum status status = look_up(self, call, &changes[at], &is_unchanged);
    if (status == STATUS_OK && !is_unchanged) {
        status = recount(self, call, changes, at, all, &is_fewer);
    }
    if (status == STATUS_OK && (is_unchanged || is_fewer)) {
        rating_burst_give_back(self->burst, record, sifted->time_ms, true);
        sifted->is_held =
            is_fewer && rating_burst_take(self->burst, record, sifted->time_ms, reason);
        sifted->is_counted = is_fewer && !sifted->is_held;
    }
    return status;
}

static enum status sift(struct rating_controller *self, struct call *call,
                        const struct rating_change *changes, size_t count, struct sieve *sieve)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        char reason[RATING_BURST_REASON_BYTES_MAX];
        const struct rating_change *change = &changes[i];
        const struct rating_change *repeated = find_repeated(changes, i);
        struct sifted *sifted = &sieve->all[i];
        sifted->time_ms = change->has_time ? change->time_ms : clock_wall_ms();
        if (repeated != NULL) {
            /* Held, it is held in the same letter. */
            sifted->is_held = sieve->all[repeated - changes].is_held;
        } else if (change->kind == RATING_PUT) {
            status = guard(self, call, changes, i, sieve->all, reason);
        }
        if (!sifted->is_held) {
            sieve->indexes[sieve->change_count] = i;
            sieve->changes[sieve->change_count++] = *change;
        } else if (repeated == NULL && status == STATUS_OK) {
            status = rating_quarantine_hold(self, call, change, reason, sifted->time_ms,
                                            &sieve->letters[sieve->letter_count]);
            sieve->letter_count += status == STATUS_OK ? 1 : 0;
        }
    }
    return status;
}

/* What the store says has changed nothing is no vote of a burst. */
static void give_back(struct rating_controller *self, const struct sieve *sieve,
                      const enum rating_outcome *outcomes)
{
    for (size_t i = 0; i < sieve->change_count; i++) {
        const struct sifted *sifted = &sieve->all[sieve->indexes[i]];
        if (sifted->is_counted && outcomes[i] != RATING_APPLIED) {
            rating_burst_give_back(self->burst, sieve->changes[i].key.record, sifted->time_ms,
                                   false);
        }
    }
}

enum status rating_quarantine_put(struct rating_controller *self, struct call *call,
                                  const struct rating_change *changes, size_t count,
                                  enum rating_outcome *outcomes, bool *held)
{
    struct sieve sieve = {
        .all = arena_calloc(call->arena, count, sizeof(*sieve.all)),
        .changes = arena_calloc(call->arena, count, sizeof(*sieve.changes)),
        .indexes = arena_calloc(call->arena, count, sizeof(*sieve.indexes)),
        .letters = arena_calloc(call->arena, count, sizeof(*sieve.letters)),
    };
    enum rating_outcome *sifted = arena_calloc(call->arena, count, sizeof(*sifted));
    if (sieve.all == NULL || sieve.changes == NULL || sieve.indexes == NULL ||
        sieve.letters == NULL || sifted == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the request is too large");
    }
    enum status status = sift(self, call, changes, count, &sieve);
    const struct rating_batch batch = {.changes = sieve.changes,
                                       .change_count = sieve.change_count,
                                       .dead_letters = sieve.letters,
                                       .dead_letter_count = sieve.letter_count,
                                       .outcomes = sifted};
    if (status == STATUS_OK) {
        status = self->repository.ops->apply(self->repository.state, call, &batch);
    }
    if (status != STATUS_OK) {
        return status;
    }
    give_back(self, &sieve, sifted);
    for (size_t i = 0; i < count; i++) {
        held[i] = sieve.all[i].is_held;
        outcomes[i] = RATING_STALE; /* what is held has changed nothing */
    }
    for (size_t i = 0; i < sieve.change_count; i++) {
        outcomes[sieve.indexes[i]] = sifted[i];
    }
    return STATUS_OK;
}
