#include "store_apply_rounds.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

void store_apply_rounds_add(struct store_apply_rounds *rounds, double ours, double bare)
{
    CHECK(rounds->count < STORE_APPLY_ROUNDS_MAX);
    rounds->ours[rounds->count] = ours;
    rounds->bare[rounds->count] = bare;
    rounds->ratios[rounds->count] = ours / bare;
    rounds->count++;
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(values[0]), compare_doubles);
    return values[count / 2];
}

void store_apply_rounds_print(struct store_apply_rounds *rounds, const char *what, size_t number,
                              const char *unit, const char *store)
{
    printf("%s %6zu: apply %8.0f %s/s, bare %s %8.0f %s/s, ratio %.2f (medians of %zu; ratios",
           what, number, median(rounds->ours, rounds->count), unit, store,
           median(rounds->bare, rounds->count), unit, median(rounds->ratios, rounds->count),
           rounds->count);
    for (size_t i = 0; i < rounds->count; i++) {
        printf(" %.2f", rounds->ratios[i]);
    }
    printf(")\n");
}
