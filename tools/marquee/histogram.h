/* histogram.h: votes by their value, as bars. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A row for each bin of half a point, from the first bin that is wanted: all, or only those
 * between the lowest and the highest that have votes. */
void histogram_print(FILE *output, const uint32_t *bins, size_t count);
void histogram_print_used(FILE *output, const uint32_t *bins, size_t count);
