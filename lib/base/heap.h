/* heap.h: what the C library's heap keeps of memory that was freed. */
#pragma once

/* Gives it back to the system, as far as it lies in whole pages. Takes a few milliseconds after
 * some hundred MiB; without effect where the C library has no such call. Safe from any thread. */
void heap_release(void);
