#include "base/heap.h"

#include <malloc.h>

void heap_release(void)
{
    (void)malloc_trim(0); /* says whether there was anything, which nobody asks */
}
