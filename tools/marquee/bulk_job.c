#include <stdlib.h>

#include "base/clock.h"
#include "marquee/bulk_private.h"
#include "movie.pb-c.h"
#include "proto/proto.h"

struct bulk_job *bulk_job_create(struct bulk *bulk, struct fiber_semaphore *gate, size_t lines_max)
{
    struct bulk_job *job = calloc(1, sizeof(*job));
    uint64_t *lines = calloc(lines_max, sizeof(*lines));
    if (job == NULL || lines == NULL) {
        free(job);
        free(lines);
        fiber_semaphore_give(gate);
        return NULL;
    }
    job->bulk = bulk;
    job->gate = gate;
    job->file = bulk->file;
    job->lines = lines;
    arena_init(&job->arena, BULK_JOB_BYTES_MAX);
    return job;
}

void bulk_job_destroy(struct bulk_job *job)
{
    fiber_semaphore_give(job->gate);
    arena_deinit(&job->arena);
    free(job->lines);
    free(job);
}

/* Putting is putting, however often: what was not answered in time is asked again too, as a store
 * may be behind with its disk. */
static bool is_worth_another(enum status status)
{
    return status == STATUS_UNAVAILABLE || status == STATUS_DEADLINE_EXCEEDED;
}

/* The first failure stands for the whole. */
static void fail(struct bulk_job *job, const struct call *call, enum status status)
{
    struct bulk *bulk = job->bulk;
    if (bulk->status == STATUS_OK) {
        bulk->status = status;
        (void)call_fail(&bulk->session->call, status, "%s:%llu: %.*s", job->file,
                        (unsigned long long)job->lines[0], TEXT_ARGUMENTS(call->error.message));
    }
}

static void take_response(struct bulk_job *job, const ProtobufCMessage *message)
{
    struct bulk *bulk = job->bulk;
    bulk->stored += job->count;
    if (job->service == SESSION_MOVIE) {
        bulk->reviews += job->count;
        bulk->reviews_changed += ((const PutMovieReviewResponse *)message)->changed ? 1 : 0;
    }
    if (job->service != SESSION_RATING) {
        return;
    }
    const BatchPutRatingsResponse *response = (const BatchPutRatingsResponse *)message;
    size_t refused = response->n_refused < job->count ? response->n_refused : job->count;
    bulk->stored -= refused;
    bulk->votes += job->count - refused;
    bulk->votes_changed += response->changed;
    bulk->votes_held += response->held;
    for (size_t i = 0; i < response->n_refused; i++) {
        uint32_t index = response->refused[i]->index;
        complaints_add(&bulk->complaints, job->file, index < job->count ? job->lines[index] : 0,
                       proto_text(response->refused[i]->reason));
    }
}

static enum status attempt(struct bulk_job *job)
{
    struct arena arena;
    struct call call;
    ProtobufCMessage *response;
    session_call_init(job->bulk->session, &call, &arena);
    enum status status = session_ask(job->bulk->session, &call, job->service, job->path,
                                     job->request, job->response_type, &response);
    if (status == STATUS_OK) {
        take_response(job, response);
    } else if (status == STATUS_INVALID_ARGUMENT || status == STATUS_NOT_FOUND) {
        complaints_add(&job->bulk->complaints, job->file, job->lines[0], call.error.message);
    } else if (!is_worth_another(status)) {
        fail(job, &call, status);
    }
    arena_deinit(&arena);
    return status;
}

/* By enum session_service. */
static const char *const service_names[SESSION_SERVICE_COUNT] = {"metadata", "rating", "movie"};

static void send(void *argument)
{
    struct bulk_job *job = argument;
    struct call *call = &job->bulk->session->call;
    int64_t pause_ms = BULK_RETRY_MS;
    enum status status = attempt(job);
    for (unsigned i = 1; i < BULK_ATTEMPTS_MAX && is_worth_another(status); i++) {
        if (fiber_sleep(call, pause_ms * CLOCK_NS_PER_MS) != STATUS_OK) {
            break;
        }
        pause_ms *= 2;
        status = attempt(job);
    }
    if (is_worth_another(status)) {
        struct call words = call_within(call, 0);
        (void)call_fail(&words, status, "the %s service was unavailable %d times in a row",
                        service_names[job->service], BULK_ATTEMPTS_MAX);
        fail(job, &words, status);
    }
    bulk_job_destroy(job);
}

enum status bulk_job_start(struct bulk_job *job)
{
    struct bulk *bulk = job->bulk;
    enum status status = fiber_group_start(&bulk->fibers, send, job);
    if (status != STATUS_OK) {
        bulk_job_destroy(job);
        return call_fail(&bulk->session->call, status, "no fiber for a request");
    }
    return STATUS_OK;
}
