/* marquee: the command line. Finds the subcommand and hands over. */
#include <stdio.h>
#include <unistd.h>

#include "marquee/command.h"

static int refuse(struct text name)
{
    (void)fprintf(stderr, "marquee: there is no command '%.*s': see marquee --help\n",
                  TEXT_ARGUMENTS(name));
    return COMMAND_USAGE;
}

/* `marquee help X` is `marquee X --help`. */
static int help(struct text name)
{
    char own[] = "marquee";
    char option[] = "--help";
    char *const argv[] = {own, option, NULL};
    const struct command *command = command_find(name);
    if (command == NULL) {
        return refuse(name);
    }
    return command->run(&(struct command_input){2, argv, environ, stdout, stderr});
}

int main(int argc, char **argv)
{
    struct text name = argc > 1 ? text_of(argv[1]) : TEXT("help");
    if (text_equal(name, TEXT("help")) && argc > 2) {
        return help(text_of(argv[2]));
    }
    if (text_equal(name, TEXT("help")) || text_equal(name, TEXT("--help")) ||
        text_equal(name, TEXT("-h"))) {
        command_print_list(stdout);
        return COMMAND_OK;
    }
    if (text_equal(name, TEXT("--version"))) {
        (void)printf("marquee %s\n", MARQUEE_VERSION);
        return COMMAND_OK;
    }
    const struct command *command = command_find(name);
    return command == NULL
               ? refuse(name)
               : command->run(&(struct command_input){argc - 1, argv + 1, environ, stdout, stderr});
}
