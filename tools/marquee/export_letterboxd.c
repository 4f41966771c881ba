/* For Letterboxd's import: a film's ids, title and year, stars, the day, and what was written: the
 * votes first, each with its review, then reviews without a vote. */
#include "base/arena.h"
#include "base/clock.h"
#include "marquee/csv_writer.h"
#include "marquee/export.h"
#include "marquee/export_reviews.h"
#include "metadata.pb-c.h"
#include "proto/proto.h"
#include "rating.pb-c.h"

enum {
    READ_MAX = 100,      /* entries of one BatchGetMetadata: the largest fit a reply */
    DAY_CHARACTERS = 10, /* of a time in RFC 3339 */
    HALF_STAR = 100,     /* in hundredths of a point */
};

/* Half stars, rounded, at least one. */
static int half_stars(struct export *export, int32_t hundredths)
{
    int halves = (hundredths + HALF_STAR / 2) / HALF_STAR;
    halves = halves > 0 ? halves : 1;
    export->rounded += halves * HALF_STAR != hundredths;
    return halves;
}

/* A row in the making. */
struct row {
    struct text movie_id;
    bool is_rated;
    int32_t hundredths;
    int64_t time_ms;
    struct text review; /* empty: none */
};

/* What session_each_page() and export_each_vote_page() carry along. */
struct letterboxd {
    struct export export; /* first: it is handed on as such */
    struct export_reviews reviews;
};

static void write_row(struct export *export, const Metadata *metadata, const struct row *row)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    csv_write_field(export->output, proto_text(metadata->imdb_id));
    (void)fputc(',', export->output);
    csv_write_field(export->output, proto_text(metadata->tmdb_id));
    (void)fputc(',', export->output);
    csv_write_field(export->output, proto_text(metadata->title));
    (void)fputc(',', export->output);
    if (metadata->year != 0) {
        (void)fprintf(export->output, "%d", metadata->year);
    }
    (void)fputc(',', export->output);
    if (row->is_rated) {
        int halves = half_stars(export, row->hundredths);
        (void)fprintf(export->output, "%d%s", halves / 2, halves % 2 == 1 ? ".5" : "");
    }
    (void)fprintf(export->output, ",%.*s", DAY_CHARACTERS, clock_format(row->time_ms, time).data);
    if (export->with_reviews) {
        (void)fputc(',', export->output);
        csv_write_field(export->output, row->review);
        export->reviews += row->review.length > 0;
    }
    (void)fputc('\n', export->output);
}

/* At most READ_MAX rows, in their order. */
static enum status write_rows(struct export *export, struct call *call, const struct row *rows,
                              size_t count)
{
    BatchGetMetadataRequest request = BATCH_GET_METADATA_REQUEST__INIT;
    ProtobufCBinaryData ids[READ_MAX];
    ProtobufCMessage *message;
    size_t next = 0;
    request.movie_ids = ids;
    request.n_movie_ids = count;
    for (size_t i = 0; i < count; i++) {
        ids[i] = proto_bytes(rows[i].movie_id);
    }
    enum status status =
        session_ask(export->session, call, SESSION_METADATA, "/MetadataService/BatchGetMetadata",
                    &request.base, &batch_get_metadata_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const BatchGetMetadataResponse *response = (const BatchGetMetadataResponse *)message;
    for (size_t i = 0; i < count; i++) { /* the reply keeps the order */
        bool is_known = next < response->n_metadata &&
                        text_equal(proto_text(response->metadata[next]->id), rows[i].movie_id);
        if (is_known) {
            write_row(export, response->metadata[next++], &rows[i]);
        } else {
            export->without_title++;
        }
    }
    return STATUS_OK;
}

/* Of a film that was voted on in several ways the first row has the review. */
static enum status add_review(struct letterboxd *letterboxd, struct call *call, struct row *row)
{
    return letterboxd->export.with_reviews
               ? export_reviews_find(&letterboxd->reviews, call, row->movie_id, &row->review)
               : STATUS_OK;
}

/* Votes on movies, READ_MAX at most; in memory of their own, for their reviews may be long. */
static enum status take_some(struct letterboxd *letterboxd, struct call *call,
                             const struct vote *const *votes, size_t count)
{
    struct row rows[READ_MAX];
    struct arena arena;
    struct call own;
    enum status status = STATUS_OK;
    session_call_init(letterboxd->export.session, &own, &arena);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        rows[i] = (struct row){.movie_id = votes[i]->key.record.id,
                               .is_rated = true,
                               .hundredths = votes[i]->hundredths,
                               .time_ms = votes[i]->time_ms};
        status = add_review(letterboxd, &own, &rows[i]);
    }
    if (status == STATUS_OK) {
        status = write_rows(&letterboxd->export, &own, rows, count);
    }
    if (status != STATUS_OK) {
        (void)call_fail(call, status, "%.*s", TEXT_ARGUMENTS(own.error.message));
    }
    arena_deinit(&arena);
    return status;
}

static enum status take_votes(struct export *export, struct call *call,
                              const struct export_votes *votes)
{
    struct letterboxd *letterboxd = CONTAINER_OF(export, struct letterboxd, export);
    const struct vote *movies[READ_MAX];
    enum status status = STATUS_OK;
    size_t count = 0;
    for (size_t i = 0; i < votes->count && status == STATUS_OK; i++) {
        if (votes->votes[i].key.record.type != RECORD_TYPE_MOVIE) {
            export->without_title++;
            continue;
        }
        movies[count++] = &votes->votes[i];
        if (count == READ_MAX) {
            status = take_some(letterboxd, call, movies, count);
            count = 0;
        }
    }
    return status == STATUS_OK && count > 0 ? take_some(letterboxd, call, movies, count) : status;
}

/* Those of movies that have no row yet. */
static enum status take_reviews(void *state, struct call *call, const struct export_review *reviews,
                                size_t count)
{
    struct letterboxd *letterboxd = state;
    struct row rows[READ_MAX];
    CHECK(count <= READ_MAX);
    for (size_t i = 0; i < count; i++) {
        rows[i] = (struct row){.movie_id = reviews[i].movie_id,
                               .time_ms = reviews[i].time_ms,
                               .review = reviews[i].text};
    }
    return count > 0 ? write_rows(&letterboxd->export, call, rows, count) : STATUS_OK;
}

static enum status run(struct letterboxd *letterboxd)
{
    struct export *export = &letterboxd->export;
    enum status status = export->with_reviews ? export_reviews_open(export->session, export->user,
                                                                    &letterboxd->reviews)
                                              : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    (void)fprintf(export->output, "imdbID,tmdbID,Title,Year,Rating,WatchedDate%s\n",
                  export->with_reviews ? ",Review" : "");
    status = export_each_vote_page(export, take_votes);
    return status == STATUS_OK && export->with_reviews
               ? export_reviews_rest(&letterboxd->reviews, take_reviews, letterboxd)
               : status;
}

enum status export_letterboxd(struct export *export)
{
    struct letterboxd letterboxd = {.export = *export};
    enum status status = run(&letterboxd);
    export_reviews_close(&letterboxd.reviews);
    *export = letterboxd.export;
    return status;
}
