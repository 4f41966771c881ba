/* rating_quarantine_private.h: what holding votes (rating_quarantine_put.c) and looking at what is
 * held (rating_quarantine.c) share. */
#pragma once

#include "rating/controller/rating_quarantine.h"

/* The letter in which a vote is held: of two of the same key, the later one stays. reason: copied.
 * Valid in the call's arena. STATUS_RESOURCE_EXHAUSTED: there is no place for it. */
enum status rating_quarantine_hold(struct rating_controller *self, struct call *call,
                                   const struct rating_change *change, const char *reason,
                                   int64_t time_ms, struct rating_dead_letter *ret_letter);
