/* Looking one thing up. */
#include "rating/repository/postgres_rating_private.h"
#include "rating/repository/rating_page.h"

/* STATUS_NOT_FOUND: no row; *ret_result is then NULL. */
static enum status look_up(struct postgres_rating_repository *self, struct call *call,
                           enum postgres_rating_read statement,
                           const struct postgres_parameters *parameters, PGresult **ret_result)
{
    PGresult *result;
    enum status status = postgres_pool_query(self->pool, call, statement, parameters, &result);
    if (status == STATUS_OK && PQntuples(result) == 0) {
        PQclear(result);
        return STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK) {
        *ret_result = result;
    }
    return status;
}

bool postgres_rating_read_aggregate(const PGresult *result, int row, int column,
                                    struct rating_aggregate *ret_aggregate)
{
    ret_aggregate->count = (uint64_t)postgres_int8(result, row, column);
    ret_aggregate->sum_hundredths = (uint64_t)postgres_int8(result, row, column + 1);
    return postgres_int4_array(result, row, column + 2, RATING_BIN_COUNT, ret_aggregate->histogram);
}

enum status postgres_rating_get_aggregate(void *state, struct call *call, struct record_key record,
                                          struct rating_aggregate *ret_aggregate)
{
    struct postgres_parameters parameters = {.count = 0};
    struct rating_aggregate aggregate;
    PGresult *result;
    enum status status = rating_key_check_record(call, record);
    if (status != STATUS_OK) {
        return status;
    }
    postgres_add_int2(&parameters, (int16_t)record.type);
    postgres_add_text(&parameters, record.id);
    status = look_up(state, call, POSTGRES_READ_AGGREGATE, &parameters, &result);
    if (status != STATUS_OK) {
        return status;
    }
    bool whole = postgres_rating_read_aggregate(result, 0, 0, &aggregate);
    PQclear(result);
    if (!whole) {
        return call_fail(call, STATUS_DATA_LOSS, "the store is damaged");
    }
    *ret_aggregate = aggregate;
    return STATUS_OK;
}

/* Those that come say which they are; the others have no votes. */
static bool place_aggregates(const PGresult *result, struct rating_stored_aggregate *aggregates,
                             size_t count)
{
    bool whole = true;
    for (int row = 0; row < PQntuples(result) && whole; row++) {
        uint64_t place = (uint64_t)postgres_int8(result, row, 0) - 1;
        whole = place < count &&
                postgres_rating_read_aggregate(result, row, 1, &aggregates[place].aggregate);
    }
    return whole;
}

static enum status ask_aggregates(struct postgres_rating_repository *self, struct call *call,
                                  struct postgres_array *types, struct postgres_array *ids,
                                  struct rating_stored_aggregate *aggregates, size_t count)
{
    struct postgres_parameters parameters = {.count = 0};
    PGresult *result;
    postgres_add_array(&parameters, types);
    postgres_add_array(&parameters, ids);
    enum status status =
        postgres_pool_query(self->pool, call, POSTGRES_READ_AGGREGATES_OF, &parameters, &result);
    if (status == STATUS_OK) {
        bool whole = place_aggregates(result, aggregates, count);
        PQclear(result);
        status = whole ? STATUS_OK : call_fail(call, STATUS_DATA_LOSS, "the store is damaged");
    }
    return status;
}

enum status postgres_rating_get_aggregates(void *state, struct call *call,
                                           struct rating_stored_aggregate *aggregates, size_t count)
{
    struct postgres_array types;
    struct postgres_array ids;
    enum status status = rating_key_check_records(call, aggregates, count);
    if (status != STATUS_OK || count == 0) {
        return status;
    }
    postgres_array_init(&types);
    postgres_array_init(&ids);
    postgres_array_begin(&types, POSTGRES_INT2);
    postgres_array_begin(&ids, POSTGRES_TEXT);
    for (size_t i = 0; i < count; i++) {
        postgres_array_add_int2(&types, (int16_t)aggregates[i].record.type);
        postgres_array_add_text(&ids, aggregates[i].record.id);
        aggregates[i].aggregate = (struct rating_aggregate){.count = 0};
    }
    status = ask_aggregates(state, call, &types, &ids, aggregates, count);
    postgres_array_deinit(&types);
    postgres_array_deinit(&ids);
    return status;
}

enum status postgres_rating_get_vote(void *state, struct call *call, const struct vote_key *key,
                                     struct vote *ret_vote)
{
    struct postgres_parameters parameters = {.count = 0};
    PGresult *result;
    enum status status = rating_key_check_vote(call, key);
    if (status != STATUS_OK) {
        return status;
    }
    postgres_add_int2(&parameters, (int16_t)key->record.type);
    postgres_add_text(&parameters, key->record.id);
    postgres_add_text(&parameters, key->provider);
    postgres_add_text(&parameters, key->user);
    status = look_up(state, call, POSTGRES_READ_VOTE, &parameters, &result);
    if (status != STATUS_OK) {
        return status;
    }
    const struct vote_state vote = {
        .exists = true,
        .hundredths = postgres_int2(result, 0, 0),
        .time_ms = postgres_int8(result, 0, 1),
    };
    PQclear(result);
    return rating_page_copy_vote(call, key, &vote, ret_vote);
}

enum status postgres_rating_get_position(void *state, struct call *call, struct text topic,
                                         int32_t partition, int64_t *ret_next_offset)
{
    struct postgres_parameters parameters = {.count = 0};
    PGresult *result;
    enum status status = rating_key_check_topic(call, topic);
    if (status != STATUS_OK) {
        return status;
    }
    postgres_add_text(&parameters, topic);
    postgres_add_int4(&parameters, partition);
    status = look_up(state, call, POSTGRES_READ_POSITION, &parameters, &result);
    if (status == STATUS_OK) {
        *ret_next_offset = postgres_int8(result, 0, 0);
        PQclear(result);
    }
    return status;
}

enum status postgres_rating_claim_position(void *state, struct call *call, struct text topic,
                                           int32_t partition, struct rating_position *ret_position)
{
    struct postgres_rating_repository *self = state;
    struct postgres_parameters parameters = {.count = 0};
    PGresult *result;
    enum status status = rating_key_check_topic(call, topic);
    if (status != STATUS_OK) {
        return status;
    }
    postgres_add_text(&parameters, topic);
    postgres_add_int4(&parameters, partition);
    status = postgres_pool_query(self->pool, call, POSTGRES_CLAIM, &parameters, &result);
    if (status == STATUS_OK) {
        *ret_position = (struct rating_position){
            .topic = topic,
            .partition = partition,
            .next_offset = postgres_int8(result, 0, 0),
            .epoch = postgres_int8(result, 0, 1),
        };
        PQclear(result);
    }
    return status;
}
