/* The arena of builds with AddressSanitizer: each allocation is malloc's, so that overruns, and
 * uses after a reset, are reported. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/arena_private.h"

struct arena_chunk {
    struct arena_chunk *next;
    void *memory;
};

void arena_deinit(struct arena *arena)
{
    arena_reset(arena);
}

void arena_reset(struct arena *arena)
{
    arena_run_cleanups(arena);
    while (arena->chunks != NULL) {
        struct arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        free(chunk->memory);
        free(chunk);
    }
    arena->used_bytes = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > arena->bytes_max - arena->used_bytes) {
        return NULL;
    }
    struct arena_chunk *chunk = malloc(sizeof(*chunk));
    void *memory = chunk != NULL ? malloc(size > 0 ? size : 1) : NULL;
    if (memory == NULL) {
        free(chunk);
        return NULL;
    }
    *chunk = (struct arena_chunk){arena->chunks, memory};
    arena->chunks = chunk;
    arena->used_bytes += size;
    return memory;
}
