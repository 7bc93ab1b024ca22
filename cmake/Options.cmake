# How weir's own code is compiled: target weir_options, linked by every target of ours and by no
# third-party source.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Kind of build" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
# -g1: enough for a backtrace with lines, a third of the size of -g.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g")
set(CMAKE_C_FLAGS_DEBUG "-Og -g")

set(gcc "$<CXX_COMPILER_ID:GNU>")
set(cxx "$<COMPILE_LANGUAGE:CXX>")

add_library(weir_options INTERFACE)
target_include_directories(weir_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(weir_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wimplicit-fallthrough
  $<${cxx}:-Wnon-virtual-dtor> $<${cxx}:-Woverloaded-virtual>
  # GCC 12 warns of these in its own <string> and <vector> once inlined (PR105651, PR105329).
  $<${gcc}:-Wno-restrict> $<${gcc}:-Wno-error=maybe-uninitialized>
  $<${gcc}:-Wno-error=array-bounds> $<${gcc}:-Wno-error=stringop-overflow>
  $<${gcc}:-Wno-error=stringop-overread> $<${gcc}:-Wno-error=free-nonheap-object>
  $<$<BOOL:${WEIR_WERROR}>:-Werror>)

# Hardening, and dropping of unused sections. The same for all code that ends up in the binary.
# PIE for libraries too: none of them is ever shared, and one setting lets all share the
# precompiled headers.
add_compile_options(-fPIE -ffunction-sections -fdata-sections)
add_link_options(-pie -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,--as-needed)
if(WEIR_SANITIZE OR WEIR_FUZZ)
  set(sanitize ${WEIR_SANITIZE})
  add_compile_options(-fsanitize=${sanitize} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${sanitize})
  add_compile_definitions($<${cxx}:WEIR_SANITIZED>)
  if(sanitize MATCHES thread)
    # TSan does not see fences; Asio's scheduler has its mutex besides.
    add_compile_definitions($<${cxx}:BOOST_ASIO_DISABLE_FENCED_BLOCK>)
    target_compile_options(weir_options INTERFACE $<${gcc}:-Wno-tsan>)
  endif()
  if(WEIR_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
  # GCC's flow analysis reads the instrumentation as code.
  target_compile_options(weir_options INTERFACE
    $<${gcc}:-Wno-maybe-uninitialized> $<${gcc}:-Wno-array-bounds>
    $<${gcc}:-Wno-stringop-overflow> $<${gcc}:-Wno-stringop-overread>)
else()
  add_compile_options(-fno-plt -fstack-protector-strong)
  add_compile_options($<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE>
                      $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
endif()
add_compile_definitions($<${cxx}:_GLIBCXX_ASSERTIONS>)

if(CMAKE_COLOR_DIAGNOSTICS)
  # as asked
elseif(NOT DEFINED ENV{NO_COLOR} AND DEFINED ENV{TERM} AND NOT "$ENV{TERM}" STREQUAL "dumb")
  set(CMAKE_COLOR_DIAGNOSTICS ON)
endif()

# lld links several times faster than ld.bfd; nothing depends on it.
find_program(WEIR_LLD ld.lld)
mark_as_advanced(WEIR_LLD)
if(WEIR_LLD)
  add_link_options(-fuse-ld=lld)
endif()

find_program(WEIR_CCACHE ccache)
mark_as_advanced(WEIR_CCACHE)
if(WEIR_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The sloppiness is what the ccache manual asks for with precompiled headers; the base directory
  # lets two checkouts share results.
  set(launcher ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${WEIR_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()
