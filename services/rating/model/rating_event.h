/* rating_event.h: a rating event as providers send it (api/events.md): a JSON object of userId,
 * recordId, recordType, value, providerId, eventType ("put" or "delete"), and where known eventId
 * and eventTime (RFC 3339). */
#pragma once

#include "rating/model/rating.h"

/* Reads one event. Texts are valid as long as both `json` and the call's arena.
 * STATUS_INVALID_ARGUMENT: not such an object, or a part of it is outside the limits of rating.h;
 * the call's error is the reason in words. STATUS_RESOURCE_EXHAUSTED: no room in the arena. */
MUST_USE enum status rating_event_decode(struct call *call, struct text json,
                                         struct rating_change *ret_change);
