// SPDX-License-Identifier: Apache-2.0
#include "cli/run_options.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "cli/serve_options.h"
#include "cli/words.h"
#include "tests/cli/fake_context.h"

namespace remapstorm {
namespace {

Result<std::optional<RunRequest>> parse(const Arguments& arguments) {
  const FakeContext fake;
  return parse_words<RunWords>(fake.context, arguments);
}

RunRequest parsed(const Arguments& arguments) {
  const auto options = parse(arguments);
  if (!options.ok()) {
    ADD_FAILURE() << options.error().message;
    return {};
  }
  return options->value();
}

Error mistake(const Arguments& arguments) {
  const auto options = parse(arguments);
  if (options.ok()) {
    ADD_FAILURE() << "was accepted";
    return {};
  }
  EXPECT_EQ(options.error().kind, ErrorKind::usage);
  return options.error();
}

TEST(RunOptions, OnlyAScenario) {
  const RunRequest options = parsed({"irq-same-cpu"});
  EXPECT_EQ(options.scenarios, (std::vector<std::string>{"irq-same-cpu"}));
  EXPECT_EQ(options.repeat, 1U);
  EXPECT_EQ(options.overrides.seed, 1U);
  EXPECT_EQ(options.format, OutputFormat::pretty);
  EXPECT_FALSE(options.overrides.strategy || options.overrides.cpus || options.overrides.memory ||
               options.overrides.expect || options.overrides.timeout || options.overrides.flavour);
  EXPECT_FALSE(options.dry_run || options.verbose || options.quiet);
}

TEST(RunOptions, EveryOption) {
  const RunRequest options =
      parsed({"a",       "--strategy",   "bbm-fault", "--flavour",      "std",  "--cpus",    "4",        "--memory",
              "512M",    "--repeat",     "20",        "--seed",         "0xff", "--expect",  "deadlock", "--timeout",
              "1.5s",    "--output-dir", "out",       "--format",       "ktap", "--dry-run", "-v",       "-k",
              "vmlinux", "--append",     "a=b c",     "--scenario-dir", "d",    "b.toml"});
  EXPECT_EQ(options.scenarios, (std::vector<std::string>{"a", "b.toml"}));
  EXPECT_EQ(options.overrides.strategy, "bbm-fault");
  EXPECT_EQ(options.overrides.flavour, "std");
  EXPECT_EQ(options.overrides.cpus, 4U);
  EXPECT_EQ(options.overrides.memory, 512ULL << 20);
  EXPECT_EQ(options.repeat, 20U);
  EXPECT_EQ(options.overrides.seed, 255U);
  EXPECT_EQ(options.overrides.expect, Verdict::deadlock);
  EXPECT_EQ(options.overrides.timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(options.output_dir, "out");
  EXPECT_EQ(options.format, OutputFormat::ktap);
  EXPECT_TRUE(options.dry_run && options.verbose && !options.quiet);
  EXPECT_EQ(options.overrides.kernel.image, std::filesystem::current_path() / "vmlinux")
      << "a line that repeats it works in any folder";
  EXPECT_EQ(options.overrides.append, "a=b c");
  EXPECT_EQ(options.scenario_dir, "d");
}

TEST(RunOptions, EqualsSignsAndOptionsBeforeTheScenario) {
  const RunRequest options = parsed({"--format=json", "-q", "--append=-x=1", "a"});
  EXPECT_EQ(options.format, OutputFormat::json);
  EXPECT_TRUE(options.quiet);
  EXPECT_EQ(options.overrides.append, "-x=1");
  EXPECT_EQ(options.scenarios, (std::vector<std::string>{"a"}));
}

TEST(RunOptions, HelpWinsOverWhatIsMissing) {
  const auto options = parse({"--help"});
  ASSERT_TRUE(options.ok());
  EXPECT_FALSE(options->has_value());
}

TEST(RunOptions, AScenarioIsNeeded) { EXPECT_NE(mistake({"-q"}).message.find("SCENARIO"), std::string::npos); }

TEST(RunOptions, EveryVerdictCanBeExpected) {
  for (const char* name : {"clean", "deadlock", "stall", "oops", "lockdep", "bug", "lost-update", "hang", "timeout"}) {
    EXPECT_EQ(verdict_name(*parsed({"a", "--expect", name}).overrides.expect), name);
  }
  EXPECT_NE(mistake({"a", "--expect", "error"}).message.find("not one of"), std::string::npos)
      << "an error of ours is never what a scenario shows";
}

TEST(RunOptions, UnknownOptionsAreAnsweredWithNearOnes) {
  const Error error = mistake({"a", "--stratgy", "x"});
  EXPECT_EQ(error.message, "unknown option --stratgy");
  EXPECT_EQ(error.hint, "did you mean --strategy?");
  EXPECT_EQ(mistake({"a", "--frobnicate"}).hint, "./run run --help");
}

TEST(RunOptions, ChoicesAreAnsweredWithNearOnes) {
  EXPECT_EQ(mistake({"a", "--expect", "dedlock"}).hint, "did you mean deadlock?");
  EXPECT_EQ(mistake({"a", "--format", "jsno"}).hint, "did you mean json?");
  EXPECT_NE(mistake({"a", "--format", "xml"}).message.find("pretty, ktap, json"), std::string::npos);
}

TEST(RunOptions, NumbersHaveLimits) {
  for (const Arguments& wrong : std::vector<Arguments>{{"--cpus", "0"},
                                                       {"--cpus", "9"},
                                                       {"--cpus", "two"},
                                                       {"--cpus", "2x"},
                                                       {"--cpus", "-1"},
                                                       {"--cpus", ""},
                                                       {"--memory", "1"},
                                                       {"--memory", "63M"},
                                                       {"--memory", "4G"},
                                                       {"--memory", "lots"},
                                                       {"--memory", "99999999999999999999G"},
                                                       {"--repeat", "0"},
                                                       {"--repeat", "1.5"},
                                                       {"--seed", "0x"},
                                                       {"--seed", "18446744073709551616"},
                                                       {"--timeout", "0"},
                                                       {"--timeout", "-5"},
                                                       {"--timeout", "nan"},
                                                       {"--timeout", "1h"},
                                                       {"--timeout", "90000"},
                                                       {"--timeout", ""}}) {
    Arguments arguments = wrong;
    arguments.insert(arguments.begin(), "a");
    EXPECT_NE(mistake(arguments).message.find(wrong[0]), std::string::npos) << wrong[0] << " " << wrong[1];
  }
  EXPECT_EQ(parsed({"a", "--memory", "64M"}).overrides.memory, kMinMemory);
  EXPECT_EQ(parsed({"a", "--memory", "3G"}).overrides.memory, kMaxMemory);
  EXPECT_EQ(parsed({"a", "--seed", "18446744073709551615"}).overrides.seed, ~0ULL);
  EXPECT_EQ(parsed({"a", "--timeout", "250ms"}).overrides.timeout, std::chrono::milliseconds(250));
  EXPECT_EQ(parsed({"a", "--timeout", "2m"}).overrides.timeout, std::chrono::minutes(2));
  EXPECT_EQ(parsed({"a", "--timeout", "90"}).overrides.timeout, std::chrono::seconds(90));
}

TEST(RunOptions, AValueIsMissing) { EXPECT_NE(mistake({"a", "--cpus"}).message.find("--cpus"), std::string::npos); }

TEST(RunOptions, LoudAndQuietExcludeEachOther) {
  EXPECT_EQ(mistake({"a", "-v", "-q"}).message, "-v and -q ask for opposite things");
}

TEST(RunOptions, WaysOutForMetrics) {
  const RunRequest options = parsed(
      {"a", "--metrics-listen", "0", "--metrics-textfile", "/x/y.prom", "--metrics-push", "http://127.0.0.1:9091"});
  ASSERT_TRUE(options.metrics.listen);
  EXPECT_EQ(options.metrics.listen->host, "127.0.0.1");
  EXPECT_EQ(options.metrics.textfile, "/x/y.prom");
  EXPECT_TRUE(options.metrics.push_target.starts_with("http://127.0.0.1:9091/metrics/job/remapstorm/instance/"));
  EXPECT_FALSE(parsed({"a"}).metrics.any());
  const std::pair<const char*, const char*> mistakes[] = {{"--metrics-listen", "host:1"},
                                                          {"--metrics-listen", "127.0.0.1:99999"},
                                                          {"--metrics-textfile", ""},
                                                          {"--metrics-textfile", "/tmp/"},
                                                          {"--metrics-push", "127.0.0.1:9091"}};
  for (const auto& [name, value] : mistakes) {
    const Error error = mistake({"a", name, value});
    EXPECT_EQ(error.kind, ErrorKind::usage);
    EXPECT_TRUE(error.message.starts_with(name)) << error.message;
  }
}

TEST(ServeOptions, OfNothingMeansAllScenariosAndTheUsualPort) {
  const FakeContext fake;
  const auto options = parse_words<ServeWords>(fake.context, {});
  ASSERT_TRUE(options.ok()) << options.error().message;
  EXPECT_TRUE((*options)->run.scenarios.empty());
  ASSERT_TRUE((*options)->run.metrics.listen);
  EXPECT_EQ((*options)->run.metrics.listen->port, 9464);
  EXPECT_TRUE((*options)->run.metrics.listen->loopback);
  const auto limited = parse_words<ServeWords>(fake.context, {"a", "--rounds", "3", "--for", "2m", "--keep-last", "1",
                                                              "--keep-unexpected", "0", "--keep-size", "10M"});
  ASSERT_TRUE(limited.ok()) << limited.error().message;
  EXPECT_EQ((*limited)->options.rounds, 3U);
  EXPECT_EQ((*limited)->options.length, std::chrono::minutes(2));
  EXPECT_EQ((*limited)->options.keep.last, 1U);
  EXPECT_EQ((*limited)->options.keep.unexpected, 0U);
  EXPECT_EQ((*limited)->options.keep.bytes, 10U << 20);
  for (const Arguments& bad :
       {Arguments{"--rounds", "0"}, Arguments{"--keep-last", "0"}, Arguments{"--trial", "1"},
        Arguments{"--repeat", "2"}, Arguments{"--for", "never"}, Arguments{"--keep-size", "x"}}) {
    const auto refused = parse_words<ServeWords>(fake.context, bad);
    ASSERT_FALSE(refused.ok()) << bad[0];
    EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  }
}

}  // namespace
}  // namespace remapstorm
