# marquee_proto(NAME PROTOS a.proto ... [ROOT dir] [IMPORTS dir ...] [LINK ...])
#
# Makes library NAME with protobuf-c's code for each file, and with NAME_descriptor_set[], the
# FileDescriptorSet of the files and their imports, which protobuf-c's own code lacks.
#
# protobuf-c cuts a string at NUL and does not check UTF-8, so the C code is generated from a copy in
# which every `string` field is `bytes` (the same on the wire). The FileDescriptorSet is of the originals;
# lib/proto joins the two and validates text.
find_program(PROTOC protoc REQUIRED)
find_program(PROTOC_C protoc-c REQUIRED)

function(marquee_proto name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ROOT" "PROTOS;IMPORTS;LINK")
  if(NOT arg_ROOT)
    set(arg_ROOT "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${name}")
  set(copies "${out}/copies")
  set(generated "${out}/generated")
  file(MAKE_DIRECTORY "${copies}" "${generated}")
  set(include_flags "")
  foreach(import IN LISTS arg_IMPORTS)
    list(APPEND include_flags "-I${import}")
  endforeach()

  set(sources "")
  set(originals "")
  set(copied "")
  foreach(proto IN LISTS arg_PROTOS)
    set(original "${arg_ROOT}/${proto}")
    set(copy "${copies}/${proto}")
    list(APPEND originals "${original}")
    list(APPEND copied "${copy}")
    string(REGEX REPLACE "\\.proto$" "" stem "${proto}")
    add_custom_command(
      OUTPUT "${copy}"
      COMMAND "${CMAKE_COMMAND}" "-DFROM=${original}" "-DTO=${copy}"
              -P "${PROJECT_SOURCE_DIR}/cmake/strings_as_bytes.cmake"
      DEPENDS "${original}" "${PROJECT_SOURCE_DIR}/cmake/strings_as_bytes.cmake" VERBATIM)
    list(APPEND sources "${generated}/${stem}.pb-c.c")
    list(APPEND headers "${generated}/${stem}.pb-c.h")
  endforeach()
  add_custom_command(
    OUTPUT ${sources} ${headers}
    COMMAND "${PROTOC_C}" "--c_out=${generated}" "-I${copies}" ${include_flags} ${arg_PROTOS}
    WORKING_DIRECTORY "${copies}"
    DEPENDS ${copied} VERBATIM)
  set(set_file "${out}/${name}.descriptor_set")
  set(set_source "${out}/${name}_descriptor_set.c")
  add_custom_command(
    OUTPUT "${set_source}"
    COMMAND "${PROTOC}" --include_imports "--descriptor_set_out=${set_file}" "-I${arg_ROOT}" ${include_flags}
            ${arg_PROTOS}
    COMMAND "${CMAKE_COMMAND}" "-DFROM=${set_file}" "-DTO=${set_source}" "-DNAME=${name}_descriptor_set"
            -P "${PROJECT_SOURCE_DIR}/cmake/embed.cmake"
    DEPENDS ${originals} "${PROJECT_SOURCE_DIR}/cmake/embed.cmake" VERBATIM)
  add_library(${name} STATIC ${sources} "${set_source}")
  target_include_directories(${name} SYSTEM PUBLIC "${generated}")
  target_compile_options(${name} PRIVATE -w)
  target_link_libraries(${name} PUBLIC PkgConfig::PROTOBUF_C ${arg_LINK})
  if(MARQUEE_SANITIZE)
    target_link_libraries(${name} PUBLIC marquee_flags)
  endif()
endfunction()
