// SPDX-License-Identifier: Apache-2.0
// The three faces of a certificate: text for a mailing list, JSON for programs, a picture for people. Pure, but for
// reading one back.
#pragma once

#include <string>

#include "base/result.h"
#include "results/certificate.h"

namespace remapstorm {

// What came of an exploration of one point, in lines of any length.
std::string one_point_text(const Certificate& certificate);
// Plain ASCII, no line longer than 72 columns: fit for a reply on a mailing list.
std::string certificate_text(const Certificate& certificate);

// A case for each point, one for the whole. An exploration expects no verdict: what was tried has passed and says its
// verdict; what was not is skipped, and then the whole has failed.
std::string certificate_junit(const Certificate& certificate);
// SVG: a row for each boundary with its instruction and a coloured field for each injection; colours follow the
// reader's light or dark preference; each field names its verdict, so that colour is never all there is.
std::string certificate_svg(const Certificate& certificate);

}  // namespace remapstorm
