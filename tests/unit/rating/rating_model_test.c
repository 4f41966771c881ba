#include "base/arena.h"
#include "rating/model/rating.h"
#include "rating/model/vote_state.h"
#include "support/cmocka_test.h"

enum { ARENA_BYTES_MAX = 16 * 1024 };

static char long_bytes[RATING_RECORD_BYTES_MAX + 1];

static int set_up(void **state)
{
    (void)state;
    memset(long_bytes, 'x', sizeof(long_bytes));
    return 0;
}

static struct text long_text(size_t length)
{
    return text_of_bytes(long_bytes, length);
}

static void test_record_types(void **state)
{
    (void)state;
    struct arena arena;
    struct call call;
    enum record_type type = RECORD_TYPE_ACTOR;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
#define X(number, symbol, name)                                                                    \
    assert_int_equal(record_type_parse(&call, TEXT(name), &type), STATUS_OK);                      \
    assert_int_equal(type, number);                                                                \
    assert_string_equal(record_type_name(type), name);
    RECORD_TYPES(X)
#undef X
    assert_string_equal(record_type_name((enum record_type)0), "");
    static const struct text wrong[] = {TEXT_INIT(""), TEXT_INIT("Movie"), TEXT_INIT("movies")};
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        call_clear_error(&call);
        assert_int_equal(record_type_parse(&call, wrong[i], &type), STATUS_INVALID_ARGUMENT);
        assert_true(text_ends_with(call.error.message, TEXT("known are: movie actor soundtrack")));
    }
    arena_deinit(&arena);
}

struct change_case {
    const char *name;
    struct rating_change change;
    enum status want;
};

static struct rating_change change_of(struct text id, struct text user, struct text provider,
                                      int32_t hundredths)
{
    return (struct rating_change){
        .key = {.record = {RECORD_TYPE_MOVIE, id}, .provider = provider, .user = user},
        .hundredths = hundredths,
    };
}

static void test_changes_are_validated(void **state)
{
    (void)state;
    const struct text id = TEXT("tt1");
    const struct text user = TEXT("u");
    const struct text none = TEXT("");
    struct rating_change removal = change_of(id, user, none, -1);
    struct rating_change no_type = change_of(id, user, none, 0);
    removal.kind = RATING_DELETE;
    no_type.key.record.type = (enum record_type)9;
    const struct change_case cases[] = {
        {"lowest", change_of(id, user, none, 0), STATUS_OK},
        {"highest", change_of(id, user, none, RATING_HUNDREDTHS_MAX), STATUS_OK},
        {"below", change_of(id, user, none, -1), STATUS_INVALID_ARGUMENT},
        {"above", change_of(id, user, none, RATING_HUNDREDTHS_MAX + 1), STATUS_INVALID_ARGUMENT},
        {"a removal has no value", removal, STATUS_OK},
        {"no such type", no_type, STATUS_INVALID_ARGUMENT},
        {"no record", change_of(none, user, none, 0), STATUS_INVALID_ARGUMENT},
        {"no user", change_of(id, none, none, 0), STATUS_INVALID_ARGUMENT},
        {"NUL", change_of(TEXT("a\0b"), user, none, 0), STATUS_INVALID_ARGUMENT},
        {"not UTF-8", change_of(id, TEXT("\xff"), none, 0), STATUS_INVALID_ARGUMENT},
        {"longest record", change_of(long_text(RATING_RECORD_BYTES_MAX), user, none, 0), STATUS_OK},
        {"record too long", change_of(long_text(RATING_RECORD_BYTES_MAX + 1), user, none, 0),
         STATUS_INVALID_ARGUMENT},
        {"longest user", change_of(id, long_text(RATING_USER_BYTES_MAX), none, 0), STATUS_OK},
        {"user too long", change_of(id, long_text(RATING_USER_BYTES_MAX + 1), none, 0),
         STATUS_INVALID_ARGUMENT},
        {"longest provider", change_of(id, user, long_text(RATING_PROVIDER_BYTES_MAX), 0),
         STATUS_OK},
        {"provider too long", change_of(id, user, long_text(RATING_PROVIDER_BYTES_MAX + 1), 0),
         STATUS_INVALID_ARGUMENT},
    };
    struct arena arena;
    arena_init(&arena, ARENA_BYTES_MAX);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct call call;
        call_init(&call, &arena, 0);
        print_message("  %s\n", cases[i].name);
        assert_int_equal(rating_change_validate(&call, &cases[i].change), cases[i].want);
        assert_true((call.error.message.length > 0) == (cases[i].want != STATUS_OK));
    }
    arena_deinit(&arena);
}

static void test_aggregate_adds_and_takes_back(void **state)
{
    (void)state;
    struct rating_aggregate aggregate = {.count = 0};
    rating_aggregate_add(&aggregate, 850);
    rating_aggregate_add(&aggregate, 1000);
    rating_aggregate_add(&aggregate, 0);
    rating_aggregate_subtract(&aggregate, 0);
    assert_int_equal(aggregate.count, 2);
    assert_int_equal(aggregate.sum_hundredths, 1850);
    assert_int_equal(aggregate.histogram[0], 0);
    assert_int_equal(aggregate.histogram[17], 1);
    assert_int_equal(aggregate.histogram[20], 1);
    assert_true(rating_aggregate_mean(&aggregate) > 9.2499);
    assert_true(rating_aggregate_mean(&aggregate) < 9.2501);
}

static void test_bins_are_half_points(void **state)
{
    (void)state;
    static const struct {
        int32_t hundredths;
        unsigned bin;
    } cases[] = {{0, 0}, {49, 0}, {50, 1}, {99, 1}, {100, 2}, {999, 19}, {1000, 20}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(rating_bin(cases[i].hundredths), cases[i].bin);
    }
}

/* The histories stand in the repositories' contract; here is what they cannot see. */
static void test_plain_removal_of_nothing_leaves_nothing(void **state)
{
    (void)state;
    struct vote_state vote = {.exists = false};
    const struct rating_change removal = {.kind = RATING_DELETE};
    const struct rating_change event = {.kind = RATING_DELETE, .has_time = true, .time_ms = 5};
    assert_int_equal(vote_state_change(&vote, &removal, 100), RATING_ABSENT);
    assert_false(vote.exists);
    assert_int_equal(vote_state_change(&vote, &event, 100), RATING_ABSENT);
    assert_true(vote.exists && vote.deleted);
    assert_int_equal(vote.time_ms, 5);
    assert_false(vote_state_counts(&vote));
}

static void test_arrival_gives_the_time(void **state)
{
    (void)state;
    struct vote_state vote = {.exists = false};
    const struct rating_change change = {.kind = RATING_PUT, .hundredths = 100};
    assert_int_equal(vote_state_change(&vote, &change, 100), RATING_APPLIED);
    assert_int_equal(vote.time_ms, 100);
    assert_int_equal(vote_state_change(&vote, &change, 90), RATING_APPLIED);
    assert_int_equal(vote.time_ms, 100); /* the clock went back, time does not */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_types),
        cmocka_unit_test(test_changes_are_validated),
        cmocka_unit_test(test_aggregate_adds_and_takes_back),
        cmocka_unit_test(test_bins_are_half_points),
        cmocka_unit_test(test_plain_removal_of_nothing_leaves_nothing),
        cmocka_unit_test(test_arrival_gives_the_time),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
