/* The change log as a transaction adds to it: chunks of its records. */
#include "rating/repository/postgres_rating_private.h"
#include "rating/repository/rating_change_chunk.h"

/* With its row's head it fits into a page of 8 KiB. */
enum { CHUNK_BYTES_MAX = 8000 };

/* What is under way. */
struct log {
    struct postgres_rating_writer *writer;
    struct rating_chunk_head head; /* of the open chunk; count 0: there is none */
    char *end;
    size_t records; /* all of them */
    size_t chunks;
    char bytes[CHUNK_BYTES_MAX];
};

static void close_chunk(struct log *log)
{
    if (log->head.count > 0) {
        size_t first = log->records - log->head.count + 1;
        (void)rating_chunk_put_head(log->bytes, &log->head); /* its end is where records began */
        postgres_array_add_int8(&log->writer->arrays[0], (int64_t)first);
        postgres_array_add_int4(&log->writer->arrays[1], (int32_t)log->head.count);
        postgres_array_add_text(&log->writer->arrays[2],
                                text_of_bytes(log->bytes, (size_t)(log->end - log->bytes)));
        log->chunks++;
        log->head.count = 0;
    }
}

static bool same_source(const struct rating_source *a, const struct rating_source *b)
{
    return a->partition == b->partition && text_equal(a->topic, b->topic);
}

static void add_record(struct log *log, int64_t now_ms, const struct rating_source *source,
                       const struct rating_chunk_record *record)
{
    size_t bytes = rating_chunk_record_bytes(record->vote_key.length);
    bool fits = log->head.count > 0 && log->head.time_ms == now_ms &&
                same_source(&log->head.source, source) &&
                (size_t)(log->end - log->bytes) + bytes <= CHUNK_BYTES_MAX;
    if (!fits) {
        close_chunk(log);
        log->head = (struct rating_chunk_head){.time_ms = now_ms, .source = *source};
        log->end = log->bytes + rating_chunk_head_bytes(source);
    }
    log->end = rating_chunk_put_record(log->end, record);
    log->head.count++;
    log->records++;
}

static void add_vote(struct log *log, const struct postgres_rating_item *item)
{
    const struct rating_chunk_record record = {
        .kind = item->change->kind == RATING_DELETE ? RATING_RECORD_DELETE : RATING_RECORD_PUT,
        .vote_key = item->key,
        .hundredths = item->hundredths,
        .time_ms = item->time_ms,
        .offset = item->change->offset,
    };
    add_record(log, item->job->now_ms, &item->job->source, &record);
}

static void add_letter(struct log *log, int64_t now_ms, const struct rating_dead_letter *letter)
{
    const struct rating_source source = {letter->topic, letter->partition};
    const struct rating_chunk_record record = {.kind = RATING_RECORD_DEAD_LETTER,
                                               .offset = letter->offset};
    add_record(log, now_ms, &source, &record);
}

/* In the order of the jobs: of each its changes, then its dead letters. */
static void add_all(struct log *log, const struct postgres_rating_plan *plan)
{
    const struct postgres_rating_item *item = plan->items;
    for (size_t i = 0; i < plan->job_count; i++) {
        const struct postgres_rating_job *job = plan->jobs[i];
        for (size_t k = 0; k < job->batch.change_count; k++, item++) {
            if (item->outcome == RATING_APPLIED) {
                add_vote(log, item);
            }
        }
        for (size_t k = 0; k < job->batch.dead_letter_count; k++) {
            add_letter(log, job->now_ms, &job->batch.dead_letters[k]);
        }
    }
}

size_t postgres_rating_send_log(struct postgres_rating_writer *writer,
                                const struct postgres_rating_plan *plan)
{
    struct log log = {.writer = writer};
    postgres_array_begin(&writer->arrays[0], POSTGRES_INT8);
    postgres_array_begin(&writer->arrays[1], POSTGRES_INT4);
    postgres_array_begin(&writer->arrays[2], POSTGRES_BYTEA);
    add_all(&log, plan);
    close_chunk(&log);
    if (log.chunks > 0) {
        struct postgres_parameters parameters = {.count = 0};
        postgres_add_int8(&parameters, (int64_t)log.records);
        for (unsigned i = 0; i < 3; i++) {
            postgres_add_array(&parameters, &writer->arrays[i]);
        }
        postgres_add_text(&parameters, text_of(writer->name));
        postgres_add_int8(&parameters, (int64_t)writer->group);
        postgres_add_text(&parameters, text_of(writer->session->schema));
        postgres_send(writer->connection, POSTGRES_LOG, &parameters);
    }
    return log.chunks;
}
