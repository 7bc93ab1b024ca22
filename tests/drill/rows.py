"""The attacks. Each function is a row: it begins the attack, measures, and says what must hold beside
what holds for all (the neighbour is answered, quickly; memory; weir lives, and ends at TERM)."""

import time

from actors import DESCRIPTORS, NEWCOMER, get
from scene import (CHAIN, CONFIG, DOWNLOADING, IDLE, KIB, MIB, TUNNEL, UPLOADING, WAITING, Row)

HEAD = r"Host: drill\r\nx-tenant: attacker\r\n"
MANY = min(10_000, DESCRIPTORS - 500)  # connections of one address
TELEMETRY = "telemetry: {listen: 127.0.0.1:0}\n" + CONFIG + CHAIN


# --- 1. memory and time

def interim_unread(scene):
    scene.flood(4, once=rf"GET /endless/interim HTTP/1.1\r\n{HEAD}\r\n", read="none")
    scene.measure()


def interim_read(scene):
    scene.flood(4, once=rf"GET /endless/interim HTTP/1.1\r\n{HEAD}\r\n", reopen=True)
    scene.measure()


def interim_left(scene):
    scene.flood(8, once=rf"GET /endless/interim HTTP/1.1\r\n{HEAD}\r\n", life=50)
    scene.measure()
    for flood in scene.floods:
        flood.finish()
    time.sleep(1)  # what the clients that left have begun is over by now
    before, pause = scene.weir.cpu(), 0.5
    time.sleep(pause)
    scene.expect(scene.weir.cpu() - before < pause / 5, "goes on working for clients that left")


def chunks_from_service(scene):
    scene.flood(4, once=rf"GET /endless/chunks HTTP/1.1\r\n{HEAD}\r\n", reopen=True)
    scene.measure()


def chunks_from_client(scene):
    scene.flood(4, once=rf"POST /n/x HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n",
                repeat=r"1\r\nx\r\n", reopen=True)
    scene.measure()


def endless_head_of_service(scene):
    scene.flood(8, once=rf"GET /endless/fields HTTP/1.1\r\n{HEAD}\r\n", answered=True, reopen=True)
    scene.measure()


def pipelined(connections, request, read):
    def attack(scene):
        scene.flood(connections, repeat=request, read=read, reopen=True)
        scene.measure()
    return attack


def named(name, attack):
    attack.__name__ = name
    return attack


QUOTA = r"GET / HTTP/1.1\r\nHost:a\r\n\r\n"
DENIED = r"GET / HTTP/1.1\r\nHost:a\r\nx-tenant:evil\r\n\r\n"
OPTIONS = r"OPTIONS * HTTP/1.1\r\nHost:a\r\nMax-Forwards:0\r\n\r\n"


def dot_segments(scene):
    path = "/a/%2e%2e" * 3300
    scene.flood(16, once=rf"GET {path} HTTP/1.1\r\n{HEAD}\r\n", answered=True, reopen=True)
    scene.measure()


def dribbled_heads(scene):
    scene.flood(min(2000, MANY), once=r"GET / HTTP/1.1\r\nHost: drill\r\nX: ", repeat="x", every=200)
    scene.measure()


def dribbled_bodies(scene):
    scene.flood(48, once=rf"POST / HTTP/1.1\r\n{HEAD}Content-Length: 100000\r\n\r\n",
                repeat="x" * 100, every=100)
    scene.measure()


# Reads 700 kB a second. What the kernel buffers makes its progress look like steps of up to 900 kB,
# further apart than the send_timeout.
SLOW = "limits: {send_timeout: 500ms}\n" + CONFIG + CHAIN
SLOW_BYTES = 4_500_000


def steady_download(scene):
    slow = scene.flood(4, once=rf"GET /bytes/{SLOW_BYTES} HTTP/1.1\r\n{HEAD}\r\n", read=35_000,
                       every=50, receive_buffer=64 * KIB)
    scene.measure(seconds=SLOW_BYTES / 700_000 + 1)
    whole = slow.finish()["answers"].get(200, 0)
    scene.expect(whole == 4, f"{whole} of 4 slow downloads came whole")


def cut(bound):
    return CONFIG + CHAIN.replace("timeout: 10s", f"timeout: {{head: 5s, {bound}: 1s}}")


def unread_download(scene, target):
    scene.flood(100, once=rf"GET {target} HTTP/1.1\r\n{HEAD}\r\n", read="none")
    scene.measure(seconds=max(2, scene.stage.seconds))
    scene.eventually(lambda: scene.weir.metric("weir_requests_inside") == 0, "were not cut")
    scene.eventually(lambda: scene.weir.unsent() < MIB,
                     f"the kernel still holds {scene.weir.unsent() >> 20} MiB for those cut")


def unread_download_cut_by_total(scene):
    unread_download(scene, "/bytes/100000000")


def unread_download_cut_by_idle(scene):
    unread_download(scene, "/stall/2000000")


