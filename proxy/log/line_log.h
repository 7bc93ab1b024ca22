// Lines from the workers to a file or to standard output, through a thread of its own: the access
// log's way out. Whatever the other end does, no worker ever waits.
//
// Each worker has a Ring of kRing bytes, which it alone writes and the log's thread alone reads,
// without a lock or an allocation. A line that finds it full is lost, and counted. The thread wakes
// up for the first line, lets more come for kGather, and writes them together; an idle log costs
// nothing.
//
// A pipe, terminal or socket that is full makes the thread wait, by poll. What cannot be written
// (nobody reads any more, no space left) is lost, counted and told in the diagnostics. Where a
// write broke off within a line, a newline ends it, so that the next line is whole again.
//
// Owner: the server; it must outlive the writers of its rings. Threads: as said at each call.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "filters/time.h"

namespace weir {

class LineLog {
 public:
  static constexpr std::size_t kRing = 1 << 20;
  static constexpr std::size_t kLongest = 4096;  // a line; longer ones are lost
  static constexpr Duration kGather = std::chrono::milliseconds(5);

  class Writer;
  class Ring {
   public:
    explicit Ring(Writer& writer) : writer_(writer), bytes_(new char[kRing]) {}
    // One thread. `line` ends with its newline.
    void write(std::string_view line) noexcept;

   private:
    friend class Writer;
    void copy_in(std::uint64_t at, std::string_view line);
    void copy_out(std::uint64_t at, char* to, std::size_t size) const;

    Writer& writer_;
    std::unique_ptr<char[]> bytes_;
    std::uint64_t seen_read_ = 0;  // the writer of lines remembers it, to look less often
    alignas(64) std::atomic<std::uint64_t> end_{0};  // bytes ever put in, whole lines
    std::atomic<std::uint64_t> lost_{0};
    alignas(64) std::atomic<std::uint64_t> begin_{0};  // bytes ever taken out
  };

  struct OpenResult {
    std::unique_ptr<LineLog> log;  // null on error
    std::string error;             // one line: what, and why
  };
  // `to`: stdout, or the path of a file, which is appended to, and made if need be (mode 0640).
  static OpenResult open(const std::string& to, std::size_t rings);
  ~LineLog();  // writes out what is queued, for kLastWords (line_sink.h) at most
  LineLog(const LineLog&) = delete;
  LineLog& operator=(const LineLog&) = delete;

  Ring& ring(std::size_t index);

  // Any thread: opens the file anew once what is queued has gone to the old one. If that fails the
  // old one is kept, and the diagnostics say why.
  void reopen();

  // Any thread: lines so far.
  std::uint64_t written() const;
  std::uint64_t lost() const;

 private:
  explicit LineLog(std::shared_ptr<Writer> writer) : writer_(std::move(writer)) {}
  // Its thread holds it too, and may outlive the log if a write never returns.
  std::shared_ptr<Writer> writer_;
};

}  // namespace weir
