/* By which names a process may be asked: against pages that have their own name lead to this
 * machine (DNS rebinding), and are then of one origin with what answers there. */
#include "http/http_browser.h"
#include "http/socket_address.h"
#include "process/process_private.h"

enum status process_take_hosts(struct process *process, struct call *call)
{
    struct text rest = config_text(process->config, "allowed-hosts");
    while (rest.length > 0) {
        struct text name = text_trim(text_next(&rest, ','));
        struct text host = http_host_of(name);
        if (host.length == 0 || text_find(host, 0, '/') < host.length ||
            host.length + (host.data == name.data ? 0 : 2) < name.length) {
            return call_fail(
                call, STATUS_INVALID_ARGUMENT,
                "--allowed-hosts: '%.*s' is not a host like films.example.org (without "
                "scheme and port)",
                TEXT_ARGUMENTS(name));
        }
        if (process->allowed_host_count == PROCESS_HOSTS_MAX) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "--allowed-hosts: more than %d",
                             PROCESS_HOSTS_MAX);
        }
        process->allowed_hosts[process->allowed_host_count++] = host;
    }
    return STATUS_OK;
}

static bool is_allowed(const struct process *process, struct text host)
{
    for (size_t i = 0; i < process->allowed_host_count; i++) {
        if (text_equal_ignoring_case(process->allowed_hosts[i], host)) {
            return true;
        }
    }
    return false;
}

/* A numeric address is not looked up, so that nobody can lead it elsewhere; on loopback none but
 * loopback's has a reason to come. */
static bool is_address_of_network(const struct process_server *server, struct text host)
{
    struct sockaddr_storage address;
    socklen_t length;
    return !server->is_on_loopback && socket_address_parse(host, 0, &address, &length);
}

const char *process_misdirected(void *state, const struct http_request *request)
{
    struct process_server *server = state;
    struct process *process = server->process;
    struct text host = http_host_of(request->authority);
    /* HTTP/1.0 may leave the host out, which no browser does. */
    if (request->authority.length == 0 || http_host_is_loopback(host) ||
        is_allowed(process, host) || is_address_of_network(server, host) ||
        !http_may_be_browser(request)) {
        return NULL;
    }
    status_ignore(process_guard_refuse(process, PROCESS_REFUSED_HOST, STATUS_PERMISSION_DENIED));
    if (process_may_log_refusal(process)) {
        log_write(&process->log, LOG_WARNING, "request refused: its host is not in --allowed-hosts",
                  LOG_FIELDS(log_text("host", request->authority),
                             log_string("listen", server->address)));
    }
    return "this host is not served here: --allowed-hosts says which are, besides localhost";
}
