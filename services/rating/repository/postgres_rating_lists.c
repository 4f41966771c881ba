/* Lists, page by page: a page is one statement, whose rows are copied into the call's arena. */
#include "rating/repository/postgres_rating_private.h"
#include "rating/repository/rating_page.h"

/* What a page is made of. */
struct page {
    enum postgres_rating_read statement;
    size_t entry_bytes;
    /* Copies one row to the entry that it is for. */
    enum status (*copy)(struct call *call, const PGresult *result, int row, struct text user,
                        void *entry);
    struct text user; /* whose votes are listed */
};

static enum status read_page(void *state, struct call *call, const struct page *page,
                             struct postgres_parameters *parameters, size_t limit,
                             void **ret_entries, size_t *ret_count)
{
    struct postgres_rating_repository *self = state;
    PGresult *result;
    char *entries = rating_page_alloc(call, limit, page->entry_bytes);
    if (entries == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    postgres_add_int8(parameters, (int64_t)limit);
    enum status status =
        postgres_pool_query(self->pool, call, page->statement, parameters, &result);
    if (status != STATUS_OK) {
        return status;
    }
    int rows = PQntuples(result);
    for (int row = 0; row < rows && status == STATUS_OK; row++) {
        status =
            page->copy(call, result, row, page->user, entries + (size_t)row * page->entry_bytes);
    }
    PQclear(result);
    if (status == STATUS_OK) {
        *ret_entries = entries;
        *ret_count = (size_t)rows;
    }
    return status;
}

static struct record_key record_at(const PGresult *result, int row, int column)
{
    return (struct record_key){.type = (enum record_type)postgres_int2(result, row, column),
                               .id = postgres_text(result, row, column + 1)};
}

static enum status copy_user_vote(struct call *call, const PGresult *result, int row,
                                  struct text user, void *entry)
{
    const struct vote_key key = {.record = record_at(result, row, 0),
                                 .provider = postgres_text(result, row, 2),
                                 .user = user};
    const struct vote_state vote = {.exists = true,
                                    .hundredths = postgres_int2(result, row, 3),
                                    .time_ms = postgres_int8(result, row, 4)};
    return rating_page_copy_vote(call, &key, &vote, entry);
}

enum status postgres_rating_list_user_votes(void *state, struct call *call, struct text user,
                                            const struct vote_key *after, size_t limit,
                                            struct vote **ret_votes, size_t *ret_count)
{
    static const struct page page = {.statement = POSTGRES_READ_USER_VOTES,
                                     .entry_bytes = sizeof(struct vote),
                                     .copy = copy_user_vote};
    struct page mine = page;
    struct vote_key start = after != NULL ? *after : (struct vote_key){.user = user};
    struct postgres_parameters parameters = {.count = 0};
    void *votes;
    start.user = user;
    mine.user = user;
    enum status status = rating_key_check_vote(call, &start);
    if (status != STATUS_OK) {
        return status;
    }
    postgres_add_text(&parameters, user);
    postgres_add_int2(&parameters, (int16_t)start.record.type);
    postgres_add_text(&parameters, start.record.id);
    postgres_add_text(&parameters, start.provider);
    status = read_page(state, call, &mine, &parameters, limit, &votes, ret_count);
    if (status == STATUS_OK) {
        *ret_votes = votes;
    }
    return status;
}

static enum status copy_stored_vote(struct call *call, const PGresult *result, int row,
                                    struct text user, void *entry)
{
    (void)user;
    const struct vote_key key = {.record = record_at(result, row, 0),
                                 .provider = postgres_text(result, row, 2),
                                 .user = postgres_text(result, row, 3)};
    const struct vote_state vote = {.exists = true,
                                    .hundredths = postgres_int2(result, row, 4),
                                    .time_ms = postgres_int8(result, row, 5),
                                    .deleted = postgres_bool(result, row, 6)};
    return rating_page_copy_stored_vote(call, &key, &vote, entry);
}

enum status postgres_rating_list_votes(void *state, struct call *call, const struct vote_key *after,
                                       size_t limit, struct rating_stored_vote **ret_votes,
                                       size_t *ret_count)
{
    static const struct page page = {.statement = POSTGRES_READ_VOTES,
                                     .entry_bytes = sizeof(struct rating_stored_vote),
                                     .copy = copy_stored_vote};
    const struct vote_key start = after != NULL ? *after : (struct vote_key){.user = TEXT("")};
    struct postgres_parameters parameters = {.count = 0};
    void *votes;
    enum status status = rating_key_check_vote(call, &start);
    if (status != STATUS_OK) {
        return status;
    }
    postgres_add_int2(&parameters, (int16_t)start.record.type);
    postgres_add_text(&parameters, start.record.id);
    postgres_add_text(&parameters, start.provider);
    postgres_add_text(&parameters, start.user);
    status = read_page(state, call, &page, &parameters, limit, &votes, ret_count);
    if (status == STATUS_OK) {
        *ret_votes = votes;
    }
    return status;
}

static enum status copy_aggregate(struct call *call, const PGresult *result, int row,
                                  struct text user, void *entry)
{
    (void)user;
    struct rating_stored_aggregate *stored = entry;
    return postgres_rating_read_aggregate(result, row, 2, &stored->aggregate)
               ? rating_page_copy_record(call, record_at(result, row, 0), &stored->record)
               : call_fail(call, STATUS_DATA_LOSS, "the store is damaged");
}

enum status postgres_rating_list_aggregates(void *state, struct call *call,
                                            const struct record_key *after, size_t limit,
                                            struct rating_stored_aggregate **ret_aggregates,
                                            size_t *ret_count)
{
    static const struct page page = {.statement = POSTGRES_READ_AGGREGATES,
                                     .entry_bytes = sizeof(struct rating_stored_aggregate),
                                     .copy = copy_aggregate};
    const struct record_key start = after != NULL ? *after : (struct record_key){.id = TEXT("")};
    struct postgres_parameters parameters = {.count = 0};
    void *aggregates;
    enum status status = rating_key_check_record(call, start);
    if (status != STATUS_OK) {
        return status;
    }
    postgres_add_int2(&parameters, (int16_t)start.type);
    postgres_add_text(&parameters, start.id);
    status = read_page(state, call, &page, &parameters, limit, &aggregates, ret_count);
    if (status == STATUS_OK) {
        *ret_aggregates = aggregates;
    }
    return status;
}

/* Dead letters */

static enum status copy_letter(struct call *call, const PGresult *result, int row, struct text user,
                               void *entry)
{
    (void)user;
    const struct rating_dead_letter letter = {
        .topic = postgres_text(result, row, 0),
        .partition = postgres_int4(result, row, 1),
        .offset = postgres_int8(result, row, 2),
        .time_ms = postgres_int8(result, row, 3),
        .reason = postgres_text(result, row, 4),
        .payload = postgres_text(result, row, 5),
    };
    return rating_page_copy_dead_letter(call, &letter, entry);
}

static void add_letter_key(struct postgres_parameters *parameters,
                           const struct rating_dead_letter_key *key)
{
    postgres_add_text(parameters, key->topic);
    postgres_add_int4(parameters, key->partition);
    postgres_add_int8(parameters, key->offset);
}

enum status postgres_rating_list_dead_letters(void *state, struct call *call,
                                              const struct rating_dead_letter_key *after,
                                              size_t limit, struct rating_dead_letter **ret_letters,
                                              size_t *ret_count)
{
    static const struct page page = {.statement = POSTGRES_READ_DEAD_LETTERS,
                                     .entry_bytes = sizeof(struct rating_dead_letter),
                                     .copy = copy_letter};
    static const struct rating_dead_letter_key first = {
        .topic = TEXT_INIT(""), .partition = INT32_MIN, .offset = INT64_MIN};
    struct postgres_parameters parameters = {.count = 0};
    void *letters;
    after = after != NULL ? after : &first;
    enum status status = rating_key_check_topic(call, after->topic);
    if (status != STATUS_OK) {
        return status;
    }
    add_letter_key(&parameters, after);
    status = read_page(state, call, &page, &parameters, limit, &letters, ret_count);
    if (status == STATUS_OK) {
        *ret_letters = letters;
    }
    return status;
}

enum status postgres_rating_get_dead_letter(void *state, struct call *call,
                                            const struct rating_dead_letter_key *key,
                                            struct rating_dead_letter *ret_letter)
{
    struct postgres_rating_repository *self = state;
    struct postgres_parameters parameters = {.count = 0};
    PGresult *result;
    enum status status = rating_key_check_topic(call, key->topic);
    if (status != STATUS_OK) {
        return status;
    }
    add_letter_key(&parameters, key);
    status = postgres_pool_query(self->pool, call, POSTGRES_READ_DEAD_LETTER, &parameters, &result);
    if (status != STATUS_OK) {
        return status;
    }
    status = PQntuples(result) > 0 ? copy_letter(call, result, 0, TEXT(""), ret_letter)
                                   : STATUS_NOT_FOUND;
    PQclear(result);
    return status;
}
