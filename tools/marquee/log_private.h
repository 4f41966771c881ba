/* log_private.h: the parts of `marquee log`: its lists (log_list.c), and its tail (log_tail.c). */
#pragma once

#include "marquee/event_log.h"

enum { LOG_JSON_BYTES_MAX = 64 * 1024 * 1024 };

/* One question to the log, within --timeout. */
struct call log_call(struct session *session);

/* Says at the command what went wrong in such a call. */
MUST_USE enum status log_fail(struct session *session, const struct call *call, enum status status);

MUST_USE enum status log_list_topics(struct session *session, struct eventlog_admin admin);
MUST_USE enum status log_list_groups(struct session *session, struct eventlog_admin admin);
MUST_USE enum status log_tail(struct session *session, struct event_log *log,
                              struct eventlog_admin admin, struct text topic);
