#include "search/search_segment.h"

#include <stdlib.h>

#include "search/search_segment_private.h"

void search_segment_destroy(struct search_segment *segment)
{
    if (segment == NULL) {
        return;
    }
    free(segment->term_bytes);
    free(segment->term_at);
    free(segment->postings);
    free(segment->posting_at);
    free(segment->occurrences);
    free(segment->occurrence_at);
    free(segment->id_bytes);
    free(segment->id_at);
    free(segment->by_id);
    free(segment->years);
    free(segment->popularities);
    free(segment->title_lengths);
    free(segment->other_lengths);
    free(segment->year_documents);
    free(segment->prefixes);
    free(segment->prefix_documents);
    free(segment->variants);
    free(segment);
}

size_t search_segment_count(const struct search_segment *segment)
{
    return segment->count;
}

struct text search_segment_id(const struct search_segment *segment, uint32_t document)
{
    CHECK(document < segment->count);
    return text_of_bytes(segment->id_bytes + segment->id_at[document],
                         segment->id_at[document + 1] - segment->id_at[document]);
}

uint32_t search_first_term(const struct search_segment *segment, struct text text)
{
    uint32_t low = 0;
    uint32_t high = segment->term_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (text_compare(search_term_text(segment, middle), text) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint32_t search_end_of_prefix(const struct search_segment *segment, struct text text)
{
    uint32_t low = search_first_term(segment, text);
    uint32_t high = segment->term_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (text_starts_with(search_term_text(segment, middle), text)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* One pass over all prefixes of one length. */
struct prefix_pass {
    struct search_segment *segment;
    uint64_t *seen; /* a bit a document */
    size_t capacity;
};

static bool add_prefix(struct prefix_pass *pass, uint32_t first, uint32_t end)
{
    struct search_segment *segment = pass->segment;
    if (segment->prefix_count == pass->capacity) {
        size_t capacity = pass->capacity > 0 ? pass->capacity * 2 : 64;
        struct search_prefix *prefixes =
            realloc(segment->prefixes, capacity * sizeof(*segment->prefixes));
        if (prefixes == NULL) {
            return false;
        }
        segment->prefixes = prefixes;
        uint32_t *documents =
            realloc(segment->prefix_documents,
                    capacity * SEARCH_PREFIX_DOCUMENTS_MAX * sizeof(*segment->prefix_documents));
        if (documents == NULL) {
            return false;
        }
        segment->prefix_documents = documents;
        pass->capacity = capacity;
    }
    segment->prefixes[segment->prefix_count] = (struct search_prefix){
        .first_term = first,
        .end_term = end,
        .documents_at = segment->prefix_count * SEARCH_PREFIX_DOCUMENTS_MAX,
    };
    segment->prefix_count++;
    return true;
}

/* The first documents of the range; nothing is listed where there are not enough. */
static bool list_range(struct prefix_pass *pass, uint32_t first, uint32_t end)
{
    struct search_segment *segment = pass->segment;
    uint32_t from = segment->posting_at[first];
    uint32_t to = segment->posting_at[end];
    if (to - from <= SEARCH_PREFIX_DOCUMENTS_MAX) {
        return true;
    }
    size_t words = segment->count / 64 + 1;
    memset(pass->seen, 0, words * sizeof(*pass->seen));
    for (uint32_t i = from; i < to; i++) {
        pass->seen[segment->postings[i] / 64] |= UINT64_C(1) << segment->postings[i] % 64;
    }
    if (!add_prefix(pass, first, end)) {
        return false;
    }
    uint32_t *list =
        segment->prefix_documents + segment->prefixes[segment->prefix_count - 1].documents_at;
    size_t count = 0;
    for (size_t word = 0; word < words && count < SEARCH_PREFIX_DOCUMENTS_MAX; word++) {
        for (uint64_t bits = pass->seen[word]; bits != 0 && count < SEARCH_PREFIX_DOCUMENTS_MAX;
             bits &= bits - 1) {
            list[count++] = (uint32_t)(word * 64) + (uint32_t)__builtin_ctzll(bits);
        }
    }
    if (count < SEARCH_PREFIX_DOCUMENTS_MAX) {
        segment->prefix_count--; /* many occurrences in few documents */
    }
    return true;
}

static bool list_length(struct prefix_pass *pass, size_t length)
{
    const struct search_segment *segment = pass->segment;
    for (uint32_t first = 0; first < segment->term_count;) {
        struct text term = search_term_text(segment, first);
        uint32_t end = first + 1;
        if (term.length >= length) {
            end = search_end_of_prefix(segment, text_slice(term, 0, length));
            if (!list_range(pass, first, end)) {
                return false;
            }
        }
        first = end;
    }
    return true;
}

static int compare_prefixes(const void *left, const void *right)
{
    const struct search_prefix *a = left;
    const struct search_prefix *b = right;
    if (a->first_term != b->first_term) {
        return a->first_term < b->first_term ? -1 : 1;
    }
    return a->end_term < b->end_term ? -1 : a->end_term > b->end_term;
}

bool search_segment_list_prefixes(struct search_segment *segment)
{
    struct prefix_pass pass = {
        .segment = segment,
        .seen = malloc((segment->count / 64 + 1) * sizeof(*pass.seen)),
    };
    bool done = pass.seen != NULL;
    for (size_t length = 1; length <= SEARCH_PREFIX_BYTES_MAX && done; length++) {
        done = list_length(&pass, length);
    }
    free(pass.seen);
    if (segment->prefix_count > 0) {
        qsort(segment->prefixes, segment->prefix_count, sizeof(*segment->prefixes),
              compare_prefixes);
    }
    return done;
}
