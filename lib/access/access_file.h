/* access_file.h: small files about who may come in: read whole, replaced whole. Everything here
 * blocks. */
#pragma once

#include "base/buffer.h"
#include "base/call.h"

/* Appends what the file holds. STATUS_FAILED_PRECONDITION: it cannot be read, is longer than the
 * buffer may be, or anybody may change it; the call's error says so. STATUS_NOT_FOUND: there is
 * none, which is noted too. STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status access_file_read(struct call *call, const char *file, struct buffer *content);

/* Puts a file with that content in place of the old one, for the owner alone (0600), synced:
 * whoever reads sees either whole. STATUS_FAILED_PRECONDITION: it cannot be written; the call's
 * error says why. */
MUST_USE enum status access_file_write(struct call *call, const char *file, struct text content);

/* Makes a file with that content, for the owner alone. STATUS_ALREADY_EXISTS: there is one, which
 * is left as it is. Else as access_file_write(). */
MUST_USE enum status access_file_create(struct call *call, const char *file, struct text content);

/* Keeps others from changing the file at the same time, by a lock on FILE.lock, which is made if
 * need be. Waits for whoever has it. STATUS_FAILED_PRECONDITION: it cannot be had; the call's error
 * says why. *ret_lock: for access_file_unlock(). */
MUST_USE enum status access_file_lock(struct call *call, const char *file, int *ret_lock);
void access_file_unlock(int lock);

/* The first word of a line, which it is taken from; empty: there is none. */
struct text access_next_word(struct text *line);

/* Whether it has only visible ASCII characters, which are those that can be sent. */
MUST_USE bool access_is_printable(struct text word);
