/* import_job.h: an import cut into jobs, for a queue: messages of the topic `import-jobs`, and what
 * became of them, messages of `import-results`. JSON, keyed by the job's id.
 *
 * A job is a range of rows of one file of a MovieLens set. Doing it is putting: done twice, it
 * leaves the same behind. */
#pragma once

#include "base/call.h"
#include "marquee/movielens_import.h"

enum {
    IMPORT_NAME_BYTES_MAX = 80, /* letters, digits, '.', '_', '-' */
    IMPORT_JOBS_MAX = 100000,   /* of one import */
    IMPORT_JOB_ROWS_DEFAULT = 10000,
    IMPORT_PATH_BYTES_MAX = 4096,
};

#define IMPORT_JOBS_TOPIC TEXT("import-jobs")
#define IMPORT_RESULTS_TOPIC TEXT("import-results")

struct import_job {
    struct text id;          /* "NAME/17" */
    struct text import_name; /* "NAME" */
    uint64_t total;          /* jobs of this import */
    struct text directory;   /* absolute; ends in NUL */
    struct text provider;
    struct movielens_range range;
};

struct import_result {
    struct text id;
    struct text import_name;
    bool failed; /* it was not done, and trying again will not help */
    uint64_t movies;
    uint64_t votes;
    uint64_t refused;   /* rows */
    struct text worker; /* "host:process" */
    struct text reason; /* of a failure */
};

/* Both write JSON, valid in the call's arena. STATUS_RESOURCE_EXHAUSTED: no room. */
MUST_USE enum status import_job_encode(struct call *call, const struct import_job *job,
                                       struct text *ret_json);
MUST_USE enum status import_result_encode(struct call *call, const struct import_result *result,
                                          struct text *ret_json);

/* Texts are valid in the call's arena. STATUS_INVALID_ARGUMENT: it is none; the call's error says
 * why. */
MUST_USE enum status import_job_decode(struct call *call, struct text json,
                                       struct import_job *ret_job);
MUST_USE enum status import_result_decode(struct call *call, struct text json,
                                          struct import_result *ret_result);

/* Cuts movies.csv and ratings.csv of the directory into jobs of so many rows: in the order of the
 * files, their ids from NAME/1. Valid in the call's arena, *ret_jobs with `total` set.
 * STATUS_NOT_FOUND: a file is not there. STATUS_RESOURCE_EXHAUSTED: more than IMPORT_JOBS_MAX. */
MUST_USE enum status import_cut(struct call *call, const struct import_job *pattern, uint64_t rows,
                                struct import_job **ret_jobs, size_t *ret_count);
