#include "marquee/movielens_import.h"

#include "base/clock.h"
#include "marquee/bulk.h"
#include "marquee/csv_reader.h"
#include "marquee/movielens_links.h"
#include "marquee/movielens_popularity.h"
#include "marquee/movielens_title.h"
#include "marquee/progress.h"

enum { ROW_BYTES_MAX = 4 * 1024 * 1024, MOVIE_FIELDS = 3, VOTE_FIELDS = 4 };

#define TIMESTAMP_MAX INT64_C(253402300799) /* the end of the year 9999 */

/* One file on its way. */
struct table {
    struct movielens_import *import;
    struct bulk bulk;
    struct movielens_links *links;
    struct movielens_popularity *popularity;
    struct file_source file;
    struct progress progress;
    /* Takes a row; its call's error is the reason of INVALID_ARGUMENT. */
    enum status (*take)(struct table *table, struct call *call, const struct csv_row *row);
};

static enum status take_link(struct table *table, struct call *call, const struct csv_row *row)
{
    return movielens_links_add(table->links, call, row);
}

static enum status split_genres(struct call *call, struct text list, struct metadata *metadata)
{
    struct text *genres = arena_calloc(call->arena, METADATA_GENRES_MAX, sizeof(*genres));
    if (genres == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for genres");
    }
    if (list.length == 0 || text_equal(list, TEXT("(no genres listed)"))) {
        return STATUS_OK;
    }
    while (list.data != NULL) {
        if (metadata->genre_count == METADATA_GENRES_MAX) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d genres",
                             METADATA_GENRES_MAX);
        }
        genres[metadata->genre_count++] = text_next(&list, '|');
    }
    metadata->genres = genres;
    return STATUS_OK;
}

static enum status take_movie(struct table *table, struct call *call, const struct csv_row *row)
{
    struct metadata metadata = {.year = 0};
    char imdb[MOVIELENS_IMDB_ID_BYTES];
    if (row->count != MOVIE_FIELDS) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "not movieId,title,genres");
    }
    const struct movielens_link *link = movielens_links_find(table->links, row->fields[0]);
    metadata.id = row->fields[0];
    metadata.popularity = movielens_popularity_of(table->popularity, row->fields[0]);
    movielens_title_split(row->fields[1], &metadata.title, &metadata.year);
    enum status status = split_genres(call, row->fields[2], &metadata);
    if (status == STATUS_OK && link != NULL) {
        metadata.tmdb_id = text_of(link->tmdb);
        status = movielens_imdb_id(call, text_of(link->imdb), imdb);
        metadata.imdb_id = text_of(imdb);
    }
    if (status == STATUS_OK) {
        status = metadata_validate(call, &metadata);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return bulk_put_metadata(&table->bulk, &metadata, row->line);
}

static enum status take_vote(struct table *table, struct call *call, const struct csv_row *row)
{
    struct rating_change vote = {.kind = RATING_PUT, .has_time = true};
    int64_t seconds;
    if (row->count != VOTE_FIELDS) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "not userId,movieId,rating,timestamp");
    }
    vote.key = (struct vote_key){.record = {RECORD_TYPE_MOVIE, row->fields[1]},
                                 .provider = table->import->provider,
                                 .user = row->fields[0]};
    enum status status = movielens_stars(call, row->fields[2], &vote.hundredths);
    if (status != STATUS_OK) {
        return status;
    }
    if (!text_to_i64(row->fields[3], &seconds) || seconds < 0 || seconds > TIMESTAMP_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "'%.*s' is no time in seconds",
                         TEXT_ARGUMENTS(row->fields[3]));
    }
    vote.time_ms = seconds * 1000;
    status = rating_change_validate(call, &vote);
    return status == STATUS_OK ? bulk_put_vote(&table->bulk, &vote, row->line) : status;
}

