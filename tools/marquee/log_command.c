/* marquee log: what is in the event log, and who has read how far. */
#include "marquee/log_private.h"

static const struct config_option options[] = {
    EVENT_LOG_OPTIONS,
    {.name = "json", .kind = CONFIG_BOOLEAN, .help = "print an object a line, as JSON"},
    SESSION_TIMEOUT_OPTION("10s", "how long the log may take to answer"),
    {.name = "partition",
     .kind = CONFIG_INTEGER,
     .argument = "NUMBER",
     .default_value = "0",
     .help = "tail: of this partition only",
     .maximum = EVENTLOG_PARTITIONS_MAX - 1},
    {.name = "from",
     .kind = CONFIG_TEXT,
     .argument = "beginning|end|OFFSET",
     .help = "tail: where to begin; at the beginning, with --follow at the end"},
    {.name = "follow", .kind = CONFIG_BOOLEAN, .help = "tail: wait for more"},
    {.name = "count",
     .kind = CONFIG_INTEGER,
     .argument = "NUMBER",
     .default_value = "0",
     .help = "tail: end after so many records; 0: at the end",
     .maximum = INT64_MAX},
    {.name = "partitions",
     .kind = CONFIG_INTEGER,
     .argument = "NUMBER",
     .default_value = "0",
     .help = "create: how many; 0: the log's default",
     .maximum = EVENTLOG_PARTITIONS_MAX},
    {.name = "cleanup",
     .kind = CONFIG_CHOICE,
     .argument = "delete|compact",
     .default_value = "delete",
     .help = "create: records go by age and size, or by a later one of their key"},
    {.name = "retention",
     .kind = CONFIG_DURATION,
     .argument = "TIME",
     .default_value = "0s",
     .help = "create: for how long records are kept; 0s: for ever"},
    {.name = "retention-bytes",
     .kind = CONFIG_INTEGER,
     .argument = "BYTES",
     .default_value = "0",
     .help = "create: how much of each partition is kept; 0: all",
     .maximum = INT64_MAX},
    {.name = "tombstone-retention",
     .kind = CONFIG_DURATION,
     .argument = "TIME",
     .default_value = "1d",
     .help = "create: for how long the removal of a key is kept, with --cleanup compact"},
    {.name = "yes", .kind = CONFIG_BOOLEAN, .help = "delete: do it"},
};

static const struct config_program program = {
    .name = "marquee log",
    .service = CONFIG_COMMANDS,
    .summary = "marquee log: show the event log's topics, groups and records.",
    .usage = "[OPTIONS] topics | groups | tail TOPIC | create TOPIC | delete TOPIC",
    .epilogue =
        "topics  of each topic its partitions, with the offsets they hold and their size\n"
        "groups  of each group how far it has come in each partition, its lag, and who reads it\n"
        "tail    records: partition@offset, time, key, headers, value\n"
        "create  makes a topic; delete removes it with its records, if --yes is given\n\n"
        "It may be used while services read and write the log.\n\n" COMMAND_EXIT_STATUS_HELP
        "\nexample: marquee log topics\n"
        "         marquee log groups --json\n"
        "         marquee log tail ratings --follow\n"
        "         marquee log tail ratings --partition 2 --from 1200 --count 10\n"
        "         marquee log create ratings --partitions 8 --retention 30d\n"
        "         marquee log create changes --cleanup compact\n"
        "         marquee log groups --event-log kafka --kafka-brokers 127.0.0.1:9092\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = 2,
};

struct call log_call(struct session *session)
{
    return call_within(&session->call, config_duration_ms(session->config, "timeout"));
}

enum status log_fail(struct session *session, const struct call *call, enum status status)
{
    struct text words = call->error.message;
    return call_fail(&session->call, status, "%.*s",
                     TEXT_ARGUMENTS(words.length > 0 ? words : text_of(status_name(status))));
}

