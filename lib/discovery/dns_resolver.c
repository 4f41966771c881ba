#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/random.h"
#include "discovery/discovery_snapshot.h"
#include "discovery/dns_client.h"
#include "discovery/dns_target.h"
#include "loop/fiber.h"

struct dns_resolver {
    char *written; /* what `target` points into */
    struct dns_target target;
    struct dns_client *client;
    int64_t interval_min_ns;
    int64_t looked_ns;    /* when DNS was last asked; 0: never */
    int64_t look_due_ns;  /* when it is asked again */
    bool has_list;        /* it has answered in full before */
    struct list sleepers; /* fibers that wait for that time */
};

struct sleeper {
    struct list link;
    struct fiber_wait hurried;
};

/* What one look at DNS finds out. */
struct look {
    struct dns_resolver *resolver;
    struct call *call;
    struct discovery_instance *instances;
    size_t count;
    uint32_t ttl_s;     /* the shortest there was; UINT32_MAX: none */
    bool is_incomplete; /* a part of it could not be asked */
};

static void note_ttl(struct look *look, const struct dns_answer *answer)
{
    look->ttl_s = answer->ttl_s < look->ttl_s ? answer->ttl_s : look->ttl_s;
}

static enum status add_instance(struct look *look, struct text host, uint16_t port, uint16_t weight)
{
    struct text address = discovery_address(look->call->arena, host, port);
    if (address.data == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    look->instances[look->count++] =
        (struct discovery_instance){.address = address, .weight = weight};
    return STATUS_OK;
}

/* Makes room for so many addresses more. */
static bool reserve(struct look *look, size_t more)
{
    struct discovery_instance *larger =
        arena_calloc(look->call->arena, look->count + more + 1, sizeof(*larger));
    if (larger == NULL) {
        return false;
    }
    if (look->count > 0) {
        memcpy(larger, look->instances, look->count * sizeof(*larger));
    }
    look->instances = larger;
    return true;
}

/* The two questions for a host's addresses. */
static void question_host(struct dns_question questions[static 2], struct text host)
{
    questions[0] = (struct dns_question){.name = host, .type = DNS_TYPE_A};
    questions[1] = (struct dns_question){.name = host, .type = DNS_TYPE_AAAA};
}

/* Takes both answers. One kind of address is enough: there are servers that have no answer when
 * asked for the other. */
static enum status take_host(struct look *look, const struct dns_question questions[static 2],
                             uint16_t port, uint16_t weight)
{
    size_t found = 0;
    unsigned failed = 0;
    for (unsigned i = 0; i < 2; i++) {
        if (questions[i].status == STATUS_RESOURCE_EXHAUSTED) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
        failed += questions[i].status != STATUS_OK;
        found += questions[i].status == STATUS_OK ? questions[i].answer.count : 0;
    }
    look->is_incomplete = look->is_incomplete || (failed > 0 && found == 0);
    if (!reserve(look, found)) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (unsigned i = 0; i < 2; i++) {
        const struct dns_answer *answer = &questions[i].answer;
        if (questions[i].status != STATUS_OK || (answer->count == 0 && found > 0)) {
            continue;
        }
        note_ttl(look, answer);
        for (size_t j = 0; j < answer->count; j++) {
            enum status status = add_instance(look, answer->records[j].host, port, weight);
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
    return STATUS_OK;
}

static enum status look_for_host(struct look *look)
{
    const struct dns_target *target = &look->resolver->target;
    struct dns_question questions[2];
    question_host(questions, target->host);
    enum status status = dns_client_ask(look->resolver->client, look->call, questions, 2);
    return status == STATUS_OK ? take_host(look, questions, target->port, 1) : status;
}

/* Adds the addresses that came along for the target. Whether there were any. */
static enum status take_additional(struct look *look, const struct dns_answer *answer,
                                   const struct dns_record *server, bool *ret_found)
{
    *ret_found = false;
    for (size_t i = 0; i < answer->additional_count; i++) {
        const struct dns_record *record = &answer->additional[i];
        if (!text_equal(record->owner, server->target)) {
            continue;
        }
        enum status status = reserve(look, 1)
                                 ? add_instance(look, record->host, server->port, server->weight)
                                 : STATUS_RESOURCE_EXHAUSTED;
        if (status != STATUS_OK) {
            return status;
        }
        *ret_found = true;
    }
    return STATUS_OK;
}

static uint16_t lowest_priority(const struct dns_answer *answer)
{
    uint16_t lowest = UINT16_MAX;
    for (size_t i = 0; i < answer->count; i++) {
        lowest = answer->records[i].priority < lowest ? answer->records[i].priority : lowest;
    }
    return lowest;
}

static enum status ask_targets(struct look *look, const struct dns_record *const *servers,
                               size_t count)
{
    struct dns_question *questions =
        arena_calloc(look->call->arena, 2 * count + 1, sizeof(*questions));
    if (questions == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < count; i++) {
        question_host(&questions[2 * i], servers[i]->target);
    }
    enum status status =
        count > 0 ? dns_client_ask(look->resolver->client, look->call, questions, 2 * count)
                  : STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = take_host(look, &questions[2 * i], servers[i]->port, servers[i]->weight);
    }
    return status;
}

/* An empty target says that the service is decidedly not there (RFC 2782). */
static enum status take_servers(struct look *look, const struct dns_answer *answer)
{
    uint16_t priority = lowest_priority(answer);
    const struct dns_record *asked[DNS_TARGETS_ASKED_MAX];
    size_t asked_count = 0;
    note_ttl(look, answer);
    for (size_t i = 0; i < answer->count; i++) {
        const struct dns_record *server = &answer->records[i];
        bool found = false;
        if (server->priority != priority || server->target.length == 0 || server->port == 0) {
            continue;
        }
        enum status status = take_additional(look, answer, server, &found);
        if (status != STATUS_OK) {
            return status;
        }
        if (!found && asked_count < DNS_TARGETS_ASKED_MAX) {
            asked[asked_count++] = server;
        }
    }
    return ask_targets(look, asked, asked_count);
}

static enum status look_for_servers(struct look *look)
{
    struct dns_question question = {.name = look->resolver->target.host, .type = DNS_TYPE_SRV};
    enum status status = dns_client_ask(look->resolver->client, look->call, &question, 1);
    if (status == STATUS_OK) {
        status = question.status;
    }
    return status == STATUS_OK ? take_servers(look, &question.answer) : status;
}

/* When to look again after a list like this: up to a tenth later by chance, so that those who began
 * together do not ask together for ever. */
static int64_t next_interval_ns(const struct dns_resolver *resolver, const struct look *look)
{
    bool is_good = look->count > 0 && !look->is_incomplete;
    int64_t most_ns = (is_good ? DNS_INTERVAL_MAX_MS : DNS_INTERVAL_EMPTY_MAX_MS) * CLOCK_NS_PER_MS;
    int64_t interval_ns = look->ttl_s * CLOCK_NS_PER_S;
    interval_ns = interval_ns < most_ns ? interval_ns : most_ns;
    if (interval_ns < resolver->interval_min_ns) {
        interval_ns = resolver->interval_min_ns;
    }
    return interval_ns + (int64_t)((double)interval_ns / 10 * random_fraction());
}

static enum status look_now(struct dns_resolver *resolver, struct call *call,
                            struct discovery_snapshot *ret_snapshot)
{
    struct look look = {.resolver = resolver, .call = call, .ttl_s = UINT32_MAX};
    resolver->looked_ns = clock_monotonic_ns();
    resolver->look_due_ns = resolver->looked_ns; /* should it fail */
    enum status status = resolver->target.port > 0 ? look_for_host(&look) : look_for_servers(&look);
    if (status != STATUS_OK) {
        return status;
    }
    if (look.is_incomplete && (look.count == 0 || resolver->has_list)) {
        return call_fail(call, STATUS_UNAVAILABLE, "DNS has not answered for every instance");
    }
    call_clear_error(call); /* of what was not needed */
    resolver->has_list = resolver->has_list || !look.is_incomplete;
    resolver->look_due_ns = resolver->looked_ns + next_interval_ns(resolver, &look);
    *ret_snapshot = discovery_snapshot_of(look.instances, look.count, 0);
    return STATUS_OK;
}

/* Until the time has come as it is now, or is set anew, or the call is over. */
static void doze(struct dns_resolver *resolver, struct call *call, int64_t left_ns)
{
    struct call until = call_within(call, left_ns / CLOCK_NS_PER_MS + 1);
    struct sleeper sleeper;
    fiber_wait_init(&sleeper.hurried);
    list_append(&resolver->sleepers, &sleeper.link);
    status_ignore(fiber_wait(&until, &sleeper.hurried)); /* the caller looks which it was */
    list_remove(&sleeper.link);
}

static enum status sleep_until_due(struct dns_resolver *resolver, struct call *call)
{
    for (;;) {
        int64_t left_ns = resolver->look_due_ns - clock_monotonic_ns();
        enum status status = call_check(call);
        if (status != STATUS_OK || left_ns <= 0) {
            return status;
        }
        doze(resolver, call, left_ns);
    }
}

static enum status dns_watch(void *state, struct call *call, struct text service,
                             uint64_t seen_version, struct discovery_snapshot *ret_snapshot)
{
    struct dns_resolver *resolver = state;
    (void)service;
    enum status status = seen_version != 0 ? sleep_until_due(resolver, call) : STATUS_OK;
    return status == STATUS_OK ? look_now(resolver, call, ret_snapshot) : status;
}

static void dns_refresh(void *state)
{
    struct dns_resolver *resolver = state;
    int64_t soonest_ns = resolver->looked_ns + resolver->interval_min_ns;
    if (soonest_ns >= resolver->look_due_ns) {
        return;
    }
    resolver->look_due_ns = soonest_ns;
    for (struct list *link = resolver->sleepers.next; link != &resolver->sleepers;
         link = link->next) {
        fiber_wait_signal(&CONTAINER_OF(link, struct sleeper, link)->hurried);
    }
}

static void dns_close(void *state)
{
    struct dns_resolver *resolver = state;
    CHECK(list_is_empty(&resolver->sleepers));
    dns_client_destroy(resolver->client);
    free(resolver->written);
    free(resolver);
}

enum status dns_resolver_create(struct loop *loop, struct call *call,
                                const struct dns_resolver_options *options,
                                struct discovery_resolver *ret_resolver)
{
    static const struct discovery_resolver_ops ops = {
        .watch = dns_watch, .refresh = dns_refresh, .close = dns_close};
    struct dns_resolver *resolver = calloc(1, sizeof(*resolver));
    char *written =
        strndup(options->target.length > 0 ? options->target.data : "", options->target.length);
    if (resolver == NULL || written == NULL) {
        free(resolver);
        free(written);
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for DNS");
    }
    int64_t least_ms =
        options->interval_min_ms > 0 ? options->interval_min_ms : DNS_INTERVAL_MIN_MS;
    resolver->written = written;
    resolver->interval_min_ns = least_ms * CLOCK_NS_PER_MS;
    list_init(&resolver->sleepers);
    enum status status = dns_target_parse(call, text_of(written), &resolver->target);
    if (status == STATUS_OK) {
        status = dns_client_create(loop, call, resolver->target.servers,
                                   resolver->target.server_count, &resolver->client);
    }
    if (status != STATUS_OK) {
        dns_close(resolver);
        return status;
    }
    *ret_resolver = (struct discovery_resolver){.ops = &ops, .state = resolver};
    return STATUS_OK;
}
