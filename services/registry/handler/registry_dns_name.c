#include "registry/handler/registry_dns_name.h"

#include "base/hex.h"

/* Labels, of which some have been read already. */
struct labels {
    const struct text *first;
    size_t count;
};

/* Takes the last label when it is `text`. */
static bool take_last(struct labels *labels, struct text text)
{
    if (labels->count == 0 || !text_equal_ignoring_case(labels->first[labels->count - 1], text)) {
        return false;
    }
    labels->count--;
    return true;
}

/* The domain may have several labels. */
static bool take_domain(struct labels *labels, struct text domain)
{
    while (domain.length > 0) {
        size_t start = domain.length;
        while (start > 0 && domain.data[start - 1] != '.') {
            start--;
        }
        if (!take_last(labels, text_slice(domain, start, domain.length))) {
            return false;
        }
        domain.length = start > 0 ? start - 1 : 0;
    }
    return true;
}

static bool parse_address(struct text digits, struct registry_dns_name *name)
{
    if (digits.length != 2 * 4 && digits.length != 2 * sizeof(name->address)) {
        return false;
    }
    name->address_bytes = digits.length / 2;
    for (size_t i = 0; i < name->address_bytes; i++) {
        int high = hex_value(digits.data[2 * i]);
        int low = hex_value(digits.data[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        name->address[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static struct text join(const struct labels *labels, char *room)
{
    size_t length = 0;
    for (size_t i = 0; i < labels->count; i++) {
        if (length + labels->first[i].length + 1 > REGISTRY_DNS_NAME_BYTES_MAX) {
            return (struct text){NULL, 0}; /* no name on the wire is as long */
        }
        if (i > 0) {
            room[length++] = '.';
        }
        memcpy(room + length, labels->first[i].data, labels->first[i].length);
        length += labels->first[i].length;
    }
    return (struct text){room, length};
}

/* "_SERVICE._TAG", its underscores taken away. */
static bool parse_rfc2782(const struct labels *labels, struct registry_dns_name *name)
{
    static const struct text underscore = TEXT_INIT("_");
    if (labels->count != 2 || !text_starts_with(labels->first[0], underscore) ||
        !text_starts_with(labels->first[1], underscore) || labels->first[0].length == 1) {
        return false;
    }
    name->name = text_slice(labels->first[0], 1, labels->first[0].length);
    name->tag = text_slice(labels->first[1], 1, labels->first[1].length);
    if (text_equal_ignoring_case(name->tag, TEXT("tcp")) ||
        text_equal_ignoring_case(name->tag, TEXT("udp"))) {
        name->tag = (struct text){NULL, 0};
    }
    return true;
}

static bool parse_service(struct labels labels, struct registry_dns_name *name, char *room)
{
    if (parse_rfc2782(&labels, name)) {
        return true;
    }
    if (labels.count == 0) {
        return false;
    }
    name->name = labels.first[--labels.count];
    name->tag = join(&labels, room);
    return true;
}

static enum registry_dns_kind parse_kind(struct labels labels, struct registry_dns_name *name,
                                         char *room)
{
    if (labels.count == 1 && text_equal_ignoring_case(labels.first[0], TEXT("ns"))) {
        return REGISTRY_DNS_NAME_SERVER;
    }
    if (take_last(&labels, TEXT("service"))) {
        return parse_service(labels, name, room) ? REGISTRY_DNS_SERVICE : REGISTRY_DNS_NOTHING;
    }
    if (take_last(&labels, TEXT("node"))) {
        name->name = join(&labels, room);
        return labels.count > 0 ? REGISTRY_DNS_NODE : REGISTRY_DNS_NOTHING;
    }
    if (take_last(&labels, TEXT("addr"))) {
        return labels.count == 1 && parse_address(labels.first[0], name) ? REGISTRY_DNS_ADDRESS
                                                                         : REGISTRY_DNS_NOTHING;
    }
    return parse_rfc2782(&labels, name) ? REGISTRY_DNS_SERVICE : REGISTRY_DNS_NOTHING;
}

struct registry_dns_name registry_dns_name_of(const struct text *labels, size_t count,
                                              struct text domain, struct text datacenter,
                                              char tag_room[static REGISTRY_DNS_NAME_BYTES_MAX])
{
    struct registry_dns_name name = {.kind = REGISTRY_DNS_FOREIGN};
    struct labels rest = {labels, count};
    if (!take_domain(&rest, domain)) {
        return name;
    }
    if (rest.count == 0) {
        name.kind = REGISTRY_DNS_APEX;
        return name;
    }
    (void)take_last(&rest, datacenter); /* there is one: it may be left out */
    name.kind = parse_kind(rest, &name, tag_room);
    return name;
}
