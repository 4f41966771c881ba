/* zip_reader.h: the entries of a ZIP archive, by their names, and the bytes of one.
 *
 * Only the directory at the end is believed, and checked against the file before anything is read.
 * Nothing is ever written to disk, so that a name can do no harm. Taken are stored and deflated
 * entries; not encrypted ones, archives in several parts, and those past 4 GiB (ZIP64), which are
 * refused with these words. */
#pragma once

#include "marquee/zlib_source.h"

enum {
    ZIP_ENTRIES_MAX = 4096,
    ZIP_DIRECTORY_BYTES_MAX = 4 * 1024 * 1024,
};

struct zip_entry {
    struct text name; /* any bytes; borrowed until the reader is closed */
    uint64_t size;    /* as it is to come out */
    uint64_t compressed_size;
    /* private */
    uint64_t offset; /* of its header */
    uint32_t crc;
    uint16_t method;
    bool is_encrypted;
};

struct zip_reader {
    FILE *file;
    uint64_t file_size;
    struct zip_entry *entries;
    size_t count;
    char *directory; /* its bytes: of the names */
};

/* file: borrowed; it must be a regular one. STATUS_DATA_LOSS: it is no archive, or is damaged; the
 * call's error says how. STATUS_UNIMPLEMENTED: an archive of a kind that is not taken.
 * STATUS_RESOURCE_EXHAUSTED: more than the limits above, or no memory. STATUS_UNAVAILABLE: it
 * cannot be read. */
MUST_USE enum status zip_reader_open(struct call *call, FILE *file, struct zip_reader *ret_reader);
void zip_reader_close(struct zip_reader *reader);

/* The entry whose name, without folders, is this: the one that lies in the fewest folders, and of
 * those the first. NULL: there is none. */
const struct zip_entry *zip_reader_find(const struct zip_reader *reader, struct text name);

/* One entry being read. It moves the file's position: one at a time, and nobody else's. */
struct zip_entry_source {
    struct byte_source bytes;
    uint64_t done; /* of its compressed bytes */
    /* private */
    const struct zip_reader *reader;
    uint64_t left;
    struct zlib_source *zlib;
};

/* STATUS_DATA_LOSS: its place is not in the file, or holds something else. STATUS_UNIMPLEMENTED:
 * encrypted, or compressed otherwise. Reading says what zlib_source.h says.
 * *ret_source must stay where it is until it is closed. */
MUST_USE enum status zip_entry_open(struct call *call, const struct zip_reader *reader,
                                    const struct zip_entry *entry,
                                    struct zip_entry_source *ret_source);
void zip_entry_close(struct zip_entry_source *source);
