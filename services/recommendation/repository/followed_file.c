/* A model in a file, with where it stands. */
#include "base/clock.h"
#include "recommend/recommend_snapshot.h"
#include "recommendation/repository/followed_private.h"
#include "store/store_file.h"

enum { FILE_VERSION = 1 };

/* What stands before the model. */
struct file_head {
    uint64_t version;
    int64_t as_of_ms;
    struct followed_place place;
};

_Static_assert(sizeof(struct file_head) == 16 + 16 + 2 * 16,
               "without holes: all bytes are written");

/* For the worker's thread. */
struct job {
    struct text path;
    const struct recommend_settings *settings;
    struct recommend_model *model;
    struct file_head head;
    struct store_error error;
    enum status status;
    int64_t took_ms;
};

static bool put(void *writer, const void *bytes, size_t count)
{
    return store_file_write(writer, bytes, count);
}

static bool get(void *reader, void *bytes, size_t count)
{
    return store_file_read(reader, bytes, count);
}

static void write_file(void *argument)
{
    struct job *job = argument;
    struct store_file_writer *writer;
    int64_t began_ns = clock_monotonic_ns();
    job->status = store_file_create(job->path, &job->error, &writer);
    if (job->status == STATUS_OK) {
        const struct recommend_sink sink = {put, writer};
        if (store_file_write(writer, &job->head, sizeof(job->head))) {
            /* What could not be written is told by the end of it. */
            status_ignore(recommend_snapshot_write(job->model, sink));
        }
        job->status = store_file_commit(writer, &job->error);
    }
    job->took_ms = (clock_monotonic_ns() - began_ns) / CLOCK_NS_PER_MS;
}

static enum status read_parts(struct job *job, struct store_file_reader *reader)
{
    const struct recommend_source source = {get, reader};
    if (!store_file_read(reader, &job->head, sizeof(job->head))) {
        return STATUS_DATA_LOSS;
    }
    if (job->head.version != FILE_VERSION) {
        return STATUS_FAILED_PRECONDITION;
    }
    enum status status = recommend_snapshot_read(job->settings, source, &job->model);
    if (status == STATUS_OK && !store_file_is_whole(reader)) {
        recommend_model_destroy(job->model);
        job->model = NULL;
        status = STATUS_DATA_LOSS;
    }
    return status;
}

static void read_file(void *argument)
{
    struct job *job = argument;
    struct store_file_reader *reader;
    job->status = store_file_open(job->path, &job->error, &reader);
    if (job->status == STATUS_OK) {
        job->status = read_parts(job, reader);
        store_file_close(reader);
    }
}

static void say_why_not(struct followed_recommendations *self, const struct job *job)
{
    const char *why = job->status == STATUS_DATA_LOSS ? "it is damaged"
                      : job->status == STATUS_FAILED_PRECONDITION
                          ? "it is of other settings, or of another version"
                          : job->error.detail;
    log_write(self->log, LOG_WARNING, "the model that was kept is of no use; making another",
              LOG_FIELDS(log_text("file", job->path), log_string("why", why)));
}

struct followed_model *followed_file_read(struct followed_recommendations *self,
                                          struct followed_place *ret_place)
{
    struct job job = {.path = self->file, .settings = &self->settings};
    struct call call;
    followed_begin_call(self, &call, 0);
    if (worker_call(self->worker, &call, read_file, &job) != STATUS_OK ||
        job.status == STATUS_NOT_FOUND) {
        return NULL;
    }
    struct followed_model *held = NULL;
    if (job.status == STATUS_OK) {
        held = followed_model_hold(job.model);
        if (held == NULL) {
            recommend_model_destroy(job.model);
            job.status = store_fail(&job.error, STATUS_RESOURCE_EXHAUSTED, "", "no memory");
        }
    }
    if (held == NULL) {
        say_why_not(self, &job);
        return NULL;
    }
    atomic_store(&held->as_of_ms, job.head.as_of_ms);
    *ret_place = job.head.place;
    self->kept_sequence = job.head.place.sequence;
    return held;
}

void followed_file_write(struct followed_recommendations *self)
{
    struct followed_model *held = self->followed;
    if (self->file.length == 0 || held == NULL || self->place.witness.told.count == 0 ||
        self->place.sequence == self->kept_sequence) {
        return;
    }
    struct job job = {
        .path = self->file,
        .model = held->model,
        .head = {.version = FILE_VERSION,
                 .as_of_ms = atomic_load(&held->as_of_ms),
                 .place = self->place},
    };
    struct call call;
    followed_begin_call(self, &call, 0);
    call.cancellation = NULL; /* the last one is written when it is being stopped */
    if (worker_call(self->worker, &call, write_file, &job) != STATUS_OK) {
        return; /* no room in the queue: another time */
    }
    int64_t pause_ms = job.took_ms * FOLLOWED_KEEP_SHARE;
    self->keep_at_ms = clock_monotonic_ns() / CLOCK_NS_PER_MS +
                       (pause_ms > FOLLOWED_KEEP_MS_MIN ? pause_ms : FOLLOWED_KEEP_MS_MIN);
    if (job.status == STATUS_OK) {
        self->kept_sequence = self->place.sequence;
        atomic_store(&self->counts.kept_ms, clock_wall_ms());
    } else if (!self->keeping_failed) {
        log_write(self->log, LOG_WARNING, "the model cannot be kept; it is tried again",
                  LOG_FIELDS(log_text("file", self->file), log_string("why", job.error.detail)));
    }
    self->keeping_failed = job.status != STATUS_OK;
}
