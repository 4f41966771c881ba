#include <arpa/inet.h>
#include <ldns/ldns.h>

#include "discovery/dns_answer.h"

/* Reads the records of one section, with the shortest TTL of them. */
struct section {
    struct call *call;
    struct dns_record *records;
    size_t count;
    uint32_t ttl_s;
    bool failed; /* no memory */
};

/* A name as text, in lower case, without the dot at its end. */
static struct text name_text(struct call *call, const ldns_rdf *name)
{
    struct text result = {NULL, 0};
    char *text = ldns_rdf2str(name);
    if (text == NULL) {
        return result;
    }
    size_t length = strlen(text);
    if (length > 0 && text[length - 1] == '.') {
        length--;
    }
    for (size_t i = 0; i < length; i++) {
        text[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
    }
    result = arena_copy(call->arena, text_of_bytes(text, length));
    free(text);
    return result;
}

static struct text address_text(struct call *call, const ldns_rdf *address, int family)
{
    char text[INET6_ADDRSTRLEN];
    return inet_ntop(family, ldns_rdf_data(address), text, sizeof(text)) != NULL
               ? arena_copy(call->arena, text_of(text))
               : (struct text){NULL, 0};
}

/* ldns has checked how many parts of which sizes a record has. */
static bool read_record(struct call *call, const ldns_rr *from, struct dns_record *record)
{
    switch (record->type) {
    case DNS_TYPE_A:
        record->host = address_text(call, ldns_rr_rdf(from, 0), AF_INET);
        return record->host.data != NULL;
    case DNS_TYPE_AAAA:
        record->host = address_text(call, ldns_rr_rdf(from, 0), AF_INET6);
        return record->host.data != NULL;
    case DNS_TYPE_SRV:
        record->priority = ldns_rdf2native_int16(ldns_rr_rdf(from, 0));
        record->weight = ldns_rdf2native_int16(ldns_rr_rdf(from, 1));
        record->port = ldns_rdf2native_int16(ldns_rr_rdf(from, 2));
        record->target = name_text(call, ldns_rr_rdf(from, 3));
        return record->target.data != NULL;
    }
    return false;
}

static bool is_complete(const ldns_rr *record)
{
    size_t wanted = ldns_rr_get_type(record) == LDNS_RR_TYPE_SRV ? 4 : 1;
    return ldns_rr_rd_count(record) == wanted;
}

static void take_record(struct section *section, const ldns_rr *from)
{
    struct dns_record record = {.type = (enum dns_type)ldns_rr_get_type(from)};
    record.owner = name_text(section->call, ldns_rr_owner(from));
    if (record.owner.data == NULL || !read_record(section->call, from, &record)) {
        section->failed = true;
        return;
    }
    section->records[section->count++] = record;
}

static void note_ttl(struct section *section, const ldns_rr *from)
{
    uint32_t ttl_s = ldns_rr_ttl(from);
    section->ttl_s = ttl_s < section->ttl_s ? ttl_s : section->ttl_s;
}

static struct section read_section(struct call *call, const ldns_rr_list *list, bool addresses,
                                   enum dns_type type)
{
    size_t count = ldns_rr_list_rr_count(list);
    struct section section = {.call = call, .ttl_s = UINT32_MAX};
    section.records = arena_calloc(call->arena, count + 1, sizeof(*section.records));
    section.failed = section.records == NULL;
    for (size_t i = 0; i < count && !section.failed; i++) {
        const ldns_rr *record = ldns_rr_list_rr(list, i);
        ldns_rr_type found = ldns_rr_get_type(record);
        bool wanted = addresses ? found == LDNS_RR_TYPE_A || found == LDNS_RR_TYPE_AAAA
                                : (unsigned)found == (unsigned)type;
        if (ldns_rr_get_class(record) == LDNS_RR_CLASS_IN && wanted && is_complete(record)) {
            take_record(&section, record);
            note_ttl(&section, record);
        } else if (!addresses && found == LDNS_RR_TYPE_CNAME) {
            note_ttl(&section, record);
        }
    }
    return section;
}

/* For how long "there is none" may be believed: the lesser of the SOA's own TTL and its last field
 * (RFC 2308, section 5). */
static uint32_t negative_ttl_s(const ldns_rr_list *authority)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(authority); i++) {
        const ldns_rr *record = ldns_rr_list_rr(authority, i);
        if (ldns_rr_get_type(record) == LDNS_RR_TYPE_SOA && ldns_rr_rd_count(record) == 7) {
            uint32_t minimum_s = ldns_rdf2native_int32(ldns_rr_rdf(record, 6));
            return minimum_s < ldns_rr_ttl(record) ? minimum_s : ldns_rr_ttl(record);
        }
    }
    return 0;
}

static enum status read_packet(struct call *call, const ldns_pkt *packet, enum dns_type type,
                               struct dns_answer *ret_answer)
{
    ldns_pkt_rcode code = ldns_pkt_get_rcode(packet);
    if (ldns_pkt_tc(packet)) {
        return call_fail(call, STATUS_UNAVAILABLE, "the DNS answer is cut");
    }
    if (code != LDNS_RCODE_NOERROR && code != LDNS_RCODE_NXDOMAIN) {
        return call_fail(call, STATUS_UNAVAILABLE, "the DNS server answers with code %d",
                         (int)code);
    }
    struct section answers = read_section(call, ldns_pkt_answer(packet), false, type);
    struct section additional = read_section(call, ldns_pkt_additional(packet), true, type);
    if (answers.failed || additional.failed) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a DNS answer");
    }
    uint32_t ttl_s = answers.ttl_s < additional.ttl_s ? answers.ttl_s : additional.ttl_s;
    *ret_answer = (struct dns_answer){
        .records = answers.records,
        .count = code == LDNS_RCODE_NOERROR ? answers.count : 0,
        .additional = additional.records,
        .additional_count = additional.count,
    };
    ret_answer->ttl_s = ret_answer->count > 0 ? ttl_s : negative_ttl_s(ldns_pkt_authority(packet));
    return STATUS_OK;
}

enum status dns_answer_read(struct call *call, struct text message, enum dns_type type,
                            struct dns_answer *ret_answer)
{
    ldns_pkt *packet = NULL;
    if (ldns_wire2pkt(&packet, (const uint8_t *)message.data, message.length) != LDNS_STATUS_OK) {
        return call_fail(call, STATUS_UNAVAILABLE, "the DNS answer is malformed");
    }
    enum status status = read_packet(call, packet, type, ret_answer);
    ldns_pkt_free(packet);
    return status;
}
