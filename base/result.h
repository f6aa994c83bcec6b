// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value or an Error. GCC 12 has no <expected>.
//
// Three outcomes are kept apart in this project: trouble of the host or the user is an Error; what the guest does wrong
// is data (a Stop, an Event, a Finding); a bug of ours aborts with a message (base/check.h).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace remapstorm {

// Who can mend it. Decides the exit code (results/exit_code.h) and nothing else.
enum class ErrorKind {
  usage,        // the caller gave something wrong: arguments, a scenario, an unusable file (exit 64)
  unavailable,  // this machine cannot do it, now or later: no KVM, no permission, flavour missing (exit 4)
  host,         // the host failed at something it normally does: disk full, out of memory (exit 75)
  guest,        // the guest's kernel cannot be tested: it does not come up (exit 125)
  internal,     // we are wrong (exit 70)
};

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;  // one sentence, names the thing: a path, an ioctl, a value
  std::string hint;     // what to do about it, or empty
  int errnum = 0;       // errno of the failed call, 0 if none

  // The same error with what was being done in front: "loading vmlinux: ...".
  [[nodiscard]] Error in(const std::string& doing) const {
    Error wrapped = *this;
    wrapped.message = doing + ": " + message;
    return wrapped;
  }
};

inline Error usage_error(std::string message, std::string hint = {}) {
  return {ErrorKind::usage, std::move(message), std::move(hint), 0};
}
inline Error unavailable_error(std::string message, std::string hint = {}) {
  return {ErrorKind::unavailable, std::move(message), std::move(hint), 0};
}
inline Error host_error(std::string message, std::string hint = {}) {
  return {ErrorKind::host, std::move(message), std::move(hint), 0};
}
inline Error guest_error(std::string message, std::string hint = {}) {
  return {ErrorKind::guest, std::move(message), std::move(hint), 0};
}
inline Error internal_error(std::string message) { return {ErrorKind::internal, std::move(message), {}, 0}; }

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] T& value() & { return std::get<0>(state_); }
  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace remapstorm

// RS_TRY(expr): return the error of `expr` from this function, or go on.
#define RS_TRY(expr)                                       \
  do {                                                     \
    auto rs_try_result = (expr);                           \
    if (!rs_try_result.ok()) return rs_try_result.error(); \
  } while (0)

// RS_ASSIGN(auto x, expr): declare x from the value of `expr`, or return its error.
#define RS_ASSIGN(declaration, expr) RS_ASSIGN_IMPL_(RS_CONCAT_(rs_assign_, __LINE__), declaration, expr)
#define RS_ASSIGN_IMPL_(temporary, declaration, expr) \
  auto temporary = (expr);                            \
  if (!temporary.ok()) return temporary.error();      \
  declaration = std::move(temporary).value()
#define RS_CONCAT_(a, b) RS_CONCAT2_(a, b)
#define RS_CONCAT2_(a, b) a##b
