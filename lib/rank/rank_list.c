#include "base/arena.h"
#include "rank/rank_private.h"

/* A page on its way. */
struct rank_walk {
    struct rank_row *rows;
    size_t count;
    uint64_t last_key; /* of the last row */
    bool has_more;
    bool is_over; /* nothing is left to look at */
    bool has_no_room;
    /* The last that was looked at, in this hold of the lock or one before. */
    struct rank_place place;
    char id[RANK_ID_BYTES_MAX];
    uint64_t key_end; /* keys above cannot pass */
};

bool rank_passes(const struct rank_search *search, const uint64_t genres[static RANK_GENRE_WORDS],
                 const struct rank_values *values)
{
    if (values->count < search->minimum_votes) {
        return false;
    }
    if ((search->year_from > 0 || search->year_to > 0) &&
        (values->year == 0 || values->year < search->year_from ||
         (search->year_to > 0 && values->year > search->year_to))) {
        return false;
    }
    return search->genre.length == 0 || rank_genres_meet(genres, values->genres);
}

/* Whether one of its entries could. */
static bool may_pass(const struct rank_search *search, const uint64_t *genres,
                     const struct rank_block *block)
{
    if (block->votes_bits < rank_votes_bits(search->minimum_votes) ||
        (search->year_from > 0 && block->year_last < search->year_from) ||
        (search->year_to > 0 && block->year_first > search->year_to)) {
        return false;
    }
    return search->genre.length == 0 || rank_genres_meet(genres, block->genres);
}

/* Keeps what a later hold of the lock begins behind. */
static void note_place(struct rank_walk *walk, const struct rank_entries *entries,
                       const struct rank_block *block, size_t at)
{
    struct text id = rank_entry_id(rank_entry_at(entries, block->slots[at]));
    memcpy(walk->id, id.data, id.length);
    walk->place = (struct rank_place){
        .key = block->keys[at], .id = {walk->id, id.length}, .slot = RANK_NO_SLOT};
}

static void take(struct rank_walk *walk, struct arena *arena, const struct rank_search *search,
                 const struct rank_entry *entry, uint64_t key)
{
    if (walk->count == search->page_size) {
        walk->has_more = true;
        return;
    }
    struct rank_row *row = &walk->rows[walk->count];
    *row = rank_row_of(&search->parameters, &entry->values);
    row->id = arena_copy(arena, rank_entry_id(entry));
    walk->has_no_room = row->id.data == NULL;
    walk->last_key = key;
    walk->count++;
}

static bool is_done(const struct rank_walk *walk)
{
    return walk->has_more || walk->is_over || walk->has_no_room;
}

/* Looks at a block from `at` on. Returns behind the last that it looked at. */
static size_t walk_block(struct rank_walk *walk, struct rank_index *index, struct arena *arena,
                         const struct rank_search *search, const uint64_t *genres,
                         const struct rank_block *block, size_t at)
{
    while (at < block->count && !is_done(walk)) {
        const struct rank_entry *entry = rank_entry_at(&index->entries, block->slots[at]);
        if (block->keys[at] > walk->key_end) {
            walk->is_over = true;
        } else if (rank_passes(search, genres, &entry->values)) {
            take(walk, arena, search, entry, block->keys[at]);
        }
        at++;
    }
    return at;
}

/* Under the lock: looks at about RANK_CHUNK entries. */
static void walk_chunk(struct rank_walk *walk, struct rank_index *index, struct arena *arena,
                       const struct rank_search *search)
{
    struct rank_sequence *sequence = &index->sequences[search->order];
    uint64_t genres[RANK_GENRE_WORDS];
    size_t looked = 0;
    size_t span;
    size_t at;
    rank_genres_match(&index->genres, search->genre, genres);
    rank_sequence_seek(sequence, &walk->place, &span, &at);
    while (looked < RANK_CHUNK && span < sequence->count && !is_done(walk)) {
        struct rank_block *block = sequence->spans[span].block;
        size_t before = walk->count;
        bool is_whole = at == 0;
        if (!is_whole || may_pass(search, genres, block)) {
            size_t end = walk_block(walk, index, arena, search, genres, block, at);
            looked += end - at;
            if (is_whole && walk->count == before && !is_done(walk)) {
                rank_sequence_measure(sequence, span); /* it said more than there is */
            }
        } else {
            looked++;
        }
        note_place(walk, &index->entries, block, block->count - 1);
        at = 0;
        span++;
    }
    walk->is_over = walk->is_over || span >= sequence->count;
}

