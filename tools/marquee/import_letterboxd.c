/* Letterboxd's export: ratings.csv, or where it is missing diary.csv or reviews.csv; stars of 0.5
 * to 5 count twice in points. Films are matched by title and year: their links lead to Letterboxd
 * alone. */
#include "marquee/import_rows.h"
#include "marquee/import_text.h"
#include "marquee/import_votes.h"
#include "marquee/movielens_title.h"

enum { DATE, NAME, YEAR, RATING, IMDB_ID, TMDB_ID, COLUMNS };

/* imdbID and tmdbID: of a list that was made for Letterboxd's import. */
static const char *const columns[COLUMNS] = {
    [DATE] = "Date",     [NAME] = "Name",      [YEAR] = "Year",
    [RATING] = "Rating", [IMDB_ID] = "imdbID", [TMDB_ID] = "tmdbID",
};

struct letterboxd {
    struct import_table table;
    struct import_votes votes;
};

static enum status take_row(void *state, struct call *call, const struct import_row *row)
{
    struct letterboxd *letterboxd = state;
    struct import_vote vote = {.movie = {.title = row->fields[NAME],
                                         .imdb_id = row->fields[IMDB_ID],
                                         .tmdb_id = row->fields[TMDB_ID]},
                               .row = row->line};
    if (row->fields[RATING].length == 0) {
        letterboxd->table.import->counts.skipped++; /* seen, and not rated */
        return STATUS_OK;
    }
    enum status status = movielens_stars(call, row->fields[RATING], &vote.hundredths);
    if (status == STATUS_OK) {
        status = import_read_date(call, row->fields[DATE], &vote.time_ms);
    }
    if (status == STATUS_OK) {
        status = import_read_year(call, row->fields[YEAR], &vote.movie.year);
    }
    return status == STATUS_OK ? import_votes_put(&letterboxd->votes, call, &vote) : status;
}

static enum status read_table(struct letterboxd *letterboxd)
{
    const struct import_rows rows = {
        .table = &letterboxd->table,
        .columns = columns,
        .column_count = COLUMNS,
        .required = RATING + 1,
        .take = take_row,
        .state = letterboxd,
    };
    import_votes_init(&letterboxd->votes, &letterboxd->table);
    enum status status = import_rows_read(&rows);
    status = status == STATUS_OK ? import_votes_flush(&letterboxd->votes) : status;
    import_votes_deinit(&letterboxd->votes);
    return status;
}

/* The newest rating of each film stands in ratings.csv; the others have it with the day. */
static struct text choose(const struct import_files *files)
{
    static const struct text names[] = {TEXT_INIT("ratings.csv"), TEXT_INIT("diary.csv"),
                                        TEXT_INIT("reviews.csv")};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (import_files_have(files, names[i])) {
            return names[i];
        }
    }
    return files->is_folder || files->is_archive ? names[0] : TEXT("");
}

enum status import_letterboxd(struct import *import)
{
    struct letterboxd *letterboxd =
        arena_calloc(import->session->call.arena, 1, sizeof(*letterboxd));
    if (letterboxd == NULL) {
        return call_fail(&import->session->call, STATUS_RESOURCE_EXHAUSTED, "no memory");
    }
    enum status status = import_table_open(import, choose(&import->files), &letterboxd->table);
    if (status != STATUS_OK) {
        return status;
    }
    status = read_table(letterboxd);
    return import_table_close(&letterboxd->table, status);
}
