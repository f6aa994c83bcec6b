// SPDX-License-Identifier: Apache-2.0
#include "report/html/markup.h"

#include <gtest/gtest.h>

namespace remapstorm {
namespace {

TEST(Escaping, LeavesNoMarkupOfTheGuest) {
  EXPECT_EQ(escaped_markup("<script>alert('x') && \"y\"</script>"),
            "&lt;script&gt;alert(&#39;x&#39;) &amp;&amp; &quot;y&quot;&lt;/script&gt;");
}

TEST(Escaping, ReplacesWhatXmlForbidsAndWhatMisleads) {
  const std::string replacement = "\xef\xbf\xbd";
  EXPECT_EQ(escaped_markup(std::string("a\0b", 3)), "a" + replacement + "b");
  EXPECT_EQ(escaped_markup("\x1b[31m"), replacement + "[31m");
  EXPECT_EQ(escaped_markup("\x7f"), replacement);
  EXPECT_EQ(escaped_markup("\xe2\x80\xae"
                           "gpj.exe"),
            replacement + "gpj.exe");                      // right-to-left override
  EXPECT_EQ(escaped_markup("\xe2\x81\xa6"), replacement);  // isolate
  EXPECT_EQ(escaped_markup("\xef\xbf\xbf"), replacement);  // no character
  EXPECT_EQ(escaped_markup("a\tb\nc"), "a b c");
}

TEST(Escaping, ReplacesInvalidUtf8ByteByByte) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(escaped_markup("\xff\xfe"), r + r);
  EXPECT_EQ(escaped_markup("\xc0\x80"), r + r);                  // overlong
  EXPECT_EQ(escaped_markup("\xed\xa0\x80"), r + r + r);          // surrogate
  EXPECT_EQ(escaped_markup("\xf4\x90\x80\x80"), r + r + r + r);  // beyond the last
  EXPECT_EQ(escaped_markup("\xe2\x82"), r + r);                  // cut
  EXPECT_EQ(escaped_markup("\xe2\x82\xac \xf0\x9f\x90\xa7"), "\xe2\x82\xac \xf0\x9f\x90\xa7");
}

TEST(Escaping, CutsBetweenCharactersAndSaysSo) {
  EXPECT_EQ(escaped_markup("abcdef", 6), "abcdef");
  EXPECT_EQ(escaped_markup("abcdef", 3), "abc\xe2\x80\xa6");
  EXPECT_EQ(escaped_markup("ab\xe2\x82\xac", 4), "ab\xe2\x80\xa6");
  EXPECT_LT(escaped_markup(std::string(100'000, '&')).size(), 5 * kMostText + 10);
}

TEST(Slug, IsAFileNameWhateverItIsGiven) {
  EXPECT_EQ(slug("irq-same-cpu/bbm-fault/trial-0"), "irq-same-cpu-bbm-fault-trial-0");
  EXPECT_EQ(slug("../../etc/passwd"), "-.-..-etc-passwd");
  EXPECT_EQ(slug(""), "-");
  EXPECT_EQ(slug("A \"B\"\n\xff"), "a--b---");
  EXPECT_LE(slug(std::string(500, 'x')).size(), 80U);
  for (const char* name : {".", "..", ".x", "/"}) EXPECT_NE(slug(name)[0], '.') << name;
}

TEST(Markup, ClosesWhatIsOpenAndEscapesAttributes) {
  Markup out;
  out.open("p", {{"title", "\"><script>"}}).leaf("b", "<i>");
  EXPECT_EQ(out.take(), "<p title=\"&quot;&gt;&lt;script&gt;\"><b>&lt;i&gt;</b></p>\n");
}

}  // namespace
}  // namespace remapstorm
