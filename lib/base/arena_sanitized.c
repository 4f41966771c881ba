/* The arena of builds with AddressSanitizer: each allocation is malloc's, so that overruns, and
 * uses after a reset, are reported. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/arena_private.h"

/* The first room for who does not know how much he writes. */
enum { TAIL_BYTES = 256 };

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

/* Of the arena, but not counted. */
static void *allocate(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = malloc(sizeof(*chunk));
    void *memory = chunk != NULL ? malloc(size > 0 ? size : 1) : NULL;
    if (memory == NULL) {
        free(chunk);
        return NULL;
    }
    *chunk = (struct arena_chunk){arena->chunks, memory};
    arena->chunks = chunk;
    return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > arena->bytes_max - arena->used_bytes) {
        return NULL;
    }
    void *memory = allocate(arena, size);
    arena->used_bytes += memory != NULL ? size : 0;
    return memory;
}

char *arena_tail(struct arena *arena, size_t size, size_t *ret_bytes)
{
    size_t left = arena->bytes_max - arena->used_bytes;
    if (size > left) {
        return NULL;
    }
    size_t roomy = size < TAIL_BYTES / 2 ? (size_t)TAIL_BYTES : 2 * size;
    *ret_bytes = roomy < left ? roomy : left;
    return allocate(arena, *ret_bytes);
}

/* A piece of its own, so that overruns at both ends are seen. */
char *arena_take_tail(struct arena *arena, const void *at, size_t length)
{
    char *taken = arena_alloc(arena, length);
    if (taken != NULL && length > 0) {
        memcpy(taken, at, length);
    }
    return taken;
}
