// What the end-to-end tests share: weir as a process in front of a service of the tests' own.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/client.h"
#include "tests/support/nginx.h"
#include "tests/support/raw_service.h"
#include "tests/support/service.h"
#include "tests/support/tools.h"
#include "tests/support/weir_process.h"

namespace weir::testing {

// weir with that chain (YAML of a list, indented by nothing) in front of `upstream`.
inline WeirOptions with_chain(const std::string& upstream, const std::string& config = {}) {
  WeirOptions options;
  options.upstream = upstream;
  options.config = config;
  return options;
}

struct Weir : WeirProcess {
  explicit Weir(const std::string& upstream, const std::string& config = {})
      : WeirProcess(WEIR_BINARY, with_chain(upstream, config)) {}
  explicit Weir(const WeirOptions& options) : WeirProcess(WEIR_BINARY, options) {}

  Response get(const std::string& target = "/", Headers headers = {}) const {
    return fetch(address(), {"GET", target, std::move(headers)});
  }
  Response post(const std::string& target, std::string body, Headers headers = {}) const {
    return fetch(address(), {"POST", target, std::move(headers), std::move(body)});
  }
};

// A port on which nobody listens, for services that are down.
inline Address dead_address() {
  Address address;
  address.port = free_port();
  return address;
}

// Per tenant, arrivals are what has ended and what is inside. Must hold in every scrape.
inline void expect_balanced(const Samples& s) {
  for (const std::string& tenant : s.values_of("weir_arrivals_total", "tenant")) {
    Labels labels = {{"tenant", tenant}};
    EXPECT_EQ(s.value("weir_arrivals_total", labels),
              s.sum("weir_requests_total", labels) + s.value("weir_requests_inside", labels))
        << "of tenant " << tenant;
  }
}

}  // namespace weir::testing
