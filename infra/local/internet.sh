#!/bin/sh
# internet.sh PID DEVICE CIDR CGROUP...
# Keeps a program running that opens the connections of a machine of the cluster on this host: until that machine ends.
# It leaves the caller's cgroups, so that the end of a login session does not end it.
set -eu
pid=$1 device=$2 cidr=$3
shift 3
for cgroup; do echo 0 >"$cgroup/cgroup.procs"; done
while [ -e "/proc/$pid/ns/net" ]; do
  slirp4netns --configure --mtu=65520 --disable-host-loopback --cidr="$cidr" "$pid" "$device" || true
  sleep 1
done
