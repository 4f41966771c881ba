/* random.h: random numbers for jitter, choice and ids, fast and thread-safe. Not for secrets: those
 * take random_secret(). */
#pragma once

#include <stddef.h>
#include <stdint.h>

void random_fill(void *bytes, size_t count);

/* Uniform in [0, bound); bound > 0. */
uint64_t random_below(uint64_t bound);

/* Uniform in [0, 1). */
double random_fraction(void);

/* From the operating system's generator. */
void random_secret(void *bytes, size_t count);
