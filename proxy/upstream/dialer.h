// Makes a connection to the service for one exchange: the addresses of its name in turn, each
// within upstream.connect_timeout, as well as the wait for the resolver.
//
// Owner and thread: the exchange, on its worker. Tells its owner once, never from inside dial().
#pragma once

#include <cstddef>

#include "proxy/context/snapshot_ref.h"
#include "proxy/net/alarms.h"
#include "proxy/net/resolver.h"
#include "proxy/upstream/service_connection.h"

namespace weir {

class WorkerContext;

class Dialer final : private AlarmEntry, private Resolver::Waiter, private ServiceUser {
 public:
  class Owner {
   public:
    virtual void on_dialed(ServiceConnection& connection) = 0;  // attached to the dialer still
    virtual void on_dial_failed() = 0;

   protected:
    ~Owner() = default;
  };

  Dialer(WorkerContext& worker, Owner& owner) : worker_(worker), owner_(owner) {}
  ~Dialer() override { cancel(); }

  // To the service that the snapshot names.
  void dial(SnapshotRef& snapshot);
  void cancel();

 private:
  Resolver& resolver();
  void connect(const sockaddr* address, const char* path);
  void try_next();
  void fail();
  void ring() override;  // the resolver takes too long, or there is nothing to try
  void on_resolved() override;
  void on_service_connected(NetError error) override;
  void on_service_bytes(char* /*data*/, std::size_t /*size*/) override {}
  void on_service_end(NetError /*error*/) override {}
  void on_service_backlog() override {}
  void on_service_drained() override {}
  void on_service_write_failed() override {}

  WorkerContext& worker_;
  Owner& owner_;
  SnapshotRef* snapshot_ref_ = nullptr;
  ServiceConnection* connecting_ = nullptr;
  std::size_t tried_ = 0;
  std::size_t current_ = 0;
};

}  // namespace weir
