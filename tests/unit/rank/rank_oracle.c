#include "rank_oracle.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/cmocka_test.h"

static const char *const genres[ORACLE_GENRES] = {"Action", "Drama", "Film-Noir", "War", "Western"};

struct text oracle_genre(unsigned number)
{
    return text_of(genres[number]);
}

uint64_t oracle_random(struct oracle *oracle, uint64_t bound)
{
    oracle->random = oracle->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (oracle->random >> 33) % bound;
}

void oracle_open(struct oracle *oracle, unsigned listed_parts,
                 const struct rank_parameters *parameters, uint64_t seed)
{
    const struct rank_options options = {.orders = (1u << RANK_ORDER_COUNT) - 1,
                                         .listed_parts = listed_parts,
                                         .parameters = *parameters};
    memset(oracle, 0, sizeof(*oracle));
    oracle->listed_parts = listed_parts;
    oracle->random = seed;
    for (size_t i = 0; i < ORACLE_ENTRIES; i++) {
        snprintf(oracle->entries[i].id, ORACLE_ID_BYTES, "%.*s%zu", (int)(i % 7 * 5),
                 "a-long-name-for-an-entry-of-an-index", i * 7919 % ORACLE_ENTRIES);
    }
    assert_int_equal(rank_index_create(&options, &oracle->index), STATUS_OK);
    arena_init(&oracle->arena, 64 * 1024 * 1024);
    call_init(&oracle->call, &oracle->arena, 0);
}

void oracle_close(struct oracle *oracle)
{
    rank_index_destroy(oracle->index);
    arena_deinit(&oracle->arena);
}

static void change_votes(struct oracle *oracle, struct oracle_entry *entry,
                         struct rank_change *change)
{
    change->part = RANK_VOTES;
    change->removed = oracle_random(oracle, 8) == 0;
    /* Few different values, so that many are equal. */
    change->count = oracle_random(oracle, 12);
    change->sum_hundredths = change->count * 50 * oracle_random(oracle, 21);
    entry->has_votes = !change->removed && change->count > 0;
    entry->count = entry->has_votes ? change->count : 0;
    entry->sum = entry->has_votes ? change->sum_hundredths : 0;
}

static void change_facts(struct oracle *oracle, struct oracle_entry *entry,
                         struct rank_change *change, struct text names[static ORACLE_GENRES])
{
    change->part = RANK_FACTS;
    change->removed = oracle_random(oracle, 8) == 0;
    change->year = oracle_random(oracle, 5) == 0 ? 0 : 1990 + (int32_t)oracle_random(oracle, 12);
    entry->genres = (unsigned)oracle_random(oracle, 1u << ORACLE_GENRES);
    if (change->removed) {
        entry->genres = 0;
    }
    for (unsigned i = 0; i < ORACLE_GENRES; i++) {
        if ((entry->genres >> i & 1) != 0) {
            names[change->genre_count++] = oracle_genre(i);
        }
    }
    change->genres = names;
    entry->has_facts = !change->removed;
    entry->year = change->removed ? 0 : change->year;
}

void oracle_change(struct oracle *oracle, size_t at)
{
    struct oracle_entry *entry = &oracle->entries[at];
    struct text names[ORACLE_GENRES];
    struct rank_change change = {.id = text_of(entry->id)};
    if (oracle_random(oracle, 2) == 0) {
        change_votes(oracle, entry, &change);
    } else {
        change_facts(oracle, entry, &change, names);
    }
    assert_int_equal(rank_apply(oracle->index, &change, 1), STATUS_OK);
}

void oracle_forget(struct oracle *oracle, enum rank_part part)
{
    for (size_t i = 0; i < ORACLE_ENTRIES; i++) {
        struct oracle_entry *entry = &oracle->entries[i];
        if (part == RANK_VOTES) {
            entry->has_votes = false;
            entry->count = entry->sum = 0;
        } else {
            entry->has_facts = false;
            entry->year = 0;
            entry->genres = 0;
        }
    }
}

/* What decides, the larger the better, in words of its own. -1: no value. */
static double value_of(const struct oracle_entry *entry, enum rank_order order,
                       const struct rank_parameters *parameters)
{
    double v = (double)entry->count;
    double m = parameters->minimum_votes;
    switch (order) {
    case RANK_BY_SCORE:
        return entry->count == 0 ? -1 : ((double)entry->sum / 100 + m * parameters->mean) / (v + m);
    case RANK_BY_MEAN:
        return entry->count == 0 ? -1 : (double)entry->sum / v / 100;
    case RANK_BY_VOTES:
        return v;
    case RANK_BY_YEAR:
        break;
    }
    return entry->year == 0 ? -1 : entry->year;
}