/* From which key on, and to which, something can pass. */
static void bound(struct rank_walk *walk, const struct rank_search *search)
{
    walk->key_end = RANK_KEY_LAST;
    if (search->minimum_votes > 0) {
        walk->key_end = search->order == RANK_BY_VOTES  ? rank_votes_key(search->minimum_votes)
                        : search->order == RANK_BY_YEAR ? RANK_KEY_LAST
                                                        : RANK_KEY_LAST - 1;
    }
    if (search->order == RANK_BY_YEAR && (search->year_from > 0 || search->year_to > 0)) {
        walk->key_end = rank_year_key(search->year_from > 0 ? search->year_from : 1);
        walk->place.key = search->year_to > 0 ? rank_year_key(search->year_to) : 0;
    }
    if (search->is_continued) {
        walk->place = search->after;
    }
}

static enum status finish(struct rank_walk *walk, struct call *call,
                          const struct rank_search *search, struct rank_page *ret_page)
{
    struct rank_page page = {.finished = true,
                             .rows = walk->rows,
                             .count = walk->count,
                             .parameters = search->parameters};
    enum status status = STATUS_OK;
    if (walk->has_no_room) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the answer is too large");
    }
    if (walk->has_more || (walk->count == search->page_size && !walk->is_over)) {
        const struct rank_place last = {.key = walk->last_key,
                                        .id = walk->rows[walk->count - 1].id};
        status = rank_token_write(call, search, &last, &page.next_page_token);
    }
    if (status == STATUS_OK) {
        *ret_page = page;
    }
    return status;
}

/* false: the index is sorted by other parameters. */
static bool walk_once(struct rank_index *index, struct call *call, struct rank_search *search,
                      struct rank_walk *walk)
{
    rank_lock(index);
    bool is_sorted_so = search->order != RANK_BY_SCORE ||
                        rank_parameters_equal(&index->parameters, &search->parameters);
    if (is_sorted_so) {
        walk_chunk(walk, index, call->arena, search);
    }
    rank_unlock(index);
    return is_sorted_so;
}

static enum status run(struct rank_index *index, struct call *call, struct rank_search *search,
                       enum rank_effort effort, struct rank_page *ret_page)
{
    struct rank_walk walk = {.rows =
                                 arena_calloc(call->arena, search->page_size, sizeof(*walk.rows))};
    bool is_sorted_so = true;
    enum status status = STATUS_OK;
    walk.has_no_room = walk.rows == NULL;
    bound(&walk, search);
    for (size_t looked = 0; status == STATUS_OK && is_sorted_so && !is_done(&walk) &&
                            (effort == RANK_ON_WORKER || looked < RANK_LOOP_ENTRIES_MAX);
         looked += RANK_CHUNK) {
        is_sorted_so = walk_once(index, call, search, &walk);
        status = effort == RANK_ON_WORKER ? call_check(call) : STATUS_OK;
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (is_sorted_so && (is_done(&walk) || walk.count == search->page_size)) {
        return finish(&walk, call, search, ret_page);
    }
    if (effort == RANK_ON_WORKER) {
        return rank_select(index, call, search, ret_page);
    }
    *ret_page = (struct rank_page){.finished = false};
    return STATUS_OK;
}

static enum status check(struct rank_index *index, struct call *call,
                         const struct rank_query *query)
{
    bool is_year = query->year_from >= 0 && query->year_from <= INT16_MAX && query->year_to >= 0 &&
                   query->year_to <= INT16_MAX;
    if (!is_year) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "years are from 1 to %d", INT16_MAX);
    }
    if (query->genre.length > RANK_GENRE_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "a genre has at most %d bytes",
                         RANK_GENRE_BYTES_MAX);
    }
    if (query->page_size < 1 || query->page_size > RANK_PAGE_SIZE_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "a page has 1 to %d entries",
                         RANK_PAGE_SIZE_MAX);
    }
    if ((unsigned)query->order >= RANK_ORDER_COUNT || !rank_has_order(index, query->order)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "there is no list in this order");
    }
    return STATUS_OK;
}

enum status rank_list(struct rank_index *index, struct call *call, const struct rank_query *query,
                      enum rank_effort effort, struct rank_page *ret_page)
{
    struct rank_search search = {
        .order = query->order,
        .minimum_votes = query->minimum_votes,
        .year_from = query->year_from,
        .year_to = query->year_to,
        .genre = query->genre,
        .page_size = query->page_size,
    };
    enum status status = check(index, call, query);
    if (status != STATUS_OK) {
        return status;
    }
    if (query->page_token.length == 0) {
        search.parameters = rank_index_parameters(index);
    } else {
        status = rank_token_read(call, query->page_token, &search);
        if (status == STATUS_OK && !rank_has_order(index, search.order)) {
            status = call_fail(call, STATUS_INVALID_ARGUMENT, "there is no list in this order");
        }
    }
    return status == STATUS_OK ? run(index, call, &search, effort, ret_page) : status;
}
