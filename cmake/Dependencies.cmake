# Third-party libraries, each as one imported target. All of them are Debian packages (the lists
# are in ./dev); a static library is preferred where the package has one, so that the binary needs
# little at run time.

# weir_imported(weir::name HEADER path LIBS name... LINK target...)
# An imported target for a library found by its header and the first of LIBS that is there.
function(weir_imported target)
  cmake_parse_arguments(arg "" "HEADER" "LIBS;LINK" ${ARGN})
  string(REPLACE "weir::" "" key ${target})
  find_path(WEIR_${key}_INCLUDE ${arg_HEADER} REQUIRED)
  find_library(WEIR_${key}_LIBRARY NAMES ${arg_LIBS} NAMES_PER_DIR REQUIRED)
  mark_as_advanced(WEIR_${key}_INCLUDE WEIR_${key}_LIBRARY)
  add_library(${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION ${WEIR_${key}_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${WEIR_${key}_INCLUDE}
    INTERFACE_LINK_LIBRARIES "${arg_LINK}")
endfunction()

set(CMAKE_THREAD_PREFER_PTHREAD ON)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)

set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(spdlog CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)

weir_imported(weir::libuv HEADER uv.h LIBS libuv_a.a libuv.a uv
              LINK Threads::Threads ${CMAKE_DL_LIBS})
# Not by its own CMake package: the static library is in no exported target of 0.7.
weir_imported(weir::yaml_cpp HEADER yaml-cpp/eventhandler.h LIBS libyaml-cpp.a yaml-cpp)
# Not by its own CMake package: that one wants civetweb and curl, for parts that weir doesn't use.
weir_imported(weir::prometheus_core HEADER prometheus/collectable.h
              LIBS libprometheus-cpp-core.a prometheus-cpp-core LINK Threads::Threads)

# llhttp. Debian's node-llhttp has the C sources and a lax library, so the sources are compiled
# strict here; llhttp 9 (libllhttp-dev) has no other mode. ./dev install unpacks the package under
# build/deps rather than install it, since it would bring Node.js along.
set(unpacked ${PROJECT_SOURCE_DIR}/build/deps/llhttp/usr/share)
find_path(WEIR_LLHTTP_SOURCES llhttp.c PATHS /usr/share/llhttp ${unpacked}/llhttp NO_DEFAULT_PATH)
find_path(WEIR_LLHTTP_INCLUDE llhttp.h
          PATHS /usr/share/include/llhttp ${unpacked}/include/llhttp NO_DEFAULT_PATH)
mark_as_advanced(WEIR_LLHTTP_SOURCES WEIR_LLHTTP_INCLUDE)
if(WEIR_LLHTTP_SOURCES AND WEIR_LLHTTP_INCLUDE)
  add_library(weir_llhttp STATIC ${WEIR_LLHTTP_SOURCES}/llhttp.c ${WEIR_LLHTTP_SOURCES}/api.c
                                 ${WEIR_LLHTTP_SOURCES}/http.c)
  target_include_directories(weir_llhttp SYSTEM PUBLIC ${WEIR_LLHTTP_INCLUDE})
  target_compile_definitions(weir_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
  target_compile_options(weir_llhttp PRIVATE -w)
else()
  find_package(llhttp 9 CONFIG QUIET)
  add_library(weir_llhttp INTERFACE)
  if(TARGET llhttp::llhttp_static)
    target_link_libraries(weir_llhttp INTERFACE llhttp::llhttp_static)
  elseif(TARGET llhttp::llhttp_shared)
    target_link_libraries(weir_llhttp INTERFACE llhttp::llhttp_shared)
  else()
    find_package(PkgConfig REQUIRED)
    pkg_check_modules(llhttp REQUIRED IMPORTED_TARGET libllhttp>=9)
    target_link_libraries(weir_llhttp INTERFACE PkgConfig::llhttp)
  endif()
endif()

if(BUILD_TESTING)
  find_package(GTest CONFIG REQUIRED)
  find_package(benchmark CONFIG QUIET)
endif()
