#include "registry/handler/ldns_message.h"

#include <ldns/ldns.h>

enum {
    HEADER_BYTES = 12,
    FLAG_REPLY = 0x80, /* in the third byte */
    /* Of the SOA. The last is for how long it may be believed that something is not there. */
    REFRESH_S = 3600,
    RETRY_S = 600,
    EXPIRE_S = 86400,
    NEGATIVE_TTL_S = 0,
    RECORD_BYTES_MIN = 12, /* a pointer for a name, and no data */
};

/* One exchange. */
struct exchange {
    const struct dns_source *source;
    ldns_pkt *query;
    ldns_pkt *reply;
    const ldns_rdf *asked; /* the name in the question */
    size_t bytes_max;      /* of the reply */
    bool is_cut;           /* there is more to answer than can ever fit */
};

static ldns_rdf *new_name(struct text name)
{
    char text[LDNS_MAX_DOMAINLEN + 1];
    return text_to_c_string(name, text, sizeof(text)) ? ldns_dname_new_frm_str(text) : NULL;
}

static ldns_rdf *new_name_below(const char *label, struct text domain)
{
    char text[LDNS_MAX_DOMAINLEN + 1];
    int length = snprintf(text, sizeof(text), "%s.%.*s", label, TEXT_ARGUMENTS(domain));
    return length > 0 && length < (int)sizeof(text) ? ldns_dname_new_frm_str(text) : NULL;
}

/* Consumes the data. false: one of them is missing, and the record will be freed unsent. */
static bool push_all(ldns_rr *record, ldns_rdf *const *data, size_t count)
{
    bool complete = true;
    for (size_t i = 0; i < count; i++) {
        complete = complete && data[i] != NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (!complete || !ldns_rr_push_rdf(record, data[i])) {
            ldns_rdf_deep_free(data[i]);
            complete = false;
        }
    }
    return complete;
}

static bool push_soa(ldns_rr *record, const struct dns_source *source)
{
    ldns_rdf *const data[] = {
        new_name_below("ns", source->domain),
        new_name_below("hostmaster", source->domain),
        ldns_native2rdf_int32(LDNS_RDF_TYPE_INT32, source->serial),
        ldns_native2rdf_int32(LDNS_RDF_TYPE_PERIOD, REFRESH_S),
        ldns_native2rdf_int32(LDNS_RDF_TYPE_PERIOD, RETRY_S),
        ldns_native2rdf_int32(LDNS_RDF_TYPE_PERIOD, EXPIRE_S),
        ldns_native2rdf_int32(LDNS_RDF_TYPE_PERIOD, NEGATIVE_TTL_S),
    };
    return push_all(record, data, ARRAY_LENGTH(data));
}

static bool push_server(ldns_rr *record, const struct registry_dns_record *from)
{
    enum { PRIORITY = 1 };
    ldns_rdf *const data[] = {
        ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, PRIORITY),
        ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, from->weight),
        ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, from->port),
        new_name(from->target),
    };
    return push_all(record, data, ARRAY_LENGTH(data));
}

static bool push_data(ldns_rr *record, const struct dns_source *source,
                      const struct registry_dns_record *from)
{
    ldns_rdf *data = NULL;
    switch (from->type) {
    case REGISTRY_DNS_SOA:
        return push_soa(record, source);
    case REGISTRY_DNS_SRV:
        return push_server(record, from);
    case REGISTRY_DNS_A:
        data = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_A, 4, from->address);
        break;
    case REGISTRY_DNS_AAAA:
        data = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_AAAA, 16, from->address);
        break;
    case REGISTRY_DNS_NS:
    case REGISTRY_DNS_CNAME:
        data = new_name(from->target);
        break;
    case REGISTRY_DNS_ANY:
        break;
    }
    return push_all(record, &data, 1);
}

/* Appends one record. One that has no form on the wire (a target that is no name) is left out.
 * false: no memory. */
static bool push_record(const struct exchange *exchange, ldns_pkt_section section,
                        const struct registry_dns_record *from)
{
    ldns_rr *record = ldns_rr_new();
    if (record == NULL) {
        return false;
    }
    ldns_rdf *owner =
        from->owner.length > 0 ? new_name(from->owner) : ldns_rdf_clone(exchange->asked);
    ldns_rr_set_owner(record, owner);
    ldns_rr_set_type(record, (ldns_rr_type)from->type);
    ldns_rr_set_class(record, LDNS_RR_CLASS_IN);
    ldns_rr_set_ttl(record,
                    section == LDNS_SECTION_AUTHORITY ? NEGATIVE_TTL_S : exchange->source->ttl_s);
    if (owner == NULL || !push_data(record, exchange->source, from)) {
        ldns_rr_free(record);
        return true;
    }
    if (!ldns_pkt_push_rr(exchange->reply, section, record)) {
        ldns_rr_free(record);
        return false;
    }
    return true;
}

