#include "marquee/command_stop.h"

#include <signal.h>

#include "loop/loop_signal.h"

static void take_signal(void *state, int number)
{
    struct command_stop *stop = state;
    if (stop->cancellation.requested) {
        (void)signal(number, SIG_DFL); /* it cannot fail for these */
        (void)raise(number);
        return;
    }
    cancellation_request(&stop->cancellation);
}

enum status command_stop_open(struct command_stop *stop, struct session *session)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    enum status status = STATUS_OK;
    *stop = (struct command_stop){.session = session};
    cancellation_init(&stop->cancellation);
    for (size_t i = 0; i < ARRAY_LENGTH(numbers) && status == STATUS_OK; i++) {
        status = loop_signal_open(session->loop, numbers[i], take_signal, stop, &stop->signals[i]);
    }
    if (status != STATUS_OK) {
        command_stop_close(stop);
        return call_fail(&session->call, status, "no memory for signals");
    }
    session->call.cancellation = &stop->cancellation;
    return STATUS_OK;
}

void command_stop_close(struct command_stop *stop)
{
    for (size_t i = 0; i < ARRAY_LENGTH(stop->signals); i++) {
        loop_signal_close(stop->signals[i]);
        stop->signals[i] = NULL;
    }
    stop->session->call.cancellation = NULL;
}

enum status command_stop_outcome(const struct command_stop *stop, enum status status)
{
    return status == STATUS_CANCELLED && stop->cancellation.requested ? STATUS_OK : status;
}
