#include "system/rating_oracle.h"

#include <inttypes.h>
#include <string.h>

#include "proto/proto.h"
#include "support/cmocka_test.h"

enum { NAME_BYTES = 32, CALL_TIMEOUT_MS = 20000, LETTERS_PAGE = 500, DAYS = 28 };

static const char *const bad_events[] = {
    "{\"userId\":\"u\",\"recordId\":\"r\",\"recordType\":\"movie\",\"value\":11,\"providerId\":"
    "\"p\","
    "\"eventType\":\"put\"}",
    "{\"userId\":\"u\",\"recordId\":\"r\",\"recordType\":\"film\",\"value\":1,\"providerId\":\"p\","
    "\"eventType\":\"put\"}",
    "{\"userId\":\"\",\"recordId\":\"r\",\"recordType\":\"movie\",\"value\":1,\"providerId\":\"p\","
    "\"eventType\":\"put\"}",
    "{\"userId\":\"u\\u0000x\",\"recordId\":\"r\",\"recordType\":\"movie\",\"value\":1,"
    "\"providerId\":\"p\",\"eventType\":\"put\"}",
};

void rating_oracle_init(struct rating_oracle *oracle, uint64_t seed)
{
    memset(oracle, 0, sizeof(*oracle));
    oracle->random = seed * UINT64_C(2862933555777941757) + 3037000493U;
}

unsigned rating_oracle_draw(struct rating_oracle *oracle, unsigned bound)
{
    oracle->random = oracle->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(oracle->random >> 33) % bound;
}

/* A later time wins, an equal one too; without a time an event is the newest there is. */
static void apply(struct oracle_vote *vote, bool is_put, int hundredths, int64_t time)
{
    bool has_time = time != INT64_MAX;
    if (vote->exists && has_time && time < vote->time) {
        return;
    }
    if (is_put) {
        *vote = (struct oracle_vote){.exists = true, .hundredths = hundredths, .time = time};
    } else if (vote->exists || has_time) {
        *vote = (struct oracle_vote){.exists = true, .deleted = true, .time = time};
    }
}

void rating_oracle_write_event(struct rating_oracle *oracle, FILE *file)
{
    if (rating_oracle_draw(oracle, 100) == 0) {
        oracle->bad_count++;
        (void)fprintf(file, "%s\n",
                      bad_events[rating_oracle_draw(oracle, ARRAY_LENGTH(bad_events))]);
        return;
    }
    unsigned provider = rating_oracle_draw(oracle, ORACLE_PROVIDERS);
    unsigned user = rating_oracle_draw(oracle, ORACLE_USERS);
    unsigned record = rating_oracle_draw(oracle, ORACLE_RECORDS);
    bool is_put = rating_oracle_draw(oracle, 5) != 0;
    int hundredths = 10 * (int)rating_oracle_draw(oracle, 101);
    bool has_time = rating_oracle_draw(oracle, 20) != 0;
    int64_t day = 1 + rating_oracle_draw(oracle, DAYS);
    apply(&oracle->votes[provider][user][record], is_put, hundredths, has_time ? day : INT64_MAX);
    (void)fprintf(file,
                  "{\"userId\":\"user-%u\",\"recordId\":\"movie-%u\",\"recordType\":\"movie\","
                  "\"providerId\":\"provider-%u\",\"eventType\":\"%s\"",
                  user, record, provider, is_put ? "put" : "delete");
    if (is_put) {
        (void)fprintf(file, ",\"value\":%d.%02d", hundredths / 100, hundredths % 100);
    }
    if (has_time) {
        (void)fprintf(file, ",\"eventTime\":\"2024-02-%02" PRId64 "T12:00:00Z\"", day);
    }
    (void)fprintf(file, "}\n");
}

struct summary {
    unsigned count;
    unsigned sum;
    unsigned histogram[ORACLE_BINS];
};

static struct summary summarize(const struct rating_oracle *oracle, unsigned record)
{
    struct summary summary = {.count = 0};
    for (unsigned provider = 0; provider < ORACLE_PROVIDERS; provider++) {
        for (unsigned user = 0; user < ORACLE_USERS; user++) {
            const struct oracle_vote *vote = &oracle->votes[provider][user][record];
            if (vote->exists && !vote->deleted) {
                summary.count++;
                summary.sum += (unsigned)vote->hundredths;
                summary.histogram[vote->hundredths / 50]++;
            }
        }
    }
    return summary;
}

static bool is_summary(const struct summary *wanted, enum status status,
                       const GetRatingSummaryResponse *reply)
{
    if (wanted->count == 0) {
        return status == STATUS_NOT_FOUND;
    }
    return status == STATUS_OK && reply->count == wanted->count &&
           reply->mean == (double)wanted->sum / wanted->count / 100 &&
           reply->n_histogram == ORACLE_BINS &&
           memcmp(reply->histogram, wanted->histogram, sizeof(wanted->histogram)) == 0;
}

