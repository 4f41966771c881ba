#include "registry/handler/registry_dns_answer.h"

#include <arpa/inet.h>

#include "base/random.h"
#include "registry/handler/registry_instance_health.h"

/* The answer while it grows. */
struct answering {
    const struct registry_dns_zone *zone;
    const struct registry_state *state;
    struct arena *arena;
    struct text alias; /* a host that is a name */
    struct registry_dns_answer answer;
};

static const struct registry_dns_answer failed = {.result = REGISTRY_DNS_SERVER_FAILURE};

static bool has_tag(const struct registry_instance *instance, struct text tag)
{
    for (size_t i = 0; i < instance->definition->tag_count; i++) {
        if (text_equal_ignoring_case(instance->definition->tags[i], tag)) {
            return true;
        }
    }
    return tag.length == 0;
}

/* Names of services are kept as they came; DNS knows no case. */
static const struct registry_instance *find_service(const struct registry_state *state,
                                                    struct text name)
{
    const struct registry_instance *instance = registry_state_first_instance(state, name);
    for (size_t i = 0; instance == NULL && i < registry_state_service_count(state); i++) {
        const struct registry_instance *other = registry_state_service_at(state, i);
        if (other != NULL && text_equal_ignoring_case(other->definition->name, name)) {
            instance = other;
        }
    }
    return instance;
}

/* A number: fills in type and address. */
static bool parse_number(struct text host, struct registry_dns_record *record)
{
    char text[INET6_ADDRSTRLEN];
    if (!text_to_c_string(host, text, sizeof(text))) {
        return false;
    }
    if (inet_pton(AF_INET, text, record->address) == 1) {
        record->type = REGISTRY_DNS_A;
        return true;
    }
    record->type = REGISTRY_DNS_AAAA;
    return inet_pton(AF_INET6, text, record->address) == 1;
}

static bool is_wanted(unsigned type, const struct registry_dns_record *record)
{
    return type == REGISTRY_DNS_ANY || type == (unsigned)record->type;
}

static struct text node_address(const struct answering *self, const struct registry_node *node)
{
    return node != NULL ? node->definition->address : self->zone->node_address;
}

static struct text host_of(const struct answering *self, const struct registry_instance *instance)
{
    return instance->definition->address.length > 0 ? instance->definition->address
                                                    : node_address(self, instance->node);
}

static void add_host(struct answering *self, struct text host, unsigned type)
{
    struct registry_dns_record record = {.target = {NULL, 0}};
    if (!parse_number(host, &record)) {
        self->alias = host;
        return;
    }
    for (size_t i = 0; i < self->answer.count; i++) {
        if (self->answer.records[i].type == record.type &&
            memcmp(self->answer.records[i].address, record.address, sizeof(record.address)) == 0) {
            return; /* several instances on one host */
        }
    }
    if (is_wanted(type, &record)) {
        self->answer.records[self->answer.count++] = record;
    }
}

/* Without an address, the name to ask further for: one, and nothing beside it (RFC 1034 section
 * 3.6.2). */
static struct registry_dns_answer finish_hosts(struct answering *self, unsigned type)
{
    bool asks_for_host = type == REGISTRY_DNS_A || type == REGISTRY_DNS_AAAA ||
                         type == REGISTRY_DNS_CNAME || type == REGISTRY_DNS_ANY;
    if (self->answer.count == 0 && self->alias.length > 0 && asks_for_host) {
        self->answer.records[self->answer.count++] =
            (struct registry_dns_record){.type = REGISTRY_DNS_CNAME, .target = self->alias};
    }
    return self->answer;
}

/* "7f000001.addr.dc1.consul", which is answered by that address again. */
static struct text address_name(const struct answering *self,
                                const struct registry_dns_record *address)
{
    char digits[2 * sizeof(address->address) + 1];
    size_t bytes =
        address->type == REGISTRY_DNS_A ? sizeof(struct in_addr) : sizeof(struct in6_addr);
    for (size_t i = 0; i < bytes; i++) {
        static const char hexadecimal[] = "0123456789abcdef";
        digits[2 * i] = hexadecimal[address->address[i] >> 4];
        digits[2 * i + 1] = hexadecimal[address->address[i] & 15];
    }
    return arena_format(self->arena, "%.*s.addr.%.*s.%.*s", (int)(2 * bytes), digits,
                        TEXT_ARGUMENTS(self->zone->datacenter), TEXT_ARGUMENTS(self->zone->domain));
}

