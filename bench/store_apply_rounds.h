/* store_apply_rounds.h: changes a second of the repository and of a bare loop, round by round. */
#pragma once

#include <stddef.h>

enum { STORE_APPLY_ROUNDS_MAX = 16 };

struct store_apply_rounds {
    double ours[STORE_APPLY_ROUNDS_MAX];
    double bare[STORE_APPLY_ROUNDS_MAX];
    double ratios[STORE_APPLY_ROUNDS_MAX];
    size_t count;
};

void store_apply_rounds_add(struct store_apply_rounds *rounds, double ours, double bare);

/* "batch 10000: apply … changes/s, bare LMDB … changes/s, ratio …", medians. what: "batch";
 * unit: "changes". Sorts. */
void store_apply_rounds_print(struct store_apply_rounds *rounds, const char *what, size_t number,
                              const char *unit, const char *store);
