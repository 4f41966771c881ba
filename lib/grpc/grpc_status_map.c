#include "grpc/grpc_status_map.h"

enum status grpc_status_from_http2_error(uint32_t error_code)
{
    switch (error_code) {
    case GRPC_HTTP2_REFUSED_STREAM:
        return STATUS_UNAVAILABLE;
    case GRPC_HTTP2_CANCEL:
        return STATUS_CANCELLED;
    case GRPC_HTTP2_ENHANCE_YOUR_CALM:
        return STATUS_RESOURCE_EXHAUSTED;
    case GRPC_HTTP2_INADEQUATE_SECURITY:
        return STATUS_PERMISSION_DENIED;
    default:
        return STATUS_INTERNAL;
    }
}
