/* registry_checker.h: looks at an instance from outside, once.
 *
 * The controller decides when; the implementation knows TCP, HTTP and gRPC. */
#pragma once

#include "registry/model/registry_check.h"

struct registry_probe {
    enum registry_status status;
    struct text output; /* valid in the call's arena, or static */
};

struct registry_checker_ops {
    /* Parks until it is known how the target is, or the call is over; an unreachable target is a
     * critical probe, not a failure. STATUS_CANCELLED: the call was cancelled; nothing is known.
     * Mandatory. */
    enum status (*probe)(void *state, struct call *call,
                         const struct registry_check_definition *check,
                         struct registry_probe *ret_probe);
    /* No probe may be running. Mandatory. */
    void (*close)(void *state);
};

struct registry_checker {
    const struct registry_checker_ops *ops; /* NULL: there is none */
    void *state;
};
