#!/usr/bin/env python3
"""port-owner.py PORT: prints who listens on a TCP port of this machine, "nats-server (pid 123)"; exit status 1 when nobody does."""
import glob
import os
import sys

LISTEN = "0A"


def listening_inodes(port):
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = open(table).read().splitlines()[1:]
        except OSError:
            continue
        for fields in (line.split() for line in lines):
            if fields[3] == LISTEN and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    return inodes


def owner(inodes):
    for link in glob.glob("/proc/[0-9]*/fd/*"):
        try:
            if os.readlink(link) in inodes:
                pid = link.split("/")[2]
                return f"{open(f'/proc/{pid}/comm').read().strip()} (pid {pid})"
        except OSError:
            continue  # ended meanwhile, or not ours to look into
    return "a process of another user"


def main():
    inodes = listening_inodes(int(sys.argv[1]))
    if not inodes:
        return 1
    print(owner(inodes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
