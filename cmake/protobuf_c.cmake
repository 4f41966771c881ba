# marquee_proto(NAME PROTOS a.proto ... [ROOT dir] [IMPORTS dir ...] [LINK ...])
#
# Makes library NAME with protobuf-c's code for each file, and with NAME_descriptor_set[], the
# FileDescriptorSet of the files and their imports, which protobuf-c's own code lacks; and with
# NAME_documented_set[], the same with the files' comments, for who describes them (lib/openapi).
#
# protobuf-c cuts a string at NUL and does not check UTF-8, so the C code is generated from a descriptor
# set in which every `string` field is `bytes` (the same on the wire; cmake/strings_as_bytes.c). The
# embedded FileDescriptorSet is of the originals; lib/proto joins the two and validates text.
#
# Installed with the runtime too (cmake/runtime.cmake), so nothing here names our source folders.
find_program(PROTOC protoc REQUIRED)
find_program(PROTOC_C protoc-c REQUIRED)
# Where protobuf's own files are: google/protobuf/descriptor.proto, timestamp.proto, ...
find_path(PROTOBUF_IMPORTS google/protobuf/descriptor.proto REQUIRED)

add_executable(strings_as_bytes "${CMAKE_CURRENT_LIST_DIR}/strings_as_bytes.c")
target_link_libraries(strings_as_bytes PRIVATE $<TARGET_NAME_IF_EXISTS:marquee_flags>)

function(marquee_proto name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ROOT" "PROTOS;IMPORTS;LINK")
  if(NOT arg_ROOT)
    set(arg_ROOT "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${name}")
  set(generated "${out}/generated")
  file(MAKE_DIRECTORY "${generated}")
  set(include_flags "-I${arg_ROOT}")
  foreach(import IN LISTS arg_IMPORTS)
    list(APPEND include_flags "-I${import}")
  endforeach()

  set(originals "")
  set(sources "")
  set(headers "")
  foreach(proto IN LISTS arg_PROTOS)
    string(REGEX REPLACE "\\.proto$" "" stem "${proto}")
    list(APPEND originals "${arg_ROOT}/${proto}")
    list(APPEND sources "${generated}/${stem}.pb-c.c")
    list(APPEND headers "${generated}/${stem}.pb-c.h")
  endforeach()

  set(set_file "${out}/${name}.descriptor_set")
  set(set_source "${out}/${name}_descriptor_set.c")
  set(bytes_file "${out}/${name}.bytes_descriptor_set")
  set(documented_file "${out}/${name}.documented_set")
  set(documented_source "${out}/${name}_documented_set.c")
  add_custom_command(
    OUTPUT "${set_file}" "${set_source}"
    COMMAND "${PROTOC}" --include_imports "--descriptor_set_out=${set_file}" ${include_flags} ${arg_PROTOS}
    COMMAND "${CMAKE_COMMAND}" "-DFROM=${set_file}" "-DTO=${set_source}" "-DNAME=${name}_descriptor_set"
            -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embed.cmake"
    DEPENDS ${originals} "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embed.cmake" VERBATIM)
  add_custom_command(
    OUTPUT "${documented_file}" "${documented_source}"
    COMMAND "${PROTOC}" --include_imports --include_source_info "--descriptor_set_out=${documented_file}"
            ${include_flags} ${arg_PROTOS}
    COMMAND "${CMAKE_COMMAND}" "-DFROM=${documented_file}" "-DTO=${documented_source}" "-DNAME=${name}_documented_set"
            -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embed.cmake"
    DEPENDS ${originals} "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embed.cmake" VERBATIM)
  add_custom_command(
    OUTPUT ${sources} ${headers}
    COMMAND strings_as_bytes "${set_file}" "${bytes_file}"
    COMMAND "${PROTOC_C}" "--c_out=${generated}" "--descriptor_set_in=${bytes_file}" ${arg_PROTOS}
    DEPENDS "${set_file}" strings_as_bytes VERBATIM)
  add_library(${name} STATIC ${sources} ${headers} "${set_source}" "${documented_source}")
  target_include_directories(${name} SYSTEM PUBLIC $<BUILD_INTERFACE:${generated}>)
  target_compile_options(${name} PRIVATE -w)
  target_link_libraries(${name} PUBLIC PkgConfig::PROTOBUF_C ${arg_LINK})
  if(MARQUEE_SANITIZE)
    target_link_libraries(${name} PUBLIC $<BUILD_INTERFACE:marquee_flags>)
  endif()
endfunction()
