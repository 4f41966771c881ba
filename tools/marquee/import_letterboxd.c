/* Letterboxd's export, and lists that are made for its import, as marquee export letterboxd makes
 * them. Of an export ratings.csv, or where it is missing diary.csv or reviews.csv; stars of 0.5
 * to 5 count twice in points. What is written in reviews.csv becomes reviews. Films are matched by
 * title and year: their links lead to Letterboxd alone. */
#include "marquee/import_rows.h"
#include "marquee/import_text.h"
#include "marquee/import_votes.h"
#include "marquee/movielens_title.h"
#include "marquee/review_text.h"
#include "rating/model/rating_value.h"

enum { DATE, NAME, YEAR, RATING, RATING_OF_10, IMDB_ID, TMDB_ID, REVIEW, COLUMNS };

/* The second names, and the ids: of a list that was made for Letterboxd's import. */
static const char *const columns[COLUMNS] = {
    [DATE] = "Date|WatchedDate",  [NAME] = "Name|Title",       [YEAR] = "Year",
    [RATING] = "Rating|Rating10", [RATING_OF_10] = "Rating10", [IMDB_ID] = "imdbID",
    [TMDB_ID] = "tmdbID",         [REVIEW] = "Review",
};

struct letterboxd {
    struct import_table table;
    struct import_votes votes;
    bool with_votes; /* they are not of another file */
};

static const struct text reviews_file = TEXT_INIT("reviews.csv");

/* Of a list that has stars and points, the stars. ret_is_of_10: points. */
static struct text choose_rating(const struct import_row *row, bool *ret_is_of_10)
{
    struct text stars = row->fields[RATING];
    struct text points = row->fields[RATING_OF_10];
    bool is_one_column = stars.data == points.data;
    *ret_is_of_10 = points.length > 0 && (stars.length == 0 || is_one_column);
    return *ret_is_of_10 ? points : stars;
}

static enum status take_row(void *state, struct call *call, const struct import_row *row)
{
    struct letterboxd *letterboxd = state;
    struct import_vote vote = {.movie = {.title = row->fields[NAME],
                                         .imdb_id = row->fields[IMDB_ID],
                                         .tmdb_id = row->fields[TMDB_ID]},
                               .row = row->line};
    bool is_of_10;
    struct text rating = choose_rating(row, &is_of_10);
    bool has_review = letterboxd->table.import->with_reviews && row->fields[REVIEW].length > 0;
    vote.is_review_alone = !letterboxd->with_votes || rating.length == 0;
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
    enum status status = STATUS_OK;
    if (!vote.is_review_alone) {
        status = is_of_10 ? rating_value_parse(call, rating, &vote.hundredths)
                          : movielens_stars(call, rating, &vote.hundredths);
    }
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
