# The RPC runtime as a package for other projects: `cmake --install build/release --component runtime` puts
# the libraries below lib/process, their public headers, and marquee_proto() where
#
#   find_package(marquee-runtime)
#   marquee_proto(greeter_proto PROTOS greeter.proto)
#   target_link_libraries(greeter PRIVATE greeter_proto marquee::process)
#
# finds them. docs/rpc.md is the manual; examples/greeter uses it as a stranger would.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(runtime_libraries base access idempotency http2 loop proto_lib json telemetry http grpc openapi discovery config process)
set(runtime_protos descriptor_proto health_proto reflection_proto rpc_status_proto)
set(runtime_headers "${CMAKE_INSTALL_INCLUDEDIR}/marquee")
set(runtime_package "${CMAKE_INSTALL_LIBDIR}/cmake/marquee-runtime")

foreach(name IN LISTS runtime_libraries)
  set_target_properties(marquee_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(marquee_${name} PUBLIC $<INSTALL_INTERFACE:${runtime_headers}>)
endforeach()
list(TRANSFORM runtime_libraries PREPEND marquee_)
list(TRANSFORM runtime_protos PREPEND marquee_)

install(TARGETS ${runtime_libraries} ${runtime_protos} EXPORT marquee-runtime
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}/marquee" COMPONENT runtime)
foreach(folder IN ITEMS base access idempotency http2 loop proto json telemetry http grpc openapi discovery config process)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/lib/${folder}" DESTINATION "${runtime_headers}" COMPONENT runtime
          FILES_MATCHING PATTERN "*.h" PATTERN "*_private.h" EXCLUDE)
endforeach()
install(EXPORT marquee-runtime NAMESPACE marquee:: DESTINATION "${runtime_package}"
        FILE marquee-runtime-targets.cmake COMPONENT runtime)

write_basic_package_version_file("${PROJECT_BINARY_DIR}/marquee-runtime-config-version.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_SOURCE_DIR}/cmake/marquee-runtime-config.cmake"
              "${PROJECT_BINARY_DIR}/marquee-runtime-config-version.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/dependencies.cmake" "${PROJECT_SOURCE_DIR}/cmake/protobuf_c.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/embed.cmake" "${PROJECT_SOURCE_DIR}/cmake/strings_as_bytes.c"
        DESTINATION "${runtime_package}" COMPONENT runtime)
