/* The movies that a user has voted on. The rating service lists them by movie, a page at a time;
 * for the newest first, all are looked through, and the page's worth of newest kept. */
#include <inttypes.h>

#include "base/arena.h"
#include "movie/controller/movie_voting.h"

enum { VOTES_BYTES_MAX = 16 * 1024 * 1024 }; /* of one reply of the service */

/* A vote with room for its texts: what is kept does not grow with what is seen. */
struct kept_vote {
    int64_t time_ms;
    int32_t hundredths;
    size_t id_length;
    size_t provider_length;
    char id[RATING_RECORD_BYTES_MAX];
    char provider[RATING_PROVIDER_BYTES_MAX];
};

/* The newest so far, in their order; one more than wanted tells whether there is another page. */
struct selection {
    struct kept_vote *votes;
    size_t count;
    size_t max;
    bool has_after;
    struct rated_movie after; /* the last of the page before */
    size_t seen;
};

static enum status no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
}

static struct rated_movie seen_of(const struct kept_vote *kept)
{
    return (struct rated_movie){
        .movie_id = text_of_bytes(kept->id, kept->id_length),
        .vote = {.hundredths = kept->hundredths,
                 .time_ms = kept->time_ms,
                 .provider = text_of_bytes(kept->provider, kept->provider_length)}};
}

/* Below 0: a comes before b. */
static int compare(const struct rated_movie *a, const struct rated_movie *b)
{
    if (a->vote.time_ms != b->vote.time_ms) {
        return a->vote.time_ms > b->vote.time_ms ? -1 : 1;
    }
    int by_id = text_compare(a->movie_id, b->movie_id);
    return by_id != 0 ? by_id : text_compare(a->vote.provider, b->vote.provider);
}

static void keep(struct kept_vote *kept, const struct rated_movie *movie)
{
    kept->time_ms = movie->vote.time_ms;
    kept->hundredths = movie->vote.hundredths;
    kept->id_length = movie->movie_id.length;
    kept->provider_length = movie->vote.provider.length;
    memcpy(kept->id, movie->movie_id.data, kept->id_length);
    if (kept->provider_length > 0) {
        memcpy(kept->provider, movie->vote.provider.data, kept->provider_length);
    }
}

static void consider(struct selection *selection, const struct rated_movie *movie)
{
    if (selection->has_after && compare(movie, &selection->after) <= 0) {
        return; /* it was on an earlier page */
    }
    size_t place = selection->count;
    while (place > 0) {
        struct rated_movie before = seen_of(&selection->votes[place - 1]);
        if (compare(&before, movie) < 0) {
            break;
        }
        place--;
    }
    if (place == selection->max) {
        return;
    }
    size_t last = selection->count < selection->max ? selection->count : selection->max - 1;
    memmove(&selection->votes[place + 1], &selection->votes[place],
            (last - place) * sizeof(*selection->votes));
    keep(&selection->votes[place], movie);
    selection->count = last + 1;
}

/* What is kept has room for ids within their limits. */
static bool is_sound(const struct rated_movie *movie)
{
    return movie->movie_id.length > 0 && movie->movie_id.length <= RATING_RECORD_BYTES_MAX &&
           movie->vote.provider.length <= RATING_PROVIDER_BYTES_MAX;
}

static enum status consider_all(struct call *call, struct selection *selection,
                                const struct rated_movies *page)
{
    selection->seen += page->count;
    if (selection->seen > MOVIE_OWN_VOTES_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the user has more than %d votes",
                         MOVIE_OWN_VOTES_MAX);
    }
    for (size_t i = 0; i < page->count; i++) {
        if (is_sound(&page->movies[i])) {
            consider(selection, &page->movies[i]);
        }
    }
    return STATUS_OK;
}

/* In memory of its own, which each page of votes takes anew. token: in the call's arena. */
static enum status look_through(struct movie_controller *self, struct call *call,
                                struct text user_id, struct selection *selection)
{
    char token[RATING_RECORD_BYTES_MAX + RATING_PROVIDER_BYTES_MAX + 64];
    struct text page_token = TEXT("");
    struct arena arena;
    enum status status = STATUS_OK;
    bool more = true;
    arena_init(&arena, VOTES_BYTES_MAX);
    while (status == STATUS_OK && more) {
        struct rated_movies page;
        struct call votes_call = call_within(call, 0);
        votes_call.arena = &arena;
        status = self->votes.ops->list(self->votes.state, &votes_call, user_id,
                                       MOVIE_OWN_VOTES_AT_ONCE, page_token, &page);
        if (status != STATUS_OK) {
            call->error.message = arena_copy(call->arena, votes_call.error.message);
            call->error.detail = arena_copy(call->arena, votes_call.error.detail);
            break;
        }
        status = consider_all(call, selection, &page);
        more = page.next_page_token.length > 0;
        if (page.next_page_token.length > sizeof(token)) {
            status = call_fail(call, STATUS_UNAVAILABLE, "the rating service cannot be asked");
            break;
        }
        if (more) {
            memcpy(token, page.next_page_token.data, page.next_page_token.length);
        }
        page_token = text_of_bytes(token, page.next_page_token.length);
        arena_reset(&arena);
    }
    arena_deinit(&arena);
    return status;
}

