#include "fake_vote_feed.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"

static enum status away(struct fake_vote_feed *self, struct call *call)
{
    self->refused++;
    return call_fail(call, STATUS_UNAVAILABLE, "it is away");
}

static struct vote_feed_vote told(const struct fake_vote *vote)
{
    return (struct vote_feed_vote){.user_id = text_of(vote->user),
                                   .record_id = text_of(vote->record),
                                   .deleted = vote->deleted,
                                   .hundredths = vote->hundredths};
}

/* The token is the place of the next vote, and the sequence that the first page told. */
static enum status list(void *state, struct call *call, struct text page_token,
                        struct vote_feed_page *ret_page)
{
    struct fake_vote_feed *self = state;
    struct vote_feed_vote *votes = arena_calloc(call->arena, FAKE_PAGE, sizeof(*votes));
    struct text rest = page_token;
    uint64_t at = 0;
    uint64_t sequence = (uint64_t)self->sequence;
    size_t count = 0;
    if (self->is_away) {
        return away(self, call);
    }
    if (page_token.length > 0) {
        CHECK(text_to_u64(text_next(&rest, ':'), &at) && text_to_u64(rest, &sequence));
    } else {
        self->listings++;
    }
    CHECK(votes != NULL);
    for (; at < self->vote_count && count < FAKE_PAGE; at++) {
        if (!self->votes[at].deleted) {
            votes[count++] = told(&self->votes[at]);
        }
    }
    *ret_page =
        (struct vote_feed_page){.votes = votes, .count = count, .sequence = (int64_t)sequence};
    if (at < self->vote_count) {
        ret_page->next_page_token = arena_format(call->arena, "%llu:%llu", (unsigned long long)at,
                                                 (unsigned long long)sequence);
    }
    return STATUS_OK;
}

static void await_change(struct fake_vote_feed *self, struct call *call, int32_t wait_ms)
{
    struct fiber_wait wait;
    struct call waiting = call_within(call, wait_ms);
    fiber_wait_init(&wait);
    self->waiter = &wait;
    self->waiting++;
    status_ignore(fiber_wait(&waiting, &wait)); /* or nothing has changed */
    self->waiting--;
    self->waiter = NULL;
}

static enum status changes(void *state, struct call *call, int64_t sequence, int32_t wait_ms,
                           struct vote_feed_page *ret_page)
{
    struct fake_vote_feed *self = state;
    struct vote_feed_vote *votes = arena_calloc(call->arena, FAKE_PAGE, sizeof(*votes));
    size_t count = 0;
    CHECK(votes != NULL);
    if (!self->is_away && sequence == self->sequence && sequence >= self->first_sequence) {
        await_change(self, call, wait_ms);
    }
    if (call_check(call) != STATUS_OK) {
        return call_check(call);
    }
    if (self->is_away) {
        return away(self, call);
    }
    if (sequence < self->first_sequence) {
        return call_fail(call, STATUS_OUT_OF_RANGE, "the log does not reach back to there");
    }
    while (sequence < self->sequence && count < FAKE_PAGE) {
        votes[count++] = told(&self->changes[sequence++]);
    }
    *ret_page = (struct vote_feed_page){
        .votes = votes, .count = count, .sequence = sequence, .more = sequence < self->sequence};
    if (self->pages_before_away > 0) {
        self->pages_before_away--;
        self->is_away = self->pages_before_away == 0;
    }
    return STATUS_OK;
}

static const struct vote_feed_ops ops = {.list = list, .changes = changes};

struct vote_feed fake_vote_feed(struct fake_vote_feed *fake)
{
    return (struct vote_feed){&ops, fake};
}

void fake_vote_feed_init(struct fake_vote_feed *fake)
{
    memset(fake, 0, sizeof(*fake));
}

static void wake(struct fake_vote_feed *self)
{
    if (self->waiter != NULL) {
        fiber_wait_signal(self->waiter);
    }
}

void fake_vote_feed_vote(struct fake_vote_feed *fake, const char *user, const char *record,
                         int32_t hundredths)
{
    struct fake_vote vote = {.hundredths = hundredths, .deleted = hundredths < 0};
    size_t at = 0;
    (void)snprintf(vote.user, sizeof(vote.user), "%s", user);
    (void)snprintf(vote.record, sizeof(vote.record), "%s", record);
    while (at < fake->vote_count && (strcmp(fake->votes[at].user, user) != 0 ||
                                     strcmp(fake->votes[at].record, record) != 0)) {
        at++;
    }
    CHECK(at < FAKE_VOTES_MAX && fake->sequence < FAKE_CHANGES_MAX);
    fake->votes[at] = vote;
    fake->vote_count += at == fake->vote_count;
    fake->changes[fake->sequence++] = vote;
    wake(fake);
}

void fake_vote_feed_forget(struct fake_vote_feed *fake)
{
    fake->first_sequence = fake->sequence + 1;
    fake->sequence++; /* a change that nobody is told */
    wake(fake);
}

void fake_vote_feed_go_away(struct fake_vote_feed *fake)
{
    fake->is_away = true;
    wake(fake);
}

void fake_vote_feed_come_back(struct fake_vote_feed *fake)
{
    fake->is_away = false;
}
