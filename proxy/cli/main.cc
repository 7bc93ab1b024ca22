#include <exception>

#include "proxy/cli/cli.h"
#include "proxy/process/fatal.h"

int main(int argc, char** argv) {
  std::set_terminate(weir::tell_and_abort);
  weir::tell_of_aborts();
  return weir::run_cli(argc, argv);
}
