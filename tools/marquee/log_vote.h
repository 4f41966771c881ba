/* log_vote.h: a vote by the event log (marquee rate --by-log): the write side of CQRS. It is
 * acknowledged when the log has it, before the rating service has applied it; its position in the
 * log lets a reader wait for that (--after). */
#pragma once

#include "marquee/session.h"
#include "rating/model/rating.h"

/* Appends the event of the vote that the arguments and options of the session say, and prints where
 * it is: "ok, in ratings at 2:17", with --json {"topic","partition","offset"}. In a fiber.
 * STATUS_INVALID_ARGUMENT: it is no vote. Otherwise as eventlog_producer_ops.produce. */
MUST_USE enum status log_vote(struct session *session, enum rating_change_kind kind,
                              int32_t hundredths);
