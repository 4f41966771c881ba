#include <stdlib.h>

#include "base/clock.h"
#include "marquee/bulk_private.h"
#include "metadata/model/metadata_message.h"
#include "movie.pb-c.h"
#include "proto/proto.h"

void bulk_init(struct bulk *bulk, struct session *session, const char *file)
{
    *bulk = (struct bulk){
        .session = session, .complaints = {.errors = session->input->errors}, .file = file};
    fiber_group_init(&bulk->fibers);
    fiber_semaphore_init(&bulk->metadata_gate, BULK_METADATA_CALLS_MAX);
    fiber_semaphore_init(&bulk->batch_gate, BULK_BATCHES_MAX);
    fiber_semaphore_init(&bulk->review_gate, BULK_REVIEW_CALLS_MAX);
}

static enum status no_memory(struct bulk *bulk)
{
    return call_fail(&bulk->session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a request");
}

/* A job with a place among those in flight. */
static enum status begin(struct bulk *bulk, struct fiber_semaphore *gate, size_t lines_max,
                         struct bulk_job **ret_job)
{
    enum status status = fiber_semaphore_take(&bulk->session->call, gate);
    if (status != STATUS_OK) {
        return status;
    }
    if (bulk->status != STATUS_OK) {
        fiber_semaphore_give(gate);
        return bulk->status;
    }
    *ret_job = bulk_job_create(bulk, gate, lines_max);
    return *ret_job != NULL ? STATUS_OK : no_memory(bulk);
}

enum status bulk_put_metadata(struct bulk *bulk, const struct metadata *metadata, uint64_t line)
{
    struct bulk_job *job;
    struct metadata copy;
    enum status status = begin(bulk, &bulk->metadata_gate, 1, &job);
    if (status != STATUS_OK) {
        return status;
    }
    PutMetadataRequest *request = arena_alloc(&job->arena, sizeof(*request));
    if (request != NULL && metadata_copy(&job->arena, metadata, &copy) == STATUS_OK) {
        put_metadata_request__init(request);
        request->metadata = metadata_to_message(&job->arena, &copy);
    }
    if (request == NULL || request->metadata == NULL) {
        bulk_job_destroy(job);
        return no_memory(bulk);
    }
    job->service = SESSION_METADATA;
    job->path = "/MetadataService/PutMetadata";
    job->request = &request->base;
    job->response_type = &put_metadata_response__descriptor;
    job->lines[job->count++] = line;
    return bulk_job_start(job);
}

enum status bulk_put_review(struct bulk *bulk, const struct review *review, uint64_t line)
{
    struct bulk_job *job;
    struct review copy;
    char time[CLOCK_TIME_TEXT_BYTES];
    enum status status = begin(bulk, &bulk->review_gate, 1, &job);
    if (status != STATUS_OK) {
        return status;
    }
    PutMovieReviewRequest *request = arena_alloc(&job->arena, sizeof(*request));
    struct text written = arena_copy(&job->arena, clock_format(review->created_ms, time));
    if (request == NULL || written.data == NULL ||
        review_copy(&job->arena, review, &copy) != STATUS_OK) {
        bulk_job_destroy(job);
        return no_memory(bulk);
    }
    put_movie_review_request__init(request);
    request->user_id = proto_bytes(copy.key.user);
    request->movie_id = proto_bytes(copy.key.record.id);
    request->text = proto_bytes(copy.text);
    request->spoiler = copy.spoiler;
    request->time = proto_bytes(written);
    job->service = SESSION_MOVIE;
    job->path = "/MovieService/PutReview";
    job->request = &request->base;
    job->response_type = &put_movie_review_response__descriptor;
    job->lines[job->count++] = line;
    return bulk_job_start(job);
}

static PutRatingRequest *vote_request(struct arena *arena, const struct rating_change *vote)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    PutRatingRequest *request = arena_alloc(arena, sizeof(*request));
    ExactValue *value = arena_alloc(arena, sizeof(*value));
    const struct text texts[] = {
        arena_copy(arena, vote->key.user),
        arena_copy(arena, vote->key.record.id),
        arena_copy(arena, vote->key.provider),
        arena_copy(arena, clock_format(vote->time_ms, time)),
    };
    if (request == NULL || value == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        if (texts[i].data == NULL) {
            return NULL;
        }
    }
    put_rating_request__init(request);
    exact_value__init(value);
    value->hundredths = vote->hundredths;
    request->exact_value = value;
    request->user_id = proto_bytes(texts[0]);
    request->record_id = proto_bytes(texts[1]);
    request->record_type = proto_bytes(text_of(record_type_name(vote->key.record.type)));
    request->provider_id = proto_bytes(texts[2]);
    request->event_time = proto_bytes(texts[3]);
    return request;
}

static enum status begin_batch(struct bulk *bulk)
{
    struct bulk_job *job;
    enum status status = begin(bulk, &bulk->batch_gate, RATING_BATCH_MAX, &job);
    if (status != STATUS_OK) {
        return status;
    }
    BatchPutRatingsRequest *request = arena_alloc(&job->arena, sizeof(*request));
    PutRatingRequest **ratings = arena_calloc(&job->arena, RATING_BATCH_MAX, sizeof(*ratings));
    if (request == NULL || ratings == NULL) {
        bulk_job_destroy(job);
        return no_memory(bulk);
    }
    batch_put_ratings_request__init(request);
    request->ratings = ratings;
    job->votes = request;
    job->service = SESSION_RATING;
    job->path = "/RatingService/BatchPutRatings";
    job->request = &request->base;
    job->response_type = &batch_put_ratings_response__descriptor;
    bulk->batch = job;
    return STATUS_OK;
}

static enum status send_batch(struct bulk *bulk)
{
    struct bulk_job *job = bulk->batch;
    bulk->batch = NULL;
    return bulk_job_start(job);
}

enum status bulk_put_vote(struct bulk *bulk, const struct rating_change *vote, uint64_t line)
{
    enum status status = bulk->batch == NULL ? begin_batch(bulk) : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    struct bulk_job *job = bulk->batch;
    BatchPutRatingsRequest *request = job->votes;
    PutRatingRequest *rating = vote_request(&job->arena, vote);
    if (rating == NULL) {
        return no_memory(bulk);
    }
    request->ratings[request->n_ratings++] = rating;
    job->lines[job->count++] = line;
    return job->count == RATING_BATCH_MAX ? send_batch(bulk) : STATUS_OK;
}

void bulk_wait(struct bulk *bulk)
{
    fiber_group_join(&bulk->fibers);
}

enum status bulk_finish(struct bulk *bulk)
{
    enum status status = bulk->batch != NULL ? send_batch(bulk) : STATUS_OK;
    fiber_group_join(&bulk->fibers);
    complaints_end(&bulk->complaints);
    return bulk->status != STATUS_OK ? bulk->status : status;
}
