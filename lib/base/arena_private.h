/* arena_private.h: what the two forms of the arena share. */
#pragma once

struct arena;

struct arena_cleanup {
    struct arena_cleanup *next;
    void (*release)(void *argument);
    void *argument;
};

void arena_run_cleanups(struct arena *arena);
