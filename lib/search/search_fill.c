/* From what a builder has collected to the tables of a segment. */
#include <stdlib.h>

#include "search/search_builder_private.h"

static int compare_by_popularity(const void *left, const void *right, void *state)
{
    const struct search_builder *builder = state;
    const struct pending_document *documents = builder->documents.items;
    const struct pending_document *a = &documents[*(const uint32_t *)left];
    const struct pending_document *b = &documents[*(const uint32_t *)right];
    if (a->popularity != b->popularity) {
        return a->popularity > b->popularity ? -1 : 1;
    }
    const char *bytes = builder->bytes.items;
    return text_compare(text_of_bytes(bytes + a->id_at, a->id_length),
                        text_of_bytes(bytes + b->id_at, b->id_length));
}

static int compare_terms(const void *left, const void *right, void *state)
{
    const struct search_builder *builder = state;
    const struct pending_term *terms = builder->terms.items;
    return text_compare(search_pending_text(builder, &terms[*(const uint32_t *)left]),
                        search_pending_text(builder, &terms[*(const uint32_t *)right]));
}

/* The numbers below `count`, in the order of `compare`. NULL: no memory. */
static uint32_t *sorted_numbers(struct search_builder *builder, size_t count,
                                int (*compare)(const void *, const void *, void *))
{
    uint32_t *numbers = malloc((count + 1) * sizeof(*numbers));
    if (numbers == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        numbers[i] = (uint32_t)i;
    }
    qsort_r(numbers, count, sizeof(*numbers), compare, builder);
    return numbers;
}

static bool allocate(struct search_segment *segment, const struct search_builder *builder)
{
    size_t documents = builder->documents.count;
    size_t terms = builder->terms.count;
    size_t occurrences = builder->occurrences.count;
    segment->count = (uint32_t)documents;
    segment->term_count = (uint32_t)terms;
    segment->term_bytes = malloc(builder->bytes.count + 1);
    segment->term_at = malloc((terms + 1) * sizeof(uint32_t));
    segment->postings = malloc((occurrences + 1) * sizeof(uint32_t));
    segment->posting_at = calloc(terms + 2, sizeof(uint32_t));
    segment->occurrences = malloc((occurrences + 1) * sizeof(uint32_t));
    segment->occurrence_at = malloc((documents + 1) * sizeof(uint32_t));
    segment->id_bytes = malloc(builder->bytes.count + 1);
    segment->id_at = malloc((documents + 1) * sizeof(uint32_t));
    segment->years = malloc((documents + 1) * sizeof(int16_t));
    segment->popularities = malloc((documents + 1) * sizeof(uint32_t));
    segment->title_lengths = malloc(documents + 1);
    segment->other_lengths = malloc(documents + 1);
    segment->year_documents = malloc((documents + 1) * sizeof(uint32_t));
    return segment->term_bytes != NULL && segment->term_at != NULL && segment->postings != NULL &&
           segment->posting_at != NULL && segment->occurrences != NULL &&
           segment->occurrence_at != NULL && segment->id_bytes != NULL && segment->id_at != NULL &&
           segment->years != NULL && segment->popularities != NULL &&
           segment->title_lengths != NULL && segment->other_lengths != NULL &&
           segment->year_documents != NULL;
}

static void fill_terms(struct search_segment *segment, struct search_builder *builder,
                       const uint32_t *order)
{
    struct pending_term *terms = builder->terms.items;
    uint32_t at = 0;
    for (uint32_t rank = 0; rank < segment->term_count; rank++) {
        struct text text = search_pending_text(builder, &terms[order[rank]]);
        terms[order[rank]].rank = rank;
        segment->term_at[rank] = at;
        memcpy(segment->term_bytes + at, text.data, text.length);
        at += (uint32_t)text.length;
    }
    segment->term_at[segment->term_count] = at;
}

