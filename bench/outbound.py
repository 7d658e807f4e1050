"""Does anything of ours speak to another machine while the suite runs? Servers, workers, boxes, browsers included.

    python bench/outbound.py [arguments of pytest]

Runs the suite (or what is named) under `strace`, which sees every connection and every datagram of every process it
starts, and names those to another machine by program and address. First a program that does speak outside is traced:
a watch that misses it proves nothing. Needs strace; the tests alone are watched by `tests/watching.py`, too.
"""

import ipaddress
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TRACE = (
    "strace",
    "-f",
    "--seccomp-bpf",
    "--decode-pids=comm",
    "-qq",
    "-e",
    "trace=connect,sendto",
    "-e",
    "signal=none",
)
CALL = re.compile(r"^\d+<(?P<program>[^>]*)> (?P<call>connect|sendto)\(.*sa_family=AF_INET6?, (?P<rest>.*)")
ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
PORT = re.compile(r"sin6?_port=htons\((\d+)\)")
# Addresses set aside for examples: nobody is there.
OUTSIDE = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"
# Chromium asks the system by which way it would reach the wider Internet: a datagram socket that sends nothing.
PROBES = {"2001:4860:4860::8888"}


def traced(command: Sequence[str]) -> tuple[int, Counter[str]]:
    """Run a command; its exit code, and how often who spoke to which other machine."""
    with tempfile.TemporaryDirectory(prefix="oms-outbound-") as folder:
        log = Path(folder) / "calls"
        code = subprocess.run([*TRACE, "-o", str(log), *command], cwd=ROOT, check=False).returncode
        with log.open(encoding="utf-8", errors="replace") as lines:
            return code, Counter(spoken(lines))


def spoken(lines: Iterator[str]) -> Iterator[str]:
    """Program, address and port of each call that leaves this machine."""
    for line in lines:
        call = CALL.match(line)
        found = call and ADDRESS.search(call["rest"])
        if not call or not found:
            continue
        address = ipaddress.ip_address(found[1] or found[2])
        mapped = getattr(address, "ipv4_mapped", None)
        if (mapped or address).is_loopback or address.is_unspecified or str(address) in PROBES:
            continue
        port = PORT.search(line)
        yield f"{call['program']} → {address}:{port[1] if port else '?'}"


def main() -> int:
    """The control, then the suite; 1 when somebody outside was spoken to, or the run itself failed."""
    if not shutil.which("strace"):
        print("strace is missing: nothing was watched")
        return 2
    _code, control = traced([sys.executable, "-c", OUTSIDE])
    if not control:
        print("a program that speaks to 192.0.2.1 was not seen: this watch proves nothing")
        return 1
    code, found = traced([sys.executable, "-m", "pytest", "-q", *sys.argv[1:]])
    for line, times in found.most_common(40):
        print(f"{times:6} {line}")
    print(f"{sum(found.values())} connections to other machines; the suite ended with {code}; the control was seen")
    return int(bool(found) or code != 0)


if __name__ == "__main__":
    sys.exit(main())
