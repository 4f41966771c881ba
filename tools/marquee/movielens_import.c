#include "marquee/movielens_import.h"

#include "marquee/csv_reader.h"
#include "marquee/import_movies.h"
#include "marquee/import_text.h"
#include "marquee/movielens_links.h"
#include "marquee/movielens_popularity.h"
#include "marquee/movielens_title.h"

enum { ROW_BYTES_MAX = 4 * 1024 * 1024, MOVIE_FIELDS = 3, VOTE_FIELDS = 4, SHOW_EVERY_ROWS = 64 };

#define TIMESTAMP_MAX INT64_C(253402300799) /* the end of the year 9999 */

/* One file on its way. */
struct movielens_table {
    struct import_table table;
    struct import_movies movies;
    struct movielens_links *links;
    struct movielens_popularity *popularity;
    uint64_t rows;
    /* Takes a row; its call's error is the reason of INVALID_ARGUMENT. */
    enum status (*take)(struct movielens_table *table, struct call *call,
                        const struct csv_row *row);
};

static enum status take_link(struct movielens_table *table, struct call *call,
                             const struct csv_row *row)
{
    return movielens_links_add(table->links, call, row);
}

static enum status take_movie(struct movielens_table *table, struct call *call,
                              const struct csv_row *row)
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
    struct text genres =
        text_equal(row->fields[2], TEXT("(no genres listed)")) ? TEXT("") : row->fields[2];
    enum status status = import_split_genres(call, genres, '|', &metadata);
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
    return import_movies_put(&table->movies, &metadata, row->line);
}

static enum status take_vote(struct movielens_table *table, struct call *call,
                             const struct csv_row *row)
{
    struct rating_change vote = {.kind = RATING_PUT, .has_time = true};
    int64_t seconds;
    if (row->count != VOTE_FIELDS) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "not userId,movieId,rating,timestamp");
    }
    vote.key = (struct vote_key){.record = {RECORD_TYPE_MOVIE, row->fields[1]},
                                 .provider = table->table.import->provider,
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
    return status == STATUS_OK ? import_table_put_vote(&table->table, &vote, row->line) : status;
}

/* A row, or what is wrong with it. STATUS_NOT_FOUND: there are no more. */
static enum status read_row(struct movielens_table *table, struct csv_reader *reader,
                            struct arena *arena)
{
    struct csv_row row;
    struct call call;
    call_init(&call, arena, 0);
    enum status status = csv_reader_next(reader, &call, &row);
    if (status == STATUS_OK && row.line > 1) {
        status = table->take(table, &call, &row);
    }
    status = import_table_take(&table->table, &call, row.line, status);
    if (++table->rows % SHOW_EVERY_ROWS == 0) {
        import_table_show(&table->table, table->rows);
    }
    arena_reset(arena);
    return status;
}

static enum status read_rows(struct movielens_table *table, uint64_t line)
{
    struct arena arena;
    struct csv_reader reader;
    arena_init(&arena, ROW_BYTES_MAX);
    enum status status = csv_reader_init(&reader, table->table.file.bytes);
    reader.line = line;
    while (status == STATUS_OK) {
        status = read_row(table, &reader, &arena);
    }
    csv_reader_deinit(&reader);
    arena_deinit(&arena);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* A whole file, or a range of it. */
static enum status read_table(struct movielens_table *table, struct import *import,
                              struct text name, const struct movielens_range *range)
{
    struct call *call = &import->session->call;
    enum status status = import_table_open(import, name, &table->table);
    if (status != STATUS_OK) {
        return status;
    }
    table->rows = 0;
    import_movies_init(&table->movies, &table->table, IMPORT_MERGE);
    if (range != NULL) {
        status = import_file_limit(&table->table.file, call, range->from, range->end);
    }
    if (status == STATUS_OK) {
        status = read_rows(table, range != NULL ? range->line : 1);
    }
    status = import_movies_finish(&table->movies, status);
    return import_table_close(&table->table, status);
}

static enum status read_links(struct movielens_table *table, struct import *import)
{
    static const struct text name = TEXT_INIT("links.csv");
    table->take = take_link;
    /* Without them the movies are imported without their ids elsewhere. */
    enum status status =
        import_files_have(&import->files, name) ? read_table(table, import, name, NULL) : STATUS_OK;
    movielens_links_sort(table->links);
    return status;
}

/* The movies, or a range of them; popularity is counted before, so that each is put once. */
static enum status read_movies(struct movielens_table *table, struct import *import,
                               const struct movielens_range *range)
{
    enum status status = read_links(table, import);
    if (status == STATUS_OK) {
        status = movielens_popularity_count(table->popularity, import->session, &import->files);
    }
    if (status == STATUS_OK) {
        table->take = take_movie;
        status = read_table(table, import, TEXT("movies.csv"), range);
    }
    return status;
}

enum status movielens_import_run(struct import *import, const struct movielens_range *range)
{
    static const struct text movies = TEXT_INIT("movies.csv");
    struct movielens_links links = {.count = 0};
    struct movielens_popularity popularity = {.count = 0};
    struct call *call = &import->session->call;
    bool has_movies = range == NULL || text_equal(range->file, movies);
    struct movielens_table *table = arena_calloc(call->arena, 1, sizeof(*table));
    if (table == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the import");
    }
    table->links = &links;
    table->popularity = &popularity;
    enum status status = has_movies ? read_movies(table, import, range) : STATUS_OK;
    if (status == STATUS_OK && (range == NULL || !has_movies)) {
        table->take = take_vote;
        status = read_table(table, import, TEXT("ratings.csv"), range);
    }
    movielens_links_deinit(&links);
    movielens_popularity_deinit(&popularity);
    return status;
}
