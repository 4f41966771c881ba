#include "base/arena.h"

#include <stdlib.h>

#include "base/arena_private.h"

struct arena_chunk {
    struct arena_chunk *next; /* older */
    size_t size;
    max_align_t data[];
};

static size_t aligned(size_t size)
{
    return (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
}

/* Allocations are taken from its beginning on. */
static void use_chunk(struct arena *arena, struct arena_chunk *chunk)
{
    arena->chunks = chunk;
    arena->room = chunk != NULL ? (char *)chunk->data : NULL;
    arena->room_bytes = chunk != NULL ? chunk->size : 0;
}

void arena_deinit(struct arena *arena)
{
    arena_reset(arena);
    free(arena->chunks);
    use_chunk(arena, NULL);
}

void arena_reset(struct arena *arena)
{
    if (arena->cleanups != NULL) {
        arena_run_cleanups(arena);
    }
    while (arena->chunks != NULL && arena->chunks->next != NULL) {
        struct arena_chunk *newest = arena->chunks;
        arena->chunks = newest->next;
        free(newest);
    }
    if (arena->chunks != NULL && arena->chunks->size > ARENA_CHUNK_BYTES) {
        free(arena->chunks); /* one large request does not hold its memory for good */
        arena->chunks = NULL;
    }
    use_chunk(arena, arena->chunks);
    arena->used_bytes = 0;
}

static void *take(struct arena *arena, size_t size, size_t wanted)
{
    void *memory = arena->room;
    arena->room += wanted;
    arena->room_bytes -= wanted;
    arena->used_bytes += size;
    return memory;
}

/* Each chunk is twice the one before, so that a large reply costs few of them. */
static bool add_chunk(struct arena *arena, size_t wanted)
{
    size_t chunk_size = arena->chunks != NULL ? arena->chunks->size * 2 : ARENA_CHUNK_BYTES;
    if (chunk_size < wanted) {
        chunk_size = wanted;
    }
    struct arena_chunk *chunk = malloc(sizeof(*chunk) + chunk_size);
    if (chunk == NULL) {
        return false;
    }
    chunk->next = arena->chunks;
    chunk->size = chunk_size;
    use_chunk(arena, chunk);
    return true;
}

/* Apart from the usual way, which it would burden with registers to save. */
static __attribute__((noinline)) void *take_from_new_chunk(struct arena *arena, size_t size,
                                                           size_t wanted)
{
    return add_chunk(arena, wanted) ? take(arena, size, wanted) : NULL;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > arena->bytes_max - arena->used_bytes) {
        return NULL;
    }
    size_t wanted = aligned(size);
    /* Of nothing, a pointer all the same. */
    if (wanted > arena->room_bytes || arena->room == NULL) {
        return take_from_new_chunk(arena, size, wanted);
    }
    return take(arena, size, wanted);
}

char *arena_tail(struct arena *arena, size_t size, size_t *ret_bytes)
{
    size_t left = arena->bytes_max - arena->used_bytes;
    if (size > left) {
        return NULL;
    }
    if ((size > arena->room_bytes || arena->room == NULL) && !add_chunk(arena, aligned(size))) {
        return NULL;
    }
    *ret_bytes = left < arena->room_bytes ? left : arena->room_bytes;
    return arena->room + arena->room_bytes - *ret_bytes;
}

char *arena_take_tail(struct arena *arena, const void *at, size_t length)
{
    char *tail = arena->room + arena->room_bytes - length;
    CHECK(tail == at && length <= arena->bytes_max - arena->used_bytes);
    arena->room_bytes -= aligned(length);
    arena->used_bytes += length;
    return tail;
}
