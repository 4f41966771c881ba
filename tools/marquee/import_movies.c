#include "marquee/import_movies.h"

#include <stdlib.h>

#include "base/random.h"
#include "marquee/import_ask.h"
#include "marquee/import_match.h"
#include "marquee/import_merge.h"
#include "metadata/model/metadata_message.h"
#include "proto/proto.h"

/* The entries of a batch, and of one round of replies. */
enum { JOB_BYTES_MAX = 64 * 1024 * 1024, PLACES = 2 * IMPORT_MOVIES_UNDER_WAY_MAX };

/* Movies that are compared together. On the heap, freed by its fiber. */
struct import_movies_job {
    struct import_movies *movies;
    struct arena arena;
    struct metadata entries[IMPORT_MOVIES_BATCH];
    uint64_t rows[IMPORT_MOVIES_BATCH];
    bool is_done[IMPORT_MOVIES_BATCH]; /* refused, or not for us */
    size_t count;
};

void import_movies_init(struct import_movies *movies, struct import_table *table,
                        enum import_movies_mode mode)
{
    *movies = (struct import_movies){.table = table, .mode = mode};
    random_secret(movies->key, sizeof(movies->key));
    fiber_group_init(&movies->fibers);
    fiber_semaphore_init(&movies->gate, IMPORT_MOVIES_BATCHES_MAX);
}

static enum status no_memory(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for movies");
}

static struct call *session_call(const struct import_movies *movies)
{
    return &movies->table->import->session->call;
}

static struct import_counts *counts(const struct import_movies *movies)
{
    return &movies->table->import->counts;
}

/* Which of ours they are: their ids become ours. */
static enum status match(struct import_movies_job *job)
{
    struct import_movies *movies = job->movies;
    struct import_table *table = movies->table;
    struct import_match_query *queries = arena_calloc(&job->arena, job->count, sizeof(*queries));
    struct import_matched *matched = arena_calloc(&job->arena, job->count, sizeof(*matched));
    if (queries == NULL || matched == NULL) {
        return no_memory(session_call(movies));
    }
    for (size_t i = 0; i < job->count; i++) {
        queries[i].imdb_id = job->entries[i].imdb_id;
        queries[i].movie_id = job->entries[i].id;
    }
    enum status status =
        import_match(table->import->session, &job->arena, queries, job->count, matched);
    for (size_t i = 0; i < job->count && status == STATUS_OK; i++) {
        bool is_known = matched[i].movie_id.length > 0;
        if (matched[i].is_ambiguous) {
            import_table_refuse(table, job->rows[i], TEXT("several movies have this IMDb id"));
        } else if (is_known) {
            job->entries[i].id = matched[i].movie_id;
        } else if (movies->mode == IMPORT_MATCH_SCORES) {
            counts(movies)->movies_unknown++;
        }
        job->is_done[i] =
            matched[i].is_ambiguous || (!is_known && movies->mode == IMPORT_MATCH_SCORES);
    }
    return status;
}

/* Puts the entry unless it is there already. */
static enum status settle(struct import_movies_job *job, struct arena *arena, size_t place,
                          const struct metadata *known)
{
    struct import_movies *movies = job->movies;
    struct metadata entry = job->entries[place];
    enum status status = STATUS_OK;
    if (known != NULL && movies->mode != IMPORT_REPLACE) {
        status = import_merge(arena, known, &job->entries[place], &entry);
    }
    if (status != STATUS_OK) {
        return no_memory(session_call(movies));
    }
    if (known != NULL && metadata_equal(known, &entry)) {
        counts(movies)->movies_unchanged++;
        return STATUS_OK;
    }
    if (known != NULL) {
        counts(movies)->movies_changed++;
    } else {
        counts(movies)->movies_new++;
    }
    return bulk_put_metadata(&movies->table->bulk, &entry, job->rows[place]);
}

/* The message of that id; NULL: there is none. Replies keep the order of what was asked. */
static const Metadata *take_known(const BatchGetMetadataResponse *response, size_t *next,
                                  struct text id)
{
    if (*next < response->n_metadata && text_equal(proto_text(response->metadata[*next]->id), id)) {
        return response->metadata[(*next)++];
    }
    return NULL;
}

static enum status settle_all(struct import_movies_job *job, struct arena *arena, size_t from,
                              size_t end, const BatchGetMetadataResponse *response)
{
    enum status status = STATUS_OK;
    size_t next = 0;
    for (size_t i = from; i < end && status == STATUS_OK; i++) {
        struct metadata known;
        if (job->is_done[i]) {
            continue;
        }
        const Metadata *message = take_known(response, &next, job->entries[i].id);
        if (message != NULL && metadata_from_message(arena, message, &known) != STATUS_OK) {
            return no_memory(session_call(job->movies));
        }
        status = settle(job, arena, i, message != NULL ? &known : NULL);
    }
    return status;
}

