/* marquee services: what the registry knows, and how well it is. */
#include "marquee/json_output.h"
#include "marquee/registry_view.h"
#include "marquee/terminal.h"

enum {
    SERVICE_COLUMN = 16,
    INSTANCE_COLUMN = 46,
    ADDRESS_COLUMN = 24,
};

static const struct config_option options[] = {
    REGISTRY_VIEW_OPTIONS,
    SESSION_TLS_OPTIONS("the registry requires"),
    SESSION_TIMEOUT_OPTION("10s", "how long it may take"),
    {.name = "json", .kind = CONFIG_BOOLEAN, .help = "print a list of objects as JSON"},
};

static const struct config_program program = {
    .name = "marquee services",
    .service = CONFIG_COMMANDS,
    .summary = "marquee services: list the registered instances: name, id, address, health.",
    .usage = "[OPTIONS]",
    .epilogue = COMMAND_EXIT_STATUS_HELP "\nexample: marquee services --registry 127.0.0.1:8500\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
};

static void print_row(FILE *output, const struct registry_instance *row)
{
    bool is_well = text_equal(row->health, TEXT("passing"));
    terminal_print_padded(output, row->service, SERVICE_COLUMN);
    terminal_print_padded(output, row->id, INSTANCE_COLUMN);
    terminal_print_padded(output, row->address, ADDRESS_COLUMN);
    (void)fputs(terminal_colour(output, is_well ? TERMINAL_GREEN : TERMINAL_RED), output);
    terminal_print(output, row->health);
    (void)fprintf(output, "%s\n", terminal_colour(output, TERMINAL_PLAIN));
}

static void print_table(FILE *output, const struct registry_instance *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        print_row(output, &rows[i]);
    }
}

static enum status print_json(struct session *session, const struct registry_instance *rows,
                              size_t count)
{
    struct json_output output;
    json_output_open(&output);
    struct json_writer *writer = &output.writer;
    json_open_array(writer);
    for (size_t i = 0; i < count; i++) {
        json_open_object(writer);
        json_member_string(writer, "service", rows[i].service);
        json_member_string(writer, "instance", rows[i].id);
        json_member_string(writer, "address", rows[i].address);
        json_member_string(writer, "health", rows[i].health);
        json_close_object(writer);
    }
    json_close_array(writer);
    return json_output_print(&output, session);
}

static enum status run(struct session *session)
{
    struct registry_view view;
    struct registry_instance *rows;
    size_t count;
    enum status status = registry_view_open(&view, session);
    if (status == STATUS_OK) {
        status = registry_view_list(&view, &rows, &count);
    }
    if (status == STATUS_OK && config_boolean(session->config, "json")) {
        status = print_json(session, rows, count);
    } else if (status == STATUS_OK) {
        print_table(session->input->output, rows, count);
    }
    registry_view_close(&view);
    return status;
}

int services_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}
