/* marquee-sizecompare: `marquee sizecompare`, as a program of its own because of what it links. */
#include <unistd.h>

#include "base/arena.h"
#include "config/config.h"
#include "sizecompare/sizecompare.h"

enum { ARENA_BYTES_MAX = 1024 * 1024, EXIT_USAGE = 2 };

static const struct config_option options[] = {
    {.name = "json", .kind = CONFIG_BOOLEAN, .help = "print JSON instead of a table"},
    {.name = "catalogue",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "the movies of the longer list; the one built in without"},
    {.name = "milliseconds",
     .kind = CONFIG_INTEGER,
     .argument = "COUNT",
     .default_value = "200",
     .help = "how long one round lasts; there are about 120",
     .minimum = 1,
     .maximum = SIZECOMPARE_MILLISECONDS_MAX},
};

static const struct config_program program = {
    .name = "marquee sizecompare",
    .summary = "marquee sizecompare: the same movie metadata in six formats: sizes and times.",
    .usage = "[OPTIONS]",
    .epilogue = "exit status: 0, 1 a format failed or gave back something else, 2 wrong usage\n"
                "\nexample: marquee sizecompare --milliseconds 50\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
};

static int run(const struct config *config)
{
    struct text catalogue = config_text(config, "catalogue");
    return sizecompare_run(&(struct sizecompare_options){
        .json = config_boolean(config, "json"),
        .catalogue = catalogue.length > 0 ? catalogue.data : NULL,
        .milliseconds = config_integer(config, "milliseconds"),
    });
}

int main(int argc, char **argv)
{
    struct arena arena;
    struct call call;
    struct config *config;
    int result = 0;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    enum status status = config_load(&call, &program, argc, argv, environ, stdout, &config);
    if (status == STATUS_OK) {
        result = run(config);
    } else if (status != STATUS_CANCELLED) { /* --help or --version was printed */
        (void)fprintf(stderr, "%s: %.*s\n", program.name, TEXT_ARGUMENTS(call.error.message));
        result = EXIT_USAGE;
    }
    arena_deinit(&arena);
    return result;
}