/* Entries [from, end). */
static enum status compare(struct import_movies_job *job, size_t from, size_t end)
{
    struct session *session = job->movies->table->import->session;
    BatchGetMetadataRequest request = BATCH_GET_METADATA_REQUEST__INIT;
    ProtobufCBinaryData ids[IMPORT_MOVIES_READ_MAX];
    ProtobufCMessage *response;
    struct arena arena;
    request.movie_ids = ids;
    for (size_t i = from; i < end; i++) {
        if (!job->is_done[i]) {
            ids[request.n_movie_ids++] = proto_bytes(job->entries[i].id);
        }
    }
    if (request.n_movie_ids == 0) {
        return STATUS_OK;
    }
    enum status status =
        import_ask(session, SESSION_METADATA, "/MetadataService/BatchGetMetadata", &request.base,
                   &batch_get_metadata_response__descriptor, &arena, &response);
    if (status == STATUS_OK) {
        status = settle_all(job, &arena, from, end, (const BatchGetMetadataResponse *)response);
    }
    arena_deinit(&arena);
    return status;
}

static void destroy(struct import_movies_job *job)
{
    fiber_semaphore_give(&job->movies->gate);
    arena_deinit(&job->arena);
    free(job);
}

static void run(void *argument)
{
    struct import_movies_job *job = argument;
    struct import_movies *movies = job->movies;
    bool matches = movies->mode == IMPORT_MATCH || movies->mode == IMPORT_MATCH_SCORES;
    enum status status = matches ? match(job) : STATUS_OK;
    for (size_t from = 0; from < job->count && status == STATUS_OK;
         from += IMPORT_MOVIES_READ_MAX) {
        size_t end = from + IMPORT_MOVIES_READ_MAX;
        status = compare(job, from, end < job->count ? end : job->count);
    }
    movies->status = movies->status == STATUS_OK ? status : movies->status;
    destroy(job);
}

static enum status begin(struct import_movies *movies)
{
    enum status status = fiber_semaphore_take(session_call(movies), &movies->gate);
    if (status != STATUS_OK) {
        return status;
    }
    movies->job = calloc(1, sizeof(*movies->job));
    if (movies->job == NULL) {
        fiber_semaphore_give(&movies->gate);
        return no_memory(session_call(movies));
    }
    movies->job->movies = movies;
    arena_init(&movies->job->arena, JOB_BYTES_MAX);
    return STATUS_OK;
}

static enum status send(struct import_movies *movies)
{
    struct import_movies_job *job = movies->job;
    movies->job = NULL;
    enum status status = fiber_group_start(&movies->fibers, run, job);
    if (status != STATUS_OK) {
        destroy(job);
        return call_fail(session_call(movies), status, "no fiber for movies");
    }
    return STATUS_OK;
}

/* Waits for all that is under way. */
static enum status wait_for_all(struct import_movies *movies)
{
    enum status status = movies->job != NULL ? send(movies) : STATUS_OK;
    fiber_group_join(&movies->fibers);
    bulk_wait(&movies->table->bulk);
    memset(movies->under_way, 0, PLACES * sizeof(*movies->under_way));
    movies->under_way_count = 0;
    return status == STATUS_OK ? movies->status : status;
}

/* The place of the hash, or the free one where it would be. */
static uint64_t *find_place(const struct import_movies *movies, uint64_t hash)
{
    size_t at = (size_t)hash % PLACES;
    while (movies->under_way[at] != 0 && movies->under_way[at] != hash) {
        at = (at + 1) % PLACES;
    }
    return &movies->under_way[at];
}

/* Entries of one id are put one after the other: batches pass each other. An id that only has
 * another's hash waits in vain. */
static enum status take_turn(struct import_movies *movies, struct text id)
{
    enum status status = STATUS_OK;
    uint64_t hash = digest_with(movies->key, id).low;
    if (movies->under_way == NULL) {
        movies->under_way = calloc(PLACES, sizeof(*movies->under_way));
        if (movies->under_way == NULL) {
            return no_memory(session_call(movies));
        }
    }
    hash = hash != 0 ? hash : 1;
    if (*find_place(movies, hash) != 0 || movies->under_way_count == IMPORT_MOVIES_UNDER_WAY_MAX) {
        status = wait_for_all(movies);
    }
    *find_place(movies, hash) = hash;
    movies->under_way_count++;
    return status;
}

enum status import_movies_put(struct import_movies *movies, const struct metadata *metadata,
                              uint64_t row)
{
    enum status status = movies->status;
    if (status == STATUS_OK) {
        status = take_turn(movies, metadata->id);
    }
    if (status == STATUS_OK && movies->job == NULL) {
        status = begin(movies);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct import_movies_job *job = movies->job;
    if (metadata_copy(&job->arena, metadata, &job->entries[job->count]) != STATUS_OK) {
        return no_memory(session_call(movies));
    }
    job->rows[job->count++] = row;
    return job->count == IMPORT_MOVIES_BATCH ? send(movies) : STATUS_OK;
}

enum status import_movies_finish(struct import_movies *movies, enum status status)
{
    enum status sent = STATUS_OK;
    if (movies->job != NULL && status == STATUS_OK) {
        sent = send(movies);
    } else if (movies->job != NULL) {
        destroy(movies->job);
        movies->job = NULL;
    }
    fiber_group_join(&movies->fibers);
    free(movies->under_way);
    movies->under_way = NULL;
    status = status == STATUS_OK ? sent : status;
    return status == STATUS_OK ? movies->status : status;
}
