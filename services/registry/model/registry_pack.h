/* registry_pack.h: copies a struct and what it points to into one block of memory: a first pass
 * without memory counts the bytes, a second one copies. */
#pragma once

#include <stddef.h>

#include "base/text.h"

struct registry_pack {
    char *block;  /* NULL in the counting pass */
    size_t bytes; /* so far */
};

/* Room for an array, aligned; NULL in the counting pass. */
void *registry_pack_array(struct registry_pack *pack, size_t count, size_t size);
/* A copy of the text; {NULL, length} in the counting pass. */
struct text registry_pack_text(struct registry_pack *pack, struct text text);
