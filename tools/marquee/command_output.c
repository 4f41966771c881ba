#include "marquee/command_output.h"

#include <poll.h>

/* errno is that of the first write that failed, which may be long ago: the pipe itself is asked. */
static bool is_reader_gone(FILE *output)
{
    struct pollfd pipe_end = {.fd = fileno(output), .events = POLLOUT};
    return pipe_end.fd >= 0 && poll(&pipe_end, 1, 0) == 1 && (pipe_end.revents & POLLERR) != 0;
}

int command_output_end(const struct command_input *input, const char *name, int result)
{
    if (fflush(input->output) == 0 && ferror(input->output) == 0) {
        return result;
    }
    if (is_reader_gone(input->output)) {
        return COMMAND_READER_GONE;
    }
    /* What cannot be said has nobody to be told. */
    (void)fprintf(input->errors, "%s: the output cannot be written\n", name);
    return COMMAND_FAILED;
}
