// SPDX-License-Identifier: Apache-2.0
// What the metrics endpoint answers. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace remapstorm {

// The longest request that is read.
inline constexpr std::size_t kLongestRequest = 8192;

// The whole response to what a client has sent so far, or nothing while its request is not whole. Never fails: what is
// no request is answered with 400. `metrics` is called for GET and HEAD of /metrics only. RFC 9112.
std::optional<std::string> http_answer(std::string_view received, const std::function<std::string()>& metrics);

}  // namespace remapstorm
