#include "marquee/command.h"

static const struct command commands[] = {
    {"up", "Running", "start the registry and the services, and start again what dies", up_command},
    {"status", "Running", "show how every instance is, and what is late", status_command},
    {"services", "Running", "list what is registered, with its health", services_command},
    {"movie", "Movies and votes", "show a movie with its rating", movie_command},
    {"movies", "Movies and votes", "list the best, newest or most voted movies", movies_command},
    {"search", "Movies and votes", "find movies by words of title, year and director",
     search_command},
    {"top", "Movies and votes", "list the movies that are rated best", top_command},
    {"similar", "Movies and votes", "list the movies that are like one", similar_command},
    {"recommend", "Movies and votes", "list what a user may like, and why", recommend_command},
    {"metadata", "Movies and votes", "get, put, delete or list metadata", metadata_command},
    {"rate", "Movies and votes", "vote on a movie", rate_command},
    {"unrate", "Movies and votes", "take a vote back", unrate_command},
    {"rating", "Movies and votes", "show the mean, count and histogram of a movie", rating_command},
    {"ratings", "Movies and votes", "list a user's votes", ratings_command},
    {"review", "Movies and votes", "write, show, list or delete reviews", review_command},
    {"like", "Movies and votes", "like a movie", like_command},
    {"unlike", "Movies and votes", "take a like back", unlike_command},
    {"import", "Data in bulk", "import movies and votes: MovieLens, IMDb, Letterboxd, our own",
     import_command},
    {"export", "Data in bulk", "write movies and votes to a file", export_command},
    {"ingest", "Data in bulk", "append rating events to the event log", ingest_command},
    {"deadletters", "Data in bulk", "list, show and retry events that could not be applied",
     deadletters_command},
    {"quarantine", "Data in bulk", "list, release and reject votes that came in a burst",
     quarantine_command},
    {"log", "Events", "show the event log's topics, groups and records", log_command},
    {"work", "Events", "do the import jobs of the queue", work_command},
    {"jobs", "Events", "show how far the queued imports are", jobs_command},
    {"feed", "Events", "show the latest votes as they come", feed_command},
    {"stream", "Events", "transform, aggregate or route events of the log", stream_command},
    {"backup", "Stores", "copy the stores and the event log, while they are used", backup_command},
    {"fsck", "Stores", "check that a rating store agrees with itself", fsck_command},
    {"snapshot", "Stores", "write all votes to a file", snapshot_command},
    {"rebuild", "Stores", "replay a snapshot and the change log, and compare", rebuild_command},
    {"sizecompare", "Tools", "compare six formats by size and speed", sizecompare_command},
    {"token", "Tools", "give out, list and take back tokens for the services", token_command},
    {"completion", "Tools", "print a completion script for a shell", completion_command},
    {"child-of", NULL, "run a program that ends with its parent", child_of_command},
};

enum { NAME_COLUMN = 14 };

const struct command *command_table(size_t *ret_count)
{
    *ret_count = ARRAY_LENGTH(commands);
    return commands;
}

const struct command *command_find(struct text name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
        if (text_equal(text_of(commands[i].name), name)) {
            return &commands[i];
        }
    }
    return NULL;
}

/* What cannot be written has nobody to be told. */
void command_print_list(FILE *output)
{
    const char *group = "";
    (void)fputs("marquee: movie metadata, votes and details, from the command line.\n\n"
                "usage: marquee COMMAND [OPTIONS] [ARGUMENTS]\n",
                output);
    for (size_t i = 0; i < ARRAY_LENGTH(commands) && commands[i].group != NULL; i++) {
        if (strcmp(group, commands[i].group) != 0) {
            group = commands[i].group;
            (void)fprintf(output, "\n%s:\n", group);
        }
        (void)fprintf(output, "  %-*s%s\n", NAME_COLUMN, commands[i].name, commands[i].summary);
    }
    (void)fprintf(output,
                  "\nmarquee help COMMAND says more; marquee --version prints the version.\n"
                  "%s\nexample: marquee up, then in another terminal marquee movie tt0133093\n",
                  COMMAND_EXIT_STATUS_HELP);
}
