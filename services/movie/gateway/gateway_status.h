/* gateway_status.h: what another service's failure means here. */
#pragma once

#include "base/call.h"

/* Keeps the statuses that a gateway's port names; everything else, as something that went wrong
 * over there, becomes STATUS_UNAVAILABLE. The other side's words stay in the log's detail; the
 * client is told "the SERVICE service cannot be asked: …". */
enum status gateway_status(struct call *call, const char *service, enum status status);
