/* loop_process.h: child processes whose end is an event of a loop. */
#pragma once

#include <stdint.h>

#include "base/status.h"

struct loop;
struct loop_process;

struct loop_process_options {
    const char *const *arguments;   /* arguments[0] is the program's path; NULL ends */
    const char *const *environment; /* "NAME=value", NULL ends; NULL: the parent's */
    int output_fd;                  /* its standard output and error; -1: the parent's */
    /* The child has ended: its exit status, or the signal that ended it (then not 0). Called once;
     * the object may be freed there. */
    void (*exited)(void *state, int64_t exit_status, int signal);
    void *state;
};

/* Starts a child in the parent's process group, with only the standard descriptors open.
 * STATUS_NOT_FOUND: no such program, or it cannot be executed. STATUS_RESOURCE_EXHAUSTED: no memory
 * or processes. *ret_process is owned by the caller. Texts are borrowed for the call. */
MUST_USE enum status loop_process_start(struct loop *loop,
                                        const struct loop_process_options *options,
                                        struct loop_process **ret_process);

/* Sends a signal; one that has ended already is left alone. */
void loop_process_signal(struct loop_process *process, int number);

int loop_process_id(const struct loop_process *process);

/* Frees it; a child that still runs goes on, unwatched. NULL is accepted. */
void loop_process_close(struct loop_process *process);
