/* store_file.h: a file that is written whole and takes the place of the one before at once, or is
 * not there at all; with a checksum over everything, so that a damaged one is found out.
 *
 * For what can be made anew (copies, models), since a whole file is written each time. Blocks: for
 * worker threads. */
#pragma once

#include <stddef.h>

#include "store/store_error.h"

enum { STORE_FILE_BUFFER_BYTES = 256 * 1024 };

struct store_file_writer;

/* Begins PATH.new in a folder that there is, for the owner only (0600). STATUS_ABORTED: another
 * process is writing it. STATUS_UNAVAILABLE: it cannot be opened. STATUS_RESOURCE_EXHAUSTED: no
 * memory. To be given to store_file_commit() or store_file_discard(). */
MUST_USE enum status store_file_create(struct text path, struct store_error *error,
                                       struct store_file_writer **ret_writer);

/* Appends. false: it cannot be written; store_file_commit() says why. */
MUST_USE bool store_file_write(struct store_file_writer *writer, const void *bytes, size_t count);

/* Has it synced and gives it its name. The writer is consumed. STATUS_UNAVAILABLE: it could not be
 * written; the file before stands. */
MUST_USE enum status store_file_commit(struct store_file_writer *writer, struct store_error *error);

/* The file before stands. Consumed; NULL is accepted. */
void store_file_discard(struct store_file_writer *writer);

struct store_file_reader;

/* STATUS_NOT_FOUND: there is none. STATUS_UNAVAILABLE: it cannot be opened.
 * STATUS_RESOURCE_EXHAUSTED: no memory. To be given to store_file_close(). */
MUST_USE enum status store_file_open(struct text path, struct store_error *error,
                                     struct store_file_reader **ret_reader);

/* false: there are not so many left, or they cannot be read. What was read may be damaged until
 * store_file_is_whole() has said that it is not. */
MUST_USE bool store_file_read(struct store_file_reader *reader, void *bytes, size_t count);

/* Whether everything was read, and is what was written. */
MUST_USE bool store_file_is_whole(struct store_file_reader *reader);

/* NULL is accepted. */
void store_file_close(struct store_file_reader *reader);
