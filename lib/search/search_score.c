/* How well a document answers a question. */
#include <math.h>

#include "search/search_segment_private.h"

/* Of a term, by how it was found. */
static const float whole = 1.0F;
static const float started = 0.7F; /* and a share of the next for what of the term is there */
static const float started_rest = 0.25F;
static const float by_year = 0.8F;
static const float misspelt = 0.5F;

/* Of a term, by where it was found. */
static const float place_weights[] = {
    [SEARCH_IN_TITLE] = 1.0F,
    [SEARCH_ALIAS_IN_TITLE] = 0.95F,
    [SEARCH_IN_OTHER_TITLE] = 0.97F,
    [SEARCH_IN_PEOPLE] = 0.6F,
};

/* Of the document. */
static const float terms_weight = 100;
static const float title_weight = 20;        /* how much of the title was asked for */
static const float popularity_weight = 1.5F; /* for each doubling */

static bool is_misspelt(const struct search_wanted *wanted, uint32_t term)
{
    size_t low = 0;
    size_t high = wanted->misspelt_count;
    if (term < wanted->misspelt[0] || term > wanted->misspelt[high - 1]) {
        return false;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (wanted->misspelt[middle] < term) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < wanted->misspelt_count && wanted->misspelt[low] == term;
}

static float term_quality(const struct search_segment *segment, const struct search_wanted *wanted,
                          uint32_t term)
{
    if (term == wanted->exact) {
        return whole;
    }
    if (wanted->open && term >= wanted->first_term && term < wanted->end_term) {
        float share = (float)wanted->text.length / (float)search_term_text(segment, term).length;
        return started + started_rest * share;
    }
    return wanted->misspelt_count > 0 && is_misspelt(wanted, term) ? misspelt : 0;
}

/* How much of a document's titles a question is. */
struct coverage {
    size_t in_title;
    size_t in_other_title;
};

/* The best of the document's terms for one of the question's. coverage: counts where it stands. */
static float best_quality(const struct search_segment *segment, const struct search_wanted *wanted,
                          uint32_t document, struct coverage *coverage)
{
    bool found[ARRAY_LENGTH(place_weights)] = {false};
    float best = 0;
    if (wanted->year != 0 && segment->years[document] == wanted->year) {
        best = by_year;
    }
    for (uint32_t i = segment->occurrence_at[document]; i < segment->occurrence_at[document + 1];
         i++) {
        uint32_t occurrence = segment->occurrences[i];
        enum search_place place = search_occurrence_place(occurrence);
        float quality = term_quality(segment, wanted, search_occurrence_term(occurrence));
        if (quality > 0) {
            quality *= place_weights[place];
            found[place] = true;
            best = quality > best ? quality : best;
        }
    }
    if (!wanted->article) {
        coverage->in_title += found[SEARCH_IN_TITLE] || found[SEARCH_ALIAS_IN_TITLE];
        coverage->in_other_title += found[SEARCH_IN_OTHER_TITLE];
    }
    return best;
}

static float share(size_t count, size_t length)
{
    return length > 0 && count < length ? (float)count / (float)length : 1;
}

static float covered(const struct search_segment *segment, uint32_t document,
                     const struct coverage *coverage)
{
    float title = share(coverage->in_title, segment->title_lengths[document]);
    float other = segment->other_lengths[document] > 0
                      ? share(coverage->in_other_title, segment->other_lengths[document])
                      : 0;
    return title > other ? title : other;
}

float search_score(const struct search_segment *segment, const struct search_asked *asked,
                   uint32_t document)
{
    struct coverage coverage = {.in_title = 0};
    float sum = 0;
    size_t required = 0;
    size_t missing = 0;
    for (size_t i = 0; i < asked->count; i++) {
        const struct search_wanted *wanted = &asked->terms[i];
        float quality = best_quality(segment, wanted, document, &coverage);
        if (wanted->optional) {
            sum += quality / 10;
            continue;
        }
        missing += quality == 0;
        if (missing > asked->missing_max) {
            return -1;
        }
        sum += quality;
        required++;
    }
    return terms_weight * sum / (float)(required > 0 ? required : 1) +
           title_weight * covered(segment, document, &coverage) +
           popularity_weight * log2f(1 + (float)segment->popularities[document]);
}
