/* marquee backup: copies of the stores and of the event log, while they are used. */
#include "base/clock.h"
#include "loop/worker.h"
#include "marquee/backup_directory.h"
#include "marquee/backup_parts.h"
#include "marquee/json_output.h"
#include "marquee/progress.h"
#include "marquee/session.h"
#include "store/lmdb_backup.h"

enum { PROGRESS_MS = 100 };

static const struct config_option options[] = {
    {.name = "from",
     .kind = CONFIG_TEXT,
     .argument = "DIRECTORY",
     .default_value = "var",
     .help = "the system's data: a folder for each part"},
    {.name = "to",
     .kind = CONFIG_TEXT,
     .argument = "DIRECTORY",
     .help = "the backup: a new directory, a folder for each part"},
    {.name = "json", .kind = CONFIG_BOOLEAN, .help = "print what was copied as JSON"},
};

static const struct config_program program = {
    .name = "marquee backup",
    .service = CONFIG_COMMANDS,
    .summary = "marquee backup: copy the stores and the event log, while they are used.",
    .usage = "[OPTIONS] --to DIRECTORY [PART[=DIRECTORY] ...]",
    .epilogue =
        "PART is metadata, registry, review, rating or eventlog, kept in the folder of that name\n"
        "in --from, or in the DIRECTORY given; without any, all that are there. Each copy is what\n"
        "was committed at one moment. The backup is written beside --to and gets its name when\n"
        "all of it is synced; one that is there is never touched. Restoring is copying a folder\n"
        "back while its service is stopped (docs/operations.md).\n\n" COMMAND_EXIT_STATUS_HELP
        "\nexample: marquee backup --from var --to backups/monday\n"
        "         marquee backup --to rating-monday rating=/var/lib/marquee/rating\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_max = BACKUP_PARTS_MAX,
};

struct backup {
    struct session *session;
    struct worker_pool *workers;
    struct backup_directory directory;
    struct backup_copy copies[BACKUP_PARTS_MAX];
    size_t count;
    int64_t began_ns;
    /* Of the copy that is being made. */
    struct backup_copy *current;
    enum status status;
    struct store_error error;
    struct progress progress;
    struct cancellation shown; /* ends the progress */
};

/* Which parts */

static enum status add_part(struct backup *backup, const struct backup_part *part,
                            struct text folder)
{
    struct arena *arena = &backup->session->arena;
    struct backup_copy *copy = &backup->copies[backup->count++];
    *copy = (struct backup_copy){.part = part, .from = folder};
    copy->to = arena_format(arena, "%s/%s", backup->directory.partial, part->name);
    return copy->from.data != NULL && copy->to.data != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

static struct text folder_of(struct backup *backup, const struct backup_part *part)
{
    struct text from = config_text(backup->session->config, "from");
    return arena_format(&backup->session->arena, "%.*s/%s", TEXT_ARGUMENTS(from), part->name);
}

static enum status add_all_there_are(struct backup *backup)
{
    size_t count;
    uint64_t bytes;
    const struct backup_part *parts = backup_parts(&count);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct text folder = folder_of(backup, &parts[i]);
        if (backup_part_exists(&parts[i], folder, &bytes)) {
            status = add_part(backup, &parts[i], folder);
        }
    }
    return status == STATUS_OK && backup->count == 0
               ? call_fail(&backup->session->call, STATUS_NOT_FOUND, "%.*s: nothing to back up",
                           TEXT_ARGUMENTS(config_text(backup->session->config, "from")))
               : status;
}

/* In the order of the parts, whatever that of the arguments. */
static enum status add_named(struct backup *backup)
{
    const struct config *config = backup->session->config;
    struct text folders[BACKUP_PARTS_MAX] = {{NULL, 0}};
    size_t count;
    const struct backup_part *parts = backup_parts(&count);
    for (size_t i = 0; i < config_argument_count(config); i++) {
        struct text folder = config_argument(config, i);
        struct text name = text_next(&folder, '=');
        const struct backup_part *part = backup_part_find(name);
        if (part == NULL) {
            return call_fail(&backup->session->call, STATUS_INVALID_ARGUMENT,
                             "'%.*s' is not metadata, registry, review, rating or eventlog",
                             TEXT_ARGUMENTS(name));
        }
        folders[part - parts] = folder.data != NULL ? folder : folder_of(backup, part);
    }
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = folders[i].data != NULL ? add_part(backup, &parts[i], folders[i]) : STATUS_OK;
    }
    return status;
}

/* Copying */

static void copy_on_thread(void *argument)
{
    struct backup *backup = argument;
    backup->status = backup_part_copy(backup->current, &backup->error);
}

static void show_progress(void *argument)
{
    struct backup *backup = argument;
    struct call call = call_within(&backup->session->call, 0);
    call.cancellation = &backup->shown;
    while (fiber_sleep(&call, PROGRESS_MS * CLOCK_NS_PER_MS) == STATUS_OK) {
        uint64_t bytes = backup_part_written(backup->current);
        progress_update(&backup->progress, bytes, bytes);
    }
}

