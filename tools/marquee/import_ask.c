#include "marquee/import_ask.h"

#include "base/clock.h"
#include "loop/fiber.h"
#include "marquee/bulk.h"

enum status import_ask(struct session *session, enum session_service service, const char *path,
                       const ProtobufCMessage *request,
                       const ProtobufCMessageDescriptor *response_type, struct arena *ret_arena,
                       ProtobufCMessage **ret_response)
{
    int64_t pause_ms = BULK_RETRY_MS;
    for (unsigned attempt = 1;; attempt++) {
        struct call call;
        session_call_init(session, &call, ret_arena);
        enum status status =
            session_ask(session, &call, service, path, request, response_type, ret_response);
        bool is_over = status != STATUS_UNAVAILABLE || attempt == BULK_ATTEMPTS_MAX;
        if (is_over && status != STATUS_OK) {
            (void)call_fail(&session->call, status, "%.*s", TEXT_ARGUMENTS(call.error.message));
        }
        if (is_over) {
            return status;
        }
        status = fiber_sleep(&session->call, pause_ms * CLOCK_NS_PER_MS);
        if (status != STATUS_OK) {
            return status;
        }
        arena_deinit(ret_arena);
        pause_ms *= 2;
    }
}
