// The trailers of one message (RFC 9110 §6.5): what its sender declared, what came, and what of it
// goes on.
//
// Only what a Trailer field declared passes, nothing that Connection lists, and none of the fields
// that frame, route or authorise a message. BodyReader hands over what came, field by field.
//
// Bounds: what came is at most BodyReader::kMaxTrailers, what was declared at most a head; both
// stand in lent blocks, and there is none where a message has no trailers.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "proxy/http/head.h"
#include "proxy/http/head_writer.h"
#include "proxy/net/buffer_pool.h"

namespace weir {

// Of a field that must not come behind the body that it would have framed, routed or authorised
// (RFC 9110 §6.5.1).
bool is_forbidden_trailer(std::string_view name);

class Trailers {
 public:
  // A message begins, with this head. Forgets the one before.
  void begin(BufferPool& pool, const Head& head);
  void release();

  // For BodyReader: the next byte of a trailer that is sound so far, its CRLF included.
  void add(char c) { came_.append(*pool_, {&c, 1}); }

  // Did any come that has one of these names, declared or not?
  bool any_of(std::span<const std::string> names) const;
  // Did any come that goes on?
  bool any_to_write() const;
  // Those that go on, each as a line.
  void write(HeadWriter& out) const;

 private:
  bool is_declared(std::string_view name) const;
  template <typename Each>
  void for_each(Each&& each) const;

  BufferPool* pool_ = nullptr;
  ByteQueue declared_;  // names, each with a comma behind it
  ByteQueue came_;      // lines
};

// Does its sender take trailers in the answer (`TE: trailers`, RFC 9110 §10.1.4)?
bool takes_trailers_by_te(const Head& request);  // where there is a TE
inline bool takes_trailers(const Head& request) {
  return request.minor != 0 && request.has(FieldId::te) && takes_trailers_by_te(request);
}

}  // namespace weir
