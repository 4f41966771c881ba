#include "support/cluster.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "support/cmocka_test.h"
#include "json/json.h"

enum { ARGUMENT_BYTES_MAX = 2 * HTTP_ADDRESS_BYTES_MAX + 64, NAME_BYTES_MAX = 64 };

struct argument_list {
    char texts[SERVICE_ARGUMENTS_MAX][ARGUMENT_BYTES_MAX];
    const char *pointers[SERVICE_ARGUMENTS_MAX + 1];
    size_t count;
};

static void add(struct argument_list *list, const char *format, ...) PRINTF_LIKE(2, 3);

static void add(struct argument_list *list, const char *format, ...)
{
    va_list arguments;
    assert_true(list->count < SERVICE_ARGUMENTS_MAX);
    va_start(arguments, format);
    int length = vsnprintf(list->texts[list->count], ARGUMENT_BYTES_MAX, format, arguments);
    va_end(arguments);
    assert_true(length > 0 && length < ARGUMENT_BYTES_MAX);
    list->pointers[list->count] = list->texts[list->count];
    list->count++;
}

static const struct {
    const char *name;
    const char *program;
    const char *path; /* what its methods begin with */
} roles[CLUSTER_ROLES] = {
    [CLUSTER_METADATA] = {"metadata", "marquee-metadata", "/MetadataService/"},
    [CLUSTER_RATING] = {"rating", "marquee-rating", "/RatingService/"},
    [CLUSTER_MOVIE] = {"movie", "marquee-movie", "/MovieService/"},
};

const char *cluster_role_name(enum cluster_role role)
{
    return roles[role].name;
}

static void add_listen(struct argument_list *list, const struct service_process *process)
{
    add(list, "--listen=%s", process->address[0] != '\0' ? process->address : "127.0.0.1:0");
}

static void add_discovery(struct argument_list *list, const struct cluster *cluster)
{
    const char *ttl = cluster->options.registration_ttl;
    if (cluster->options.registries > 0) {
        bool has_second = cluster->options.registries > 1;
        add(list, "--registry=%s%s%s", cluster->registries[0].address, has_second ? "," : "",
            has_second ? cluster->registries[1].address : "");
        add(list, "--registration-ttl=%s", ttl != NULL ? ttl : "1s");
    } else {
        add(list, "--registry=");
        add(list, "--services=metadata=%s;rating=%s",
            cluster->services[CLUSTER_METADATA][0].address,
            cluster->services[CLUSTER_RATING][0].address);
    }
}

static void run(struct cluster *cluster, struct service_process *process, const char *name,
                const char *program, struct argument_list *list)
{
    char log_name[NAME_BYTES_MAX];
    char address[HTTP_ADDRESS_BYTES_MAX];
    memcpy(address, process->address, sizeof(address));
    assert_true(snprintf(log_name, sizeof(log_name), "%s-%u", name, cluster->starts++) > 0);
    service_process_start(process, cluster->directory, log_name, program, list->pointers, NULL);
    memcpy(process->address, address, sizeof(address));
    service_process_await_ready(process);
}

void cluster_start(struct cluster *cluster, enum cluster_role role, unsigned instance)
{
    struct service_process *process = &cluster->services[role][instance];
    struct argument_list list = {.count = 0};
    const char *level = cluster->options.log_level;
    service_process_kill(process);
    add_listen(&list, process);
    add_discovery(&list, cluster);
    add(&list, "--log-level=%s", level != NULL ? level : "info");
    add(&list, "--threads=2");
    for (size_t i = 0; i < CLUSTER_EXTRA_MAX && cluster->options.extra[role][i] != NULL; i++) {
        add(&list, "%s", cluster->options.extra[role][i]);
    }
    run(cluster, process, roles[role].name, roles[role].program, &list);
}

static void note_dns_address(struct cluster *cluster, unsigned registry)
{
    struct text listen = service_process_field(&cluster->registries[registry],
                                               "message=\"answering DNS\"", "listen");
    assert_true(text_to_c_string(listen, cluster->dns[registry], sizeof(cluster->dns[registry])));
}

void cluster_start_registry(struct cluster *cluster, unsigned registry)
{
    struct service_process *process = &cluster->registries[registry];
    struct argument_list list = {.count = 0};
    bool was_asked = cluster->dns[registry][0] != '\0';
    service_process_kill(process);
    add_listen(&list, process);
    const char *settle_time = cluster->options.settle_time;
    add(&list, "--settle-time=%s", settle_time != NULL ? settle_time : "1s");
    add(&list, "--dns-listen=%s",
        !cluster->options.dns ? ""
        : was_asked           ? cluster->dns[registry]
                              : "127.0.0.1:0");
    run(cluster, process, "registry", "marquee-registry", &list);
    if (cluster->options.dns) {
        note_dns_address(cluster, registry);
    }
}

