/* The change log, and what is kept for a while: leases, event ids, tombstones. */
#include "rating/repository/postgres_rating_private.h"
#include "rating/repository/rating_change_chunk.h"
#include "rating/repository/rating_page.h"

/* Columns of POSTGRES_READ_CHANGES. */
enum { TRIMMED, LAST, FIRST_SEQUENCE, CHUNK };

/* So that adding it to the server's time stays a number. */
static const int64_t LEASE_MS_MAX = INT64_MAX / 4;

/* A page under way. */
struct page {
    int64_t after;
    size_t limit;
    struct rating_change_record *records;
    size_t count;
};

static enum status copy_chunk(struct call *call, struct text chunk, int64_t first,
                              struct page *page)
{
    struct rating_chunk_reader reader;
    struct rating_change_record record;
    bool whole = rating_chunk_open(chunk, first, &reader);
    uint32_t count = whole ? reader.head.count : 0;
    for (uint32_t i = 0; i < count && whole && page->count < page->limit; i++) {
        whole = rating_chunk_next(&reader, &record);
        if (whole && record.sequence > page->after) {
            enum status status =
                rating_page_copy_change(call, &record, &page->records[page->count++]);
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
    return whole ? STATUS_OK : call_fail(call, STATUS_DATA_LOSS, "the store is damaged");
}

static enum status copy_changes(struct call *call, const PGresult *result, struct page *page)
{
    enum status status = STATUS_OK;
    if (PQntuples(result) == 0) {
        return call_fail(call, STATUS_DATA_LOSS, "the store is damaged");
    }
    if (page->after < postgres_int8(result, 0, TRIMMED) ||
        page->after > postgres_int8(result, 0, LAST)) {
        return rating_page_fail_range(call);
    }
    /* One row without a chunk says only the range. */
    int rows = PQgetisnull(result, 0, CHUNK) ? 0 : PQntuples(result);
    for (int row = 0; row < rows && status == STATUS_OK; row++) {
        status = copy_chunk(call, postgres_text(result, row, CHUNK),
                            postgres_int8(result, row, FIRST_SEQUENCE), page);
    }
    return status;
}

enum status postgres_rating_list_changes(void *state, struct call *call, int64_t after,
                                         size_t limit, struct rating_change_record **ret_records,
                                         size_t *ret_count)
{
    struct postgres_rating_repository *self = state;
    struct postgres_parameters parameters = {.count = 0};
    struct page page = {.after = after, .limit = limit};
    PGresult *result;
    page.records = rating_page_alloc(call, limit, sizeof(*page.records));
    if (page.records == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    /* So that the statement's sums stay numbers; no log is that long. */
    postgres_add_int8(&parameters, after < INT64_MAX / 2 ? after : INT64_MAX / 2);
    postgres_add_int8(&parameters, (int64_t)limit);
    enum status status =
        postgres_pool_query(self->pool, call, POSTGRES_READ_CHANGES, &parameters, &result);
    if (status != STATUS_OK) {
        return status;
    }
    status = copy_changes(call, result, &page);
    PQclear(result);
    if (status == STATUS_OK) {
        *ret_records = page.records;
        *ret_count = page.count;
    }
    return status;
}

enum status postgres_rating_get_change_range(void *state, struct call *call,
                                             struct rating_change_range *ret_range)
{
    struct postgres_rating_repository *self = state;
    struct postgres_parameters none = {.count = 0};
    PGresult *result;
    enum status status =
        postgres_pool_query(self->pool, call, POSTGRES_READ_CHANGE_RANGE, &none, &result);
    if (status == STATUS_OK) {
        *ret_range = (struct rating_change_range){.first = postgres_int8(result, 0, 0) + 1,
                                                  .last = postgres_int8(result, 0, 1)};
        PQclear(result);
    }
    return status;
}

/* A statement whose answer says nothing. */
static enum status execute(struct postgres_rating_repository *self, struct call *call,
                           enum postgres_rating_read statement,
                           const struct postgres_parameters *parameters)
{
    PGresult *result;
    enum status status = postgres_pool_query(self->pool, call, statement, parameters, &result);
    if (status == STATUS_OK) {
        PQclear(result);
    }
    return status;
}

enum status postgres_rating_trim_changes(void *state, struct call *call, int64_t through)
{
    struct postgres_parameters parameters = {.count = 0};
    postgres_add_int8(&parameters, through);
    return execute(state, call, POSTGRES_TRIM, &parameters);
}

enum status postgres_rating_hold_lease(void *state, struct call *call, struct text name,
                                       struct text owner, int64_t ttl_ms, bool *ret_held)
{
    struct postgres_rating_repository *self = state;
    struct postgres_parameters parameters = {.count = 0};
    PGresult *result;
    enum status status = rating_key_check_lease(call, name, owner);
    if (status != STATUS_OK) {
        return status;
    }
    postgres_add_text(&parameters, name);
    postgres_add_text(&parameters, owner);
    if (ttl_ms <= 0) {
        status = execute(self, call, POSTGRES_GIVE_LEASE, &parameters);
        if (status == STATUS_OK) {
            *ret_held = false;
        }
        return status;
    }
    postgres_add_int8(&parameters, ttl_ms < LEASE_MS_MAX ? ttl_ms : LEASE_MS_MAX);
    status = postgres_pool_query(self->pool, call, POSTGRES_TAKE_LEASE, &parameters, &result);
    if (status == STATUS_OK) {
        *ret_held = PQntuples(result) > 0;
        PQclear(result);
    }
    return status;
}

enum status postgres_rating_expire(void *state, struct call *call, size_t limit, size_t *ret_count)
{
    struct postgres_rating_repository *self = state;
    struct postgres_parameters parameters = {.count = 0};
    PGresult *result;
    postgres_add_int8(&parameters, self->retention.event_id_window_ms);
    postgres_add_int8(&parameters, self->retention.tombstone_retention_ms);
    postgres_add_int8(&parameters, limit < INT64_MAX ? (int64_t)limit : INT64_MAX);
    enum status status =
        postgres_pool_query(self->pool, call, POSTGRES_EXPIRE, &parameters, &result);
    if (status == STATUS_OK) {
        *ret_count = (size_t)postgres_int8(result, 0, 0);
        PQclear(result);
    }
    return status;
}

enum status postgres_rating_end_stopped(void *state, struct call *call, size_t *ret_count)
{
    struct postgres_rating_repository *self = state;
    struct postgres_parameters parameters = {.count = 0};
    PGresult *result;
    postgres_add_int8(&parameters, POSTGRES_STATEMENT_MS_MAX);
    enum status status =
        postgres_pool_query(self->pool, call, POSTGRES_END_STOPPED, &parameters, &result);
    if (status == STATUS_OK) {
        *ret_count = (size_t)postgres_int8(result, 0, 0);
        PQclear(result);
    }
    return status;
}