static enum status topics(struct session *session, struct event_log *log,
                          struct eventlog_admin admin, struct text topic)
{
    (void)log;
    (void)topic;
    return log_list_topics(session, admin);
}

static enum status groups(struct session *session, struct event_log *log,
                          struct eventlog_admin admin, struct text topic)
{
    (void)log;
    (void)topic;
    return log_list_groups(session, admin);
}

static enum status create(struct session *session, struct event_log *log,
                          struct eventlog_admin admin, struct text topic)
{
    const struct config *config = session->config;
    bool compacts = text_equal(config_text(config, "cleanup"), TEXT("compact"));
    const struct eventlog_topic_options wanted = {
        .partitions = (int32_t)config_integer(config, "partitions"),
        .cleanup = compacts ? EVENTLOG_CLEANUP_COMPACT : EVENTLOG_CLEANUP_DELETE,
        .retention_ms = config_duration_ms(config, "retention"),
        .retention_bytes = config_integer(config, "retention-bytes"),
        .tombstone_ms = compacts ? config_duration_ms(config, "tombstone-retention") : 0,
    };
    struct call call = log_call(session);
    enum status status = admin.ops->create_topic(admin.state, &call, topic, &wanted);
    (void)log;
    if (status == STATUS_OK) {
        (void)fprintf(session->input->output, "created %.*s\n", TEXT_ARGUMENTS(topic));
    }
    return status == STATUS_OK ? STATUS_OK : log_fail(session, &call, status);
}

static enum status delete (struct session *session, struct event_log *log,
                           struct eventlog_admin admin, struct text topic) {
    (void)log; if (!config_boolean(session->config, "yes")){
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                         "this would remove the topic %.*s with all its records: add --yes",
                         TEXT_ARGUMENTS(topic));}
struct call call = log_call(session);
enum status status = admin.ops->delete_topic(admin.state, &call, topic);
if (status == STATUS_OK) {
    (void)fprintf(session->input->output, "deleted %.*s\n", TEXT_ARGUMENTS(topic));
}
return status == STATUS_OK ? STATUS_OK : log_fail(session, &call, status);
}

static const struct verb {
    struct text name;
    enum status (*run)(struct session *session, struct event_log *log, struct eventlog_admin admin,
                       struct text topic);
    enum event_log_use use;
    bool takes_topic;
} verbs[] = {
    {TEXT_INIT("topics"), topics, EVENT_LOG_READ, false},
    {TEXT_INIT("groups"), groups, EVENT_LOG_READ, false},
    {TEXT_INIT("tail"), log_tail, EVENT_LOG_READ, true},
    {TEXT_INIT("create"), create, EVENT_LOG_WRITE, true},
    {TEXT_INIT("delete"), delete, EVENT_LOG_READ, true},
};

static const struct verb *find_verb(struct text name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++) {
        if (text_equal(verbs[i].name, name)) {
            return &verbs[i];
        }
    }
    return NULL;
}

static enum status run_verb(struct session *session, const struct verb *verb)
{
    struct event_log *log = arena_calloc(&session->arena, 1, sizeof(*log));
    if (log == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    struct eventlog_admin admin;
    enum status status = event_log_open(session, verb->use, log);
    if (status != STATUS_OK) {
        return status;
    }
    status = event_log_open_admin(log, &session->call, &admin);
    if (status == STATUS_OK) {
        struct text topic =
            verb->takes_topic ? config_argument(session->config, 1) : (struct text){0};
        status = verb->run(session, log, admin, topic);
        admin.ops->close(admin.state);
    }
    event_log_close(log);
    return status;
}

static enum status run(struct session *session)
{
    const struct verb *verb = find_verb(config_argument(session->config, 0));
    size_t wanted = verb != NULL && verb->takes_topic ? 2 : 1;
    if (verb == NULL || config_argument_count(session->config) != wanted) {
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                         "it is topics, groups, tail TOPIC, create TOPIC or delete TOPIC");
    }
    return run_verb(session, verb);
}

int log_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}
