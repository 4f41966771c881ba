#include "base/standard_files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void standard_files_hold(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
            /* The lowest that is free. Without it there is only what would be without this. */
            int held = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
            (void)held;
        }
    }
}