/* "1700000000000/3/603provider", as the rating service's own tokens. */
static enum status read_token(struct call *call, struct text token, struct rated_movie *ret_after)
{
    struct text rest = token;
    struct rated_movie after = {.vote = {.time_ms = 0}};
    uint64_t length;
    if (text_to_i64(text_next(&rest, '/'), &after.vote.time_ms) &&
        text_to_u64(text_next(&rest, '/'), &length) && length <= rest.length) {
        after.movie_id = text_slice(rest, 0, length);
        after.vote.provider = text_slice(rest, length, rest.length);
        if (is_sound(&after)) {
            *ret_after = after;
            return STATUS_OK;
        }
    }
    return call_fail(call, STATUS_INVALID_ARGUMENT, "the page token is not one of ours");
}

static struct text write_token(struct call *call, const struct kept_vote *last)
{
    struct rated_movie movie = seen_of(last);
    return arena_format(call->arena, "%" PRId64 "/%zu/%.*s%.*s", movie.vote.time_ms,
                        movie.movie_id.length, TEXT_ARGUMENTS(movie.movie_id),
                        TEXT_ARGUMENTS(movie.vote.provider));
}

static void make_cards(const struct selection *selection, struct movie_cards *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct rated_movie movie = seen_of(&selection->votes[i]);
        list->cards[i] =
            (struct movie_card){.id = movie.movie_id, .has_own = true, .own = movie.vote};
    }
}

static enum status list_by_time(struct movie_controller *self, struct call *call,
                                struct text user_id, size_t page_size, struct text page_token,
                                struct movie_own_page *page)
{
    struct selection selection = {.max = page_size + 1, .has_after = page_token.length > 0};
    enum status status =
        selection.has_after ? read_token(call, page_token, &selection.after) : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    selection.votes = arena_calloc(call->arena, selection.max, sizeof(*selection.votes));
    page->list.cards = arena_calloc(call->arena, selection.max, sizeof(*page->list.cards));
    if (selection.votes == NULL || page->list.cards == NULL) {
        return no_room(call);
    }
    status = look_through(self, call, user_id, &selection);
    if (status != STATUS_OK) {
        return status;
    }
    page->list.count = selection.count < selection.max ? selection.count : page_size;
    if (selection.count == selection.max) {
        page->next_page_token = write_token(call, &selection.votes[page->list.count - 1]);
        if (page->next_page_token.data == NULL) {
            return no_room(call);
        }
    }
    make_cards(&selection, &page->list);
    return STATUS_OK;
}

/* One page of the service's is one of ours, and its token too. */
static enum status list_by_movie(struct movie_controller *self, struct call *call,
                                 struct text user_id, size_t page_size, struct text page_token,
                                 struct movie_own_page *page)
{
    struct rated_movies votes;
    enum status status =
        self->votes.ops->list(self->votes.state, call, user_id, page_size, page_token, &votes);
    if (status != STATUS_OK) {
        return status;
    }
    page->next_page_token = votes.next_page_token;
    page->list.cards = arena_calloc(call->arena, page_size, sizeof(*page->list.cards));
    if (page->list.cards == NULL) {
        return no_room(call);
    }
    for (size_t i = 0; i < votes.count && page->list.count < page_size; i++) {
        if (is_sound(&votes.movies[i])) {
            page->list.cards[page->list.count++] = (struct movie_card){
                .id = votes.movies[i].movie_id, .has_own = true, .own = votes.movies[i].vote};
        }
    }
    return STATUS_OK;
}

static enum status check(struct call *call, struct text user_id, enum movie_own_order order,
                         int32_t page_size)
{
    enum status status = rating_user_validate(call, user_id);
    if (status == STATUS_OK && (unsigned)order >= MOVIE_OWN_ORDER_COUNT) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "there is no such order");
    }
    if (status == STATUS_OK && (page_size < 0 || page_size > MOVIE_OWN_PAGE_SIZE_MAX)) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "the page size must be 0 to %d",
                           MOVIE_OWN_PAGE_SIZE_MAX);
    }
    return status;
}

enum status movie_controller_list_own(struct movie_controller *self, struct call *call,
                                      struct text user_id, enum movie_own_order order,
                                      int32_t page_size, struct text page_token,
                                      struct movie_own_page *ret_page)
{
    struct movie_own_page page = {.list = {.count = 0}};
    size_t wanted = page_size > 0 ? (size_t)page_size : MOVIE_OWN_PAGE_SIZE_DEFAULT;
    enum status status = check(call, user_id, order, page_size);
    if (status == STATUS_OK) {
        status = order == MOVIE_OWN_BY_TIME
                     ? list_by_time(self, call, user_id, wanted, page_token, &page)
                     : list_by_movie(self, call, user_id, wanted, page_token, &page);
    }
    if (status == STATUS_OK) {
        status = movie_cards_complete(self, call, &page.list);
    }
    if (status == STATUS_OK) {
        *ret_page = page;
    }
    return status;
}
