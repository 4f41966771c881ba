# Every foreign library, found once, as an imported target PkgConfig::NAME. docs/dependencies.md says
# what each is for. MARQUEE_RUNTIME_ONLY: those of the installed runtime (cmake/runtime.cmake).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

set(dependencies
    "UV libuv" "PROTOBUF_C libprotobuf-c" "OPENSSL openssl" "YAML yaml-0.1" "CURL libcurl" "ZLIB zlib"
    "CARES libcares" "LDNS ldns" "UTF8PROC libutf8proc")
if(NOT MARQUEE_RUNTIME_ONLY)
  list(APPEND dependencies
       "LMDB lmdb" "SQLITE sqlite3" "PQ libpq" "JANSSON jansson" "PCRE2 libpcre2-8" "RDKAFKA rdkafka"
       "LIBXML2 libxml-2.0" "AVRO avro-c"
       "THRIFT_GLIB thrift_c_glib" "CMOCKA cmocka" "NGHTTP2 libnghttp2")
endif()
foreach(dependency IN LISTS dependencies)
  separate_arguments(dependency)
  list(GET dependency 0 name)
  list(GET dependency 1 module)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
endforeach()