static struct text node_name(const struct answering *self, const struct registry_node *node)
{
    struct text name = node != NULL ? node->definition->name : self->zone->node_name;
    return arena_format(self->arena, "%.*s.node.%.*s.%.*s", TEXT_ARGUMENTS(name),
                        TEXT_ARGUMENTS(self->zone->datacenter), TEXT_ARGUMENTS(self->zone->domain));
}

static bool add_server(struct answering *self, const struct registry_instance *instance)
{
    const struct registry_service_definition *definition = instance->definition;
    struct registry_dns_record address = {.target = {NULL, 0}};
    bool numeric = parse_number(host_of(self, instance), &address);
    bool warns = registry_instance_health(self->state, instance).worst == REGISTRY_WARNING;
    struct text target = definition->address;
    if (definition->address.length == 0) {
        target = node_name(self, instance->node);
    } else if (numeric) {
        target = address_name(self, &address);
    }
    if (target.data == NULL) {
        return false;
    }
    self->answer.records[self->answer.count++] = (struct registry_dns_record){
        .type = REGISTRY_DNS_SRV,
        .target = target,
        .port = definition->port,
        .weight = (uint16_t)(warns ? definition->weight_warning : definition->weight_passing),
    };
    if (numeric) {
        address.owner = target;
        self->answer.additional[self->answer.additional_count++] = address;
    }
    return true;
}

/* Fisher and Yates. */
static void shuffle(const struct registry_instance **instances, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)random_below(i);
        const struct registry_instance *last = instances[i - 1];
        instances[i - 1] = instances[other];
        instances[other] = last;
    }
}

/* Those in service with the tag, in random order; NULL: no memory. */
static const struct registry_instance **
choose(struct answering *self, const struct registry_dns_name *name, size_t *ret_count)
{
    const struct registry_instance *first = find_service(self->state, name->name);
    size_t count = 0;
    for (const struct registry_instance *each = first; each != NULL;
         each = registry_state_next_instance(each)) {
        count++;
    }
    const struct registry_instance **chosen = arena_calloc(self->arena, count + 1, sizeof(*chosen));
    if (chosen == NULL) {
        return NULL;
    }
    count = 0;
    for (const struct registry_instance *each = first; each != NULL;
         each = registry_state_next_instance(each)) {
        if (has_tag(each, name->tag) &&
            registry_instance_health(self->state, each).worst != REGISTRY_CRITICAL) {
            chosen[count++] = each;
        }
    }
    shuffle(chosen, count);
    *ret_count = count;
    return chosen;
}

static struct registry_dns_answer
answer_service(struct answering *self, const struct registry_dns_name *name, unsigned type)
{
    size_t count;
    const struct registry_instance **chosen = choose(self, name, &count);
    struct registry_dns_answer *answer = &self->answer;
    if (chosen == NULL) {
        return failed;
    }
    answer->records = arena_calloc(self->arena, count + 1, sizeof(*answer->records));
    answer->additional = arena_calloc(self->arena, count + 1, sizeof(*answer->additional));
    if (answer->records == NULL || answer->additional == NULL) {
        return failed;
    }
    answer->result = count > 0 ? REGISTRY_DNS_OK : REGISTRY_DNS_NO_NAME;
    for (size_t i = 0; i < count; i++) {
        if (type != REGISTRY_DNS_SRV) {
            add_host(self, host_of(self, chosen[i]), type);
        } else if (!add_server(self, chosen[i])) {
            return failed;
        }
    }
    return finish_hosts(self, type);
}

