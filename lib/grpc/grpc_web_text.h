/* grpc_web_text.h: the bodies of application/grpc-web-text: the same bytes as of gRPC-Web, in
 * base64 that may be padded anywhere, wherever the writer flushed (grpc/grpc doc/PROTOCOL-WEB.md,
 * "Text-encoded streams"). A reply is flushed after each frame. */
#pragma once

#include "base/status.h"
#include "base/text.h"

struct grpc_server_call;

/* Makes the call one whose request or reply, or both, are text. false: no room in the arena. */
MUST_USE bool grpc_web_text_begin(struct grpc_server_call *self, bool of_request, bool of_reply);

/* The next bytes of the request, as grpc_part_fn. STATUS_INTERNAL: not base64, or cut short. */
MUST_USE enum status grpc_web_text_read(struct grpc_server_call *self, struct text *ret_part);

/* Sends a whole frame. Statuses as http_write(). */
MUST_USE enum status grpc_web_text_write(struct grpc_server_call *self, struct text frame);
