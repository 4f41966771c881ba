#include "store/zlib_checksum.h"

#include <zlib.h>

uint32_t zlib_checksum(uint32_t checksum, struct text text)
{
    if (text.length == 0) {
        return checksum;
    }
    return (uint32_t)crc32_z(checksum, (const unsigned char *)text.data, text.length);
}
