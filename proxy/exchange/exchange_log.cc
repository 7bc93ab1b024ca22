// Of Exchange: its line in the access log.
#include <array>

#include "config/secret.h"
#include "proxy/clock/clock.h"
#include "proxy/context/access_log.h"
#include "proxy/context/worker_context.h"
#include "proxy/exchange/exchange.h"
#include "proxy/http/kept_record.h"
#include "proxy/http/reply.h"
#include "proxy/http/router.h"

namespace weir {

// Texts of a record that are made for it.
struct Exchange::RequestTexts {
  std::array<char, 46> client;
  HiddenName hidden;
};

void Exchange::log_access(AccessLog& log) {
  const bool cut = request_->committed && ending_ != EndReason::complete;
  if (!log.wants(code_, cut)) return;
  AccessRecord record;
  RequestTexts texts;
  describe_request(record, texts);
  record.cut = cut;
  describe_ending(record);
  log.write(record);
}

// For the line of the tunnel that it opens; null if there is no access log.
std::unique_ptr<KeptRecord> Exchange::keep_record() const {
  if (worker_.access_log() == nullptr) return nullptr;
  AccessRecord record;
  RequestTexts texts;
  describe_request(record, texts);
  record.time = wall_clock();
  record.status = download_.status;
  record.attempts = request_->attempts;
  return std::make_unique<KeptRecord>(record);
}

// Whose request it is, and what for.
void Exchange::describe_request(AccessRecord& record, RequestTexts& texts) const {
  const AccessLog& log = *worker_.access_log();
  const Settings& settings = this->settings();
  const TenantSettings& tenant = settings.tenant;
  const RequestParts parts = snapshot_ref_->router.parts(head_, target_, peer_, route_);

  record.time = wall_clock() - (read_clock() - head_came_);
  record.client = parts.client.text(texts.client);
  record.request_id = request_id_;
  record.route = parts.route;
  record.method = head_.method_text();
  record.path = target_.path.empty() ? std::string_view("/") : target_.path;
  if (log.wants_query()) record.query = target_.query;
  record.minor = head_.minor;

  const bool by_address = tenant.from.kind == Field::Kind::client_ip && parts.client.known;
  record.tenant = by_address ? record.client : snapshot_ref_->router.tenant_name(parts);
  if (tenant.secret) {
    // In a path the name stands decoded, so that path is shown in which it was found.
    if (tenant.from.kind == Field::Kind::path_segment) {
      record.path = parts.path;
      if (record.tenant.data() >= parts.path.data() &&
          record.tenant.data() < parts.path.data() + parts.path.size()) {
        record.hidden = record.tenant;
      }
    }
    if (tenant.from.kind == Field::Kind::query) record.hidden_parameter = tenant.from.name;
    texts.hidden = hide_name(record.tenant);
    record.tenant = record.shown_as = {texts.hidden.data(), texts.hidden.size()};
  }
  if (route_ != nullptr && route_->tenantless) record.tenant = "none";
  // A page of this service may have a secret path as well.
  const bool referer = !(tenant.secret && tenant.from.kind == Field::Kind::path_segment);
  if (log.wants_header_texts()) add_header_texts(record, referer);
  record.trace_id = trace_id_of(find_field(head_, "traceparent").value_or(""));
  if (request_->attempts != 0) record.service = settings.upstream.address.text;
}

void Exchange::add_header_texts(AccessRecord& record, bool referer) const {
  record.user_agent = find_field(head_, "user-agent").value_or("");
  if (referer) record.referer = find_field(head_, "referer").value_or("");
}

void Exchange::describe_ending(AccessRecord& record) const {
  record.status = code_;
  record.received = upload_.reader.received();
  record.sent = sent_;
  record.queue = request_->waited;
  record.upstream = request_->attempts != 0 ? upstream_time_ : Duration{-1};
  record.overhead = overhead_;
  record.total = request_->now - head_came_;
  record.attempts = request_->attempts;
  if (bad_body_ != MessageError::none) {
    record.reason = to_string(bad_body_);
  } else if (ending_ == EndReason::client_gone || code_ == kClientGone) {
    record.reason = to_string(Reason::client_gone);
  } else if (ending_ == EndReason::replied) {
    record.reason = to_string(ending_);
    record.filter = request_->outcome.filter->name();
  } else if (ending_ != EndReason::complete && source_ == Source::weir) {
    const Reply reply = reply_to(request_->outcome);
    record.reason = reply.reason;
    record.filter = reply.filter;
  } else if (ending_ != EndReason::complete) {
    const Reason reason = request_->outcome.reason;
    record.reason = to_string(reason != Reason::none ? reason : Reason::upstream_truncated);
  }
}

void Exchange::describe_refused(AccessRecord& record) const {
  if (known_ == Known::nothing) return;
  record.method = head_.method_text();
  record.minor = head_.minor;
  // The target as it came may hold anything, a user's password even.
  const TenantSettings& tenant = settings().tenant;
  const bool secret_path = tenant.secret && tenant.from.kind == Field::Kind::path_segment;
  if (known_ == Known::target && !secret_path) record.path = target_.path;
}

}  // namespace weir
