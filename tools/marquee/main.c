/* marquee: the command line. Finds the subcommand and hands over. */
#include <stdio.h>
#include <unistd.h>

#include "base/standard_files.h"
#include "marquee/command_output.h"

static int refuse(struct text name)
{
    const struct command *near = command_suggest(name);
    const char *what = text_starts_with(name, TEXT("-")) ? "option" : "command";
    (void)fprintf(stderr, "marquee: there is no %s '%.*s'", what, TEXT_ARGUMENTS(name));
    if (near != NULL) {
        (void)fprintf(stderr, ": is it '%s'? (marquee --help lists all)\n", near->name);
    } else {
        (void)fputs(": see marquee --help\n", stderr);
    }
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
    standard_files_hold();
    struct text name = argc > 1 ? text_of(argv[1]) : TEXT("help");
    const struct command_input own = {argc, argv, environ, stdout, stderr};
    if (text_equal(name, TEXT("help")) && argc > 2 && !text_equal(text_of(argv[2]), TEXT("help"))) {
        return help(text_of(argv[2]));
    }
    if (text_equal(name, TEXT("help")) || text_equal(name, TEXT("--help")) ||
        text_equal(name, TEXT("-h"))) {
        command_print_list(stdout);
        return command_output_end(&own, "marquee", COMMAND_OK);
    }
    if (text_equal(name, TEXT("--version"))) {
        (void)printf("marquee %s\n", MARQUEE_VERSION);
        return command_output_end(&own, "marquee", COMMAND_OK);
    }
    const struct command *command = command_find(name);
    return command == NULL
               ? refuse(name)
               : command->run(&(struct command_input){argc - 1, argv + 1, environ, stdout, stderr});
}
