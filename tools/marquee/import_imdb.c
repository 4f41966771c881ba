/* IMDb's data sets (title.basics, title.ratings: tab-separated) and what IMDb exports of a user's
 * ratings (CSV). */
#include "marquee/import_movies.h"
#include "marquee/import_rows.h"
#include "marquee/import_text.h"
#include "marquee/import_votes.h"
#include "rating/model/rating_value.h"

/* What of a table is being made. */
struct imdb {
    struct import_table table;
    struct import_movies movies;
    struct import_votes votes;
};

static enum status open_table(struct import *import, struct imdb **ret_imdb)
{
    *ret_imdb = arena_calloc(import->session->call.arena, 1, sizeof(**ret_imdb));
    if (*ret_imdb == NULL) {
        return call_fail(&import->session->call, STATUS_RESOURCE_EXHAUSTED, "no memory");
    }
    return import_table_open(import, TEXT(""), &(*ret_imdb)->table);
}

/* A data set, whose columns must all be there. rows: those columns and what takes a row. */
static enum status read_data_set(struct import *import, struct import_rows rows,
                                 enum import_movies_mode mode)
{
    struct imdb *imdb;
    enum status status = open_table(import, &imdb);
    if (status != STATUS_OK) {
        return status;
    }
    import_movies_init(&imdb->movies, &imdb->table, mode);
    rows.table = &imdb->table;
    rows.required = rows.column_count;
    rows.is_tab_separated = true;
    rows.state = imdb;
    status = import_movies_finish(&imdb->movies, import_rows_read(&rows));
    return import_table_close(&imdb->table, status);
}

/* Titles. */

enum { TITLE_ID, TITLE_TYPE, TITLE_NAME, TITLE_YEAR, TITLE_GENRES, TITLE_COLUMNS };

static const char *const title_columns[TITLE_COLUMNS] = {
    [TITLE_ID] = "tconst",      [TITLE_TYPE] = "titleType", [TITLE_NAME] = "primaryTitle",
    [TITLE_YEAR] = "startYear", [TITLE_GENRES] = "genres",
};

/* Films, also those made for television; no series, episodes, games. */
static bool is_movie(struct text type)
{
    static const struct text types[] = {TEXT_INIT("movie"), TEXT_INIT("tvMovie"),
                                        TEXT_INIT("short"), TEXT_INIT("tvShort"),
                                        TEXT_INIT("video")};
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        if (text_equal(type, types[i])) {
            return true;
        }
    }
    return false;
}

static enum status take_title(void *state, struct call *call, const struct import_row *row)
{
    struct imdb *imdb = state;
    struct metadata metadata = {.id = row->fields[TITLE_ID],
                                .title = row->fields[TITLE_NAME],
                                .imdb_id = row->fields[TITLE_ID]};
    if (!is_movie(row->fields[TITLE_TYPE])) {
        imdb->table.import->counts.skipped++;
        return STATUS_OK;
    }
    enum status status = import_read_year(call, row->fields[TITLE_YEAR], &metadata.year);
    if (status == STATUS_OK) {
        status = import_split_genres(call, row->fields[TITLE_GENRES], ',', &metadata);
    }
    if (status == STATUS_OK) {
        status = metadata_validate(call, &metadata);
    }
    return status == STATUS_OK ? import_movies_put(&imdb->movies, &metadata, row->line) : status;
}

enum status import_imdb_titles(struct import *import)
{
    const struct import_rows titles = {
        .columns = title_columns, .column_count = TITLE_COLUMNS, .take = take_title};
    return read_data_set(import, titles, IMPORT_MATCH);
}

/* Scores. */

enum { SCORE_ID, SCORE_MEAN, SCORE_VOTES, SCORE_COLUMNS };

static const char *const score_columns[SCORE_COLUMNS] = {
    [SCORE_ID] = "tconst", [SCORE_MEAN] = "averageRating", [SCORE_VOTES] = "numVotes"};

static enum status take_score(void *state, struct call *call, const struct import_row *row)
{
    struct imdb *imdb = state;
    struct external_score score = {.source = TEXT("imdb")};
    uint64_t votes;
    if (!text_to_u64(row->fields[SCORE_VOTES], &votes) || votes > UINT32_MAX ||
        !text_to_double(row->fields[SCORE_MEAN], &score.value)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "averageRating or numVotes is no number");
    }
    score.votes = (uint32_t)votes;
    /* With a title in place of the one that stands, to be checked as a whole. */
    struct metadata metadata = {.id = row->fields[SCORE_ID],
                                .title = TEXT("-"),
                                .imdb_id = row->fields[SCORE_ID],
                                .popularity = score.votes,
                                .external_scores = &score,
                                .external_score_count = 1};
    enum status status = metadata_validate(call, &metadata);
    metadata.title = TEXT("");
    return status == STATUS_OK ? import_movies_put(&imdb->movies, &metadata, row->line) : status;
}

enum status import_imdb_scores(struct import *import)
{
    const struct import_rows scores = {
        .columns = score_columns, .column_count = SCORE_COLUMNS, .take = take_score};
    return read_data_set(import, scores, IMPORT_MATCH_SCORES);
}

/* A user's ratings. */

enum { RATED_ID, RATED_VALUE, RATED_DATE, RATED_TITLE, RATED_YEAR, RATED_COLUMNS };

static const char *const rated_columns[RATED_COLUMNS] = {
    [RATED_ID] = "Const",    [RATED_VALUE] = "Your Rating", [RATED_DATE] = "Date Rated",
    [RATED_TITLE] = "Title", [RATED_YEAR] = "Year",
};

static enum status take_rated(void *state, struct call *call, const struct import_row *row)
{
    struct imdb *imdb = state;
    struct import_vote vote = {
        .movie = {.imdb_id = row->fields[RATED_ID], .title = row->fields[RATED_TITLE]},
        .row = row->line};
    if (row->fields[RATED_VALUE].length == 0) {
        imdb->table.import->counts.skipped++;
        return STATUS_OK;
    }
    enum status status = rating_value_parse(call, row->fields[RATED_VALUE], &vote.hundredths);
    if (status == STATUS_OK) {
        status = import_read_date(call, row->fields[RATED_DATE], &vote.time_ms);
    }
    if (status == STATUS_OK) {
        status = import_read_year(call, row->fields[RATED_YEAR], &vote.movie.year);
    }
    return status == STATUS_OK ? import_votes_put(&imdb->votes, call, &vote) : status;
}

enum status import_imdb_ratings(struct import *import)
{
    struct imdb *imdb;
    enum status status = open_table(import, &imdb);
    if (status != STATUS_OK) {
        return status;
    }
    import_votes_init(&imdb->votes, &imdb->table);
    const struct import_rows rows = {
        .table = &imdb->table,
        .columns = rated_columns,
        .column_count = RATED_COLUMNS,
        .required = RATED_DATE + 1,
        .take = take_rated,
        .state = imdb,
    };
    status = import_rows_read(&rows);
    status = status == STATUS_OK ? import_votes_flush(&imdb->votes) : status;
    import_votes_deinit(&imdb->votes);
    return import_table_close(&imdb->table, status);
}
