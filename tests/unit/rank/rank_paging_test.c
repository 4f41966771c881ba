/* Pages while others write, and while the score is sorted by other parameters. */
#include <stdio.h>

#include "rank_oracle.h"
#include "support/cmocka_test.h"

/* Which rows of the pages so far were of entries that nobody has changed since the first. */
struct turned {
    bool is_changed[ORACLE_ENTRIES];
    size_t seen[ORACLE_ENTRIES];
};

static size_t entry_of(const struct oracle *oracle, struct text id)
{
    for (size_t i = 0; i < ORACLE_ENTRIES; i++) {
        if (text_equal(text_of(oracle->entries[i].id), id)) {
            return i;
        }
    }
    fail_msg("there is no entry %.*s", TEXT_ARGUMENTS(id));
    return 0;
}

/* Turns all pages; `between` is called after each. Entries that were not changed must have come
 * once, in the order of the first list, those that pass no filter never. */
static void turn(struct oracle *oracle, const struct rank_query *query,
                 void (*between)(struct oracle *oracle, struct turned *turned))
{
    static struct turned turned;
    size_t list[ORACLE_ENTRIES];
    const struct rank_parameters parameters = rank_index_parameters(oracle->index);
    size_t count = oracle_list(oracle, query, &parameters, list);
    struct rank_query asked = *query;
    size_t at = 0;
    memset(&turned, 0, sizeof(turned));
    do {
        struct rank_page page = oracle_ask(oracle, &asked);
        assert_string_equal(page.parameters.version, parameters.version);
        for (size_t i = 0; i < page.count; i++) {
            size_t entry = entry_of(oracle, page.rows[i].id);
            turned.seen[entry]++;
            if (turned.is_changed[entry]) {
                continue;
            }
            while (at < count && turned.is_changed[list[at]]) {
                at++;
            }
            assert_true(at < count);
            assert_int_equal(entry, list[at]);
            at++;
            if (page.rows[i].count > 0) {
                const struct oracle_entry *kept = &oracle->entries[entry];
                assert_true(page.rows[i].score == rank_score(&parameters, kept->count, kept->sum));
            }
        }
        asked.page_token = page.next_page_token;
        between(oracle, &turned);
    } while (asked.page_token.length > 0);
    for (size_t i = 0; i < count; i++) {
        assert_true(turned.is_changed[list[i]] || turned.seen[list[i]] == 1);
    }
    arena_reset(&oracle->arena);
}

static void change_some(struct oracle *oracle, struct turned *turned)
{
    for (int i = 0; i < 10; i++) {
        size_t entry = oracle_random(oracle, ORACLE_ENTRIES);
        turned->is_changed[entry] = true;
        oracle_change(oracle, entry);
    }
}

static void change_some_and_sort_anew(struct oracle *oracle, struct turned *turned)
{
    const struct rank_parameters next = rank_parameters_make(
        (double)oracle_random(oracle, 30), (double)oracle_random(oracle, 1000) / 100);
    change_some(oracle, turned);
    assert_int_equal(rank_resort(oracle->index, &next), STATUS_OK);
}

static void turn_all(void (*between)(struct oracle *oracle, struct turned *turned))
{
    const struct rank_parameters first = rank_parameters_make(3, 6.5);
    struct oracle oracle;
    oracle_open(&oracle, RANK_FACTS, &first, 11);
    for (int i = 0; i < 2 * ORACLE_ENTRIES; i++) {
        oracle_change(&oracle, oracle_random(&oracle, ORACLE_ENTRIES));
    }
    for (unsigned order = 0; order < RANK_ORDER_COUNT; order++) {
        const struct rank_query queries[] = {
            {.order = order, .page_size = 17},
            {.order = order, .page_size = 5, .genre = TEXT("drama"), .minimum_votes = 3},
            {.order = order, .page_size = 7, .year_from = 1992, .year_to = 1999},
        };
        for (size_t i = 0; i < ARRAY_LENGTH(queries); i++) {
            turn(&oracle, &queries[i], between);
        }
    }
    oracle_close(&oracle);
}

static void skips_and_doubles_nothing_that_stays_as_it_is(void **state)
{
    (void)state;
    turn_all(change_some);
}

static void serves_a_token_by_the_parameters_that_it_names(void **state)
{
    (void)state;
    turn_all(change_some_and_sort_anew);
}

static void a_token_alone_says_what_was_asked(void **state)
{
    (void)state;
    const struct rank_parameters first = rank_parameters_make(3, 6.5);
    struct oracle oracle;
    oracle_open(&oracle, RANK_FACTS, &first, 12);
    for (int i = 0; i < 2 * ORACLE_ENTRIES; i++) {
        oracle_change(&oracle, oracle_random(&oracle, ORACLE_ENTRIES));
    }
    const struct rank_query query = {
        .order = RANK_BY_VOTES, .page_size = 4, .genre = TEXT("WAR"), .minimum_votes = 2};
    struct rank_page page = oracle_ask(&oracle, &query);
    struct rank_query whole = query;
    whole.page_token = page.next_page_token;
    const struct rank_query bare = {.page_size = 4, .page_token = page.next_page_token};
    struct rank_page by_whole = oracle_ask(&oracle, &whole);
    struct rank_page by_token = oracle_ask(&oracle, &bare);
    assert_int_equal(by_token.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(text_equal(by_token.rows[i].id, by_whole.rows[i].id));
    }
    oracle_close(&oracle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skips_and_doubles_nothing_that_stays_as_it_is),
        cmocka_unit_test(serves_a_token_by_the_parameters_that_it_names),
        cmocka_unit_test(a_token_alone_says_what_was_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
