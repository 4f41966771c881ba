/* marquee sizecompare: hands over to marquee-sizecompare, which alone links the libraries of all
 * the formats: no other command should load them. */
#include <errno.h>
#include <unistd.h>

#include "base/arena.h"
#include "marquee/command.h"
#include "marquee/own_directory.h"

enum { ARENA_BYTES_MAX = 64 * 1024 };

int sizecompare_command(const struct command_input *input)
{
    struct arena arena;
    struct call call;
    struct text path;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    enum status status = own_directory_program(&call, TEXT("marquee-sizecompare"), &path);
    if (status == STATUS_OK) {
        (void)execve(path.data, input->argv, input->environment);
        status = call_fail(&call, STATUS_UNAVAILABLE, "%.*s: %s", TEXT_ARGUMENTS(path),
                           strerrordesc_np(errno));
    }
    (void)fprintf(input->errors, "marquee sizecompare: %.*s\n", TEXT_ARGUMENTS(call.error.message));
    arena_deinit(&arena);
    return COMMAND_FAILED;
}
