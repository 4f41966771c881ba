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

/* The best of the document's terms for one of the question's. ret_in_title: it stands in the title.
 */
static float best_quality(const struct search_segment *segment, const struct search_wanted *wanted,
                          uint32_t document, bool *ret_in_title)
{
    float best = 0;
    if (wanted->year != 0 && segment->years[document] == wanted->year) {
        best = by_year;
    }
    *ret_in_title = false;
    for (uint32_t i = segment->occurrence_at[document]; i < segment->occurrence_at[document + 1];
         i++) {
        uint32_t occurrence = segment->occurrences[i];
        enum search_place place = search_occurrence_place(occurrence);
        float quality = term_quality(segment, wanted, search_occurrence_term(occurrence)) *
                        place_weights[place];
        if (quality > best) {
            best = quality;
            *ret_in_title = place != SEARCH_IN_PEOPLE;
        }
    }
    return best;
}

float search_score(const struct search_segment *segment, const struct search_asked *asked,
                   uint32_t document)
{
    float sum = 0;
    size_t required = 0;
    size_t in_title = 0;
    for (size_t i = 0; i < asked->count; i++) {
        const struct search_wanted *wanted = &asked->terms[i];
        bool is_in_title;
        float quality = best_quality(segment, wanted, document, &is_in_title);
        if (wanted->optional) {
            sum += quality / 10;
            continue;
        }
        if (quality == 0) {
            return -1;
        }
        sum += quality;
        required++;
        in_title += is_in_title && !wanted->article;
    }
    size_t length = segment->title_lengths[document];
    float covered = length > 0 && in_title < length ? (float)in_title / (float)length : 1;
    return terms_weight * sum / (float)(required > 0 ? required : 1) + title_weight * covered +
           popularity_weight * log2f(1 + (float)segment->popularities[document]);
}
