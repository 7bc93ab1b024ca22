#!/usr/bin/env bash
# Builds weir's image and tries it out as it is deployed: read-only, without capabilities, in 64 MiB
# and one CPU, before a service in a second container. Run by ./dev image; as root, with podman.
#
# Where no registry is reached, $WEIR_BASE_IMAGE is a program that makes the base image and wraps
# `build` and `run`; by default the one in a folder shared/ beside this tree, if it is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'image: %s\n' "$*"; }
fail() { printf 'image: FAILED: %s\n' "$*" >&2; exit 1; }

base_image=${WEIR_BASE_IMAGE:-../shared/tools/base-image}
build=(podman build) run=(podman run --network host)
[[ -x $base_image ]] && build=("$base_image" build) run=("$base_image" run)
version=$(sed -nE 's/^project\(weir VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
image=localhost/weir:$version

make_image() {
  [[ $EUID -eq 0 ]] || fail "needs root, for limits and a network of its own"
  [[ -x $base_image ]] && "$base_image" >/dev/null
  local revision
  revision=$(git --no-optional-locks -c 'safe.directory=*' describe --always --dirty --abbrev=12 --exclude='*')
  # The format that has health checks.
  "${build[@]}" --format docker -f docker/Dockerfile -t "$image" \
    --build-arg "VERSION=$version" --build-arg "REVISION=$revision" . >"$log" 2>&1 ||
    { tail -n 40 "$log" >&2; fail "it does not build"; }
  is "its label of the version" "$(label version)" "$version"
  is "what weir says" "$("${run[@]}" --rm "$image" --version 2>>"$log")" "weir $version ($revision)"
  say "built: $(podman image inspect -f '{{.Size}}' "$image") bytes in all"
}
label() { podman image inspect -f "{{index .Labels \"org.opencontainers.image.$1\"}}" "$image"; }

# --- what is asked of it ----------------------------------------------------------------------

is() { [[ $2 == "$3" ]] || fail "$1: '$2', not '$3'"; }
at_least() { (($2 >= $3)) || fail "$1: $2, less than $3"; }
# eventually WHAT COMMAND...: within 20 s.
eventually() {
  local what=$1 deadline=$((SECONDS + 20))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || fail "$what: not within 20 s"
    sleep 0.1
  done
}
metric() {  # metric NAME [LABEL]: the sum of its series that have the label
  curl -sS http://127.0.0.1:9902/metrics |
    awk -v name="$1" -v label="${2:-}" \
      '$1 ~ "^" name "({|$)" && index($1, label) {sum += $NF} END {printf "%d\n", sum}'
}
inside() { (($(metric weir_requests_inside) > 0)); }
state() { podman inspect -f "{{.State.$1}}" "$2"; }
of_process() { awk -v key="$1:" '$1 == key {print $2}' "/proc/$pid/status"; }
cgroup() {  # cgroup V1-CONTROLLER V1-FILE V2-FILE: what the kernel holds it to
  local path
  if path=$(awk -F: -v c="$1" '$2 == c {print $3}' "/proc/$pid/cgroup") && [[ $path ]]; then
    cat "/sys/fs/cgroup/$1$path/$2"
  else
    cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/$3"
  fi
}

confined=(--read-only --read-only-tmpfs=false --cap-drop all --security-opt no-new-privileges
          --memory 64m --cpus 1)
# container NAME ARGUMENTS...: starts one. What podman says of health-check timers where no systemd
# runs is of no interest.
container() {
  local name=$1
  shift
  "${run[@]}" -d --name "$name" "${confined[@]}" "$@" >/dev/null 2>>"$log" ||
    { cat "$log" >&2; fail "$name does not start"; }
}
status_of() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
# An upload of three seconds, in the background.
begin_upload() {
  head -c 60000 /dev/zero >"$log.body"
  status_of -S --limit-rate 20k --data-binary "@$log.body" -H 'x-tenant: acme' \
    http://127.0.0.1:8080/ >"$log.upload" &
  upload=$!
  eventually "an upload is under way" inside
}
end_upload() {
  wait "$upload" || fail "the upload under way was cut"
  is "the upload under way" "$(<"$log.upload")" 200
}
# stop NAME: by TERM; it must end by itself.
stop() {
  podman stop -t 60 "$1" >/dev/null 2>>"$log"
  is "exit code of $1" "$(state ExitCode "$1")" 0
}

start() {
  container "$service" "$image" sample --listen 127.0.0.1:3000
  container "$weir" --add-host service:127.0.0.1 \
    -v "$PWD/docker/weir.yaml:/etc/weir/weir.yaml:ro" "$image"
  pid=$(state Pid "$weir")
}

check_confinement() {
  is "user" "$(of_process Uid)" 65532
  is "effective capabilities" "$(of_process CapEff)" 0000000000000000
  is "capabilities in reach" "$(of_process CapBnd)" 0000000000000000
  is "no new privileges" "$(of_process NoNewPrivs)" 1
  is "seccomp" "$(of_process Seccomp)" 2
  is "memory limit" "$(cgroup memory memory.limit_in_bytes memory.max)" $((64 << 20))
  is "CPU quota" "$(cgroup cpu cpu.cfs_quota_us cpu.max | cut -d' ' -f1)" 100000
  is "root" "$(awk '$5 == "/" {print substr($6, 1, 2)}' "/proc/$pid/mountinfo")" ro
  say "confined: user 65532, no capabilities, read-only, 64 MiB, one CPU"
}

check_health() {
  podman healthcheck run "$weir" || fail "the image's health check"
  podman exec "$weir" /usr/bin/weir healthcheck -c /etc/weir/weir.yaml >/dev/null ||
    fail "the health check by the file"
  is "/live" "$(status_of http://127.0.0.1:9902/live)" 200
  [[ $(status_of -X POST http://127.0.0.1:9902/drain) == 4?? ]] ||
    fail "the telemetry listener can drain weir"
  say "healthy: by its own health check and on the telemetry listener"
}

check_load() {
  local tenant pids=() got
  for tenant in acme beta; do
    wrk -t1 -c32 -d10s -H "x-tenant: $tenant" http://127.0.0.1:8080/ >"$log.$tenant" &
    pids+=($!)
  done
  wait "${pids[@]}"
  ! grep -H 'Socket errors' "$log".{acme,beta} || fail "connections were cut"
  eventually "all requests end" eval '! inside'
  got=$(cat "$log".{acme,beta} | awk '/requests in/ {sum += $1} END {print sum}')
  at_least "answered, by weir's count" "$(metric weir_requests_total)" "$got"
  at_least "served" "$(metric weir_requests_total 'code="200"')" 1000
  at_least "refused for their quota" "$(metric weir_requests_total 'code="429"')" 1000
  # Those that wrk left behind at its end are 499.
  is "other answers" $(($(metric weir_requests_total) - $(metric weir_requests_total 'code="200"') - \
    $(metric weir_requests_total 'code="429"') - $(metric weir_requests_total 'code="503"') - \
    $(metric weir_requests_total 'code="499"'))) 0
  is "ended for want of memory" "$(state OOMKilled "$weir")" false
  say "under load: $got requests answered, $(metric weir_requests_total 'code="200"') of them served;" \
      "at most $(($(of_process VmHWM) / 1024)) MiB resident"
}

check_stop() {
  begin_upload
  stop "$weir"
  end_upload
  say "stopped: finished what was under way, exit code 0"
}

# As a pod ends, with the config of docker/kubernetes: the hook, a while later TERM.
check_pod() {
  container "$pod" -v "$PWD/docker/kubernetes:/etc/weir:ro" "$image"
  eventually "ready" curl -sf http://127.0.0.1:9902/ready
  begin_upload
  podman exec "$pod" /usr/bin/weir drain >/dev/null || fail "the preStop hook"
  is "/ready in a drain" "$(status_of http://127.0.0.1:9902/ready)" 503
  is "a new request within drain.delay" "$(status_of http://127.0.0.1:8080/)" 200
  stop "$pod"
  end_upload
  stop "$service"
  say "ended as in a pod: the hook first, new requests for drain.delay, TERM cut nothing"
}

clean_up() {
  local code=$?
  trap - EXIT
  if ((code)); then
    for name in "$weir" "$pod"; do podman logs "$name" >&2 2>/dev/null || true; done
  fi
  podman rm -f --ignore "$weir" "$pod" "$service" >/dev/null 2>&1 || true
  rm -f "$log" "$log".*
  exit "$code"
}

try_image() {
  ip link set lo up
  weir=weir-try-$$ pod=weir-try-pod-$$ service=weir-try-service-$$
  trap clean_up EXIT
  trap 'exit 130' INT TERM
  start
  eventually "ready" curl -sf http://127.0.0.1:9902/ready
  check_confinement
  check_health
  check_load
  check_stop
  check_pod
  say "all of it holds"
}

if [[ ${1:-} == --try ]]; then
  log=$2
  try_image
else
  log=$(mktemp)
  make_image
  # A network of its own, in which the ports of docker/weir.yaml are free.
  exec unshare --net -- "${BASH_SOURCE[0]}" --try "$log"
fi
