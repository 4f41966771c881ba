/* For Letterboxd's import: a film's ids, title and year, stars, and the day. */
#include "base/clock.h"
#include "marquee/csv_writer.h"
#include "marquee/export.h"
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

static void write_row(struct export *export, const Metadata *metadata, const struct vote *vote)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    int halves = half_stars(export, vote->hundredths);
    csv_write_field(export->output, proto_text(metadata->imdb_id));
    (void)fputc(',', export->output);
    csv_write_field(export->output, proto_text(metadata->tmdb_id));
    (void)fputc(',', export->output);
    csv_write_field(export->output, proto_text(metadata->title));
    (void)fputc(',', export->output);
    if (metadata->year != 0) {
        (void)fprintf(export->output, "%d", metadata->year);
    }
    (void)fprintf(export->output, ",%d%s,%.*s\n", halves / 2, halves % 2 == 1 ? ".5" : "",
                  DAY_CHARACTERS, clock_format(vote->time_ms, time).data);
}

/* Votes [from, end), which are on movies. */
static enum status take_some(struct export *export, struct call *call, const struct vote *votes,
                             size_t count)
{
    BatchGetMetadataRequest request = BATCH_GET_METADATA_REQUEST__INIT;
    ProtobufCBinaryData ids[READ_MAX];
    ProtobufCMessage *message;
    size_t next = 0;
    request.movie_ids = ids;
    request.n_movie_ids = count;
    for (size_t i = 0; i < count; i++) {
        ids[i] = proto_bytes(votes[i].key.record.id);
    }
    enum status status =
        session_ask(export->session, call, SESSION_METADATA, "/MetadataService/BatchGetMetadata",
                    &request.base, &batch_get_metadata_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const BatchGetMetadataResponse *response = (const BatchGetMetadataResponse *)message;
    for (size_t i = 0; i < count; i++) { /* the reply keeps the order */
        bool is_known =
            next < response->n_metadata &&
            text_equal(proto_text(response->metadata[next]->id), votes[i].key.record.id);
        if (is_known) {
            write_row(export, response->metadata[next++], &votes[i]);
        } else {
            export->without_title++;
        }
    }
    return STATUS_OK;
}

static enum status take_votes(struct export *export, struct call *call,
                              const struct export_votes *votes)
{
    struct vote movies[READ_MAX];
    enum status status = STATUS_OK;
    size_t count = 0;
    for (size_t i = 0; i < votes->count && status == STATUS_OK; i++) {
        if (votes->votes[i].key.record.type != RECORD_TYPE_MOVIE) {
            export->without_title++;
            continue;
        }
        movies[count++] = votes->votes[i];
        if (count == READ_MAX) {
            status = take_some(export, call, movies, count);
            count = 0;
        }
    }
    return status == STATUS_OK && count > 0 ? take_some(export, call, movies, count) : status;
}

enum status export_letterboxd(struct export *export)
{
    (void)fputs("imdbID,tmdbID,Title,Year,Rating,WatchedDate\n", export->output);
    return export_each_vote_page(export, take_votes);
}
