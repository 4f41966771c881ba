/* Following: all votes, then their changes. */
#include "base/clock.h"
#include "recommendation/repository/followed_private.h"

/* A page of votes for the worker's thread. */
struct taking {
    struct recommend_model *model;
    const struct vote_feed_page *page;
    uint64_t refused;
};

static void take_page(void *argument)
{
    struct taking *taking = argument;
    for (size_t i = 0; i < taking->page->count; i++) {
        const struct vote_feed_vote *vote = &taking->page->votes[i];
        const struct recommend_change change = {.user = vote->user_id,
                                                .item = vote->record_id,
                                                .removed = vote->deleted,
                                                .hundredths = vote->hundredths};
        taking->refused += recommend_apply(taking->model, &change) != STATUS_OK;
    }
}

void followed_begin_call(struct followed_recommendations *self, struct call *call,
                         int64_t timeout_ms)
{
    arena_reset(&self->arena);
    call_init(call, &self->arena, timeout_ms);
    call->cancellation = &self->stop;
}

void followed_survive(struct followed_recommendations *self, struct call *call, enum status status)
{
    if (self->stop.requested) {
        return;
    }
    atomic_fetch_add(&self->counts.failures, 1);
    if (self->pause_ms == 0) {
        log_call(self->log, LOG_WARNING, call,
                 "votes cannot be followed; the model stays as it is, and it is tried again",
                 LOG_FIELDS(log_string("status", status_name(status))));
    }
    atomic_store(&self->counts.connected, false);
    int64_t pause_ms = self->pause_ms == 0 ? FOLLOWED_PAUSE_MS_MIN : 2 * self->pause_ms;
    self->pause_ms = pause_ms < FOLLOWED_PAUSE_MS_MAX ? pause_ms : FOLLOWED_PAUSE_MS_MAX;
    followed_begin_call(self, call, 0);
    status_ignore(fiber_sleep(call, self->pause_ms * CLOCK_NS_PER_MS)); /* or is being stopped */
}

void followed_note_success(struct followed_recommendations *self)
{
    if (self->pause_ms != 0) {
        log_write(self->log, LOG_INFO, "votes are followed again", NULL);
    }
    self->pause_ms = 0;
    atomic_store(&self->counts.connected, true);
}

static enum status take(struct followed_recommendations *self, struct call *call,
                        struct followed_model *held, const struct vote_feed_page *page)
{
    struct taking taking = {.model = held->model, .page = page};
    enum status status = worker_call(self->worker, call, take_page, &taking);
    if (status == STATUS_OK && taking.refused > 0) {
        atomic_fetch_add(&self->counts.refused, taking.refused);
        log_write(self->log, LOG_WARNING, "votes that the model has no room for were passed over",
                  LOG_FIELDS(log_integer("votes", (int64_t)taking.refused)));
    }
    return status;
}

/* Into a model that is made. *ret_listed: where changes go on. Ends early when being stopped. */
static enum status list_votes(struct followed_recommendations *self, struct followed_model *held,
                              int64_t *ret_listed)
{
    char token[VOTE_FEED_TOKEN_BYTES_MAX];
    size_t token_length = 0;
    bool first = true;
    struct call call;
    atomic_store(&self->counts.listed, 0);
    while (first || token_length > 0) {
        struct vote_feed_page page;
        followed_begin_call(self, &call, FOLLOWED_TIMEOUT_MS);
        struct text asked = arena_copy(call.arena, text_of_bytes(token, token_length));
        enum status status = asked.data == NULL
                                 ? STATUS_RESOURCE_EXHAUSTED
                                 : self->feed.ops->list(self->feed.state, &call, asked, &page);
        if (status == STATUS_OK) {
            status = take(self, &call, held, &page);
        }
        if (status == STATUS_INVALID_ARGUMENT || status == STATUS_OUT_OF_RANGE) {
            return status; /* the listing is not known any more */
        }
        if (self->stop.requested) {
            return STATUS_CANCELLED;
        }
        if (status != STATUS_OK) {
            followed_survive(self, &call, status);
            continue;
        }
        followed_note_success(self);
        if (first) {
            *ret_listed = page.sequence;
            first = false;
        }
        atomic_fetch_add(&self->counts.listed, page.count);
        CHECK(page.next_page_token.length <= sizeof(token));
        token_length = page.next_page_token.length;
        memcpy(token, page.next_page_token.data != NULL ? page.next_page_token.data : "",
               token_length);
    }
    return STATUS_OK;
}

/* The first lists of a model. */
static enum status compute_all(struct followed_recommendations *self, struct followed_model *held)
{
    struct call call;
    uint32_t waiting = 1;
    enum status status = STATUS_OK;
    followed_begin_call(self, &call, 0);
    while (status == STATUS_OK && waiting > 0) {
        status = call_check(&call);
        if (status == STATUS_OK) {
            status = followed_compute(self, &call, held, &waiting);
        }
    }
    return status;
}

static void install(struct followed_recommendations *self, struct followed_model *held,
                    const char *what)
{
    const struct recommend_counts counts = recommend_model_counts(held->model);
    pthread_mutex_lock(&self->lock);
    struct followed_model *before = self->current;
    self->current = held;
    pthread_mutex_unlock(&self->lock);
    followed_model_release(before);
    log_write(self->log, LOG_INFO, what,
              LOG_FIELDS(log_integer("votes", (int64_t)counts.votes),
                         log_integer("users", counts.users), log_integer("records", counts.items)));
}

