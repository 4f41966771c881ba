#include "zipf.h"

#include <stdlib.h>

#include "base/check.h"

void zipf_init(struct zipf *zipf, size_t count)
{
    double sum = 0;
    zipf->count = count;
    zipf->chances = calloc(count, sizeof(zipf->chances[0]));
    CHECK(zipf->chances != NULL && count > 0);
    for (size_t i = 0; i < count; i++) {
        sum += 1.0 / (double)(i + 1);
        zipf->chances[i] = sum;
    }
}

void zipf_deinit(struct zipf *zipf)
{
    free(zipf->chances);
}

size_t zipf_rank(const struct zipf *zipf, double share)
{
    double wanted = share * zipf->chances[zipf->count - 1];
    size_t low = 0;
    size_t high = zipf->count - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (zipf->chances[middle] < wanted) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}
