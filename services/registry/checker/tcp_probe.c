#include <unistd.h>

#include "base/arena.h"
#include "http/tcp_connect.h"
#include "registry/checker/network_probes.h"

enum status tcp_probe(struct loop *loop, struct call *call,
                      const struct registry_check_definition *check,
                      struct registry_probe *ret_probe)
{
    int fd;
    enum status status = tcp_connect(loop, call, check->target, &fd);
    if (status == STATUS_CANCELLED) {
        return status;
    }
    struct text reason = TEXT("Success");
    if (status == STATUS_OK) {
        (void)close(fd);
    } else {
        reason =
            call->error.message.length > 0 ? call->error.message : text_of(status_name(status));
    }
    *ret_probe = (struct registry_probe){status == STATUS_OK ? REGISTRY_PASSING : REGISTRY_CRITICAL,
                                         arena_format(call->arena, "TCP connect %.*s: %.*s",
                                                      TEXT_ARGUMENTS(check->target),
                                                      TEXT_ARGUMENTS(reason))};
    return STATUS_OK;
}
