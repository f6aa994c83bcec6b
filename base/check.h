// SPDX-License-Identifier: Apache-2.0
// RS_CHECK(condition, message): our own bug. Prints where and aborts; the process ends with SIGABRT, never with a
// verdict.
#pragma once

#include <string_view>

namespace remapstorm {
[[noreturn]] void check_failed(const char* file, int line, const char* condition, std::string_view message);
}

// An expression, not a statement: only so does GCC see under ThreadSanitizer that nothing follows RS_CHECK(false, ...).
#define RS_CHECK(condition, message) \
  ((condition) ? static_cast<void>(0) : ::remapstorm::check_failed(__FILE__, __LINE__, #condition, message))
