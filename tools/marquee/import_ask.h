/* import_ask.h: asking a service within a long import: one that is away for a moment is asked
 * again, as bulk.h writes again. */
#pragma once

#include "marquee/session.h"

/* As session_ask() with a call of --timeout for each attempt, of which there are BULK_ATTEMPTS_MAX
 * while the service is unavailable. *ret_response: valid in *ret_arena, which is to be deinited
 * also on failure. The session call's error says what failed. */
MUST_USE enum status import_ask(struct session *session, enum session_service service,
                                const char *path, const ProtobufCMessage *request,
                                const ProtobufCMessageDescriptor *response_type,
                                struct arena *ret_arena, ProtobufCMessage **ret_response);
