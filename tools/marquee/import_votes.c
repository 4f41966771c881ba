#include "marquee/import_votes.h"

#include "base/clock.h"
#include "metadata/model/metadata.h"

/* Of IMPORT_MATCH_MAX rows: their texts, their queries and the matches. With so many bytes of texts
 * fewer are gathered: reviews may be long. */
enum { GATHERED_BYTES_MAX = 32 * 1024 * 1024, GATHERED_BYTES_ENOUGH = 16 * 1024 * 1024 };

void import_votes_init(struct import_votes *votes, struct import_table *table)
{
    *votes = (struct import_votes){.table = table};
    arena_init(&votes->arena, GATHERED_BYTES_MAX);
}

void import_votes_deinit(struct import_votes *votes)
{
    arena_deinit(&votes->arena);
}

static enum status no_memory(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for votes");
}

static enum status validate(struct call *call, const struct import_match_query *movie)
{
    if (movie->title.length > METADATA_TITLE_BYTES_MAX || !text_is_clean(movie->title)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the title is over %d bytes, or no UTF-8",
                         METADATA_TITLE_BYTES_MAX);
    }
    if (movie->imdb_id.length > METADATA_EXTERNAL_ID_BYTES_MAX ||
        movie->tmdb_id.length > METADATA_EXTERNAL_ID_BYTES_MAX || !text_is_clean(movie->imdb_id) ||
        !text_is_clean(movie->tmdb_id)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "an id is over %d bytes, or no UTF-8",
                         METADATA_EXTERNAL_ID_BYTES_MAX);
    }
    if (movie->year != 0 && (movie->year < METADATA_YEAR_MIN || movie->year > METADATA_YEAR_MAX)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the year is not %d to %d",
                         METADATA_YEAR_MIN, METADATA_YEAR_MAX);
    }
    return STATUS_OK;
}

enum status import_votes_put(struct import_votes *votes, struct call *call,
                             const struct import_vote *vote)
{
    enum status status = validate(call, &vote->movie);
    if (status != STATUS_OK) {
        return status;
    }
    if (votes->gathered == NULL) {
        votes->gathered = arena_calloc(&votes->arena, IMPORT_MATCH_MAX, sizeof(*vote));
    }
    struct import_vote copy = *vote;
    copy.movie.imdb_id = arena_copy(&votes->arena, vote->movie.imdb_id);
    copy.movie.tmdb_id = arena_copy(&votes->arena, vote->movie.tmdb_id);
    copy.movie.movie_id = arena_copy(&votes->arena, vote->movie.movie_id);
    copy.movie.title = arena_copy(&votes->arena, vote->movie.title);
    copy.review = arena_copy(&votes->arena, vote->review);
    if (votes->gathered == NULL || copy.movie.imdb_id.data == NULL ||
        copy.movie.tmdb_id.data == NULL || copy.movie.movie_id.data == NULL ||
        copy.movie.title.data == NULL || copy.review.data == NULL) {
        return no_memory(call);
    }
    votes->gathered[votes->count++] = copy;
    bool is_enough =
        votes->count == IMPORT_MATCH_MAX || arena_used_bytes(&votes->arena) > GATHERED_BYTES_ENOUGH;
    return is_enough ? import_votes_flush(votes) : STATUS_OK;
}

/* "Solaris (2002)", or the id. */
static struct text describe(struct arena *arena, const struct import_match_query *movie)
{
    struct text id = movie->imdb_id.length > 0 ? movie->imdb_id : movie->tmdb_id;
    if (movie->title.length == 0) {
        return id;
    }
    return movie->year != 0
               ? arena_format(arena, "%.*s (%d)", TEXT_ARGUMENTS(movie->title), movie->year)
               : movie->title;
}

