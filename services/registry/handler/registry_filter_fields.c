#include "registry/handler/registry_filter_fields.h"

#include <stddef.h>

/* clang-format off */
#define TEXT_FIELD(name)      {name, REGISTRY_FILTER_TEXT, NULL}
#define INTEGER_FIELD(name)   {name, REGISTRY_FILTER_INTEGER, NULL}
#define BOOLEAN_FIELD(name)   {name, REGISTRY_FILTER_BOOLEAN, NULL}
#define TEXTS_FIELD(name)     {name, REGISTRY_FILTER_TEXTS, NULL}
#define MAP_FIELD(name, of)   {name, REGISTRY_FILTER_MAP, of}
#define LIST_FIELD(name, of)  {name, REGISTRY_FILTER_LIST, of}
#define OBJECT_FIELD(name, of) {name, REGISTRY_FILTER_OBJECT, of}
#define NO_MORE_FIELDS        {NULL, REGISTRY_FILTER_TEXT, NULL}
/* clang-format on */

static const struct registry_filter_field texts[] = {TEXT_FIELD("*"), NO_MORE_FIELDS};

static const struct registry_filter_field address[] = {
    TEXT_FIELD("Address"),
    INTEGER_FIELD("Port"),
    NO_MORE_FIELDS,
};

static const struct registry_filter_field addresses[] = {
    OBJECT_FIELD("*", address),
    NO_MORE_FIELDS,
};

static const struct registry_filter_field weights[] = {
    INTEGER_FIELD("Passing"),
    INTEGER_FIELD("Warning"),
    NO_MORE_FIELDS,
};

static const struct registry_filter_field connect[] = {
    BOOLEAN_FIELD("Native"),
    NO_MORE_FIELDS,
};

/* Of proxies, of which there are none here: always empty. */
static const struct registry_filter_field mesh_gateway[] = {
    TEXT_FIELD("Mode"),
    NO_MORE_FIELDS,
};

static const struct registry_filter_field transparent_proxy[] = {
    INTEGER_FIELD("OutboundListenerPort"),
    BOOLEAN_FIELD("DialedDirectly"),
    NO_MORE_FIELDS,
};

static const struct registry_filter_field exposed_paths[] = {
    INTEGER_FIELD("ListenerPort"),    TEXT_FIELD("Path"),
    INTEGER_FIELD("LocalPathPort"),   TEXT_FIELD("Protocol"),
    BOOLEAN_FIELD("ParsedFromCheck"), NO_MORE_FIELDS,
};

static const struct registry_filter_field expose[] = {
    BOOLEAN_FIELD("Checks"),
    LIST_FIELD("Paths", exposed_paths),
    NO_MORE_FIELDS,
};

static const struct registry_filter_field upstreams[] = {
    TEXT_FIELD("DestinationType"),
    TEXT_FIELD("DestinationNamespace"),
    TEXT_FIELD("DestinationPartition"),
    TEXT_FIELD("DestinationPeer"),
    TEXT_FIELD("DestinationName"),
    TEXT_FIELD("Datacenter"),
    TEXT_FIELD("LocalBindAddress"),
    INTEGER_FIELD("LocalBindPort"),
    TEXT_FIELD("LocalBindSocketPath"),
    TEXT_FIELD("LocalBindSocketMode"),
    OBJECT_FIELD("MeshGateway", mesh_gateway),
    NO_MORE_FIELDS,
};

static const struct registry_filter_field proxy[] = {
    TEXT_FIELD("DestinationServiceName"),
    TEXT_FIELD("DestinationServiceID"),
    TEXT_FIELD("LocalServiceAddress"),
    INTEGER_FIELD("LocalServicePort"),
    TEXT_FIELD("LocalServiceSocketPath"),
    TEXT_FIELD("Mode"),
    OBJECT_FIELD("TransparentProxy", transparent_proxy),
    LIST_FIELD("Upstreams", upstreams),
    OBJECT_FIELD("MeshGateway", mesh_gateway),
    OBJECT_FIELD("Expose", expose),
    NO_MORE_FIELDS,
};

