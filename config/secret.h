// What is shown of a tenant's name when it is a credential.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

// "sha256:" and the first 12 hexadecimal digits: the same in each process and after each restart,
// so that series and logs can be matched, and of no use as a key.
std::string hidden_name(std::string_view name);
// The same without an allocation.
using HiddenName = std::array<char, 19>;
HiddenName hide_name(std::string_view name);

// The name, or with `secret` what stands for it. "*" is nobody's secret.
std::string shown_tenant(std::string_view name, bool secret);

// Labels that do not stand for a tenant's name: all without one of their own, and routes with
// `tenant: none`. A tenant of such a name is shown as "tenant other".
inline bool is_label_of_weir(std::string_view name) { return name == "other" || name == "none"; }

// FIPS 180-4.
std::array<std::uint8_t, 32> sha256(std::string_view data);

}  // namespace weir
