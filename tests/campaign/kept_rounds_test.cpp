// SPDX-License-Identifier: Apache-2.0
#include "campaign/kept_rounds.h"

#include <gtest/gtest.h>

#include <vector>

namespace remapstorm {
namespace {

// The numbers of those that stay after round after round with these outcomes.
std::vector<std::uint64_t> kept(const std::vector<std::string>& outcomes, const KeepLimits& limits,
                                std::uint64_t bytes = 1) {
  std::vector<KeptRound> rounds;
  std::uint64_t next = 0;
  for (const std::string& outcome : outcomes) {
    rounds.push_back({next++, outcome, bytes});
    while (const auto index = round_to_drop(rounds, limits)) {
      rounds.erase(rounds.begin() + static_cast<std::ptrdiff_t>(*index));
    }
  }
  std::vector<std::uint64_t> numbers;
  for (const KeptRound& round : rounds) numbers.push_back(round.number);
  return numbers;
}

using Numbers = std::vector<std::uint64_t>;

TEST(KeptRounds, TheLastOnesAndAllThatWereNotAsExpected) {
  EXPECT_EQ(kept({"", "", "hang", "", "", "oops", "", ""}, {2, 10, 1000}), (Numbers{2, 5, 6, 7}));
}

TEST(KeptRounds, ACommonOutcomeDoesNotDriveOutARareOne) {
  std::vector<std::string> outcomes = {"rare", "hang", "hang"};
  for (int i = 0; i < 20; ++i) outcomes.push_back("hang");
  EXPECT_EQ(kept(outcomes, {2, 3, 1000}), (Numbers{0, 21, 22}));
}

TEST(KeptRounds, NoneThatWereNotAsExpected) { EXPECT_EQ(kept({"hang", "", "hang"}, {2, 0, 1000}), (Numbers{1})); }

TEST(KeptRounds, TheSizeCountsAndTheNewestStaysWhateverItIs) {
  EXPECT_EQ(kept({"", "hang", "", ""}, {5, 5, 300}, 100), (Numbers{1, 2, 3}));
  EXPECT_EQ(kept({"hang", "hang", "", ""}, {5, 5, 100}, 100), (Numbers{3}));
  EXPECT_EQ(kept({"", "hang"}, {5, 5, 10}, 100), (Numbers{1}));
}

TEST(KeptRounds, NothingHasToGoWhileThereIsRoom) {
  EXPECT_EQ(round_to_drop({}, {}), std::nullopt);
  EXPECT_EQ(kept({"", "", "a"}, {}), (Numbers{0, 1, 2}));
}

}  // namespace
}  // namespace remapstorm
