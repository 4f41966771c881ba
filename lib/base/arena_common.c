/* What both forms of the arena share: everything built on arena_alloc(). */
#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/arena_private.h"

/* Half of what there can be leaves room for alignment and doubling, without looking each time. */
void arena_init(struct arena *arena, size_t bytes_max)
{
    *arena = (struct arena){.bytes_max = bytes_max < SIZE_MAX / 2 ? bytes_max : SIZE_MAX / 2};
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return NULL;
    }
    void *memory = arena_alloc(arena, bytes);
    if (memory != NULL) {
        memset(memory, 0, bytes);
    }
    return memory;
}

struct text arena_copy(struct arena *arena, struct text text)
{
    char *copy = text.length < SIZE_MAX ? arena_alloc(arena, text.length + 1) : NULL;
    if (copy == NULL) {
        return (struct text){NULL, 0};
    }
    if (text.length > 0) {
        memcpy(copy, text.data, text.length);
    }
    copy[text.length] = '\0';
    return (struct text){copy, text.length};
}

struct text arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *buffer = length >= 0 ? arena_alloc(arena, (size_t)length + 1) : NULL;
    if (buffer == NULL) {
        return (struct text){NULL, 0};
    }
    va_start(arguments, format);
    (void)vsnprintf(buffer, (size_t)length + 1, format, arguments); /* measured above */
    va_end(arguments);
    return (struct text){buffer, (size_t)length};
}

bool arena_defer(struct arena *arena, void (*release)(void *argument), void *argument)
{
    struct arena_cleanup *cleanup = arena_alloc(arena, sizeof(*cleanup));
    if (cleanup == NULL) {
        return false;
    }
    *cleanup = (struct arena_cleanup){arena->cleanups, release, argument};
    arena->cleanups = cleanup;
    return true;
}

void arena_run_cleanups(struct arena *arena)
{
    for (struct arena_cleanup *cleanup = arena->cleanups; cleanup != NULL;
         cleanup = cleanup->next) {
        cleanup->release(cleanup->argument);
    }
    arena->cleanups = NULL;
}

size_t arena_used_bytes(const struct arena *arena)
{
    return arena->used_bytes;
}
