#include "registry/model/registry_pack.h"

#include <stdalign.h>

void *registry_pack_array(struct registry_pack *pack, size_t count, size_t size)
{
    const size_t alignment = alignof(max_align_t);
    size_t at = (pack->bytes + alignment - 1) / alignment * alignment;
    pack->bytes = at + count * size;
    return pack->block != NULL ? pack->block + at : NULL;
}

struct text registry_pack_text(struct registry_pack *pack, struct text text)
{
    size_t at = pack->bytes;
    pack->bytes += text.length;
    if (pack->block == NULL) {
        return (struct text){NULL, text.length};
    }
    if (text.length > 0) {
        memcpy(pack->block + at, text.data, text.length);
    }
    return (struct text){pack->block + at, text.length};
}
