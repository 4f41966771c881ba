#include "movie/gateway/gateway_status.h"

enum status gateway_status(struct call *call, const char *service, enum status status)
{
    struct text words = call->error.message;
    switch (status) {
    case STATUS_OK:
    case STATUS_NOT_FOUND:
    case STATUS_INVALID_ARGUMENT:
    case STATUS_OUT_OF_RANGE:
        return status;
    case STATUS_CANCELLED:
        if (call_check(call) == STATUS_CANCELLED) {
            return status;
        }
        break; /* nobody has cancelled it here: the other side broke it off */
    case STATUS_DEADLINE_EXCEEDED:
        call_clear_error(call);
        return call_fail(call, status, "the %s service did not answer in time", service);
    case STATUS_UNKNOWN:
    case STATUS_ALREADY_EXISTS:
    case STATUS_PERMISSION_DENIED:
    case STATUS_RESOURCE_EXHAUSTED:
    case STATUS_FAILED_PRECONDITION:
    case STATUS_ABORTED:
    case STATUS_UNIMPLEMENTED:
    case STATUS_INTERNAL:
    case STATUS_UNAVAILABLE:
    case STATUS_DATA_LOSS:
    case STATUS_UNAUTHENTICATED:
        break;
    }
    call_clear_error(call);
    (void)call_fail_detail(call, status, "%s: %.*s", status_name(status), TEXT_ARGUMENTS(words));
    return call_fail(call, STATUS_UNAVAILABLE, "the %s service cannot be asked", service);
}
