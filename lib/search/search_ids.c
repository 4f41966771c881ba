/* Documents by id: their numbers in the order of ids, as outsiders choose the ids and could aim at
 * a hash table. */
#include <stdlib.h>

#include "search/search_segment_private.h"

static int compare_ids(const void *left, const void *right, void *state)
{
    const struct search_segment *segment = state;
    return text_compare(search_segment_id(segment, *(const uint32_t *)left),
                        search_segment_id(segment, *(const uint32_t *)right));
}

bool search_segment_list_ids(struct search_segment *segment)
{
    segment->by_id = malloc((segment->count + 1) * sizeof(*segment->by_id));
    if (segment->by_id == NULL) {
        return false;
    }
    for (uint32_t document = 0; document < segment->count; document++) {
        segment->by_id[document] = document;
    }
    qsort_r(segment->by_id, segment->count, sizeof(*segment->by_id), compare_ids, segment);
    return true;
}

uint32_t search_segment_find(const struct search_segment *segment, struct text id)
{
    uint32_t low = 0;
    uint32_t high = segment->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = text_compare(search_segment_id(segment, segment->by_id[middle]), id);
        if (order == 0) {
            return segment->by_id[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return UINT32_MAX;
}