static bool passes(const struct oracle *oracle, const struct oracle_entry *entry,
                   const struct rank_query *query)
{
    bool is_listed = ((oracle->listed_parts & RANK_VOTES) == 0 || entry->has_votes) &&
                     ((oracle->listed_parts & RANK_FACTS) == 0 || entry->has_facts);
    bool is_dated = query->year_from > 0 || query->year_to > 0;
    bool has_genre = query->genre.length == 0;
    for (unsigned i = 0; i < ORACLE_GENRES; i++) {
        has_genre = has_genre || ((entry->genres >> i & 1) != 0 &&
                                  text_equal_ignoring_case(oracle_genre(i), query->genre));
    }
    return is_listed && has_genre && entry->count >= query->minimum_votes &&
           (!is_dated || entry->year > 0) && entry->year >= query->year_from &&
           (query->year_to == 0 || entry->year <= query->year_to);
}

struct sorted {
    size_t at;
    double value;
    const char *id;
};

static int compare(const void *a, const void *b)
{
    const struct sorted *left = a;
    const struct sorted *right = b;
    if (left->value != right->value) {
        return left->value > right->value ? -1 : 1;
    }
    return strcmp(left->id, right->id);
}

size_t oracle_list(struct oracle *oracle, const struct rank_query *query,
                   const struct rank_parameters *parameters, size_t list[static ORACLE_ENTRIES])
{
    struct sorted sorted[ORACLE_ENTRIES];
    size_t count = 0;
    for (size_t i = 0; i < ORACLE_ENTRIES; i++) {
        const struct oracle_entry *entry = &oracle->entries[i];
        if (passes(oracle, entry, query)) {
            sorted[count++] = (struct sorted){
                .at = i, .value = value_of(entry, query->order, parameters), .id = entry->id};
        }
    }
    qsort(sorted, count, sizeof(sorted[0]), compare);
    for (size_t i = 0; i < count; i++) {
        list[i] = sorted[i].at;
    }
    return count;
}

struct rank_page oracle_ask(struct oracle *oracle, const struct rank_query *query)
{
    struct rank_page page;
    enum status status = rank_list(oracle->index, &oracle->call, query, RANK_ON_LOOP, &page);
    if (status == STATUS_OK && !page.finished) {
        status = rank_list(oracle->index, &oracle->call, query, RANK_ON_WORKER, &page);
    }
    if (status != STATUS_OK) {
        print_error("%.*s\n", TEXT_ARGUMENTS(oracle->call.error.message));
    }
    assert_int_equal(status, STATUS_OK);
    assert_true(page.finished);
    return page;
}

static void compare_row(const struct oracle_entry *want, const struct rank_row *row,
                        const struct rank_parameters *parameters)
{
    assert_int_equal(row->id.length, strlen(want->id));
    assert_memory_equal(row->id.data, want->id, row->id.length);
    assert_int_equal(row->count, want->count);
    assert_int_equal(row->sum_hundredths, want->sum);
    assert_int_equal(row->year, want->year);
    if (want->count > 0) {
        assert_true(row->score == value_of(want, RANK_BY_SCORE, parameters));
        assert_true(row->mean == value_of(want, RANK_BY_MEAN, parameters));
    } else {
        assert_true(row->score == 0 && row->mean == 0);
    }
}

void oracle_compare(struct oracle *oracle, const struct rank_query *query)
{
    const struct rank_parameters parameters = rank_index_parameters(oracle->index);
    size_t list[ORACLE_ENTRIES];
    size_t want = oracle_list(oracle, query, &parameters, list);
    size_t got = 0;
    struct rank_query asked = *query;
    do {
        struct rank_page page = oracle_ask(oracle, &asked);
        assert_true(rank_parameters_equal(&page.parameters, &parameters));
        for (size_t i = 0; i < page.count; i++) {
            assert_true(got < want);
            compare_row(&oracle->entries[list[got++]], &page.rows[i], &parameters);
        }
        assert_true(page.next_page_token.length == 0 || page.count == query->page_size);
        asked.page_token = page.next_page_token;
    } while (asked.page_token.length > 0);
    assert_int_equal(got, want);
    arena_reset(&oracle->arena);
}
