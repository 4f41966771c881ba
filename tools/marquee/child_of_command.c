/* marquee child-of PID PROGRAM ARGUMENTS…: becomes the program, having asked the kernel for SIGTERM
 * when its parent PID ends: so that a killed `marquee up` leaves no services behind. */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "marquee/command.h"

int child_of_command(const struct command_input *input)
{
    int64_t parent;
    if (input->argc < 3 || !text_to_i64(text_of(input->argv[1]), &parent)) {
        (void)fputs("usage: marquee child-of PID PROGRAM [ARGUMENTS]\n\n"
                    "Runs the program as a child that gets SIGTERM when PID, its parent, ends.\n"
                    "example: marquee child-of $$ sleep 100\n",
                    input->errors);
        return COMMAND_USAGE;
    }
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) {
        (void)fprintf(input->errors, "marquee child-of: %s\n", strerrordesc_np(errno));
        return COMMAND_FAILED;
    }
    /* The parent may have ended before the request: then nobody would ever send the signal. */
    if (getppid() != (pid_t)parent) {
        return COMMAND_FAILED;
    }
    (void)execv(input->argv[2], input->argv + 2);
    (void)fprintf(input->errors, "marquee child-of: %s: %s\n", input->argv[2],
                  strerrordesc_np(errno));
    return COMMAND_FAILED;
}
