// SPDX-License-Identifier: Apache-2.0
// certificate.json.
#pragma once

#include <string>

#include "base/result.h"
#include "results/certificate.h"

namespace remapstorm {

inline constexpr int kCertificateSchema = 2;
// certificate.json (docs/explore.md). Schema 1 is read, too: without whose code a boundary is.
std::string certificate_json(const Certificate& certificate);
// Of such a file. Error: usage (cannot be read, another schema, points that no boundary has).
Result<Certificate> read_certificate(const std::string& path);

}  // namespace remapstorm
