// SPDX-License-Identifier: Apache-2.0
#include "telemetry/event_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/rng.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;

// One of each, every field set.
std::vector<Event> one_of_each() {
  Stream stream;
  stream.begin().self_cycle();
  SampleEvent sample = Stream::spinning(3, 77);
  sample.interrupts_enabled = sample.user_mode = sample.halted = sample.held_by_harness = true;
  stream.sample(1, sample);
  stream.ended("hold", 7, 1, ms(5), ms(5.01)).console("tab\there, \"quotes\", \\ and \x01").add(TruncatedEvent{12, 34});
  stream.add(HostWaitEvent{ms(12.5)}, 1).add(HarnessWorkEvent{ms(7)}, 0);
  ReceiptEvent failed;
  failed.rule = "r";
  failed.injector = "irq";
  failed.phase = ReceiptEvent::Phase::failed;
  failed.token = 0xffffffff;
  stream.add(failed);
  for (int what = 0; what <= static_cast<int>(LifecycleEvent::What::end); ++what) {
    stream.milestone(static_cast<LifecycleEvent::What>(what), what % 2 == 0 ? "detail" : "");
  }
  ProbeEvent extreme;
  extreme.probe = RS_PROBE_WORK_END;
  extreme.sequence = ~0ULL;
  extreme.pc = Gva(~0ULL);
  extreme.context = ~0U;
  extreme.args = {~0ULL, 0, 1ULL << 63, 1ULL << 53};
  stream.add(extreme, 7);
  return stream.events;
}

TEST(EventJson, EveryEventComesBackAsItWas) {
  bool first = true;
  for (const Event& event : one_of_each()) {
    const std::string line = first ? first_event_to_json(event) : event_to_json(event);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const Result<Event> back = event_from_json(line);
    ASSERT_TRUE(back.ok()) << line << ": " << back.error().message;
    EXPECT_EQ(first ? first_event_to_json(*back) : event_to_json(*back), line);
    EXPECT_EQ(back->body.index(), event.body.index());
    EXPECT_EQ(back->time, event.time);
    EXPECT_EQ(back->guest_time, event.guest_time);
    EXPECT_EQ(back->vcpu, event.vcpu);
    first = false;
  }
}

TEST(EventJson, ALineSaysWhatItIs) {
  Stream stream;
  stream.probe(1, RS_PROBE_BBM_BREAK, RS_CTX_HARDIRQ | RS_CTX_IRQS_OFF, {kPage, kEntry, 0, RS_LEVEL_PTE});
  EXPECT_EQ(first_event_to_json(stream.events.front()),
            R"({"v":4,"t":1000,"g":7000001000,"vcpu":1,"type":"probe","probe":"bbm.break","seq":1,)"
            R"("pc":"0xffffffff81300040","context":"hardirq","ctx":6,)"
            R"("args":["0xffffea0000400000","0xffff888001230000","0x0","0x1"]})");
}

TEST(EventJson, BytesThatAreNoTextAreReplaced) {
  const std::string line = event_to_json({Nanoseconds{0}, std::nullopt, -1, ConsoleEvent{"a\xff\xfe z"}});
  ASSERT_TRUE(event_from_json(line).ok());
  EXPECT_THAT(std::get<ConsoleEvent>(event_from_json(line)->body).line, HasSubstr("\xef\xbf\xbd"));
}

TEST(EventJson, AConsoleLineSaysHowItEnds) {
  for (const auto end : {ConsoleEvent::End::newline, ConsoleEvent::End::more, ConsoleEvent::End::cut}) {
    const std::string line = event_to_json({Nanoseconds{0}, std::nullopt, -1, ConsoleEvent{"a", end}});
    EXPECT_EQ(line.find("end") == std::string::npos, end == ConsoleEvent::End::newline)
        << "as before where it is whole";
    EXPECT_EQ(std::get<ConsoleEvent>(event_from_json(line)->body).end, end);
  }
  EXPECT_FALSE(event_from_json(R"({"t":0,"type":"console","line":"a","end":"somehow"})").ok());
}

