/* SIGHUP: what is kept in files is read again. */
#include <signal.h>

#include "loop/loop_signal.h"
#include "process/process_private.h"

void process_add_reload(struct process *process, void (*reload)(void *state), void *state)
{
    CHECK(process->reload_count < PROCESS_RELOADS_MAX);
    process->reloads[process->reload_count++] = (struct process_reload){reload, state};
}

/* Reads files on the control loop, where nobody waits for it. */
static void on_hangup(void *state, int number)
{
    struct process *process = state;
    (void)number;
    if (atomic_load(&process->phase) != PROCESS_READY) {
        return; /* they were read just now, or will not be needed */
    }
    for (size_t i = 0; i < process->reload_count; i++) {
        process->reloads[i].reload(process->reloads[i].state);
    }
}

/* Before the process is opened, only the options tell. */
static bool has_files(const struct process *process)
{
    static const char *const options[] = {"tls-certificate",     "tls-ca",
                                          "token-file",          "call-token-file",
                                          "registry-token-file", "access-file"};
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        if (config_text(process->config, options[i]).length > 0) {
            return true;
        }
    }
    return process->reload_count > 0;
}

enum status process_watch_hangup(struct process *process)
{
    if (process->hangup != NULL || !has_files(process)) {
        return STATUS_OK;
    }
    return loop_signal_open(process->control, SIGHUP, on_hangup, process, &process->hangup);
}
