# Precompiled headers, each made once and reused by many targets: weir_pch_std for everything,
# weir_pch_beast where Beast is spoken, weir_pch_gtest for the tests without it. They only save
# time: the lint build does without, so that no file leans on them for an include.

function(weir_precompiled name)
  if(NOT WEIR_PCH)
    return()
  endif()
  set(source ${PROJECT_BINARY_DIR}/generated/${name}.cc)
  if(NOT EXISTS ${source})
    file(WRITE ${source} "// Holds the precompiled header.\n")
  endif()
  add_library(${name} OBJECT EXCLUDE_FROM_ALL ${source})
  target_link_libraries(${name} PRIVATE weir_options Threads::Threads)
  target_precompile_headers(${name} PRIVATE ${ARGN})
endfunction()

# weir_use_precompiled(target std|beast|gtest)
function(weir_use_precompiled target which)
  if(WEIR_PCH)
    target_precompile_headers(${target} REUSE_FROM weir_pch_${which})
  endif()
endfunction()

set(weir_std_headers
  <algorithm> <array> <atomic> <charconv> <chrono> <cstdint> <functional> <map> <memory> <mutex>
  <optional> <span> <sstream> <string> <string_view> <thread> <tuple> <unordered_map> <utility>
  <variant> <vector>)

weir_precompiled(weir_pch_std ${weir_std_headers})
weir_precompiled(weir_pch_beast ${weir_std_headers} <boost/asio.hpp> <boost/beast.hpp>)
if(BUILD_TESTING)
  weir_precompiled(weir_pch_gtest ${weir_std_headers} <gmock/gmock.h> <gtest/gtest.h>)
  if(WEIR_PCH)
    target_link_libraries(weir_pch_gtest PRIVATE GTest::gmock)
  endif()
endif()
