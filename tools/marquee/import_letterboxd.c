/* Letterboxd's export: ratings.csv, or where it is missing diary.csv or reviews.csv; stars of 0.5
 * to 5 count twice in points. What is written in reviews.csv becomes reviews. Films are matched by
 * title and year: their links lead to Letterboxd alone. */
#include "marquee/import_rows.h"
#include "marquee/import_text.h"
#include "marquee/import_votes.h"
#include "marquee/movielens_title.h"
#include "marquee/review_text.h"

enum { DATE, NAME, YEAR, RATING, IMDB_ID, TMDB_ID, REVIEW, COLUMNS };

/* imdbID and tmdbID: of a list that was made for Letterboxd's import. */
static const char *const columns[COLUMNS] = {
    [DATE] = "Date",      [NAME] = "Name",      [YEAR] = "Year",     [RATING] = "Rating",
    [IMDB_ID] = "imdbID", [TMDB_ID] = "tmdbID", [REVIEW] = "Review",
};

struct letterboxd {
    struct import_table table;
    struct import_votes votes;
    bool with_votes; /* they are not of another file */
};

static const struct text reviews_file = TEXT_INIT("reviews.csv");

static enum status take_row(void *state, struct call *call, const struct import_row *row)
{
    struct letterboxd *letterboxd = state;
    struct import_vote vote = {.movie = {.title = row->fields[NAME],
                                         .imdb_id = row->fields[IMDB_ID],
                                         .tmdb_id = row->fields[TMDB_ID]},
                               .row = row->line};
    bool has_review = letterboxd->table.import->with_reviews && row->fields[REVIEW].length > 0;
    vote.is_review_alone = !letterboxd->with_votes || row->fields[RATING].length == 0;
    if (vote.is_review_alone && !has_review) {
        letterboxd->table.import->counts.skipped += letterboxd->with_votes; /* seen, not rated */
        return STATUS_OK;
    }
    if (has_review) {
        vote.review = review_text_clean(call->arena, row->fields[REVIEW]);
        if (vote.review.data == NULL) {
            return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a review");
        }
    }
    enum status status = vote.is_review_alone
                             ? STATUS_OK
                             : movielens_stars(call, row->fields[RATING], &vote.hundredths);
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
    const struct text names[] = {TEXT("ratings.csv"), TEXT("diary.csv"), reviews_file};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (import_files_have(files, names[i])) {
            return names[i];
        }
    }
    return files->is_folder || files->is_archive ? names[0] : TEXT("");
}

static enum status read_file(struct letterboxd *letterboxd, struct import *import, struct text name,
                             bool with_votes)
{
    letterboxd->with_votes = with_votes;
    enum status status = import_table_open(import, name, &letterboxd->table);
    if (status != STATUS_OK) {
        return status;
    }
    status = read_table(letterboxd);
    return import_table_close(&letterboxd->table, status);
}

enum status import_letterboxd(struct import *import)
{
    struct text name = choose(&import->files);
    struct letterboxd *letterboxd =
        arena_calloc(import->session->call.arena, 1, sizeof(*letterboxd));
    if (letterboxd == NULL) {
        return call_fail(&import->session->call, STATUS_RESOURCE_EXHAUSTED, "no memory");
    }
    enum status status = read_file(letterboxd, import, name, true);
    bool has_more = import->with_reviews && !text_equal(name, reviews_file) &&
                    import_files_have(&import->files, reviews_file);
    return status == STATUS_OK && has_more ? read_file(letterboxd, import, reviews_file, false)
                                           : status;
}
