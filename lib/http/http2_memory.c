#include "http/http2_memory.h"

#include <stdlib.h>

enum {
    SIZE_STEP = 64, /* classes are multiples of it */
    SIZE_CLASSES = 24,
    LARGE_CLASS = SIZE_CLASSES,
    KEPT_MAX = 4096, /* blocks of one class */
};

/* Before each block. Keeps the block aligned for any type. */
union header {
    struct {
        union header *next; /* of a free block */
        size_t size;        /* what the block can hold */
    };
    max_align_t alignment;
};

struct http2_memory {
    nghttp2_mem functions;
    union header *free_blocks[SIZE_CLASSES];
    unsigned free_counts[SIZE_CLASSES];
    union header *reserve[HTTP2_MEMORY_RESERVE]; /* of the largest class */
    unsigned reserve_count;
};

static size_t class_of(size_t size)
{
    size_t class = size > 0 ? (size - 1) / SIZE_STEP : 0;
    return class < SIZE_CLASSES ? class : (size_t)LARGE_CLASS;
}

static union header *create_block(size_t size)
{
    union header *block = malloc(sizeof(*block) + size);
    if (block != NULL) {
        block->size = size;
    }
    return block;
}

static void *allocate(size_t size, void *user_data)
{
    struct http2_memory *memory = user_data;
    size_t class = class_of(size);
    if (class < SIZE_CLASSES) {
        union header *block = memory->free_blocks[class];
        if (block != NULL) {
            memory->free_blocks[class] = block->next;
            memory->free_counts[class]--;
            return block + 1;
        }
        size = (class + 1) * SIZE_STEP;
    }
    if (size > SIZE_MAX - sizeof(union header)) {
        return NULL;
    }
    union header *block = create_block(size);
    if (block == NULL && class < SIZE_CLASSES && memory->reserve_count > 0) {
        block = memory->reserve[--memory->reserve_count];
    }
    return block != NULL ? block + 1 : NULL;
}

static void release(void *pointer, void *user_data)
{
    struct http2_memory *memory = user_data;
    if (pointer == NULL) {
        return;
    }
    union header *block = (union header *)pointer - 1;
    size_t class = class_of(block->size);
    if (class < SIZE_CLASSES && memory->free_counts[class] < KEPT_MAX) {
        block->next = memory->free_blocks[class];
        memory->free_blocks[class] = block;
        memory->free_counts[class]++;
    } else {
        free(block);
    }
}

static void *allocate_zeroed(size_t count, size_t size, void *user_data)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return NULL;
    }
    void *pointer = allocate(bytes, user_data);
    if (pointer != NULL) {
        memset(pointer, 0, bytes);
    }
    return pointer;
}

static void *reallocate(void *pointer, size_t size, void *user_data)
{
    if (pointer == NULL) {
        return allocate(size, user_data);
    }
    union header *block = (union header *)pointer - 1;
    if (size <= block->size) {
        return pointer;
    }
    void *larger = allocate(size, user_data);
    if (larger != NULL) {
        memcpy(larger, pointer, block->size);
        release(pointer, user_data);
    }
    return larger;
}

enum status http2_memory_create(struct http2_memory **ret_memory)
{
    struct http2_memory *memory = calloc(1, sizeof(*memory));
    if (memory == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    memory->functions = (nghttp2_mem){
        .mem_user_data = memory,
        .malloc = allocate,
        .free = release,
        .calloc = allocate_zeroed,
        .realloc = reallocate,
    };
    if (!http2_memory_reserve(memory)) {
        http2_memory_destroy(memory);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_memory = memory;
    return STATUS_OK;
}

bool http2_memory_reserve(struct http2_memory *memory)
{
    while (memory->reserve_count < HTTP2_MEMORY_RESERVE) {
        union header *block = create_block(SIZE_CLASSES * SIZE_STEP);
        if (block == NULL) {
            return false;
        }
        memory->reserve[memory->reserve_count++] = block;
    }
    return true;
}

void http2_memory_release(struct http2_memory *memory)
{
    for (size_t i = 0; i < SIZE_CLASSES; i++) {
        while (memory->free_blocks[i] != NULL) {
            union header *block = memory->free_blocks[i];
            memory->free_blocks[i] = block->next;
            free(block);
        }
        memory->free_counts[i] = 0;
    }
}

void http2_memory_destroy(struct http2_memory *memory)
{
    if (memory != NULL) {
        http2_memory_release(memory);
        while (memory->reserve_count > 0) {
            free(memory->reserve[--memory->reserve_count]);
        }
        free(memory);
    }
}

nghttp2_mem *http2_memory_functions(struct http2_memory *memory)
{
    return &memory->functions;
}