static bool is_vote(const struct oracle_vote *wanted, enum status status,
                    const GetRatingResponse *reply)
{
    if (!wanted->exists || wanted->deleted) {
        return status == STATUS_NOT_FOUND;
    }
    return status == STATUS_OK && reply->rating->exact_value->hundredths == wanted->hundredths;
}

static unsigned compare_record(const struct rating_oracle *oracle, struct rpc_client *rating,
                               unsigned record)
{
    struct test_call test;
    char name[NAME_BYTES];
    GetRatingSummaryResponse *reply = NULL;
    struct summary wanted = summarize(oracle, record);
    test_call_init(&test, CALL_TIMEOUT_MS);
    (void)snprintf(name, sizeof(name), "movie-%u", record);
    enum status status = rpc_client_get_summary(rating, &test.call, name, &reply);
    bool same = is_summary(&wanted, status, reply);
    if (!same) {
        print_message("%s: %s, %u votes, wanted %u\n", name, status_name(status),
                      status == STATUS_OK ? reply->count : 0, wanted.count);
    }
    test_call_deinit(&test);
    return same ? 0 : 1;
}

static unsigned compare_vote(const struct rating_oracle *oracle, struct rpc_client *rating,
                             struct test_call *test, unsigned provider, unsigned user,
                             unsigned record)
{
    char user_id[NAME_BYTES];
    char record_id[NAME_BYTES];
    char provider_id[NAME_BYTES];
    GetRatingRequest request = GET_RATING_REQUEST__INIT;
    GetRatingResponse *reply = NULL;
    (void)snprintf(user_id, sizeof(user_id), "user-%u", user);
    (void)snprintf(record_id, sizeof(record_id), "movie-%u", record);
    (void)snprintf(provider_id, sizeof(provider_id), "provider-%u", provider);
    request.user_id = rpc_text(user_id);
    request.record_id = rpc_text(record_id);
    request.record_type = rpc_text("movie");
    request.provider_id = rpc_text(provider_id);
    test_call_again(test, CALL_TIMEOUT_MS);
    enum status status = rpc_client_ask(rating, &test->call, "/RatingService/GetRating", &request,
                                        &get_rating_response__descriptor, &reply);
    bool same = is_vote(&oracle->votes[provider][user][record], status, reply);
    if (!same) {
        print_message("%s of %s on %s differs: %s\n", user_id, provider_id, record_id,
                      status_name(status));
    }
    return same ? 0 : 1;
}

unsigned rating_oracle_compare(const struct rating_oracle *oracle, struct rpc_client *rating)
{
    struct test_call test;
    unsigned different = 0;
    test_call_init(&test, CALL_TIMEOUT_MS);
    for (unsigned record = 0; record < ORACLE_RECORDS; record++) {
        different += compare_record(oracle, rating, record);
        for (unsigned provider = 0; provider < ORACLE_PROVIDERS; provider++) {
            for (unsigned user = 0; user < ORACLE_USERS; user++) {
                different += compare_vote(oracle, rating, &test, provider, user, record);
            }
        }
    }
    test_call_deinit(&test);
    return different;
}

/* Pages come in the order of their keys: whatever is not after the one before comes twice. */
static bool is_after(const DeadLetter *letter, int32_t *partition, int64_t *offset)
{
    bool after = letter->partition > *partition ||
                 (letter->partition == *partition && letter->offset > *offset);
    *partition = letter->partition;
    *offset = letter->offset;
    return after && letter->reason.len > 0 && letter->payload.len > 0;
}

int rating_oracle_count_dead_letters(struct rpc_client *rating)
{
    struct test_call test;
    int count = 0;
    int32_t partition = -1;
    int64_t offset = -1;
    ListDeadLettersRequest request = LIST_DEAD_LETTERS_REQUEST__INIT;
    ListDeadLettersResponse *reply = NULL;
    request.page_size = LETTERS_PAGE;
    test_call_init(&test, CALL_TIMEOUT_MS);
    do {
        assert_int_equal(rpc_client_ask(rating, &test.call, "/RatingService/ListDeadLetters",
                                        &request, &list_dead_letters_response__descriptor, &reply),
                         STATUS_OK);
        for (size_t i = 0; i < reply->n_dead_letters && count >= 0; i++) {
            count = is_after(reply->dead_letters[i], &partition, &offset) ? count + 1 : -1;
        }
        request.page_token = reply->next_page_token;
    } while (count >= 0 && reply->next_page_token.len > 0);
    test_call_deinit(&test);
    return count;
}
