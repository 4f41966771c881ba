#include "base/arena.h"

#include <stdlib.h>

#include "base/arena_private.h"

struct arena_chunk {
    struct arena_chunk *next; /* older */
    size_t size;
    size_t used;
    max_align_t data[];
};

static size_t aligned(size_t size)
{
    return (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
}

void arena_deinit(struct arena *arena)
{
    arena_reset(arena);
    free(arena->chunks);
    arena->chunks = NULL;
}

void arena_reset(struct arena *arena)
{
    arena_run_cleanups(arena);
    while (arena->chunks != NULL && arena->chunks->next != NULL) {
        struct arena_chunk *newest = arena->chunks;
        arena->chunks = newest->next;
        free(newest);
    }
    if (arena->chunks != NULL && arena->chunks->size > ARENA_CHUNK_BYTES) {
        free(arena->chunks); /* one large request does not hold its memory for good */
        arena->chunks = NULL;
    }
    if (arena->chunks != NULL) {
        arena->chunks->used = 0;
    }
    arena->used_bytes = 0;
}

/* Each chunk is twice the one before, so that a large reply costs few of them. */
static struct arena_chunk *add_chunk(struct arena *arena, size_t wanted)
{
    size_t size = arena->chunks != NULL ? arena->chunks->size * 2 : ARENA_CHUNK_BYTES;
    if (size < wanted) {
        size = wanted;
    }
    struct arena_chunk *chunk = malloc(sizeof(*chunk) + size);
    if (chunk == NULL) {
        return NULL;
    }
    chunk->next = arena->chunks;
    chunk->size = size;
    chunk->used = 0;
    arena->chunks = chunk;
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > arena->bytes_max - arena->used_bytes) {
        return NULL;
    }
    size_t wanted = aligned(size);
    struct arena_chunk *chunk = arena->chunks;
    if (chunk == NULL || chunk->size - chunk->used < wanted) {
        chunk = add_chunk(arena, wanted);
        if (chunk == NULL) {
            return NULL;
        }
    }
    void *memory = (char *)chunk->data + chunk->used;
    chunk->used += wanted;
    arena->used_bytes += size;
    return memory;
}
