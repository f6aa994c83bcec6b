// SPDX-License-Identifier: Apache-2.0
#include "vmm/kallsyms.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "vmm/arch/arch.h"

namespace remapstorm {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kTokens = 256;
constexpr std::size_t kMostTokenBytes = 64;
constexpr std::size_t kMostNameBytes = 512;  // KSYM_NAME_LEN
constexpr std::size_t kChunk = 256;          // names from one marker to the next
constexpr std::size_t kAlignment = 8;        // of each table
constexpr std::size_t kFewest = 64;          // a kernel has thousands; fewer are something else
// How far before the tokens the names may begin (151,594 take 1.9 MB), and how many are looked at in all: a file made
// to keep us busy.
constexpr std::size_t kMostNamesBytes = 64u << 20;
constexpr std::size_t kMostLooks = 64u << 20;

constexpr std::size_t aligned(std::size_t offset) { return (offset + kAlignment - 1) & ~(kAlignment - 1); }

template <typename T>
std::optional<T> read(Bytes bytes, std::size_t offset) {
  T value{};
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

struct Tokens {
  std::array<std::string_view, kTokens> text;
  std::size_t begin = 0;  // of kallsyms_token_table
  std::size_t end = 0;    // of kallsyms_token_index
};

// The table that has a token at `inside`, of which `number` others are before.
std::optional<Tokens> tokens_around(std::string_view file, std::size_t inside, std::size_t number) {
  std::size_t begin = inside;
  for (; number > 0; --number) {
    // Each ends with a NUL; the one before the first stands before the table.
    std::size_t length = 0;
    while (length <= kMostTokenBytes && begin >= 2 + length && file[begin - 2 - length] != '\0') ++length;
    if (length > kMostTokenBytes || begin < 2 + length) return std::nullopt;
    begin -= length + 1;
  }
  Tokens tokens;
  tokens.begin = begin;
  std::array<std::uint16_t, kTokens> index{};
  std::size_t at = begin;
  for (std::size_t i = 0; i < kTokens; ++i) {
    const std::size_t end = file.find('\0', at);
    if (end == std::string_view::npos || end - at > kMostTokenBytes) return std::nullopt;
    index[i] = static_cast<std::uint16_t>(at - begin);
    tokens.text[i] = file.substr(at, end - at);
    at = end + 1;
  }
  at = aligned(at);
  if (file.size() < at || file.size() - at < sizeof(index)) return std::nullopt;
  if (std::memcmp(file.data() + at, index.data(), sizeof(index)) != 0) return std::nullopt;
  tokens.end = at + sizeof(index);
  return tokens;
}

// Digits are in names of every kernel and are tokens of their own, at the index of their code.
std::optional<Tokens> find_tokens(Bytes bytes) {
  using namespace std::string_view_literals;
  constexpr std::string_view kDigits = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009\0"sv;
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (std::size_t at = file.find(kDigits); at != std::string_view::npos; at = file.find(kDigits, at + 1)) {
    if (auto tokens = tokens_around(file, at, '0')) return tokens;
  }
  return std::nullopt;
}

// One name: bytes that each stand for a token, behind their number (LEB128 of one or two bytes).
struct PackedName {
  Bytes tokens;
  std::size_t end = 0;
};

std::optional<PackedName> name_at(Bytes bytes, std::size_t at) {
  const auto low = read<std::uint8_t>(bytes, at++);
  if (!low) return std::nullopt;
  std::size_t length = *low & 0x7f;
  if ((*low & 0x80) != 0) {
    const auto high = read<std::uint8_t>(bytes, at++);
    if (!high) return std::nullopt;
    length |= std::size_t{*high} << 7;
  }
  if (length == 0 || at > bytes.size() || bytes.size() - at < length) return std::nullopt;
  return PackedName{bytes.subspan(at, length), at + length};
}

// nm(1); '?' is what it does not know.
bool is_type(char letter) { return letter == '?' || std::isalpha(static_cast<unsigned char>(letter)) != 0; }

struct Names {
  std::size_t count_at = 0;  // of kallsyms_num_syms, directly before the names
  std::vector<PackedName> all;
};

// The names that `count_at` would be the number of: each begins with its type, and behind them are
// markers that say where each 256th begins.
std::optional<Names> names_at(Bytes bytes, const Tokens& tokens, std::size_t count_at, std::size_t& looks) {
  const auto count = read<std::uint32_t>(bytes, count_at);
  if (!count || *count < kFewest || *count > kMaxSymbols) return std::nullopt;
  if (read<std::uint32_t>(bytes, count_at + 4) != 0u) return std::nullopt;
  const std::size_t begin = count_at + kAlignment;
  Names names;
  names.count_at = count_at;
  std::vector<std::uint32_t> markers;
  std::size_t at = begin;
  for (std::size_t i = 0; i < *count && looks < kMostLooks; ++i, ++looks) {
    if (i % kChunk == 0) markers.push_back(static_cast<std::uint32_t>(at - begin));
    const auto name = name_at(bytes, at);
    if (!name || name->end > tokens.begin) return std::nullopt;
    const std::string_view first = tokens.text[std::to_integer<std::size_t>(name->tokens.front())];
    if (first.empty() || !is_type(first.front())) return std::nullopt;
    names.all.push_back(*name);
    at = name->end;
  }
  at = aligned(at);
  const std::size_t length = markers.size() * sizeof(markers.front());
  if (at > bytes.size() || bytes.size() - at < length) return std::nullopt;
  if (std::memcmp(bytes.data() + at, markers.data(), length) != 0) return std::nullopt;
  return names;
}

std::optional<Names> find_names(Bytes bytes, const Tokens& tokens) {
  const std::size_t last = tokens.begin & ~(kAlignment - 1);
  const std::size_t first = last - std::min(last, kMostNamesBytes);
  std::size_t looks = 0;
  for (std::size_t at = last; at >= first + kAlignment && looks < kMostLooks;) {
    at -= kAlignment;
    if (auto names = names_at(bytes, tokens, at, looks)) return names;
  }
  return std::nullopt;
}

// Of a kernel that is linked to run anywhere a pointer may be 0 in the file, and only a relocation (Elf64_Rela) knows
// it: the one of this pointer, which is to `text`, the kernel's first byte.
std::optional<std::uint64_t> relocated(const KernelImage& kernel, std::size_t offset) {
  const std::uint64_t type = arch_of(kernel.isa()).relative_relocation;
  const auto from_text = kernel.offset_in_memory(offset);
  if (!from_text) return std::nullopt;
  const std::string_view wanted(reinterpret_cast<const char*>(&type), sizeof(type));
  const Bytes bytes = kernel.file();
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (std::size_t at = file.find(wanted); at != std::string_view::npos; at = file.find(wanted, at + 1)) {
    if (at < sizeof(type)) continue;
    const auto place = read<std::uint64_t>(bytes, at - sizeof(type));
    const auto target = read<std::uint64_t>(bytes, at + sizeof(type));
    if (place && target && *target != 0 && *place - *target == *from_text) return target;
  }
  return std::nullopt;
}

// kallsyms_offsets, 4 bytes each, and kallsyms_relative_base. x86 (CONFIG_KALLSYMS_ABSOLUTE_PERCPU): what is not
// negative is an address of itself, what is negative counts from the base, less 1. Elsewhere all count from the base.
std::optional<std::vector<std::uint64_t>> addresses_at(const KernelImage& kernel, std::size_t count,
                                                       std::size_t offsets, std::size_t base_at) {
  const Bytes bytes = kernel.file();
  auto base = read<std::uint64_t>(bytes, base_at);
  if (!base || offsets > bytes.size() || (bytes.size() - offsets) / 4 < count) return std::nullopt;
  std::vector<std::int32_t> values(count);
  std::memcpy(values.data(), bytes.data() + offsets, count * sizeof(values.front()));
  const bool absolute_too = std::any_of(values.begin(), values.end(), [](std::int32_t value) { return value < 0; });
  const auto far = [&](std::int32_t value) { return absolute_too ? -1 - std::int64_t{value} : std::int64_t{value}; };
  // Both are sorted by address.
  std::int64_t last = -1;
  for (const std::int32_t value : values) {
    if (absolute_too && value >= 0) continue;
    if (far(value) < last) return std::nullopt;
    last = far(value);
  }
  if (*base == 0) base = relocated(kernel, base_at);
  if (!base || *base >> 63 == 0) return std::nullopt;
  std::vector<std::uint64_t> addresses(count);
  std::transform(values.begin(), values.end(), addresses.begin(), [&](std::int32_t value) {
    return absolute_too && value >= 0 ? static_cast<std::uint64_t>(value)
                                      : *base + static_cast<std::uint64_t>(far(value));
  });
  return addresses;
}

// Before the names, or (since 6.5) behind the index of tokens.
std::optional<std::vector<std::uint64_t>> find_addresses(const KernelImage& kernel, const Tokens& tokens,
                                                         const Names& names) {
  const std::size_t count = names.all.size();
  const std::size_t bytes = aligned(4 * count);
  const std::size_t behind = aligned(tokens.end);
  if (auto found = addresses_at(kernel, count, behind, behind + bytes)) return found;
  if (names.count_at < kAlignment + bytes) return std::nullopt;
  return addresses_at(kernel, count, names.count_at - kAlignment - bytes, names.count_at - kAlignment);
}

std::string unpacked(const PackedName& name, const Tokens& tokens) {
  std::string text;
  for (const std::byte token : name.tokens) {
    text += tokens.text[std::to_integer<std::size_t>(token)];
    if (text.size() > kMostNameBytes) break;  // is_noise() drops it
  }
  return text;
}

}  // namespace

Result<std::vector<ListedSymbol>> read_kallsyms(const KernelImage& kernel) {
  const Bytes bytes = kernel.file();
  const auto tokens = find_tokens(bytes);
  if (!tokens) return usage_error(kernel.path() + ": no kallsyms in it");
  const auto names = find_names(bytes, *tokens);
  if (!names) return usage_error(kernel.path() + ": its kallsyms have no names that can be read");
  const auto addresses = find_addresses(kernel, *tokens, *names);
  if (!addresses) return usage_error(kernel.path() + ": its kallsyms have no addresses that can be read");
  std::vector<ListedSymbol> list(names->all.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string text = unpacked(names->all[i], *tokens);
    list[i] = {Gva((*addresses)[i]), text.front(), text.substr(1)};
  }
  return list;
}

}  // namespace remapstorm