void cluster_put_movie(struct cluster *cluster, const char *id)
{
    struct rpc_client client;
    struct call *call = &cluster->test.call;
    rpc_client_open_one(&client, cluster_service(cluster, CLUSTER_METADATA)->address);
    assert_int_equal(rpc_client_put_metadata(&client, call, id, "Movie"), STATUS_OK);
    rpc_client_close(&client);
    rpc_client_open_one(&client, cluster_service(cluster, CLUSTER_RATING)->address);
    assert_int_equal(rpc_client_put_rating(&client, call, "u", id, 700), STATUS_OK);
    rpc_client_close(&client);
}

void cluster_kill(struct cluster *cluster, enum cluster_role role, unsigned instance)
{
    service_process_kill(&cluster->services[role][instance]);
}

void cluster_open(struct cluster *cluster, const struct cluster_options *options)
{
    *cluster = (struct cluster){.options = *options};
    scratch_directory_make(cluster->directory);
    test_call_init(&cluster->test, 0);
    for (unsigned i = 0; i < options->registries; i++) {
        cluster_start_registry(cluster, i);
    }
    for (unsigned role = 0; role < CLUSTER_ROLES; role++) {
        for (unsigned i = 0; i < options->instances[role]; i++) {
            cluster_start(cluster, role, i);
        }
        if (options->registries > 0 && options->instances[role] > 0) {
            assert_true(
                cluster_await_registered(cluster, role, options->instances[role], SERVICE_WAIT_MS));
        }
    }
}

void cluster_close(struct cluster *cluster)
{
    for (unsigned i = 0; i < CLUSTER_INSTANCES_MAX; i++) {
        service_process_stop(&cluster->services[CLUSTER_MOVIE][i]);
        service_process_stop(&cluster->services[CLUSTER_METADATA][i]);
        service_process_stop(&cluster->services[CLUSTER_RATING][i]);
    }
    for (unsigned i = 0; i < CLUSTER_REGISTRIES_MAX; i++) {
        service_process_stop(&cluster->registries[i]);
    }
    test_call_deinit(&cluster->test);
    scratch_directory_remove(cluster->directory);
}

/* One query of a registry; index: of the state that is known, 0 for none. */
static unsigned ask_registry(const struct service_process *registry, enum cluster_role role,
                             uint64_t index, int64_t wait_ms, uint64_t *ret_index)
{
    char target[256];
    const struct json *list;
    struct test_call test;
    test_call_init(&test, wait_ms + SERVICE_WAIT_MS);
    assert_true(snprintf(target, sizeof(target),
                         "/v1/health/service/%s?passing&index=%" PRIu64 "&wait=%" PRId64 "ms",
                         roles[role].name, index, wait_ms) > 0);
    struct wire_reply reply = wire_http_get(&test.call, registry->address, target);
    assert_int_equal(reply.status, 200);
    assert_int_equal(json_parse(&test.call, reply.body, &list), STATUS_OK);
    assert_true(text_to_u64(wire_http_header(&reply, "x-consul-index"), ret_index));
    unsigned count = (unsigned)json_length(list);
    test_call_deinit(&test);
    return count;
}

unsigned cluster_registered(struct cluster *cluster, enum cluster_role role)
{
    uint64_t index;
    return ask_registry(&cluster->registries[0], role, 0, 1, &index);
}

void cluster_await_call(struct cluster *cluster, enum cluster_role role, unsigned instance)
{
    struct service_process *process = &cluster->services[role][instance];
    if (!service_process_await(process, roles[role].path, process->log.length)) {
        fail_msg("%s %u got no call", roles[role].name, instance);
    }
}

static bool await_listed(const struct service_process *registry, enum cluster_role role,
                         unsigned count, int64_t deadline_ns)
{
    uint64_t index = 0;
    for (;;) {
        int64_t left_ms = (deadline_ns - clock_monotonic_ns()) / CLOCK_NS_PER_MS;
        unsigned listed = ask_registry(registry, role, index, left_ms > 1 ? left_ms : 1, &index);
        if (listed == count) {
            return true;
        }
        if (left_ms <= 0) {
            return false;
        }
    }
}

bool cluster_await_registered(struct cluster *cluster, enum cluster_role role, unsigned count,
                              int64_t timeout_ms)
{
    int64_t deadline_ns = clock_monotonic_ns() + timeout_ms * CLOCK_NS_PER_MS;
    for (unsigned i = 0; i < cluster->options.registries; i++) {
        const struct service_process *registry = &cluster->registries[i];
        bool runs = registry->id != 0 && !registry->ended;
        if (runs && !await_listed(registry, role, count, deadline_ns)) {
            return false;
        }
    }
    return true;
}
