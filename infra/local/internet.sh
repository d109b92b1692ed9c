#!/bin/sh
# internet.sh PID DEVICE CIDR NAME_SERVER CGROUP...
# Keeps a program running that opens the connections of a machine of the cluster on this host, until that machine ends.
# It leaves the caller's cgroups, so that the end of a login session does not end it.
set -eu
pid=$1 device=$2 cidr=$3 name_server=$4
shift 4
for cgroup; do echo 0 >"$cgroup/cgroup.procs"; done

# Addresses of this host are those of the kernel's local table: interfaces without a carrier answer at theirs too. Other
# clusters on this host are reached by links of the same kind as this one's.
addresses() {
  ip -4 route show table local type local | sed -E 's/^local //; s/ .*//'
  ip -4 route show | sed -nE '/ dev mlstack-/s/ .*//p'
}

# Rules of the control plane's machine, which has no others. They refuse this host's own addresses, and link-local ones,
# among them that of a cloud's metadata.
rules() {
  echo "*nat"
  echo "-A POSTROUTING -o $device -j MASQUERADE"
  echo COMMIT
  echo "*filter"
  for protocol in udp tcp; do
    echo "-A FORWARD -o $device -d $name_server -p $protocol --dport 53 -j ACCEPT"
  done
  for closed in 169.254.0.0/16 $(addresses); do echo "-A FORWARD -o $device -d $closed -j REJECT"; done
  echo COMMIT
}

applied=
refresh() {
  wanted=$(rules)
  if [ "$wanted" != "$applied" ]; then
    echo "$wanted" | nsenter --net="/proc/$pid/ns/net" iptables-restore
    applied=$wanted
  fi
}

refresh
while [ -e "/proc/$pid/ns/net" ]; do
  slirp4netns --configure --mtu=65520 --disable-host-loopback --enable-sandbox --enable-seccomp --cidr="$cidr" \
    "$pid" "$device" || true
  sleep 1
done &
# An address that this host gets later is refused from the next look on.
while [ -e "/proc/$pid/ns/net" ]; do
  refresh || true
  sleep 15
done