const struct registry_filter_field registry_filter_node_fields[] = {
    TEXT_FIELD("ID"),
    TEXT_FIELD("Node"),
    TEXT_FIELD("Address"),
    TEXT_FIELD("Datacenter"),
    TEXT_FIELD("Partition"),
    TEXT_FIELD("PeerName"),
    MAP_FIELD("TaggedAddresses", texts),
    MAP_FIELD("Meta", texts),
    NO_MORE_FIELDS,
};

const struct registry_filter_field registry_filter_service_fields[] = {
    TEXT_FIELD("Kind"),
    TEXT_FIELD("ID"),
    TEXT_FIELD("Service"),
    TEXTS_FIELD("Tags"),
    TEXT_FIELD("Address"),
    MAP_FIELD("TaggedAddresses", addresses),
    MAP_FIELD("Meta", texts),
    INTEGER_FIELD("Port"),
    TEXT_FIELD("SocketPath"),
    OBJECT_FIELD("Weights", weights),
    BOOLEAN_FIELD("EnableTagOverride"),
    OBJECT_FIELD("Proxy", proxy),
    OBJECT_FIELD("Connect", connect),
    TEXT_FIELD("PeerName"),
    NO_MORE_FIELDS,
};

const struct registry_filter_field registry_filter_agent_fields[] = {
    TEXT_FIELD("Kind"),
    TEXT_FIELD("ID"),
    TEXT_FIELD("Service"),
    TEXTS_FIELD("Tags"),
    MAP_FIELD("Meta", texts),
    INTEGER_FIELD("Port"),
    TEXT_FIELD("Address"),
    TEXT_FIELD("SocketPath"),
    MAP_FIELD("TaggedAddresses", addresses),
    OBJECT_FIELD("Weights", weights),
    BOOLEAN_FIELD("EnableTagOverride"),
    OBJECT_FIELD("Proxy", proxy),
    OBJECT_FIELD("Connect", connect),
    TEXT_FIELD("PeerName"),
    NO_MORE_FIELDS,
};

const struct registry_filter_field registry_filter_instance_fields[] = {
    TEXT_FIELD("ID"),
    TEXT_FIELD("Node"),
    TEXT_FIELD("Address"),
    TEXT_FIELD("Datacenter"),
    MAP_FIELD("TaggedAddresses", texts),
    MAP_FIELD("NodeMeta", texts),
    TEXT_FIELD("ServiceKind"),
    TEXT_FIELD("ServiceID"),
    TEXT_FIELD("ServiceName"),
    TEXTS_FIELD("ServiceTags"),
    TEXT_FIELD("ServiceAddress"),
    MAP_FIELD("ServiceTaggedAddresses", addresses),
    OBJECT_FIELD("ServiceWeights", weights),
    MAP_FIELD("ServiceMeta", texts),
    INTEGER_FIELD("ServicePort"),
    TEXT_FIELD("ServiceSocketPath"),
    BOOLEAN_FIELD("ServiceEnableTagOverride"),
    OBJECT_FIELD("ServiceProxy", proxy),
    OBJECT_FIELD("ServiceConnect", connect),
    TEXT_FIELD("PeerName"),
    NO_MORE_FIELDS,
};

const struct registry_filter_field registry_filter_check_fields[] = {
    TEXT_FIELD("Node"),           TEXT_FIELD("CheckID"),     TEXT_FIELD("Name"),
    TEXT_FIELD("Status"),         TEXT_FIELD("Notes"),       TEXT_FIELD("Output"),
    TEXT_FIELD("ServiceID"),      TEXT_FIELD("ServiceName"), TEXTS_FIELD("ServiceTags"),
    TEXT_FIELD("Type"),           TEXT_FIELD("Interval"),    TEXT_FIELD("Timeout"),
    INTEGER_FIELD("ExposedPort"), TEXT_FIELD("PeerName"),    NO_MORE_FIELDS,
};

const struct registry_filter_field registry_filter_member_fields[] = {
    TEXT_FIELD("Name"),      INTEGER_FIELD("Port"), MAP_FIELD("Tags", texts),
    INTEGER_FIELD("Status"), NO_MORE_FIELDS,
};

const struct registry_filter_field registry_filter_health_fields[] = {
    OBJECT_FIELD("Node", registry_filter_node_fields),
    OBJECT_FIELD("Service", registry_filter_service_fields),
    LIST_FIELD("Checks", registry_filter_check_fields),
    NO_MORE_FIELDS,
};