static void fill_document(struct search_segment *segment, const struct search_builder *builder,
                          const struct pending_document *pending, uint32_t document)
{
    const struct pending_term *terms = builder->terms.items;
    const uint32_t *occurrences = builder->occurrences.items;
    uint32_t at = segment->occurrence_at[document];
    for (uint32_t i = 0; i < pending->occurrence_count; i++) {
        uint32_t occurrence = occurrences[pending->occurrence_at + i];
        segment->occurrences[at++] = search_occurrence(
            terms[search_occurrence_term(occurrence)].rank, search_occurrence_place(occurrence));
    }
    segment->occurrence_at[document + 1] = at;
    memcpy(segment->id_bytes + segment->id_at[document],
           (const char *)builder->bytes.items + pending->id_at, pending->id_length);
    segment->id_at[document + 1] = segment->id_at[document] + pending->id_length;
    segment->years[document] = pending->year;
    segment->popularities[document] = pending->popularity;
    segment->title_lengths[document] = pending->title_length;
    segment->other_lengths[document] = pending->other_length;
}

static void fill_documents(struct search_segment *segment, const struct search_builder *builder,
                           const uint32_t *order)
{
    const struct pending_document *documents = builder->documents.items;
    segment->occurrence_at[0] = 0;
    segment->id_at[0] = 0;
    for (uint32_t i = 0; i < segment->count; i++) {
        fill_document(segment, builder, &documents[order[i]], i);
    }
}

/* Whether the document has the term before this occurrence already. */
static bool occurred_before(const struct search_segment *segment, uint32_t document, uint32_t at)
{
    uint32_t term = search_occurrence_term(segment->occurrences[at]);
    for (uint32_t i = segment->occurrence_at[document]; i < at; i++) {
        if (search_occurrence_term(segment->occurrences[i]) == term) {
            return true;
        }
    }
    return false;
}

/* Counts, then places: posting_at[term + 1] is where the next document of the term goes. */
static void fill_postings(struct search_segment *segment)
{
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t document = 0; document < segment->count; document++) {
            for (uint32_t i = segment->occurrence_at[document];
                 i < segment->occurrence_at[document + 1]; i++) {
                uint32_t term = search_occurrence_term(segment->occurrences[i]);
                if (occurred_before(segment, document, i)) {
                    continue;
                }
                if (pass == 0) {
                    segment->posting_at[term + 2]++;
                } else {
                    segment->postings[segment->posting_at[term + 1]++] = document;
                }
            }
        }
        for (uint32_t term = 0; term < segment->term_count && pass == 0; term++) {
            segment->posting_at[term + 2] += segment->posting_at[term + 1];
        }
    }
}

static void fill_years(struct search_segment *segment)
{
    uint32_t next[SEARCH_YEARS];
    for (uint32_t i = 0; i < segment->count; i++) {
        if (segment->years[i] != 0) {
            segment->year_at[segment->years[i] - SEARCH_YEAR_MIN + 1]++;
        }
    }
    for (size_t year = 0; year < SEARCH_YEARS; year++) {
        next[year] = segment->year_at[year];
        segment->year_at[year + 1] += segment->year_at[year];
    }
    for (uint32_t i = 0; i < segment->count; i++) {
        if (segment->years[i] != 0) {
            segment->year_documents[next[segment->years[i] - SEARCH_YEAR_MIN]++] = i;
        }
    }
}

static bool fill(struct search_segment *segment, struct search_builder *builder)
{
    uint32_t *documents = sorted_numbers(builder, builder->documents.count, compare_by_popularity);
    uint32_t *terms = sorted_numbers(builder, builder->terms.count, compare_terms);
    bool done = documents != NULL && terms != NULL && allocate(segment, builder);
    if (done) {
        fill_terms(segment, builder, terms);
        fill_documents(segment, builder, documents);
        fill_postings(segment);
        fill_years(segment);
        done = search_segment_list_ids(segment) && search_segment_list_prefixes(segment) &&
               search_segment_list_variants(segment);
    }
    free(documents);
    free(terms);
    return done;
}

enum status search_builder_finish(struct search_builder *builder,
                                  struct search_segment **ret_segment)
{
    struct search_segment *segment = calloc(1, sizeof(*segment));
    bool done = segment != NULL && fill(segment, builder);
    search_builder_destroy(builder);
    if (!done) {
        search_segment_destroy(segment);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_segment = segment;
    return STATUS_OK;
}
