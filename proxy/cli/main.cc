#include "proxy/cli/cli.h"

int main(int argc, char** argv) { return weir::run_cli(argc, argv); }
