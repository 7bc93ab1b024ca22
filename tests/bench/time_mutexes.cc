// Preloaded into weir: how long each mutex was held and waited for. At the end of the process it
// writes the one that was locked most often (weir's gate, under load) to the file that WEIR_MUTEXES
// names: `locks waited_for_ns held_ns contended`. Its own cost is two readings of the clock a lock.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <pthread.h>

namespace {

using Function = int (*)(pthread_mutex_t*);

Function next(const char* name) { return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name)); }

// dlsym locks nothing of pthread's, so this may happen inside the first lock.
Function real_lock() {
  static const Function function = next("pthread_mutex_lock");
  return function;
}
Function real_trylock() {
  static const Function function = next("pthread_mutex_trylock");
  return function;
}
Function real_unlock() {
  static const Function function = next("pthread_mutex_unlock");
  return function;
}

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

// All but the address is guarded by the mutex itself.
struct Times {
  std::atomic<pthread_mutex_t*> mutex;
  std::uint64_t locks, contended, waited, held, since;
};
std::array<Times, 1024> table;

// Null when the table is full of others.
Times* times_of(pthread_mutex_t* mutex) {
  const std::size_t start = (reinterpret_cast<std::uintptr_t>(mutex) >> 4) % table.size();
  for (std::size_t i = 0; i < 16; ++i) {
    Times& times = table[(start + i) % table.size()];
    pthread_mutex_t* there = times.mutex.load(std::memory_order_relaxed);
    if (there == mutex) return &times;
    if (!there && times.mutex.compare_exchange_strong(there, mutex)) return &times;
    if (there == mutex) return &times;
  }
  return nullptr;
}

__attribute__((destructor)) void write_down() {
  const char* path = std::getenv("WEIR_MUTEXES");
  std::FILE* file = path ? std::fopen(path, "w") : nullptr;
  if (!file) return;
  const Times* most = &table[0];
  for (const Times& times : table) {
    if (times.locks > most->locks) most = &times;
  }
  std::fprintf(file, "%llu %llu %llu %llu\n", static_cast<unsigned long long>(most->locks),
               static_cast<unsigned long long>(most->waited),
               static_cast<unsigned long long>(most->held),
               static_cast<unsigned long long>(most->contended));
  std::fclose(file);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int pthread_mutex_lock(pthread_mutex_t* mutex) {
  Times* times = times_of(mutex);
  if (!times) return real_lock()(mutex);
  if (real_trylock()(mutex) == 0) {
    times->since = now_ns();
  } else {
    const std::uint64_t before = now_ns();
    if (const int failed = real_lock()(mutex)) return failed;
    times->since = now_ns();
    times->waited += times->since - before;
    ++times->contended;
  }
  ++times->locks;
  return 0;
}

extern "C" __attribute__((visibility("default"))) int pthread_mutex_unlock(pthread_mutex_t* mutex) {
  Times* times = times_of(mutex);
  if (times && times->since) {
    times->held += now_ns() - times->since;
    times->since = 0;  // a condition variable's wait gives it back unseen
  }
  return real_unlock()(mutex);
}
