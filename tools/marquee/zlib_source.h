/* zlib_source.h: the bytes of a compressed file: gzip (also several members in a row), or the
 * deflated or stored data of an archive's entry.
 *
 * Memory is bounded (two windows) whatever the file expands to; so is what comes out, by
 * ZLIB_SOURCE_BYTES_MAX or by what the archive says. */
#pragma once

#include "marquee/byte_source.h"

enum zlib_source_kind { ZLIB_GZIP, ZLIB_DEFLATED, ZLIB_STORED };

enum { ZLIB_SOURCE_CHUNK_BYTES = 64 * 1024 };
#define ZLIB_SOURCE_BYTES_MAX (UINT64_C(1) << 38) /* 256 GiB */

struct zlib_source;

struct zlib_source_options {
    enum zlib_source_kind kind;
    struct byte_source source; /* borrowed; of an archive's entry: its bytes and no more */
    /* of an archive's entry: */
    uint64_t size; /* as it is to come out */
    uint32_t crc;
};

/* STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status zlib_source_create(struct call *call,
                                        const struct zlib_source_options *options,
                                        struct zlib_source **ret_source);
/* NULL is accepted. */
void zlib_source_destroy(struct zlib_source *source);

/* Reading says STATUS_DATA_LOSS where the data is damaged, cut off, followed by something else, not
 * of the size or checksum that the archive says, or longer than ZLIB_SOURCE_BYTES_MAX. */
struct byte_source zlib_source_bytes(struct zlib_source *source);
