/* bulk_private.h: one write in flight. */
#pragma once

#include "marquee/bulk.h"
#include "rating.pb-c.h"

/* On the heap, freed by the fiber that sends it. */
struct bulk_job {
    struct bulk *bulk;
    struct fiber_semaphore *gate; /* given back in the end */
    const char *file;
    struct arena arena;
    enum session_service service;
    const char *path;
    const ProtobufCMessage *request;
    BatchPutRatingsRequest *votes; /* the request, of a batch of votes */
    const ProtobufCMessageDescriptor *response_type;
    size_t count;    /* of what it stores */
    uint64_t *lines; /* one for each */
};

/* NULL: no memory. */
struct bulk_job *bulk_job_create(struct bulk *bulk, struct fiber_semaphore *gate, size_t lines_max);
void bulk_job_destroy(struct bulk_job *job);

/* Consumes the job: starts a fiber that sends it. */
MUST_USE enum status bulk_job_start(struct bulk_job *job);