/* Whether another review of the movie is among what is gathered that stands before this one. */
static bool is_superseded(const struct import_votes *votes, const struct import_matched *matched,
                          size_t index)
{
    const struct import_vote *own = &votes->gathered[index];
    for (size_t i = 0; i < votes->count; i++) {
        const struct import_vote *other = &votes->gathered[i];
        bool is_later =
            other->time_ms > own->time_ms || (other->time_ms == own->time_ms && i > index);
        if (other->review.length > 0 && is_later &&
            text_equal(matched[i].movie_id, matched[index].movie_id)) {
            return true;
        }
    }
    return false;
}

/* A day may begin here later than where it was written. */
static int64_t not_ahead(int64_t time_ms)
{
    int64_t now_ms = clock_wall_ms();
    return time_ms < now_ms ? time_ms : now_ms;
}

static enum status put_review(struct import_votes *votes, const struct import_matched *matched,
                              size_t index)
{
    struct import_table *table = votes->table;
    const struct import_vote *vote = &votes->gathered[index];
    if (vote->review.length == 0) {
        return STATUS_OK;
    }
    if (is_superseded(votes, matched, index)) {
        table->import->counts.reviews++;
        return STATUS_OK;
    }
    const struct review review = {
        .key = {.record = {RECORD_TYPE_MOVIE, matched[index].movie_id},
                .user = table->import->user},
        .text = vote->review,
        .created_ms = not_ahead(vote->time_ms),
    };
    return bulk_put_review(&table->bulk, &review, vote->row);
}

static enum status put_vote(struct import_votes *votes, const struct import_vote *vote,
                            struct text movie_id)
{
    struct import_table *table = votes->table;
    const struct rating_change change = {
        .kind = RATING_PUT,
        .key = {.record = {RECORD_TYPE_MOVIE, movie_id},
                .provider = table->import->provider,
                .user = table->import->user},
        .hundredths = vote->hundredths,
        .has_time = true,
        .time_ms = vote->time_ms,
    };
    return vote->is_review_alone ? STATUS_OK : import_table_put_vote(table, &change, vote->row);
}

static enum status put_matched(struct import_votes *votes, const struct import_matched *all,
                               size_t index)
{
    const struct import_vote *vote = &votes->gathered[index];
    const struct import_matched *matched = &all[index];
    struct import_table *table = votes->table;
    struct import *import = table->import;
    struct text described = describe(&votes->arena, &vote->movie);
    if (matched->how >= 0 && matched->how < IMPORT_HOW_COUNT) {
        import->counts.by_how[matched->how]++;
    }
    if (matched->movie_id.length == 0) {
        struct text detail =
            matched->is_ambiguous
                ? arena_format(&votes->arena, "%.*s: %.*s", TEXT_ARGUMENTS(described),
                               TEXT_ARGUMENTS(matched->candidates))
                : described;
        import_report_row(&import->report, table->file.name, vote->row,
                          matched->is_ambiguous ? "ambiguous" : "not matched", TEXT(""), detail);
        return STATUS_OK;
    }
    import_report_row(&import->report, table->file.name, vote->row, "matched", matched->movie_id,
                      text_of(import_match_how(matched->how)));
    enum status status = put_vote(votes, vote, matched->movie_id);
    return status == STATUS_OK ? put_review(votes, all, index) : status;
}

enum status import_votes_flush(struct import_votes *votes)
{
    struct session *session = votes->table->import->session;
    size_t count = votes->count;
    struct import_match_query *queries = arena_calloc(&votes->arena, count + 1, sizeof(*queries));
    struct import_matched *matched = arena_calloc(&votes->arena, count + 1, sizeof(*matched));
    if (queries == NULL || matched == NULL) {
        return no_memory(&session->call);
    }
    for (size_t i = 0; i < count; i++) {
        queries[i] = votes->gathered[i].movie;
    }
    enum status status =
        count > 0 ? import_match(session, &votes->arena, queries, count, matched) : STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = put_matched(votes, matched, i);
    }
    votes->count = 0;
    votes->gathered = NULL;
    arena_reset(&votes->arena);
    return status;
}
