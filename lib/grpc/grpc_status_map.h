/* grpc_status_map.h: how the outcomes of HTTP/2 are gRPC statuses, and back
 * (grpc/grpc doc/PROTOCOL-HTTP2.md, "HTTP2 Transport Mapping"; HTTP statuses: base/status.h). */
#pragma once

#include <stdint.h>

#include "base/status.h"

/* RFC 9113 section 7. */
enum {
    GRPC_HTTP2_NO_ERROR = 0x0,
    GRPC_HTTP2_INTERNAL_ERROR = 0x2,
    GRPC_HTTP2_REFUSED_STREAM = 0x7,
    GRPC_HTTP2_CANCEL = 0x8,
    GRPC_HTTP2_ENHANCE_YOUR_CALM = 0xb,
    GRPC_HTTP2_INADEQUATE_SECURITY = 0xc,
};

/* What RST_STREAM with this code means to the one who gets it. */
enum status grpc_status_from_http2_error(uint32_t error_code);
