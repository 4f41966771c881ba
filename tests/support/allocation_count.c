#include "support/allocation_count.h"

#include <stdlib.h>

#include "base/clock.h"

/* An entry and its value, on two sides. */
enum { ALLOCATIONS_PER_DATE = 4 };

/* glibc's own names for what is replaced here. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

/* Per thread, so that a test counts one loop's allocations and no other's. */
static _Thread_local uint64_t allocations;

bool allocation_count_is_kept(void)
{
    return true;
}

uint64_t allocation_count(void)
{
    return allocations;
}

uint64_t allocation_count_for_dates(int64_t start_ms)
{
    return (uint64_t)(clock_wall_ms() / 1000 - start_ms / 1000) * ALLOCATIONS_PER_DATE;
}

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    allocations++;
    return __libc_realloc(memory, size);
}
