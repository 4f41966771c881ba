#include "base/heap.h"

void heap_release(void)
{
}
