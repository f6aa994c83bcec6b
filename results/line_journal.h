// SPDX-License-Identifier: Apache-2.0
// LineJournal: a file that is written line by line as things are done, by one process at a time. What was killed in the
// middle of a line loses that line and nothing else.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/fd.h"
#include "base/result.h"

namespace remapstorm {

class LineJournal {
 public:
  // Creates `path`, which must not exist, with its first line. `what`: of what it is the journal, "sweep". Errors:
  // usage if there is one already; host.
  static Result<LineJournal> create(const std::string& path, const std::string& what, const std::string& first_line);
  // Opens what create() began, calls `each` with every whole line, the first with number 0, and goes on behind them.
  // Errors: usage if it is not there, or if another process has it; what `each` says; host.
  static Result<LineJournal> resume(const std::string& path, const std::string& what,
                                    const std::function<Status(std::size_t number, std::string_view line)>& each);
  // The lines of a journal that another process may be writing. Returns the bytes of whole lines. Errors as resume().
  static Result<std::size_t> read(const std::string& path, const std::string& what,
                                  const std::function<Status(std::size_t number, std::string_view line)>& each);

  // On disk when it returns, as far as the page cache counts as disk. Error: host; a full disk says so.
  Status add(std::string line);

 private:
  LineJournal(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Fd fd_;          // locked as long as it is open
  Status failed_;  // the first error: nothing is added after it
  std::string path_;
};

}  // namespace remapstorm
