/* gateway_status.h: what another service's failure means here. */
#pragma once

#include "base/call.h"

/* Keeps OK, NOT_FOUND, INVALID_ARGUMENT and (of a feed) OUT_OF_RANGE with the other side's words,
 * DEADLINE_EXCEEDED with ours, and CANCELLED when this call was cancelled. Everything else went
 * wrong over there and becomes STATUS_UNAVAILABLE: the client is told that the service cannot be
 * asked; the other side's status and words are for the log. */
enum status gateway_status(struct call *call, const char *service, enum status status);
