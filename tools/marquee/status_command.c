/* marquee status: every instance, how it is, and what is late. */
#include "base/clock.h"
#include "loop/fiber.h"
#include "marquee/json_output.h"
#include "marquee/status_probe.h"
#include "marquee/terminal.h"

enum {
    SERVICE_COLUMN = 16,
    ADDRESS_COLUMN = 22,
    HEALTH_COLUMN = 10,
    READY_COLUMN = 7,
    MINUTE_S = 60,
    HOUR_S = 3600,
    DAY_S = 86400,
};

static const struct config_option options[] = {
    REGISTRY_VIEW_OPTIONS,
    SESSION_TLS_OPTIONS("the services and the registry require"),
    {.name = "call-token-file",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "the first secret in it is shown to the services"},
    SESSION_TIMEOUT_OPTION("5s", "how long it may take"),
    {.name = "json", .kind = CONFIG_BOOLEAN, .help = "print an object as JSON"},
};

static const struct config_program program = {
    .name = "marquee status",
    .service = CONFIG_COMMANDS,
    .summary = "marquee status: show every registered instance, how it is, and what is late.",
    .usage = "[OPTIONS]",
    .epilogue = "exit status: 0 all is well, 1 something is not, or it failed, 2 wrong usage\n"
                "\nexample: marquee status\n"
                "         until marquee status >/dev/null; do sleep 1; done\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
};

/* What a whole system has at least one instance of. */
static const char *const expected[] = {"metadata", "rating", "movie", "review", "recommendation"};

struct report {
    struct session *session;
    struct status_probe *probes;
    size_t count;
    size_t unwell; /* instances, and services without one */
};

static bool is_registered(const struct report *report, const char *service)
{
    for (size_t i = 0; i < report->count; i++) {
        if (text_equal(report->probes[i].instance->service, text_of(service))) {
            return true;
        }
    }
    return false;
}

static void run_probe(void *probe)
{
    status_probe_run(probe);
}

