// SPDX-License-Identifier: Apache-2.0
#include "results/line_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>

#include "base/syscall.h"

namespace remapstorm {
namespace {

// Two at a time would each miss what the other does.
Status take(const Fd& fd, const std::string& path, const std::string& what) {
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return {};
  return usage_error("another " + what + " is writing " + path, "wait for it, or give another --output-dir");
}

Error not_there(const std::string& path, const std::string& what) {
  return usage_error("there is no " + what + " to go on with: " + path + " cannot be read",
                     "leave --resume out to begin one");
}

}  // namespace

Result<LineJournal> LineJournal::create(const std::string& path, const std::string& what,
                                        const std::string& first_line) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644));
  if (!fd.valid() && errno == EEXIST) {
    return usage_error(path + " is there already: the trials of an earlier " + what,
                       "--resume goes on with it; or give another --output-dir");
  }
  if (!fd.valid()) return errno_error("open", path, errno);
  RS_TRY(take(fd, path, what));
  LineJournal journal(std::move(fd), path);
  if (const Status begun = journal.add(first_line); !begun) {
    ::unlink(path.c_str());  // half a first line is nothing to go on with
    return begun.error();
  }
  return journal;
}

Result<std::size_t> LineJournal::read(const std::string& path, const std::string& what,
                                      const std::function<Status(std::size_t, std::string_view)>& each) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return not_there(path, what);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::size_t whole = 0;
  for (std::size_t number = 0; whole < text.size(); ++number) {
    const std::size_t end = text.find('\n', whole);
    if (end == std::string::npos) break;  // it was killed while it wrote this line
    RS_TRY(each(number, std::string_view(text).substr(whole, end - whole)));
    whole = end + 1;
  }
  if (whole == 0) return usage_error(path + " is not a journal: it has no whole line", "begin in another --output-dir");
  return whole;
}

Result<LineJournal> LineJournal::resume(const std::string& path, const std::string& what,
                                        const std::function<Status(std::size_t, std::string_view)>& each) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) return not_there(path, what);
  if (!fd.valid()) return errno_error("open", path, errno);
  RS_TRY(take(fd, path, what));
  RS_ASSIGN(const std::size_t whole, read(path, what, each));
  if (::ftruncate(fd.get(), static_cast<off_t>(whole)) != 0) return errno_error("ftruncate", path, errno);
  return LineJournal(std::move(fd), path);
}

Status LineJournal::add(std::string line) {
  if (!failed_.ok()) return failed_;
  line += '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    // Behind half a line another one would make a line of nonsense.
    if (written < 0) return failed_ = errno_error("write", path_, errno);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace remapstorm
