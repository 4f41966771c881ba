/* The documents that may answer a question: those of its rarest term. */
#include <stdlib.h>

#include "search/search_segment_private.h"

static size_t postings_between(const struct search_segment *segment, uint32_t first, uint32_t end)
{
    return segment->posting_at[end] - segment->posting_at[first];
}

static size_t documents_of_year(const struct search_segment *segment, int32_t year)
{
    if (year == 0) {
        return 0;
    }
    size_t index = (size_t)(year - SEARCH_YEAR_MIN);
    return segment->year_at[index + 1] - segment->year_at[index];
}

size_t search_wanted_cost(const struct search_segment *segment, const struct search_wanted *wanted)
{
    size_t cost = documents_of_year(segment, wanted->year);
    if (wanted->open) {
        cost += postings_between(segment, wanted->first_term, wanted->end_term);
    } else if (wanted->exact != UINT32_MAX) {
        cost += postings_between(segment, wanted->exact, wanted->exact + 1);
    }
    for (size_t i = 0; i < wanted->misspelt_count; i++) {
        cost += postings_between(segment, wanted->misspelt[i], wanted->misspelt[i] + 1);
    }
    return cost;
}

static const struct search_prefix *find_prefix(const struct search_segment *segment, uint32_t first,
                                               uint32_t end)
{
    uint32_t low = 0;
    uint32_t high = segment->prefix_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct search_prefix *prefix = &segment->prefixes[middle];
        if (prefix->first_term < first || (prefix->first_term == first && prefix->end_term < end)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < segment->prefix_count && segment->prefixes[low].first_term == first &&
        segment->prefixes[low].end_term == end) {
        return &segment->prefixes[low];
    }
    return NULL;
}

/* Lists of documents that are put together. */
struct gathering {
    uint32_t *documents;
    size_t count;
    size_t room;
};

static void gather(struct gathering *gathering, const uint32_t *documents, size_t count)
{
    size_t left = gathering->room - gathering->count;
    count = count < left ? count : left;
    if (count > 0) {
        memcpy(gathering->documents + gathering->count, documents, count * sizeof(*documents));
        gathering->count += count;
    }
}

static void gather_terms(struct gathering *gathering, const struct search_segment *segment,
                         uint32_t first, uint32_t end)
{
    gather(gathering, segment->postings + segment->posting_at[first],
           postings_between(segment, first, end));
}

static int compare_documents(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void sort_unique(struct gathering *gathering)
{
    size_t kept = 0;
    qsort(gathering->documents, gathering->count, sizeof(*gathering->documents), compare_documents);
    for (size_t i = 0; i < gathering->count; i++) {
        if (kept == 0 || gathering->documents[i] != gathering->documents[kept - 1]) {
            gathering->documents[kept++] = gathering->documents[i];
        }
    }
    gathering->count = kept;
}

static void gather_open(struct gathering *gathering, const struct search_segment *segment,
                        const struct search_wanted *wanted)
{
    const struct search_prefix *prefix = find_prefix(segment, wanted->first_term, wanted->end_term);
    if (wanted->exact != UINT32_MAX) {
        gather_terms(gathering, segment, wanted->exact, wanted->exact + 1);
    }
    if (prefix != NULL) {
        gather(gathering, segment->prefix_documents + prefix->documents_at,
               SEARCH_PREFIX_DOCUMENTS_MAX);
    } else {
        gather_terms(gathering, segment, wanted->first_term, wanted->end_term);
    }
}

/* Each of the terms has its share of what room there is left. */
static void gather_misspelt(struct gathering *gathering, const struct search_segment *segment,
                            const struct search_wanted *wanted)
{
    for (size_t i = 0; i < wanted->misspelt_count; i++) {
        size_t share = (gathering->room - gathering->count) / (wanted->misspelt_count - i);
        uint32_t term = wanted->misspelt[i];
        size_t count = postings_between(segment, term, term + 1);
        gather(gathering, segment->postings + segment->posting_at[term],
               count < share ? count : share);
    }
}

struct search_candidates search_candidates_of(const struct search_segment *segment,
                                              struct arena *arena,
                                              const struct search_wanted *wanted, size_t limit)
{
    if (!wanted->open && wanted->misspelt_count == 0) {
        struct search_candidates all = {.count = 0};
        if (wanted->exact != UINT32_MAX) {
            size_t count = postings_between(segment, wanted->exact, wanted->exact + 1);
            all.documents = segment->postings + segment->posting_at[wanted->exact];
            all.count = count < limit ? count : limit;
        }
        return all;
    }
    struct gathering gathering = {.count = 0};
    size_t cost = search_wanted_cost(segment, wanted) + SEARCH_PREFIX_DOCUMENTS_MAX;
    gathering.room = cost < limit ? cost : limit;
    gathering.documents = arena_calloc(arena, gathering.room + 1, sizeof(*gathering.documents));
    if (gathering.documents == NULL) {
        return (struct search_candidates){.count = 0};
    }
    if (wanted->open) {
        gather_open(&gathering, segment, wanted);
    } else if (wanted->exact != UINT32_MAX) {
        gather_terms(&gathering, segment, wanted->exact, wanted->exact + 1);
    }
    gather_misspelt(&gathering, segment, wanted);
    sort_unique(&gathering);
    return (struct search_candidates){.documents = gathering.documents, .count = gathering.count};
}

struct search_candidates search_candidates_of_year(const struct search_segment *segment,
                                                   int32_t year, size_t limit)
{
    size_t count = documents_of_year(segment, year);
    struct search_candidates of_year = {.count = count < limit ? count : limit};
    if (count > 0) {
        of_year.documents = segment->year_documents + segment->year_at[year - SEARCH_YEAR_MIN];
    }
    return of_year;
}
