/* audit_log.h: lines of who did what, which hold nobody up: written by a thread of their own from a
 * bounded queue.
 *
 * When the queue is full a line is lost, counted, and a later line says how many were; what was
 * refused may take half of the queue, so that a flood of refused attempts drives out nothing that
 * was accepted. Lines are those of log.h: what came from outside is quoted and escaped. Everything
 * here may be called from any thread. */
#pragma once

#include "base/call.h"
#include "base/log.h"

struct audit_log;

enum { AUDIT_LOG_BYTES_MAX = 1024 * 1024 }; /* that wait to be written */

/* How long closing waits for somebody to read the lines that are left. */
#define AUDIT_LOG_CLOSE_MS INT64_C(1000)

enum audit_outcome { AUDIT_ACCEPTED, AUDIT_REFUSED };

/* log: whose format and name the lines have; copied. file: appended to, made if need be, for the
 * owner alone to read; NULL: the lines go where the log does, if it takes LOG_INFO.
 * STATUS_FAILED_PRECONDITION: the file cannot be opened; the call's error says why.
 * STATUS_RESOURCE_EXHAUSTED: no memory or thread. *ret_audit is owned by the caller. */
MUST_USE enum status audit_log_open(struct call *call, const struct log *log, const char *file,
                                    struct audit_log **ret_audit);

/* fields: LOG_FIELDS(...). Never waits for the file. audit may be NULL: nothing is written. */
void audit_log_write(struct audit_log *audit, enum audit_outcome outcome, const char *message,
                     const struct log_field *fields);

/* Opens the file again, which was renamed perhaps. Not OK: goes on with the one that it has. */
MUST_USE enum status audit_log_reopen(struct call *call, struct audit_log *audit);

/* Lines that were lost so far, for want of room or because they could not be written. */
uint64_t audit_log_lost(struct audit_log *audit);

/* Writes what waits, for AUDIT_LOG_CLOSE_MS at most where nobody reads it. NULL is accepted. */
void audit_log_close(struct audit_log *audit);