SECTION_1 = [
    Row(1, "1xx heads without end, 4 clients not reading", interim_unread, memory=4 * DOWNLOADING),
    Row(1, "1xx heads without end, 4 clients reading", interim_read, memory=4 * DOWNLOADING),
    Row(1, "1xx heads without end, clients that leave", interim_left, memory=64 * DOWNLOADING),
    Row(1, "one-byte chunks from the service", chunks_from_service, memory=4 * DOWNLOADING,
        cheap=True),
    Row(1, "one-byte chunks from 4 clients", chunks_from_client, memory=4 * UPLOADING),
    Row(1, "a service's head without end", endless_head_of_service, memory=8 * DOWNLOADING),
    Row(1, "pipelined 429, 64 clients reading", named("quota-read", pipelined(64, QUOTA, "all")),
        memory=64 * DOWNLOADING),
    Row(1, "pipelined 429, 64 clients not reading",
        named("quota-unread", pipelined(64, QUOTA, "none")), memory=64 * DOWNLOADING),
    Row(1, "pipelined 403, 256 clients not reading",
        named("denied-unread", pipelined(256, DENIED, "none")), memory=256 * DOWNLOADING),
    Row(1, "pipelined OPTIONS, 64 clients not reading",
        named("options-unread", pipelined(64, OPTIONS, "none")), memory=64 * DOWNLOADING),
    Row(1, "paths of 30 KB of dot segments, 16 clients", dot_segments, memory=16 * DOWNLOADING),
    Row(1, "dribbled heads, 2,000 clients", dribbled_heads, memory=2000 * (IDLE + 5 * KIB),
        cheap=True),
    Row(1, "dribbled bodies, 48 clients", dribbled_bodies, memory=48 * UPLOADING),
    Row(1, "a slow but steady download comes whole", steady_download, config=SLOW,
        memory=4 * DOWNLOADING),
    Row(1, "unread downloads, cut by timeout.total", unread_download_cut_by_total,
        config=cut("total"), memory=100 * DOWNLOADING),
    Row(1, "unread downloads, cut by timeout.idle", unread_download_cut_by_idle,
        config=cut("idle"), memory=100 * DOWNLOADING),
]


# --- 2. connections and permits that are held
# Slow holders of permits and clients that leave have their rows here once request_buffering,
# response_buffering and limits.abandoned_timeout are there.

def idle_connections(scene):
    idle = scene.flood(MANY, once=rf"GET /n/x HTTP/1.1\r\n{HEAD}\r\n")
    scene.measure()
    opened = idle.finish()["opened"]
    scene.expect(opened > MANY * 0.9, f"only {opened} connections could be opened")


def half_heads(scene, port):
    scene.flood(64, port=port, once=r"GET /metrics HTTP/1.1\r\nX: ", reopen=True)
    probed(scene, port)


