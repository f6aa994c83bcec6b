// SPDX-License-Identifier: Apache-2.0
#include "plan/kernel_base.h"

#include <optional>
#include <sstream>

namespace remapstorm {
namespace {

constexpr std::string_view kStockRestore = "remapstorm.stock_restore=";

std::optional<bool> truth_of(std::string_view value) {
  if (value.empty()) return std::nullopt;
  const std::string_view first = value.substr(0, 1);
  if (std::string_view("yYtT1").find(first) != std::string_view::npos) return true;
  if (std::string_view("nNfF0").find(first) != std::string_view::npos) return false;
  if (value.size() < 2 || (value[0] != 'o' && value[0] != 'O')) return std::nullopt;
  if (value[1] == 'n' || value[1] == 'N') return true;
  if (value[1] == 'f' || value[1] == 'F') return false;
  return std::nullopt;
}

}  // namespace

std::string_view kernel_base_name(KernelBase base) {
  switch (base) {
    case KernelBase::fixed:
      return "fixed";
    case KernelBase::stock:
      return "stock";
    case KernelBase::unknown:
      break;
  }
  return "";
}

KernelBase kernel_base_from_name(std::string_view name) {
  for (const KernelBase base : {KernelBase::fixed, KernelBase::stock}) {
    if (kernel_base_name(base) == name) return base;
  }
  return KernelBase::unknown;
}

KernelBase kernel_base_of(std::string_view command_line) {
  KernelBase base = KernelBase::unknown;
  std::istringstream words{std::string(command_line)};
  for (std::string word; words >> word;) {
    if (!word.starts_with(kStockRestore)) continue;
    const std::optional<bool> stock = truth_of(std::string_view(word).substr(kStockRestore.size()));
    if (stock) base = *stock ? KernelBase::stock : KernelBase::fixed;
  }
  return base;
}

}  // namespace remapstorm
