#!/usr/bin/env bash
# run.sh NAME SECONDS [grow]: runs build/fuzz/NAME over its corpus, then for that long on new inputs.
#
# With `grow`, as ./dev fuzz calls it, what it learns is kept in build/fuzz/corpus/NAME and is where
# the next run begins, each from another seed; its words go to build/fuzz/logs/NAME.log. Without, as ./dev test calls it, a run begins with the
# corpus in the tree and a fixed seed, and leaves nothing but findings.
#
# Ends with 1 if something was found: build/fuzz/findings/NAME-*, which names the input.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

name=$1 seconds=$2 mode=${3:-}
short=${name%_fuzz}
program=build/fuzz/$name
[[ -x $program ]] || { echo "$program is missing: ./dev fuzz or ./dev test builds it" >&2; exit 1; }

mkdir -p build/fuzz/findings
args=(-max_total_time="$seconds" -timeout=20 -max_len=2000 -print_final_stats=1
      -artifact_prefix="build/fuzz/findings/$name-")
if [[ $mode == grow ]]; then
  corpus=build/fuzz/corpus/$name
  mkdir -p "$corpus" build/fuzz/logs
  exec >"build/fuzz/logs/$name.log"
else
  corpus=$(mktemp -d build/fuzz/run.XXXXXX)
  args+=(-seed=1)
fi
dictionary=tests/fuzz/http.dict
if [[ -e tests/fuzz/$short.dict ]]; then dictionary=tests/fuzz/$short.dict; fi

export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
# What earlier runs grew is one archive a fuzzer; it is read as one more folder of seeds.
grown=$(mktemp -d build/fuzz/grown.XXXXXX)
remove=("$grown")
[[ $mode == grow ]] || remove+=("$corpus")
trap 'rm -rf "${remove[@]}"' EXIT
tar -xzf "tests/fuzz/corpus/$short.grown.tar.gz" -C "$grown"
"$program" "${args[@]}" -dict="$dictionary" "$corpus" "tests/fuzz/corpus/$short" "$grown" 2>&1 |
  grep -av '^###\|^"\|^#[0-9]*[[:space:]]\(NEW\|REDUCE\|pulse\|RELOAD\)'
exit "${PIPESTATUS[0]}"