static enum status ask_all(struct registry_view *view, struct report *report)
{
    struct registry_instance *instances;
    struct fiber_group group;
    struct call *call = &view->session->call;
    enum status status = registry_view_list(view, &instances, &report->count);
    if (status != STATUS_OK) {
        return status;
    }
    report->probes = arena_calloc(call->arena, report->count + 1, sizeof(*report->probes));
    if (report->probes == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the list");
    }
    fiber_group_init(&group);
    for (size_t i = 0; i < report->count; i++) {
        struct status_probe *probe = &report->probes[i];
        probe->instance = &instances[i];
        probe->view = view;
        probe->call = call_within(&view->call, 0);
        if (fiber_group_start(&group, run_probe, probe) != STATUS_OK) {
            run_probe(probe);
        }
    }
    fiber_group_join(&group);
    for (size_t i = 0; i < report->count; i++) {
        report->unwell += !status_probe_is_well(&report->probes[i]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        report->unwell += !is_registered(report, expected[i]);
    }
    return STATUS_OK;
}

/* For people */

static void print_uptime(FILE *output, double seconds)
{
    long long whole = seconds > 0 ? (long long)seconds : 0;
    if (whole >= DAY_S) {
        (void)fprintf(output, "%6lldd%02lldh", whole / DAY_S, whole % DAY_S / HOUR_S);
    } else if (whole >= HOUR_S) {
        (void)fprintf(output, "%6lldh%02lldm", whole / HOUR_S, whole % HOUR_S / MINUTE_S);
    } else {
        (void)fprintf(output, "%6lldm%02llds", whole / MINUTE_S, whole % MINUTE_S);
    }
}

static void print_coloured(FILE *output, struct text words, size_t width, bool is_well)
{
    (void)fputs(terminal_colour(output, is_well ? TERMINAL_GREEN : TERMINAL_RED), output);
    terminal_print_padded(output, words, width);
    (void)fputs(terminal_colour(output, TERMINAL_PLAIN), output);
}

static void print_figures(FILE *output, const struct status_probe *probe)
{
    for (size_t i = 0; i < STATUS_FIGURE_COUNT; i++) {
        const struct status_figure *figure = &status_figures[i];
        if (figure->text != NULL && probe->known[i] &&
            (figure->is_always || probe->values[i] > 0)) {
            bool is_bad = figure->is_bad && probe->values[i] > 0;
            (void)fprintf(output, "  %s%.0f %s%s\n",
                          terminal_colour(output, is_bad ? TERMINAL_RED : TERMINAL_DIM),
                          probe->values[i], figure->text, terminal_colour(output, TERMINAL_PLAIN));
        }
    }
}

static void print_instance(FILE *output, const struct status_probe *probe)
{
    const struct registry_instance *instance = probe->instance;
    struct text reasons = text_trim(probe->reasons);
    terminal_print_padded(output, instance->service, SERVICE_COLUMN);
    terminal_print_padded(output, instance->address, ADDRESS_COLUMN);
    print_coloured(output, instance->health, HEALTH_COLUMN,
                   text_equal(instance->health, TEXT("passing")));
    print_coloured(output, probe->is_ready ? TEXT("yes") : TEXT("no"), READY_COLUMN,
                   probe->is_ready);
    if (probe->known[STATUS_FIGURE_START] && probe->known[STATUS_FIGURE_MEMORY]) {
        print_uptime(output, (double)clock_wall_ms() / 1000 - probe->values[STATUS_FIGURE_START]);
        (void)fprintf(output, "%7.0f MiB%12.0f",
                      probe->values[STATUS_FIGURE_MEMORY] / (1024.0 * 1024.0),
                      probe->values[STATUS_FIGURE_REQUESTS]);
    }
    (void)fputc('\n', output);
    while (reasons.length > 0) {
        (void)fputs("  ", output);
        print_coloured(output, text_next(&reasons, '\n'), 0, false);
        (void)fputc('\n', output);
    }
    print_figures(output, probe);
}

static void print_report(FILE *output, const struct report *report)
{
    (void)fprintf(output, "%s%-*s%-*s%-*s%-*s%9s%11s%12s%s\n",
                  terminal_colour(output, TERMINAL_BOLD), SERVICE_COLUMN, "service", ADDRESS_COLUMN,
                  "address", HEALTH_COLUMN, "health", READY_COLUMN, "ready", "up for", "memory",
                  "requests", terminal_colour(output, TERMINAL_PLAIN));
    for (size_t i = 0; i < report->count; i++) {
        print_instance(output, &report->probes[i]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        if (!is_registered(report, expected[i])) {
            terminal_print_padded(output, text_of(expected[i]), SERVICE_COLUMN);
            print_coloured(output, TEXT("no instance is registered"), 0, false);
            (void)fputc('\n', output);
        }
    }
    if (report->unwell == 0) {
        (void)fputs("\nall is well\n", output);
    } else {
        (void)fprintf(output, "\n%zu not well\n", report->unwell);
    }
}

/* For programs */

static void write_instance(struct json_writer *writer, const struct status_probe *probe)
{
    struct text reasons = text_trim(probe->reasons);
    json_open_object(writer);
    json_member_string(writer, "service", probe->instance->service);
    json_member_string(writer, "instance", probe->instance->id);
    json_member_string(writer, "address", probe->instance->address);
    json_member_string(writer, "health", probe->instance->health);
    json_member_boolean(writer, "ready", probe->is_ready);
    json_write_name(writer, TEXT("reasons"));
    json_open_array(writer);
    while (reasons.length > 0) {
        json_write_string(writer, text_next(&reasons, '\n'));
    }
    json_close_array(writer);
    for (size_t i = 0; i < STATUS_FIGURE_COUNT; i++) {
        if (probe->known[i]) {
            json_member_number(writer, status_figures[i].name, probe->values[i]);
        }
    }
    json_close_object(writer);
}

static enum status print_json(const struct report *report)
{
    struct json_output output;
    json_output_open(&output);
    struct json_writer *writer = &output.writer;
    json_open_object(writer);
    json_member_boolean(writer, "well", report->unwell == 0);
    json_write_name(writer, TEXT("instances"));
    json_open_array(writer);
    for (size_t i = 0; i < report->count; i++) {
        write_instance(writer, &report->probes[i]);
    }
    json_close_array(writer);
    json_write_name(writer, TEXT("missing"));
    json_open_array(writer);
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        if (!is_registered(report, expected[i])) {
            json_write_string(writer, text_of(expected[i]));
        }
    }
    json_close_array(writer);
    json_close_object(writer);
    return json_output_print(&output, report->session);
}

static enum status run(struct session *session)
{
    struct registry_view view;
    struct report report = {.session = session};
    enum status status = registry_view_open(&view, session);
    if (status == STATUS_OK) {
        status = ask_all(&view, &report);
    }
    if (status == STATUS_OK && config_boolean(session->config, "json")) {
        status = print_json(&report);
    } else if (status == STATUS_OK) {
        print_report(session->input->output, &report);
    }
    session->failed = report.unwell > 0;
    registry_view_close(&view);
    return status;
}

int status_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}
