/* import_files.h: what an import is given: a folder, a ZIP archive, or one file, plain or gzip; "-"
 * is standard input. Read as streams, whatever their size. */
#pragma once

#include "marquee/zip_reader.h"

enum { IMPORT_HEAD_BYTES = 4096 };

struct import_files {
    struct text path; /* ends in NUL; borrowed until import_files_close() */
    bool is_folder;
    bool is_archive;
    /* private */
    struct file_source archive;
    struct zip_reader zip;
};

/* STATUS_NOT_FOUND: there is no such thing. Otherwise as zip_reader_open(); the call's error says
 * what. */
MUST_USE enum status import_files_open(struct call *call, struct text path,
                                       struct import_files *ret_files);
void import_files_close(struct import_files *files);

/* Whether it is a folder or an archive with a file of that name. */
bool import_files_have(const struct import_files *files, struct text name);

/* A file being read. It must stay where it is until it is closed; of an archive one at a time. */
struct import_file {
    struct byte_source bytes; /* from the beginning */
    const char *name;         /* for people: "ratings.csv" */
    struct text head;     /* the first IMPORT_HEAD_BYTES; fewer only where the file is shorter */
    uint64_t size;        /* in bytes as they lie there; 0: not known */
    const uint64_t *done; /* how many of them have been read */
    /* private */
    struct file_source raw;
    bool is_raw_open;
    struct zip_entry_source entry;
    bool is_entry_open;
    struct zlib_source *gzip;
    struct byte_source inner; /* behind the heads */
    char magic[2];            /* of the raw bytes, to be given out again */
    size_t magic_length;
    size_t magic_taken;
    char head_bytes[IMPORT_HEAD_BYTES];
    size_t head_taken;
};

/* name: ends in NUL; of a folder or an archive. Empty: the one file. STATUS_NOT_FOUND: there is
 * none. Otherwise what reading it said; the call's error names the file. */
MUST_USE enum status import_file_open(struct call *call, const struct import_files *files,
                                      struct text name, struct import_file *ret_file);
/* Has reading go from one byte to another, exclusive, of what lies there.
 * STATUS_FAILED_PRECONDITION: it is compressed, so that it has no such places. Otherwise as
 * file_source_limit(). */
MUST_USE enum status import_file_limit(struct import_file *file, struct call *call, uint64_t from,
                                       uint64_t end);
void import_file_close(struct import_file *file);
