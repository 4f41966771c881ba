// The metadata sample for Thrift.
namespace c_glib thrift_sample

struct Metadata {
  1: string id
  2: string title
  3: string description
  4: string director
}

struct MetadataList {
  1: list<Metadata> entries
}