TEST(EventJson, MistakesAreNamed) {
  const auto problem = [](const std::string& line) {
    const Result<Event> event = event_from_json(line);
    return event.ok() ? std::string("none") : event.error().message;
  };
  EXPECT_THAT(problem("{"), HasSubstr("not JSON"));
  EXPECT_THAT(problem("[1]"), HasSubstr("not an object"));
  EXPECT_THAT(problem("{}"), HasSubstr("\"t\" is missing"));
  EXPECT_THAT(problem(R"({"t":-1,"type":"console","line":""})"), HasSubstr("\"t\" is not an integer"));
  EXPECT_THAT(problem(R"({"t":1e3,"type":"console","line":""})"), HasSubstr("\"t\" is not an integer"));
  EXPECT_THAT(problem(R"({"t":18446744073709551615,"type":"console","line":""})"), HasSubstr("\"t\""));
  EXPECT_THAT(problem(R"({"t":1,"type":"konsole"})"), HasSubstr("unknown: konsole"));
  EXPECT_THAT(problem(R"({"t":1,"type":"console","line":5})"), HasSubstr("\"line\" is not text"));
  EXPECT_THAT(problem(R"({"t":1,"vcpu":8,"type":"console","line":""})"), HasSubstr("\"vcpu\""));
  EXPECT_THAT(problem(R"({"t":1,"type":"lifecycle","what":"bored"})"), HasSubstr("bored"));
  EXPECT_THAT(problem(R"({"t":1,"type":"probe","probe":"bbm.fix","seq":1,"pc":"0x1","ctx":0,"args":[]})"),
              HasSubstr("probe that does not exist"));
  EXPECT_THAT(problem(R"({"t":1,"type":"probe","probe":"bbm.make","seq":1,"pc":"0x1","ctx":0,"args":["0x1"]})"),
              HasSubstr("four values"));
  EXPECT_THAT(problem(R"({"t":1,"type":"probe","probe":"bbm.make","seq":1,"pc":"1","ctx":0,"args":[]})"),
              HasSubstr("hex"));
}

Result<RecordedEvents> read(const std::string& text) {
  std::istringstream in(text);
  return read_events(in);
}

std::string two_lines() {
  return first_event_to_json({Nanoseconds{1}, std::nullopt, -1, ConsoleEvent{"one"}}) + "\n" +
         event_to_json({Nanoseconds{2}, std::nullopt, -1, ConsoleEvent{"two"}}) + "\n";
}

TEST(EventFile, AnUnknownVersionIsRefusedByName) {
  const auto future = read(R"({"v":5,"t":1,"type":"console","line":""})"
                           "\n");
  ASSERT_FALSE(future.ok());
  EXPECT_THAT(future.error().message, HasSubstr("version 5"));
  EXPECT_THAT(future.error().message, HasSubstr("reads versions 3 to 4"));
  const auto past = read(R"({"v":2,"t":5,"type":"console","line":"hello"})"
                         "\n");
  ASSERT_FALSE(past.ok());
  EXPECT_THAT(past.error().message, HasSubstr("version 2"));
  EXPECT_FALSE(read(R"({"t":1,"type":"console","line":""})"
                    "\n")
                   .ok());
  EXPECT_FALSE(read("").ok());
  EXPECT_FALSE(read("\x7f"
                    "ELF\n")
                   .ok());
}

