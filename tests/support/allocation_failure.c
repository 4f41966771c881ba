#include "support/allocation_failure.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The functions that are replaced here, by the names that their owner has for them. */
#if defined(__SANITIZE_ADDRESS__)
#define BEHIND(name) __interceptor_##name
static const bool must_overwrite = false; /* what is freed must not be touched at all */
#else
#define BEHIND(name) __libc_##name
static const bool must_overwrite = true;
#endif
void *BEHIND(malloc)(size_t size);
void *BEHIND(calloc)(size_t count, size_t size);
void *BEHIND(realloc)(void *memory, size_t size);
void BEHIND(free)(void *memory);

enum { FREED = 0xdd };

static atomic_int_fast64_t live_blocks; /* one thread frees what another took */
static _Thread_local uint64_t left;     /* allocations until the one that fails; 0: none will */
static _Thread_local bool fails_for_good;
static _Thread_local bool has_failed;

bool allocation_failure_is_kept(void)
{
    return true;
}

void allocation_failure_arm(uint64_t nth, bool for_good)
{
    left = nth;
    fails_for_good = for_good;
    has_failed = false;
}

bool allocation_failure_disarm(void)
{
    left = 0;
    fails_for_good = false;
    return has_failed;
}

int64_t allocation_failure_live_blocks(void)
{
    return live_blocks;
}

static bool must_fail(void)
{
    bool fails = left == 1 || (left == 0 && fails_for_good && has_failed);
    if (left > 0) {
        left--;
    }
    if (fails) {
        has_failed = true;
        errno = ENOMEM;
    }
    return fails;
}

static void *counted(void *memory)
{
    if (memory != NULL) {
        live_blocks++;
    }
    return memory;
}

void *malloc(size_t size)
{
    return must_fail() ? NULL : counted(BEHIND(malloc)(size));
}

void *calloc(size_t count, size_t size)
{
    return must_fail() ? NULL : counted(BEHIND(calloc)(count, size));
}

void *realloc(void *memory, size_t size)
{
    if (memory == NULL) {
        return malloc(size);
    }
    if (size == 0) {
        free(memory);
        return NULL;
    }
    return must_fail() ? NULL : BEHIND(realloc)(memory, size);
}

void free(void *memory)
{
    if (memory != NULL) {
        live_blocks--;
        if (must_overwrite) {
            memset(memory, FREED, malloc_usable_size(memory));
        }
        BEHIND(free)(memory);
    }
}

/* The stacks of fibers. */
void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    if ((flags & MAP_STACK) != 0 && must_fail()) {
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}
