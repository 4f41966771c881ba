/* marquee completion: a script for the shell, from the table of commands. */
#include "marquee/command_output.h"

static const char usage[] =
    "marquee completion: print a completion script for a shell.\n\n"
    "usage: marquee completion bash|zsh|fish\n\n"
    "Completes the names of commands, and of their options as their --help lists them.\n\n"
    "example: source <(marquee completion bash)\n"
    "         source <(marquee completion zsh)      after compinit\n"
    "         marquee completion fish | source\n";

/* In zsh by its own emulation of bash's completion. */
static const char zsh_begin[] = "autoload -U +X bashcompinit && bashcompinit\n";

static const char bash_begin[] =
    "_marquee()\n"
    "{\n"
    "    local word=${COMP_WORDS[COMP_CWORD]}\n"
    "    if [[ $COMP_CWORD -eq 1 || ${COMP_WORDS[1]} == help ]]; then\n"
    "        COMPREPLY=($(compgen -W \"help";

static const char bash_end[] = "\" -- \"$word\"))\n"
                               "    elif [[ $word == -* ]]; then\n"
                               "        COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" help "
                               "\"${COMP_WORDS[1]}\" 2>/dev/null |\n"
                               "            grep -o -- '^  --[a-z-]*')\" -- \"$word\"))\n"
                               "    else\n"
                               "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
                               "    fi\n"
                               "}\n"
                               "complete -o filenames -F _marquee marquee\n";

static const char fish_end[] =
    "complete -c marquee -n 'not __fish_use_subcommand; and string match -q -- \"-*\" "
    "(commandline -ct)' -f -a \\\n"
    "    '(marquee help (commandline -opc)[2] 2>/dev/null | "
    "string match -r -g -- \"^  (--[a-z-]+)\")'\n";

/* A failed write is found at the end, here and below. */
static void print_bash(FILE *output)
{
    size_t count;
    const struct command *commands = command_table(&count);
    (void)fputs(bash_begin, output);
    for (size_t i = 0; i < count && commands[i].group != NULL; i++) {
        (void)fprintf(output, " %s", commands[i].name);
    }
    (void)fputs(bash_end, output);
}

static void print_zsh(FILE *output)
{
    (void)fputs(zsh_begin, output);
    print_bash(output);
}

/* A summary of ours has no quote in it. */
static void print_fish(FILE *output)
{
    size_t count;
    const struct command *commands = command_table(&count);
    for (size_t i = 0; i < count && commands[i].group != NULL; i++) {
        (void)fprintf(output, "complete -c marquee -n __fish_use_subcommand -f -a %s -d \"%s\"\n",
                      commands[i].name, commands[i].summary);
    }
    (void)fputs(fish_end, output);
}

static const struct {
    const char *shell;
    void (*print)(FILE *output);
} scripts[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

int completion_command(const struct command_input *input)
{
    struct text shell = input->argc > 1 ? text_of(input->argv[1]) : TEXT("");
    if (text_equal(shell, TEXT("--help")) || text_equal(shell, TEXT("-h"))) {
        (void)fputs(usage, input->output);
        return command_output_end(input, "marquee completion", COMMAND_OK);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(scripts) && input->argc == 2; i++) {
        if (text_equal(shell, text_of(scripts[i].shell))) {
            scripts[i].print(input->output);
            return command_output_end(input, "marquee completion", COMMAND_OK);
        }
    }
    (void)fputs("marquee completion: usage: marquee completion bash|zsh|fish\n", input->errors);
    return COMMAND_USAGE;
}
