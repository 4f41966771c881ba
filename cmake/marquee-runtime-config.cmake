# What find_package(marquee-runtime) reads: the foreign libraries, our own as marquee::NAME, and marquee_proto().
set(MARQUEE_RUNTIME_ONLY TRUE)
include("${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/marquee-runtime-targets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/protobuf_c.cmake")
