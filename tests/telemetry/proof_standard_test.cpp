// SPDX-License-Identifier: Apache-2.0
// One standard of proof: the documents say what the program asks.
#include "telemetry/proof_standard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace remapstorm {
namespace {

using testing::HasSubstr;

// Without line breaks, as the words come.
std::string document(const std::string& name) {
  std::ifstream file(SOURCE_DIR "/docs/" + name);
  std::string word, text;
  while (file >> word) text += (text.empty() ? "" : " ") + word;
  return text;
}

TEST(ProofStandard, TheDocumentsQuoteIt) {
  const std::string events = document("event-format.md");
  EXPECT_THAT(events, HasSubstr("| `explore` | " + proof_words(Looks::soon) + " |"));
  EXPECT_THAT(events, HasSubstr("| all others | " + proof_words(Looks::apart) + " |"));
  EXPECT_THAT(events, HasSubstr(proof_reason()));
  // Within a sentence of its own.
  EXPECT_THAT(document("explore.md"),
              HasSubstr(proof_words(Looks::soon).substr(0, proof_words(Looks::soon).size() - 1)));
}

TEST(ProofStandard, TheWordsTellTheFigures) {
  EXPECT_EQ(kProofRun, std::chrono::microseconds(250));
  EXPECT_THAT(proof_words(Looks::apart), HasSubstr(" 50 ms apart"));
  EXPECT_THAT(proof_words(Looks::apart), HasSubstr("at least 250 us"));
  EXPECT_THAT(proof_words(Looks::soon), HasSubstr("at least 265 us"));
}

TEST(ProofStandard, WhereAnExitIsSlowTheWaitersRunLonger) {
  EXPECT_EQ(least_run(Nanoseconds(0)), std::chrono::microseconds(265));
  EXPECT_EQ(least_run(std::chrono::microseconds(8)), std::chrono::microseconds(265));
  EXPECT_EQ(least_run(std::chrono::microseconds(60)), std::chrono::microseconds(600));
}

}  // namespace
}  // namespace remapstorm
