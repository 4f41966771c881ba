/* registry_audit.h: one line in the audit log for each write. */
#pragma once

#include "registry/handler/registry_handler_private.h"

/* After the reply. Reads are not told of, nor reports that were accepted and left the check as it
 * was: heartbeats would drown the rest. What a request says of itself is escaped; its query, where
 * a token may be, is left out. */
void registry_audit(struct registry_request *request, const struct registry_endpoint *endpoint);