static enum status copy_part(struct backup *backup)
{
    struct session *session = backup->session;
    struct fiber_group watching;
    uint64_t bytes = 0;
    (void)backup_part_exists(backup->current->part, backup->current->from, &bytes);
    backup->error = (struct store_error){.message = ""};
    cancellation_init(&backup->shown);
    fiber_group_init(&watching);
    progress_init(&backup->progress, session->input->errors, backup->current->part->name, bytes);
    /* Without a bar it goes too. */
    status_ignore(fiber_group_start(&watching, show_progress, backup));
    enum status status = worker_call(backup->workers, &session->call, copy_on_thread, backup);
    cancellation_request(&backup->shown);
    fiber_group_join(&watching);
    progress_end(&backup->progress);
    status = status == STATUS_OK ? backup->status : status;
    return status == STATUS_OK
               ? STATUS_OK
               : call_fail(&session->call, status, "%s: %s: %s", backup->current->part->name,
                           backup->error.message, backup->error.detail);
}

/* What the store's metrics tell. */
static void note_time(struct backup *backup)
{
    for (size_t i = 0; i < backup->count; i++) {
        struct store_error error;
        const struct backup_copy *copy = &backup->copies[i];
        if (!copy->part->is_sqlite && lmdb_backup_note(copy->from, &error) != STATUS_OK) {
            (void)fprintf(backup->session->input->errors, /* nobody else to tell */
                          "marquee backup: %s: %s\n", error.message, error.detail);
        }
    }
}

/* Saying it */

static uint64_t total_bytes(const struct backup *backup)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < backup->count; i++) {
        bytes += backup->copies[i].bytes;
    }
    return bytes;
}

static enum status print_json(const struct backup *backup, double seconds)
{
    struct json_output output;
    json_output_open(&output);
    struct json_writer *writer = &output.writer;
    json_open_object(writer);
    json_member_string(writer, "directory", text_of(backup->directory.path));
    json_member_integer(writer, "bytes", (int64_t)total_bytes(backup));
    json_write_name(writer, TEXT("parts"));
    json_open_array(writer);
    for (size_t i = 0; i < backup->count; i++) {
        json_open_object(writer);
        json_member_string(writer, "part", text_of(backup->copies[i].part->name));
        json_member_string(writer, "from", backup->copies[i].from);
        json_member_integer(writer, "bytes", (int64_t)backup->copies[i].bytes);
        json_close_object(writer);
    }
    json_close_array(writer);
    json_member_number(writer, "seconds", seconds);
    json_close_object(writer);
    return json_output_print(&output, backup->session);
}

static enum status print(const struct backup *backup)
{
    FILE *output = backup->session->input->output;
    double seconds = (double)(clock_monotonic_ns() - backup->began_ns) / (double)CLOCK_NS_PER_S;
    if (config_boolean(backup->session->config, "json")) {
        return print_json(backup, seconds);
    }
    for (size_t i = 0; i < backup->count; i++) {
        const struct backup_copy *copy = &backup->copies[i];
        (void)fprintf(output, "%-10s %llu bytes of %.*s\n", copy->part->name,
                      (unsigned long long)copy->bytes, TEXT_ARGUMENTS(copy->from));
    }
    (void)fprintf(output, "%s is complete: %llu bytes in %.1f s\n", backup->directory.path,
                  (unsigned long long)total_bytes(backup), seconds);
    return STATUS_OK;
}

static enum status copy_all(struct backup *backup)
{
    enum status status = config_argument_count(backup->session->config) > 0
                             ? add_named(backup)
                             : add_all_there_are(backup);
    if (status == STATUS_OK) {
        status = worker_pool_create("backup", 1, 1, &backup->workers);
    }
    for (size_t i = 0; i < backup->count && status == STATUS_OK; i++) {
        backup->current = &backup->copies[i];
        status = copy_part(backup);
    }
    worker_pool_destroy(backup->workers);
    return status == STATUS_OK ? backup_directory_finish(&backup->session->call, &backup->directory)
                               : status;
}

static enum status run(struct session *session)
{
    struct backup *backup = arena_calloc(&session->arena, 1, sizeof(*backup));
    if (backup == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *backup = (struct backup){.session = session, .began_ns = clock_monotonic_ns()};
    struct text to = config_text(session->config, "to");
    enum status status =
        to.length > 0 ? backup_directory_make(&session->call, to, &backup->directory)
                      : call_fail(&session->call, STATUS_INVALID_ARGUMENT, "--to is missing");
    if (status == STATUS_OK) {
        status = copy_all(backup);
    }
    backup_directory_discard(&backup->directory);
    if (status == STATUS_OK) {
        note_time(backup);
        status = print(backup);
    }
    return status;
}

int backup_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}
