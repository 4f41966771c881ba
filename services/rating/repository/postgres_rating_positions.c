/* Whether a batch begins where its partition stands. */
#include <inttypes.h>

#include "rating/repository/postgres_rating_private.h"

static bool same_partition(const struct rating_position *a, const struct rating_position *b)
{
    return a->partition == b->partition && text_equal(a->topic, b->topic);
}

static struct postgres_rating_known *find_known(struct postgres_rating_writer *writer,
                                                const struct rating_position *position)
{
    for (size_t i = 0; i < writer->known_count; i++) {
        if (same_partition(&writer->known[i].position, position)) {
            return &writer->known[i];
        }
    }
    return NULL;
}

/* When there is no room, all are forgotten: they are asked for once more. */
static void remember(struct postgres_rating_writer *writer, const struct rating_position *position)
{
    struct postgres_rating_known *known = find_known(writer, position);
    if (known == NULL) {
        writer->known_count = writer->known_count % POSTGRES_RATING_KNOWN_MAX;
        known = &writer->known[writer->known_count++];
    }
    memmove(known->topic, position->topic.data, position->topic.length);
    known->position = *position;
    known->position.topic = text_of_bytes(known->topic, position->topic.length);
}

void postgres_rating_remember_positions(struct postgres_rating_writer *writer)
{
    for (size_t i = 0; i < writer->job_count; i++) {
        const struct rating_batch *batch = &writer->jobs[i]->batch;
        if (batch->position != NULL && batch->position->topic.length > 0) {
            remember(writer, batch->position);
        }
    }
}

/* Where a job of this very group moves the partition to. */
static const struct rating_position *find_in_group(const struct postgres_rating_writer *writer,
                                                   const struct rating_position *position)
{
    for (size_t i = writer->job_count; i-- > 0;) {
        const struct rating_batch *batch = &writer->jobs[i]->batch;
        if (batch->position != NULL && same_partition(batch->position, position)) {
            return batch->position;
        }
    }
    return NULL;
}

static void send_lock(struct postgres_rating_writer *writer, const struct rating_position *position)
{
    struct postgres_parameters parameters = {.count = 0};
    postgres_add_text(&parameters, position->topic);
    postgres_add_int4(&parameters, position->partition);
    postgres_send(writer->connection, POSTGRES_LOCK_POSITION, &parameters);
    postgres_sync(writer->connection);
}

/* As it is stored, and locked from now on. */
static enum status lock_stored(struct postgres_rating_writer *writer,
                               struct rating_position *position, struct call *call,
                               struct store_error *error)
{
    PGresult *result;
    enum status status = STATUS_OK;
    bool begins = !writer->begun;
    if (begins) {
        struct postgres_parameters none = {.count = 0};
        postgres_send(writer->connection, POSTGRES_BEGIN, &none);
        writer->begun = true;
    }
    send_lock(writer, position);
    if (begins) {
        status = postgres_receive(writer->connection, call, error, &result);
        if (status == STATUS_OK) {
            PQclear(result);
        }
    }
    if (status == STATUS_OK) {
        status = postgres_receive(writer->connection, call, error, &result);
    }
    if (status != STATUS_OK) {
        return status;
    }
    bool stored = PQntuples(result) > 0;
    position->next_offset = stored ? postgres_int8(result, 0, 0) : 0;
    position->epoch = stored ? postgres_int8(result, 0, 1) : 0;
    PQclear(result);
    return postgres_receive_sync(writer->connection, call, error);
}

static bool begins_there(const struct rating_batch *batch, const struct rating_position *stands)
{
    return stands->epoch == batch->position->epoch && stands->next_offset == batch->from_offset;
}

static enum status refuse(const struct rating_batch *batch, const struct rating_position *stands,
                          struct store_error *error)
{
    return store_fail(
        error, STATUS_ABORTED, "the partition was claimed by another",
        "stored: offset %" PRId64 ", epoch %" PRId64 "; given: offset %" PRId64 ", epoch %" PRId64,
        stands->next_offset, stands->epoch, batch->from_offset, batch->position->epoch);
}

enum status postgres_rating_check_position(struct postgres_rating_writer *writer,
                                           const struct rating_batch *batch, struct call *call,
                                           struct store_error *error)
{
    const struct rating_position *pending = find_in_group(writer, batch->position);
    if (pending != NULL) {
        return begins_there(batch, pending) ? STATUS_OK : refuse(batch, pending, error);
    }
    const struct postgres_rating_known *known = find_known(writer, batch->position);
    if (known != NULL && begins_there(batch, &known->position)) {
        return STATUS_OK;
    }
    struct rating_position stored = *batch->position;
    if (lock_stored(writer, &stored, call, error) != STATUS_OK) {
        writer->again = true;
        return STATUS_UNAVAILABLE; /* never a refusal: those are answers */
    }
    return begins_there(batch, &stored) ? STATUS_OK : refuse(batch, &stored, error);
}