def pipelined_pages(scene, port):
    scene.flood(64, port=port, repeat=r"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                read="none", reopen=True)
    probed(scene, port)


def probed(scene, port):
    probe = scene.probe_live(port)
    scene.measure(seconds=max(2, scene.stage.seconds))
    asked, failed = probe.finish()
    scene.expect(failed == 0, f"{failed} of {asked} probes of /live failed")


def telemetry_half_heads(scene):
    half_heads(scene, scene.weir.telemetry)


def telemetry_pipelined(scene):
    pipelined_pages(scene, scene.weir.telemetry)


def admin_half_heads(scene):
    half_heads(scene, scene.weir.admin)


SECTION_2 = [
    Row(2, f"{MANY:,} idle connections of one address", idle_connections, fresh=True,
        config=f"limits: {{max_connections: {MANY}}}\n" + CONFIG + CHAIN, memory=MANY * IDLE),
    Row(2, "half-sent heads on telemetry, /live probed", telemetry_half_heads, config=TELEMETRY,
        memory=2 * 64 * 48 * KIB),
    Row(2, "pipelined /metrics on telemetry, /live probed", telemetry_pipelined, config=TELEMETRY,
        memory=2 * 64 * 64 * KIB),
    Row(2, "half-sent heads on admin, /live probed", admin_half_heads, memory=64 * 48 * KIB),
]


# --- 3. quotas

LENIENT = CONFIG.replace("10/s, burst: 10", "1/m, burst: 1") + CHAIN + (
    "routes: [{match: {path: /healthz}, chain: []}]\n")
TRICKS = ["/api/../healthz", "/api/%2e%2e/healthz", "/api/.%2E/healthz", "/a/b/..%2f..%2fhealthz",
          "/a/b/..%2F..%2fhealthz?q=1", "//healthz", "/.//healthz", "/%2fhealthz", "/./healthz",
          "/%2e/healthz", "/healthz/.", "/healthz/x/..", "/healthz%2fx%2f..", "/healthz;/../healthz",
          "/x;y/../healthz", "/healthz/..;/healthz", "/api\\..\\healthz", "/api%5c..%5chealthz",
          "/healthz%00", "http://drill/api/../healthz", "http://drill/a/b/..%2f..%2fhealthz"]


def route_tricks(scene):
    def try_all():
        for number, trick in enumerate(TRICKS):
            # One is within the quota. The service answers with the target that it was sent.
            answers = [get(scene.weir.port, trick, f"x-tenant: trick{number}") for _ in range(3)]
            dodged = sum(status == 200 for status, _ in answers)
            exempt = all(text.endswith("\r\n\r\n/healthz") for _, text in answers)
            scene.expect(dodged <= 1 or exempt, f"{trick} took the route without a quota")
    scene.measure(meanwhile=try_all)


def two_names(scene):
    """A tenant's field twice, in two spellings, or in two letter cases."""
    def try_all():
        for fields in (["x-tenant: a", "x-tenant: b"], ["X-Tenant: a", "x-tenant: b"],
                       ["x-tenant: neighbour", "x-tenant: evil"]):
            status, _ = get(scene.weir.port, "/n/x", *fields)
            scene.expect(status in (400, 403), f"{' and '.join(fields)}: {status}")
    scene.measure(meanwhile=try_all)


MADE_UP = r"GET /n/x HTTP/1.1\r\nHost: drill\r\nx-tenant: t%n\r\n\r\n"


def made_up_names(scene):
    scene.flood(8, once=MADE_UP, answered=True, reopen=True)
    scene.measure()


NEW_KEYS = "tenant: {from: header x-tenant, new_keys: {rate: 10/s, key: client_ip}}\n"


def made_up_names_bounded(scene):
    begin = time.monotonic()
    flood = scene.flood(8, once=MADE_UP, answered=True, reopen=True)
    scene.measure()
    served = flood.finish()["answers"].get(200, 0)
    most = 10 * (time.monotonic() - begin) + 20
    scene.expect(served <= most, f"{served} made-up names were served, {most:.0f} are allowed")


BY_THE_HOUR = (CONFIG.replace("10/s, burst: 10", "600/h, burst: 10") +
               CHAIN.replace("{key: tenant}", "{key: tenant, max_keys: 1024}"))


def key_table(scene):
    """Names without end in a table of 1,024, with a quota that takes an hour to be full again."""
    scene.flood(8, once=MADE_UP, answered=True, reopen=True)

    def newcomers():
        time.sleep(0.5)
        for number in range(5):
            status, _ = get(scene.weir.port, "/n/x", f"x-tenant: new{number}", source=NEWCOMER)
            scene.expect(status == 200, f"a newcomer from elsewhere got {status}")
    scene.measure(seconds=max(2, scene.stage.seconds), meanwhile=newcomers)


SHAPED = CONFIG.replace("tenants:", "tenants:\n  paced: {rate: 20/s, burst: 1}") + """
chain:
  - timeout: 10s
  - buffer: {capacity: 64, max_wait: 5s}
  - token_bucket: {key: tenant}
  - concurrency_limit: {limit: 64}
"""


def quota_waits(scene):
    """One tenant's requests wait for its quota; another that must wait a little finds a place."""
    scene.flood(200, once=r"GET /n/x HTTP/1.1\r\nHost: drill\r\nx-tenant: greedy\r\n\r\n",
                answered=True, reopen=True)

    def others_wait():
        time.sleep(0.5)
        for number in range(10):
            status, _ = get(scene.weir.port, "/n/x", "x-tenant: paced")
            scene.expect(status == 200, f"another tenant's request that must wait got {status}")
    scene.measure(seconds=max(2, scene.stage.seconds), meanwhile=others_wait)


WEBSOCKET = ("Upgrade: websocket", "Connection: Upgrade")


def tunnels(scene):
    scene.flood(300, once=r"GET /tunnel HTTP/1.1\r\nHost: drill\r\nx-tenant: attacker\r\n"
                r"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", read="none")

    def another():
        answer = get(scene.weir.port, "/tunnel", "x-tenant: other", *WEBSOCKET, seconds=1)
        scene.expect(answer[0] == 101, f"another tenant's tunnel got {answer[0]}")
    scene.measure(meanwhile=another)


SECTION_3 = [
    Row(3, "route tricks", route_tricks, config=LENIENT),
    Row(3, "a tenant that gives two names", two_names),
    Row(3, "made-up names, 8 clients", made_up_names, memory=8 * WAITING, cheap=True),
    Row(3, "made-up names, with new_keys", made_up_names_bounded,
        config=NEW_KEYS + CONFIG + CHAIN, memory=8 * WAITING),
    Row(3, "a key table that one client fills", key_table, config=BY_THE_HOUR, memory=8 * WAITING),
    Row(3, "one tenant fills the queue with quota waits", quota_waits, config=SHAPED,
        memory=200 * WAITING),
    Row(3, "300 tunnels of one tenant", tunnels, config="upgrades: {max: 200}\n" + CONFIG + CHAIN,
        memory=200 * TUNNEL),
]

ROWS = SECTION_1 + SECTION_2 + SECTION_3
