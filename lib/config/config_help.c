#include <string.h>

#include "config/config_private.h"

enum { FLAG_COLUMN = 30 };

/* Columns that a text takes: the help has no wide characters. */
static int columns_of(const char *text)
{
    int count = 0;
    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xC0U) != 0x80U;
    }
    return count;
}

/* A help that has no room beside its flag begins on a line of its own. */
static void print_option(const struct config_option *option, FILE *output)
{
    static const char lead[] = "  --";
    const char *argument = option->argument != NULL ? option->argument : "VALUE";
    bool has_argument = option->kind != CONFIG_BOOLEAN;
    int width = (int)strlen(lead) + columns_of(option->name) +
                (has_argument ? 1 + columns_of(argument) : 0);
    (void)fprintf(output, "%s%s%s%s", lead, option->name, has_argument ? " " : "",
                  has_argument ? argument : "");
    if (width >= FLAG_COLUMN) {
        (void)fputc('\n', output);
        width = 0;
    }
    (void)fprintf(output, "%*s%s", FLAG_COLUMN - width, "", option->help);
    if (option->default_value != NULL && option->default_value[0] != '\0') {
        (void)fprintf(output, " [%s]", option->default_value);
    }
    (void)fprintf(output, "\n");
}

/* A help text that cannot be written has nobody to tell. */
void config_print_help(const struct config_program *program, FILE *output)
{
    (void)fprintf(output, "%s\n\nusage: %s %s\n\noptions:\n", program->summary, program->name,
                  program->usage);
    for (size_t i = 0; i < program->option_count; i++) {
        print_option(&program->options[i], output);
    }
    for (size_t i = 0; i < program->more_option_count; i++) {
        print_option(&program->more_options[i], output);
    }
    if (program->service != NULL) {
        (void)fputs("  --config FILE               read options from a YAML file\n", output);
    }
    (void)fputs("  --help                      print this and exit\n"
                "  --version                   print the version and exit\n",
                output);
    if (program->service != NULL) {
        bool is_command = strcmp(program->service, CONFIG_COMMANDS) == 0;
        (void)fprintf(output,
                      "\nEvery option may also stand in the environment (%s or in a YAML file that "
                      "--config or\n"
                      "MARQUEE_CONFIG names, at its top or under %s. Flags win over the\n"
                      "environment, the environment over the file.\n",
                      is_command ? "MARQUEE_TIMEOUT, or for these\n"
                                   "commands alone MARQUEE_CLI_TIMEOUT)"
                                 : "MARQUEE_LISTEN, or for one\n"
                                   "service alone MARQUEE_<SERVICE>_LISTEN)",
                      is_command ? "\"" CONFIG_COMMANDS "\"" : "the service's name");
    }
    if (program->epilogue != NULL) {
        (void)fprintf(output, "\n%s", program->epilogue);
    }
}
