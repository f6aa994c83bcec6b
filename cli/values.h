// SPDX-License-Identifier: Apache-2.0
// Values of options that several commands have. Errors: usage, naming the option.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/kernel_files.h"
#include "base/result.h"
#include "cli/output_format.h"
#include "plan/plan.h"

namespace remapstorm {

Result<unsigned> parse_cpus(const std::string& text);             // --cpus
Result<std::uint64_t> parse_memory(const std::string& text);      // --memory, in bytes
Result<std::uint64_t> parse_seed(const std::string& text);        // --seed
Result<unsigned> parse_jobs(const std::string& text);             // --jobs
Result<OutputFormat> parse_format(const std::string& text);       // --format: pretty, ktap, json
Result<OutputFormat> parse_two_formats(const std::string& text);  // --format: pretty, json
Result<Verdict> parse_verdict(const std::string& option, const std::string& text);

// --kernel, --symbols: absolute, so that a line that repeats them works in any folder; empty if not given. Error: usage
// for symbols without a kernel.
Result<KernelFiles> parse_kernel_files(const std::optional<std::string>& image,
                                       const std::optional<std::string>& symbols);
// --sha256. Nothing asked for if it was not given.
Result<SameBytes> parse_sha256(const std::optional<std::string>& text);

// --output-dir: empty if it was not given.
Result<std::string> parse_output_dir(const std::optional<std::string>& text);

}  // namespace remapstorm
