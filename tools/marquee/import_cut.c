/* Where the jobs of an import begin and end: at rows, whatever stands in their fields. */
#include <stdlib.h>

#include "base/arena.h"
#include "marquee/csv_reader.h"
#include "marquee/import_job.h"

enum { ROW_BYTES_MAX = 64 * 1024 };

struct cut {
    struct call *call;
    const struct import_job *pattern;
    uint64_t rows; /* of a job */
    struct import_job *jobs;
    size_t count;
};

static enum status add(struct cut *cut, const struct movielens_range *range)
{
    struct import_job job = *cut->pattern;
    if (cut->count == IMPORT_JOBS_MAX) {
        return call_fail(cut->call, STATUS_RESOURCE_EXHAUSTED,
                         "more than %d jobs: take more rows into each", IMPORT_JOBS_MAX);
    }
    job.id =
        arena_format(cut->call->arena, "%.*s/%zu", TEXT_ARGUMENTS(job.import_name), cut->count + 1);
    job.range = *range;
    if (job.id.data == NULL) {
        return call_fail(cut->call, STATUS_RESOURCE_EXHAUSTED, "no memory for jobs");
    }
    cut->jobs[cut->count++] = job;
    return STATUS_OK;
}

/* Rows that are malformed are rows: whoever does the job complains of them. */
static enum status cut_rows(struct cut *cut, struct csv_reader *reader, struct text file)
{
    struct movielens_range range = {.file = file, .from = 0, .line = 1};
    struct arena arena;
    enum status status = STATUS_OK;
    uint64_t rows = 0;
    arena_init(&arena, ROW_BYTES_MAX);
    while (status == STATUS_OK) {
        struct csv_row row;
        struct call call;
        call_init(&call, &arena, 0);
        status = csv_reader_next(reader, &call, &row);
        status = status == STATUS_INVALID_ARGUMENT ? STATUS_OK : status;
        rows += status == STATUS_OK;
        range.end = csv_reader_position(reader);
        if (rows == cut->rows || (status == STATUS_NOT_FOUND && rows > 0)) {
            enum status added = add(cut, &range);
            status = added == STATUS_OK ? status : added;
            range.from = range.end;
            range.line = reader->line;
            rows = 0;
        } else if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            status = call_fail(cut->call, status, "%.*s", TEXT_ARGUMENTS(call.error.message));
        }
        arena_reset(&arena);
    }
    arena_deinit(&arena);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status cut_file(struct cut *cut, struct text name)
{
    struct csv_reader reader;
    struct file_source file;
    struct text path = arena_format(cut->call->arena, "%.*s/%.*s",
                                    TEXT_ARGUMENTS(cut->pattern->directory), TEXT_ARGUMENTS(name));
    if (path.data == NULL) {
        return call_fail(cut->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a path");
    }
    enum status status = file_source_open(cut->call, path.data, &file);
    if (status != STATUS_OK) {
        return status;
    }
    status = csv_reader_init(&reader, file_source_bytes(&file));
    if (status == STATUS_OK) {
        status = cut_rows(cut, &reader, name);
    } else {
        status = call_fail(cut->call, status, "no memory for a row");
    }
    csv_reader_deinit(&reader);
    file_source_close(&file);
    return status;
}

enum status import_cut(struct call *call, const struct import_job *pattern, uint64_t rows,
                       struct import_job **ret_jobs, size_t *ret_count)
{
    struct cut cut = {
        .call = call,
        .pattern = pattern,
        .rows = rows,
        .jobs = arena_calloc(call->arena, IMPORT_JOBS_MAX, sizeof(*cut.jobs)),
    };
    CHECK(rows > 0);
    if (cut.jobs == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for jobs");
    }
    enum status status = cut_file(&cut, TEXT("movies.csv"));
    if (status == STATUS_OK) {
        status = cut_file(&cut, TEXT("ratings.csv"));
    }
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < cut.count; i++) {
        cut.jobs[i].total = cut.count;
    }
    *ret_jobs = cut.jobs;
    *ret_count = cut.count;
    return STATUS_OK;
}
