#include "loop/fiber_stack.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

#include "base/check.h"
#include "loop/fiber.h"

enum {
    STACK_BYTES = FIBER_STACK_BYTES * FIBER_STACK_SCALE,
    MAPPING_BYTES = FIBER_GUARD_BYTES + STACK_BYTES,
};

/* The limit is the process's (vm.max_map_count), so its count is, too. */
static atomic_uint mapped_count;

void *fiber_stack_map(void)
{
    if (atomic_fetch_add(&mapped_count, 1) >= FIBER_COUNT_MAX) {
        atomic_fetch_sub(&mapped_count, 1);
        return NULL;
    }
    char *mapping = mmap(NULL, MAPPING_BYTES, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (mapping == MAP_FAILED) {
        atomic_fetch_sub(&mapped_count, 1);
        return NULL;
    }
    if (mprotect(mapping, FIBER_GUARD_BYTES, PROT_NONE) != 0) {
        CHECK(munmap(mapping, MAPPING_BYTES) == 0);
        atomic_fetch_sub(&mapped_count, 1);
        return NULL;
    }
    return mapping + FIBER_GUARD_BYTES;
}

void fiber_stack_unmap(void *stack)
{
    CHECK(munmap((char *)stack - FIBER_GUARD_BYTES, MAPPING_BYTES) == 0);
    atomic_fetch_sub(&mapped_count, 1);
}

size_t fiber_stack_bytes(void)
{
    return STACK_BYTES;
}

bool fiber_stack_is_guard(const void *stack, const void *address)
{
    uintptr_t top = (uintptr_t)stack;
    uintptr_t at = (uintptr_t)address;
    return at < top && at >= top - FIBER_GUARD_BYTES;
}