/* Of one that was just made. The last changes before its list are asked for once more, which does
 * no harm, so that there is a witness of them. */
static void set_out(struct followed_recommendations *self, int64_t listed)
{
    int64_t again = self->file.length > 0 ? FOLLOWED_WITNESS_VOTES : 0;
    self->place.listed = listed;
    self->place.sequence = listed > again ? listed - again : 0;
    followed_witness_begin(&self->place.witness, self->place.sequence);
}

/* Lists that are computed while many changes wait would be computed again for those: votes first.
 */
static void set_behind(struct followed_recommendations *self, bool behind)
{
    self->behind = behind;
    if (self->reached && !behind) {
        self->reached = false;
        fiber_wait_signal(&self->changed);
    }
}

static void move_on(struct followed_recommendations *self, struct followed_model *held,
                    const struct vote_feed_page *page, int64_t asked_ms)
{
    followed_note_success(self);
    followed_witness_take(&self->place.witness, page);
    self->place.sequence = page->sequence;
    atomic_fetch_add(&self->counts.changes, page->count);
    if (!page->more) {
        atomic_store(&held->as_of_ms, asked_ms);
    }
    self->reached = self->reached || page->count > 0;
    set_behind(self, page->more);
    if (!page->more && clock_monotonic_ns() / CLOCK_NS_PER_MS >= self->keep_at_ms) {
        followed_file_write(self);
    }
}

/* Until the service does not know any more what has changed since, or it is being stopped. */
static void follow_changes(struct followed_recommendations *self, struct followed_model *held)
{
    enum status status = STATUS_OK;
    while (!self->stop.requested && status != STATUS_OUT_OF_RANGE) {
        struct vote_feed_page page;
        struct call call;
        followed_begin_call(self, &call, FOLLOWED_WAIT_MS + FOLLOWED_TIMEOUT_MS);
        int64_t asked_ms = clock_wall_ms();
        status = self->feed.ops->changes(self->feed.state, &call, self->place.sequence,
                                         FOLLOWED_WAIT_MS, &page);
        if (status == STATUS_OK) {
            status = take(self, &call, held, &page);
        }
        if (status == STATUS_OK) {
            move_on(self, held, &page, asked_ms);
        } else if (status == STATUS_OUT_OF_RANGE && self->place.sequence < self->place.listed) {
            /* Only what comes after the list is needed. */
            self->place.sequence = self->place.listed;
            followed_witness_begin(&self->place.witness, self->place.sequence);
            status = STATUS_OK;
        } else if (status != STATUS_OUT_OF_RANGE) {
            set_behind(self, false); /* for who knows how long */
            followed_survive(self, &call, status);
        }
    }
    set_behind(self, false);
}

static void follow(struct followed_recommendations *self, struct followed_model *held)
{
    self->followed = held;
    follow_changes(self, held);
    if (self->stop.requested) {
        followed_file_write(self);
    } else {
        log_write(self->log, LOG_WARNING,
                  "what has changed since is not known any more; making another model", NULL);
    }
    self->followed = NULL; /* it answers on until another is made */
}

/* NULL: not now. */
static struct followed_model *make_model(struct followed_recommendations *self, int64_t *ret_listed)
{
    int64_t began_ms = clock_wall_ms();
    struct followed_model *held = followed_model_create(&self->settings);
    enum status status =
        held != NULL ? list_votes(self, held, ret_listed) : STATUS_RESOURCE_EXHAUSTED;
    if (status == STATUS_OK) {
        status = compute_all(self, held);
    }
    if (status == STATUS_OK) {
        atomic_store(&held->as_of_ms, began_ms);
        return held;
    }
    struct call call;
    followed_begin_call(self, &call, 0);
    followed_survive(self, &call, status);
    followed_model_release(held);
    return NULL;
}

/* One of an earlier process answers at once, and goes on if the rating service does. */
static void follow_kept(struct followed_recommendations *self)
{
    struct followed_model *held = followed_file_read(self, &self->place);
    if (held == NULL) {
        return;
    }
    install(self, held, "the model that was kept is there again");
    if (followed_confirm(self, &self->place)) {
        self->reached = true; /* some of its lists may have been waiting */
        follow(self, held);
        return;
    }
    if (self->stop.requested) {
        return;
    }
    log_write(self->log, LOG_WARNING,
              "the votes are not those that the kept model is of; making another", NULL);
    pthread_mutex_lock(&self->lock);
    self->current = NULL;
    pthread_mutex_unlock(&self->lock);
    followed_model_release(held);
    self->kept_sequence = -1;
}

void followed_votes_run(void *followed)
{
    struct followed_recommendations *self = followed;
    self->kept_sequence = -1;
    if (self->file.length > 0) {
        follow_kept(self);
    }
    while (!self->stop.requested) {
        int64_t listed = 0;
        struct followed_model *held = make_model(self, &listed);
        if (held == NULL) {
            continue;
        }
        install(self, held, "the model is made");
        atomic_fetch_add(&self->counts.models, 1);
        set_out(self, listed);
        follow(self, held);
    }
}