/* A row, or what is wrong with it. STATUS_NOT_FOUND: there are no more. */
static enum status read_row(struct table *table, struct csv_reader *reader, struct arena *arena)
{
    struct csv_row row;
    struct call call;
    call_init(&call, arena, 0);
    enum status status = csv_reader_next(reader, &call, &row);
    if (status == STATUS_OK && row.line > 1) {
        status = table->take(table, &call, &row);
    }
    if (status == STATUS_INVALID_ARGUMENT) {
        complaints_add(&table->bulk.complaints, table->bulk.file, row.line, call.error.message);
        status = STATUS_OK;
    } else if (status != STATUS_OK && status != STATUS_NOT_FOUND && call.error.message.length > 0) {
        status = call_fail(&table->import->session->call, status, "%s:%llu: %.*s", table->bulk.file,
                           (unsigned long long)row.line, TEXT_ARGUMENTS(call.error.message));
    }
    progress_update(&table->progress, table->file.done, table->bulk.stored);
    arena_reset(arena);
    return status;
}

static enum status read_rows(struct table *table, uint64_t line)
{
    struct arena arena;
    struct csv_reader reader;
    arena_init(&arena, ROW_BYTES_MAX);
    enum status status = csv_reader_init(&reader, file_source_bytes(&table->file));
    reader.line = line;
    while (status == STATUS_OK) {
        status = read_row(table, &reader, &arena);
    }
    csv_reader_deinit(&reader);
    arena_deinit(&arena);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* A whole file, or a range of it; *ret_stored counts what the service has taken. */
static enum status read_table(struct table *table, const char *name,
                              const struct movielens_range *range, uint64_t *ret_stored)
{
    struct movielens_import *import = table->import;
    struct session *session = import->session;
    struct call *call = &session->call;
    struct text path =
        arena_format(call->arena, "%.*s/%s", TEXT_ARGUMENTS(import->directory), name);
    if (path.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a path");
    }
    enum status status = file_source_open(call, path.data, &table->file);
    if (status != STATUS_OK) {
        return status;
    }
    if (range != NULL) {
        status = file_source_limit(&table->file, call, range->from, range->end);
    }
    bulk_init(&table->bulk, session, name);
    progress_init(&table->progress, session->input->errors, name, table->file.size);
    if (status == STATUS_OK) {
        status = read_rows(table, range != NULL ? range->line : 1);
    }
    enum status finished = bulk_finish(&table->bulk);
    progress_end(&table->progress);
    file_source_close(&table->file);
    import->refused += table->bulk.complaints.count;
    *ret_stored = table->bulk.stored;
    return status == STATUS_OK ? finished : status;
}

static enum status read_links(struct table *table)
{
    uint64_t none;
    table->take = take_link;
    enum status status = read_table(table, "links.csv", NULL, &none);
    if (status == STATUS_NOT_FOUND) {
        /* the movies are imported without their ids elsewhere */
        call_clear_error(&table->import->session->call);
        status = STATUS_OK;
    }
    movielens_links_sort(table->links);
    return status;
}

/* Before the movies are put, so that each is put once, with its popularity. */
static enum status count_votes(struct table *table)
{
    struct session *session = table->import->session;
    struct text path = arena_format(session->call.arena, "%.*s/ratings.csv",
                                    TEXT_ARGUMENTS(table->import->directory));
    return path.data != NULL
               ? movielens_popularity_count(table->popularity, session, path.data)
               : call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a path");
}

enum status movielens_import_run(struct movielens_import *import)
{
    static const struct text movies = TEXT_INIT("movies.csv");
    const struct movielens_range *range = import->range;
    struct movielens_links links = {.count = 0};
    struct movielens_popularity popularity = {.count = 0};
    struct call *call = &import->session->call;
    bool has_movies = range == NULL || text_equal(range->file, movies);
    struct table *table = arena_calloc(call->arena, 1, sizeof(*table));
    if (table == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the import");
    }
    table->import = import;
    table->links = &links;
    table->popularity = &popularity;
    enum status status = has_movies ? read_links(table) : STATUS_OK;
    if (status == STATUS_OK && has_movies) {
        status = count_votes(table);
    }
    if (status == STATUS_OK && has_movies) {
        table->take = take_movie;
        status = read_table(table, "movies.csv", range, &import->movies);
    }
    if (status == STATUS_OK && (range == NULL || !has_movies)) {
        table->take = take_vote;
        status = read_table(table, "ratings.csv", range, &import->votes);
    }
    movielens_links_deinit(&links);
    movielens_popularity_deinit(&popularity);
    return status;
}
