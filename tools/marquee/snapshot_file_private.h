/* snapshot_file_private.h: the bytes of a snapshot's file, for its writer and its reader. */
#pragma once

#include "marquee/snapshot_file.h"

#define SNAPSHOT_MAGIC "MARQUEE-SNAPSHOT"

enum {
    SNAPSHOT_MAGIC_BYTES = 16,
    SNAPSHOT_HEAD_BYTES = SNAPSHOT_MAGIC_BYTES + 4 + 8 + 8 + 4,
    SNAPSHOT_BLOCK_HEAD_BYTES = 4 + 4 + 4,
    SNAPSHOT_ENTRY_HEAD_BYTES = 1 + 1 + 2 + 8 + 2 + 2 + 2,
    SNAPSHOT_TRAILER_BYTES = 8 + 8,
    SNAPSHOT_BLOCK_BYTES_MAX = SNAPSHOT_FILE_BLOCK_BYTES + SNAPSHOT_ENTRY_HEAD_BYTES +
                               RATING_RECORD_BYTES_MAX + RATING_PROVIDER_BYTES_MAX +
                               RATING_USER_BYTES_MAX,
};

static inline void snapshot_put_number(char *at, size_t bytes, uint64_t number)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (char)(number >> (8 * i) & 0xff);
    }
}

static inline uint64_t snapshot_get_number(const char *at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++) {
        number |= (uint64_t)(unsigned char)at[i] << (8 * i);
    }
    return number;
}
