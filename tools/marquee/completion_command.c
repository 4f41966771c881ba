/* marquee completion: a script for the shell, from the table of commands. */
#include "marquee/command.h"

static const char usage[] =
    "marquee completion: print a completion script for a shell.\n\n"
    "usage: marquee completion bash\n\n"
    "Completes the names of commands, and of their options as their --help lists them.\n\n"
    "example: source <(marquee completion bash)\n";

static const char script_begin[] =
    "_marquee()\n"
    "{\n"
    "    local word=${COMP_WORDS[COMP_CWORD]}\n"
    "    if [[ $COMP_CWORD -eq 1 || ${COMP_WORDS[1]} == help ]]; then\n"
    "        COMPREPLY=($(compgen -W \"help";

static const char script_end[] = "\" -- \"$word\"))\n"
                                 "    elif [[ $word == -* ]]; then\n"
                                 "        COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" help "
                                 "\"${COMP_WORDS[1]}\" 2>/dev/null |\n"
                                 "            grep -o -- '^  --[a-z-]*')\" -- \"$word\"))\n"
                                 "    else\n"
                                 "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
                                 "    fi\n"
                                 "}\n"
                                 "complete -o filenames -F _marquee marquee\n";

/* A failed write is found at the end. */
static void print_script(FILE *output)
{
    size_t count;
    const struct command *commands = command_table(&count);
    (void)fputs(script_begin, output);
    for (size_t i = 0; i < count && commands[i].group != NULL; i++) {
        (void)fprintf(output, " %s", commands[i].name);
    }
    (void)fputs(script_end, output);
}

int completion_command(const struct command_input *input)
{
    struct text shell = input->argc > 1 ? text_of(input->argv[1]) : TEXT("");
    if (text_equal(shell, TEXT("--help")) || text_equal(shell, TEXT("-h"))) {
        (void)fputs(usage, input->output);
        return COMMAND_OK;
    }
    if (input->argc != 2 || !text_equal(shell, TEXT("bash"))) {
        (void)fputs("marquee completion: usage: marquee completion bash\n", input->errors);
        return COMMAND_USAGE;
    }
    print_script(input->output);
    return fflush(input->output) == 0 ? COMMAND_OK : COMMAND_FAILED;
}