static struct registry_dns_answer answer_host(struct answering *self, struct text host,
                                              unsigned type)
{
    self->answer.records = arena_calloc(self->arena, 1, sizeof(*self->answer.records));
    if (self->answer.records == NULL) {
        return failed;
    }
    add_host(self, host, type);
    return finish_hosts(self, type);
}

static struct registry_dns_answer answer_node(struct answering *self,
                                              const struct registry_dns_name *name, unsigned type)
{
    const struct registry_node *node = NULL;
    bool is_own = text_equal_ignoring_case(name->name, self->zone->node_name);
    for (size_t i = 0; !is_own && node == NULL && i < registry_state_node_count(self->state); i++) {
        const struct registry_node *other = registry_state_node_at(self->state, i);
        node = text_equal_ignoring_case(other->definition->name, name->name) ? other : NULL;
    }
    return is_own || node != NULL ? answer_host(self, node_address(self, node), type)
                                  : (struct registry_dns_answer){.result = REGISTRY_DNS_NO_NAME};
}

static struct registry_dns_answer
answer_address(struct answering *self, const struct registry_dns_name *name, unsigned type)
{
    struct registry_dns_record *record = arena_calloc(self->arena, 1, sizeof(*record));
    if (record == NULL) {
        return failed;
    }
    record->type =
        name->address_bytes == sizeof(struct in_addr) ? REGISTRY_DNS_A : REGISTRY_DNS_AAAA;
    memcpy(record->address, name->address, name->address_bytes);
    self->answer.records = record;
    self->answer.count = is_wanted(type, record);
    return self->answer;
}

static struct registry_dns_answer answer_apex(struct answering *self, unsigned type)
{
    struct registry_dns_answer *answer = &self->answer;
    answer->records = arena_calloc(self->arena, 2, sizeof(*answer->records));
    answer->additional = arena_calloc(self->arena, 1, sizeof(*answer->additional));
    struct text server = arena_format(self->arena, "ns.%.*s", TEXT_ARGUMENTS(self->zone->domain));
    if (answer->records == NULL || answer->additional == NULL || server.data == NULL) {
        return failed;
    }
    if (type == REGISTRY_DNS_SOA || type == REGISTRY_DNS_ANY) {
        answer->records[answer->count++].type = REGISTRY_DNS_SOA;
    }
    if (type == REGISTRY_DNS_NS || type == REGISTRY_DNS_ANY) {
        answer->records[answer->count++] =
            (struct registry_dns_record){.type = REGISTRY_DNS_NS, .target = server};
        if (parse_number(self->zone->own_address, answer->additional)) {
            answer->additional[answer->additional_count++].owner = server;
        }
    }
    return *answer;
}

static struct registry_dns_answer answer_kind(struct answering *self,
                                              const struct registry_dns_name *name, unsigned type)
{
    switch (name->kind) {
    case REGISTRY_DNS_FOREIGN:
        return (struct registry_dns_answer){.result = REGISTRY_DNS_REFUSED};
    case REGISTRY_DNS_APEX:
        return answer_apex(self, type);
    case REGISTRY_DNS_NAME_SERVER:
        return answer_host(self, self->zone->own_address, type);
    case REGISTRY_DNS_SERVICE:
        return answer_service(self, name, type);
    case REGISTRY_DNS_NODE:
        return answer_node(self, name, type);
    case REGISTRY_DNS_ADDRESS:
        return answer_address(self, name, type);
    case REGISTRY_DNS_NOTHING:
        break;
    }
    return (struct registry_dns_answer){.result = REGISTRY_DNS_NO_NAME};
}

struct registry_dns_answer registry_dns_answer_to(const struct registry_dns_zone *zone,
                                                  const struct registry_state *state,
                                                  const struct registry_dns_name *name,
                                                  unsigned type, struct arena *arena)
{
    struct answering self = {.zone = zone, .state = state, .arena = arena};
    struct registry_dns_answer answer = answer_kind(&self, name, type);
    answer.with_authority = answer.count == 0 && (answer.result == REGISTRY_DNS_OK ||
                                                  answer.result == REGISTRY_DNS_NO_NAME);
    return answer;
}