TEST(EventJson, UsageAndResetRoundTrip) {
  Event event;
  event.vcpu = 1;
  UsageEvent usage;
  usage.cpu = Nanoseconds(4);
  usage.guest = Nanoseconds(3);
  usage.harness = Nanoseconds(2);
  usage.parked = Nanoseconds(1);
  usage.exits = {{"hlt", 7}, {"io", 9}};
  event.body = usage;
  EXPECT_EQ(event_to_json(event), R"({"t":0,"vcpu":1,"type":"usage","cpu_ns":4,"guest_ns":3,"harness_ns":2,)"
                                  R"("parked_ns":1,"exits":{"hlt":7,"io":9}})");
  const auto back = event_from_json(event_to_json(event));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(std::get<UsageEvent>(back->body).exits, usage.exits);
  EXPECT_EQ(std::get<UsageEvent>(back->body).parked, usage.parked);
  event.body = ResetEvent{Nanoseconds(70), 12};
  EXPECT_EQ(event_to_json(event), R"({"t":0,"vcpu":1,"type":"reset","took_ns":70,"pages":12})");
  for (const char* bad :
       {R"({"t":1,"type":"usage"})", R"({"t":1,"type":"usage","cpu_ns":-1})",
        R"({"t":1,"type":"usage","cpu_ns":1,"exits":[1]})", R"({"t":1,"type":"usage","cpu_ns":1,"exits":{"io":-1}})",
        R"({"t":1,"type":"usage","cpu_ns":1,"exits":{"io":"many"}})", R"({"t":1,"type":"reset","took_ns":1})"}) {
    EXPECT_FALSE(event_from_json(bad).ok()) << bad;
  }
}

TEST(EventFile, ACutLastLineIsReportedAndTheRestIsUsable) {
  const std::string text = two_lines();
  for (std::size_t cut = text.find('\n') + 2; cut < text.size() - 2; ++cut) {
    const auto recorded = read(text.substr(0, cut));
    ASSERT_TRUE(recorded.ok());
    EXPECT_TRUE(recorded->cut) << cut;
    EXPECT_EQ(recorded->events.size(), 1U);
    EXPECT_EQ(recorded->bad_lines, 0U);
  }
  EXPECT_FALSE(read(text)->cut);
  EXPECT_EQ(read(text)->events.size(), 2U);
}

TEST(EventFile, BadLinesAreCountedAndSkipped) {
  std::string text = two_lines();
  for (int i = 0; i < 30; ++i) text += "rubbish\n";
  text += event_to_json({Nanoseconds{3}, std::nullopt, -1, ConsoleEvent{"three"}}) + "\n";
  const auto recorded = read(text);
  ASSERT_TRUE(recorded.ok());
  EXPECT_EQ(recorded->events.size(), 3U);
  EXPECT_EQ(recorded->bad_lines, 30U);
  EXPECT_EQ(recorded->problems.size(), 20U);
  EXPECT_THAT(recorded->problems.front(), HasSubstr("line 3"));
}

TEST(EventFile, SurvivesMangling) {
  std::string text;
  bool first = true;
  for (const Event& event : one_of_each()) {
    text += (first ? first_event_to_json(event) : event_to_json(event)) + "\n";
    first = false;
  }
  Rng rng(5);
  for (int run = 0; run < 1500; ++run) {
    std::string mangled = text;
    for (std::uint64_t edits = 1 + rng.next() % 6; edits != 0 && !mangled.empty(); --edits) {
      const std::size_t at = rng.next() % mangled.size();
      switch (rng.next() % 4) {
        case 0:
          mangled[at] = static_cast<char>(rng.next());
          break;
        case 1:
          mangled.erase(at, 1 + rng.next() % 8);
          break;
        case 2:
          mangled.insert(at, mangled.substr(rng.next() % mangled.size(), rng.next() % 40));
          break;
        default:
          mangled.resize(at + 1);
          break;
      }
    }
    const auto recorded = read(mangled);
    if (recorded.ok()) {
      EXPECT_LE(recorded->problems.size(), 20U);
    }
  }
  // Deep nesting is the classic way to exhaust a parser's stack.
  EXPECT_FALSE(event_from_json(std::string(500'000, '[')).ok());
  const std::string nested = std::string(500'000, '[') + std::string(500'000, ']');
  EXPECT_FALSE(event_from_json(R"({"v":3,"t":0,"type":"plan","plan":)" + nested + "}").ok());
  // Nor may what we write ourselves: a plan is copied into its line.
  const std::string written = first_event_to_json({Nanoseconds{0}, std::nullopt, -1, PlanEvent{nested}});
  EXPECT_EQ(std::get<PlanEvent>(event_from_json(written)->body).json, nested);
}

}  // namespace
}  // namespace remapstorm
