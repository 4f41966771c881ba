/* Secrets: which callers must show, and which are shown to others. */
#include "process/process_private.h"

static void reload(struct process *process, const char *option, struct access_tokens *tokens)
{
    struct arena arena;
    struct call call;
    arena_init(&arena, PROCESS_ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    struct log_field file = log_text("file", config_text(process->config, option));
    if (access_tokens_reload(&call, tokens) == STATUS_OK) {
        log_write(&process->log, LOG_INFO, "secrets read again", LOG_FIELDS(file));
    } else {
        log_call(&process->log, LOG_ERROR, &call, "goes on with the secrets before",
                 LOG_FIELDS(file));
    }
    arena_deinit(&arena);
}

struct token_file {
    const char *option;
    struct access_tokens **tokens;
};

enum { TOKEN_FILES = 3 };

static void list_files(struct process *process, struct token_file files[static TOKEN_FILES])
{
    files[0] = (struct token_file){"token-file", &process->tokens};
    files[1] = (struct token_file){"call-token-file", &process->call_tokens};
    files[2] = (struct token_file){"registry-token-file", &process->registry_tokens};
}

static void reload_all(void *state)
{
    struct process *process = state;
    struct token_file files[TOKEN_FILES];
    list_files(process, files);
    for (size_t i = 0; i < TOKEN_FILES; i++) {
        if (config_text(process->config, files[i].option).length > 0) {
            reload(process, files[i].option, *files[i].tokens);
        }
    }
}

enum status process_tokens_open(struct process *process, struct call *call)
{
    struct token_file files[TOKEN_FILES];
    bool any = false;
    list_files(process, files);
    for (size_t i = 0; i < TOKEN_FILES; i++) {
        struct text file = config_text(process->config, files[i].option);
        if (file.length == 0) {
            continue;
        }
        enum status status = access_tokens_open(call, file.data, files[i].tokens);
        if (status != STATUS_OK) {
            return status;
        }
        any = true;
    }
    if (any) {
        process_add_reload(process, reload_all, process);
    }
    return STATUS_OK;
}

void process_tokens_close(struct process *process)
{
    access_tokens_destroy(process->tokens);
    access_tokens_destroy(process->call_tokens);
    access_tokens_destroy(process->registry_tokens);
}

struct access_tokens *process_tokens(const struct process *process)
{
    return process->tokens;
}

static struct http_client_access access_with(const struct process *process,
                                             struct access_tokens *tokens)
{
    const struct config *config = process->config;
    return (struct http_client_access){
        .tls = {.ca_file = config_text(config, "tls-ca").data,
                .certificate_file = config_text(config, "tls-certificate").data,
                .key_file = config_text(config, "tls-key").data,
                .peer_name = config_text(config, "tls-peer-name").data},
        .tokens = tokens,
    };
}

struct http_client_access process_call_access(const struct process *process)
{
    return access_with(process, process->call_tokens);
}

struct http_client_access process_registry_access(const struct process *process)
{
    return access_with(process, process->registry_tokens);
}
