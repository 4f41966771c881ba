/* check.h: assertions that stay on in every build, and small compiler promises.
 *
 * CHECK() is for bugs of ours, never for input: when it fails, the process says where and aborts.
 */
#pragma once

#include <stddef.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first_index)                                                     \
    __attribute__((format(printf, format_index, first_index)))

/* Runs DESTROY(&variable) when the variable leaves its scope. */
#define CLEANUP(destroy) __attribute__((cleanup(destroy)))

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The struct of which `member` at `pointer` is a part. */
#define CONTAINER_OF(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#define CHECK(condition)                                                                           \
    ((condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__, __func__))

/* Prints the place to standard error and aborts. */
_Noreturn void check_failed(const char *condition, const char *file, int line,
                            const char *function);
