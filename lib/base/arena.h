/* arena.h: memory whose life is one request.
 *
 * Allocations are taken from chunks and are freed all at once by arena_reset(). An arena has a cap:
 * past it, and when the heap is exhausted, arena_alloc() returns NULL and the request fails with
 * RESOURCE_EXHAUSTED. Builds with AddressSanitizer take each allocation from malloc, so that
 * overruns are seen (arena_sanitized.c). One thread at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/text.h"

/* The size of the first chunk, which is kept over arena_reset(): most calls need no other. */
enum { ARENA_CHUNK_BYTES = 4096 };

struct arena_chunk;
struct arena_cleanup;

struct arena {
    /* private */
    struct arena_chunk *chunks;
    struct arena_cleanup *cleanups;
    char *room; /* in the newest chunk */
    size_t room_bytes;
    size_t used_bytes;
    size_t bytes_max;
};

/* Takes no memory yet. bytes_max: the cap over all allocations. */
void arena_init(struct arena *arena, size_t bytes_max);

/* Runs the cleanups, frees everything. The arena may be used again. */
void arena_deinit(struct arena *arena);

/* Runs the cleanups, last first, and forgets all allocations; the first chunk is kept. */
void arena_reset(struct arena *arena);

/* `size` bytes aligned for any type, not zeroed; valid until reset. NULL: over the cap, or no
 * memory. */
MUST_USE void *arena_alloc(struct arena *arena, size_t size);

/* The same, zeroed. NULL also when count * size overflows. */
MUST_USE void *arena_calloc(struct arena *arena, size_t count, size_t size);

/* For who writes from the end backwards, and knows only then how much it is: room for at least
 * `size` bytes, *ret_bytes of them, of which nothing is taken yet. Borrowed until reset; also while
 * more is asked for. NULL as arena_alloc(). */
MUST_USE char *arena_tail(struct arena *arena, size_t size, size_t *ret_bytes);

/* Takes the `length` bytes from `at` to the end of the newest tail; returns where they are from now
 * on, not aligned. No other call may come between. NULL: no memory, which builds with
 * AddressSanitizer alone may need. */
MUST_USE char *arena_take_tail(struct arena *arena, const void *at, size_t length);

/* A copy with a NUL behind it (not counted in the length). data is NULL when there is no memory. */
MUST_USE struct text arena_copy(struct arena *arena, struct text text);

/* As printf, into the arena. data is NULL when there is no memory. */
MUST_USE struct text arena_format(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

/* Has release(argument) called by the next reset. false: no memory, nothing registered. */
MUST_USE bool arena_defer(struct arena *arena, void (*release)(void *argument), void *argument);

/* The bytes handed out since the last reset. */
size_t arena_used_bytes(const struct arena *arena);
