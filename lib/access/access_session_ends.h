/* access_session_ends.h: sessions that were ended before their time, as a file has them for all
 * processes that accept them: the table of access_ended.h, a line for each: "SET ID WHEN": the set,
 * the id in hexadecimal, and when the session would have ended by itself, after which the line
 * goes. In place of an id, "-" is for all of the set that are over by then. */
#pragma once

#include "access/access_ended.h"

/* Which content of the file was read last. Zeros: none. */
struct access_session_ends_seen {
    uint64_t inode;
    int64_t modified_ns;
    int64_t length;
};

/* Reads the file, if it is another than was seen; *ret_is_new: it is. A file that is not there has
 * none. STATUS_FAILED_PRECONDITION: it cannot be read, or holds something else; the call's error
 * says why. Blocks. */
MUST_USE enum status access_session_ends_read(struct call *call, const char *file,
                                              struct access_session_ends_seen *seen,
                                              struct access_ended *ended, bool *ret_is_new);

/* Adds one to the file, and drops those that are over. STATUS_FAILED_PRECONDITION: it cannot be
 * read or written. STATUS_RESOURCE_EXHAUSTED: no memory. Blocks. */
MUST_USE enum status access_session_ends_add(struct call *call, const char *file, int64_t now_ms,
                                             const struct access_session *session);

/* In place of what the table holds. STATUS_FAILED_PRECONDITION: these are none. */
MUST_USE enum status access_session_ends_parse(struct call *call, struct text content,
                                               const char *place, struct access_ended *ended);