static bool push_answer(struct exchange *exchange, const struct registry_dns_answer *answer)
{
    size_t most = exchange->bytes_max / RECORD_BYTES_MIN;
    exchange->is_cut = answer->count > most;
    for (size_t i = 0; i < answer->count && i < most; i++) {
        if (!push_record(exchange, LDNS_SECTION_ANSWER, &answer->records[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < answer->additional_count && i < most; i++) {
        if (!push_record(exchange, LDNS_SECTION_ADDITIONAL, &answer->additional[i])) {
            return false;
        }
    }
    const struct registry_dns_record soa = {.type = REGISTRY_DNS_SOA,
                                            .owner = exchange->source->domain};
    return !answer->with_authority || push_record(exchange, LDNS_SECTION_AUTHORITY, &soa);
}

/* The labels of a name in wire form. */
static size_t split_labels(const ldns_rdf *name, struct text labels[static REGISTRY_DNS_LABELS_MAX])
{
    const uint8_t *bytes = ldns_rdf_data(name);
    size_t size = ldns_rdf_size(name);
    size_t count = 0;
    for (size_t at = 0; at < size && bytes[at] > 0 && count < REGISTRY_DNS_LABELS_MAX;
         at += 1 + (size_t)bytes[at]) {
        CHECK(at + 1 + bytes[at] <= size);
        labels[count++] = text_of_bytes(bytes + at + 1, bytes[at]);
    }
    return count;
}

/* Fills in the reply's sections and returns its code. */
static ldns_pkt_rcode resolve(struct exchange *exchange, struct arena *arena)
{
    ldns_rr_list *questions = ldns_pkt_question(exchange->query);
    if (ldns_pkt_get_opcode(exchange->query) != LDNS_PACKET_QUERY) {
        return LDNS_RCODE_NOTIMPL;
    }
    if (ldns_rr_list_rr_count(questions) != 1) {
        return LDNS_RCODE_FORMERR;
    }
    const ldns_rr *question = ldns_rr_list_rr(questions, 0);
    ldns_rr *repeated = ldns_rr_clone(question);
    if (repeated == NULL || !ldns_pkt_push_rr(exchange->reply, LDNS_SECTION_QUESTION, repeated)) {
        ldns_rr_free(repeated);
        return LDNS_RCODE_SERVFAIL;
    }
    if (ldns_rr_get_class(question) != LDNS_RR_CLASS_IN) {
        return LDNS_RCODE_REFUSED;
    }
    struct text labels[REGISTRY_DNS_LABELS_MAX];
    exchange->asked = ldns_rr_owner(question);
    struct registry_dns_answer answer = exchange->source->answer(
        exchange->source->state, labels, split_labels(exchange->asked, labels),
        ldns_rr_get_type(question), arena);
    if (!push_answer(exchange, &answer)) {
        return LDNS_RCODE_SERVFAIL;
    }
    ldns_pkt_set_aa(exchange->reply, answer.result != REGISTRY_DNS_REFUSED);
    return (ldns_pkt_rcode)answer.result;
}

/* Encodes with the first `answers` and `additional` records; 0: longer than `max`, or no memory. */
static size_t encode(ldns_pkt *reply, size_t answers, size_t additional, size_t max, uint8_t *bytes)
{
    uint8_t *wire = NULL;
    size_t length = 0;
    size_t all_answers = ldns_rr_list_rr_count(ldns_pkt_answer(reply));
    size_t all_additional = ldns_rr_list_rr_count(ldns_pkt_additional(reply));
    ldns_rr_list_set_rr_count(ldns_pkt_answer(reply), answers);
    ldns_rr_list_set_rr_count(ldns_pkt_additional(reply), additional);
    ldns_pkt_set_ancount(reply, (uint16_t)answers);
    ldns_pkt_set_arcount(reply, (uint16_t)additional);
    ldns_status status = ldns_pkt2wire(&wire, reply, &length);
    ldns_rr_list_set_rr_count(ldns_pkt_answer(reply), all_answers);
    ldns_rr_list_set_rr_count(ldns_pkt_additional(reply), all_additional);
    bool fits = status == LDNS_STATUS_OK && length <= max;
    if (fits) {
        memcpy(bytes, wire, length);
    }
    LDNS_FREE(wire);
    return fits ? length : 0;
}

/* How many answers fit, if not all of them do. */
static size_t answers_that_fit(ldns_pkt *reply, size_t max, uint8_t *bytes)
{
    size_t fit = 0;
    size_t over = ldns_rr_list_rr_count(ldns_pkt_answer(reply));
    while (fit + 1 < over) {
        size_t middle = (fit + over) / 2;
        if (encode(reply, middle, 0, max, bytes) > 0) {
            fit = middle;
        } else {
            over = middle;
        }
    }
    return fit;
}

/* As much of the reply as fits: fewer additional records first, then fewer answers. */
static size_t encode_within(const struct exchange *exchange, uint8_t *bytes)
{
    ldns_pkt *reply = exchange->reply;
    size_t max = exchange->bytes_max;
    size_t answers = ldns_rr_list_rr_count(ldns_pkt_answer(reply));
    size_t additional = ldns_rr_list_rr_count(ldns_pkt_additional(reply));
    size_t length = exchange->is_cut ? 0 : encode(reply, answers, additional, max, bytes);
    while (length == 0 && !exchange->is_cut && additional > 0) {
        additional /= 2;
        length = encode(reply, answers, additional, max, bytes);
    }
    if (length == 0) {
        ldns_pkt_set_tc(reply, true);
        length = encode(reply, answers_that_fit(reply, max, bytes), 0, max, bytes);
    }
    return length;
}

/* How long the reply may be, and its EDNS where the query has that. */
static void negotiate(struct exchange *exchange, bool datagram)
{
    size_t size = DNS_DATAGRAM_BYTES_MIN;
    if (ldns_pkt_edns(exchange->query)) {
        size_t told = ldns_pkt_edns_udp_size(exchange->query);
        size = told > size ? told : size;
        size = size < DNS_DATAGRAM_BYTES_MAX ? size : DNS_DATAGRAM_BYTES_MAX;
        ldns_pkt_set_edns_udp_size(exchange->reply, DNS_DATAGRAM_BYTES_MAX);
    }
    exchange->bytes_max = datagram ? size : DNS_MESSAGE_BYTES_MAX;
}

static size_t reply_to(struct exchange *exchange, bool datagram, struct arena *arena,
                       uint8_t *bytes)
{
    ldns_pkt *reply = exchange->reply;
    negotiate(exchange, datagram);
    ldns_pkt_set_id(reply, ldns_pkt_id(exchange->query));
    ldns_pkt_set_qr(reply, true);
    ldns_pkt_set_opcode(reply, ldns_pkt_get_opcode(exchange->query));
    ldns_pkt_set_rd(reply, ldns_pkt_rd(exchange->query));
    if (ldns_pkt_edns(exchange->query) && ldns_pkt_edns_version(exchange->query) > 0) {
        ldns_pkt_set_edns_extended_rcode(reply, 1); /* BADVERS, of which this is the upper part */
    } else {
        ldns_pkt_set_rcode(reply, (uint8_t)resolve(exchange, arena));
    }
    return encode_within(exchange, bytes);
}

/* The header of a query that cannot be read any further. */
static size_t refuse_format(struct text query, uint8_t *bytes)
{
    enum { OPCODE_AND_RD = 0x79 };
    memset(bytes, 0, HEADER_BYTES);
    memcpy(bytes, query.data, 2);
    bytes[2] = (uint8_t)(FLAG_REPLY | ((uint8_t)query.data[2] & OPCODE_AND_RD));
    bytes[3] = LDNS_RCODE_FORMERR;
    return HEADER_BYTES;
}

size_t ldns_message_reply(const struct dns_source *source, struct text query, bool datagram,
                          struct arena *arena, uint8_t reply[static DNS_MESSAGE_BYTES_MAX])
{
    struct exchange exchange = {.source = source};
    size_t length = 0;
    if (query.length < HEADER_BYTES || ((uint8_t)query.data[2] & FLAG_REPLY) != 0) {
        return 0;
    }
    if (ldns_wire2pkt(&exchange.query, (const uint8_t *)query.data, query.length) !=
        LDNS_STATUS_OK) {
        return refuse_format(query, reply);
    }
    exchange.reply = ldns_pkt_new();
    if (exchange.reply != NULL) {
        length = reply_to(&exchange, datagram, arena, reply);
        ldns_pkt_free(exchange.reply);
    }
    ldns_pkt_free(exchange.query);
    return length;
}
