#!/bin/sh
# init.sh STATE UNIT
# PID 1 of a machine of the cluster. Prints "ready" once the machine's file system stands, waits for a line on
# standard input (its network is then up, and an end of file means that whoever made it has died), and from then on
# keeps every program in STATE/UNIT/daemons running.
set -eu
umask 022
state=$1 unit=$2
home=$state/$unit
logs=$state/logs/$unit
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
hostname "$(basename "$unit")"

# A node has a /var and a /run of its own: every program stays on its usual paths, beside those of another node and
# of the host, and leaves nothing when the machine ends.
if [ -d "$home/var" ]; then
  while read -r path; do
    mkdir -p "$home$path"
    mount --bind "$path" "$home$path"
  done <"$home/kept-folders"
  mount --rbind "$home/var" /var
  mount -t tmpfs -o mode=755 tmpfs /run
  # /sys shows the network devices of whoever mounted it.
  mkdir /run/cgroup
  mount --rbind /sys/fs/cgroup /run/cgroup
  mount -t sysfs sysfs /sys
  mount --rbind /run/cgroup /sys/fs/cgroup
  umount -l /run/cgroup
  # The kubelet would set these for the whole host; it writes none that already reads as it wants.
  mkdir /run/sysctl
  while read -r path value; do
    echo "$value" >"/run/sysctl/${path##*/}"
    mount --bind "/run/sysctl/${path##*/}" "/proc/sys/$path"
  done <<SETTINGS
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
SETTINGS
fi
# Volumes that a pod mounts bidirectionally are seen by the others of the node.
mount --make-rshared /

echo ready
read -r _ || exit 1
exec </dev/null >>"$logs/init.log" 2>&1
cd /

supervise() {
  pause=0
  while :; do
    began=$(date +%s)
    code=0
    sh "$home/daemons/$1" >>"$logs/$1.log" 2>&1 || code=$?
    if [ $(($(date +%s) - began)) -ge 10 ]; then pause=0; fi
    echo "$(date -u +%FT%TZ) $1 ended with $code, starts again in $pause s"
    sleep "$pause"
    pause=$((pause < 8 ? pause * 2 + 1 : 8))
  done
}

while sleep 60; do sh "$state/rotate-logs.sh" "$logs" 20000000; done &

for daemon in "$home"/daemons/*; do
  supervise "${daemon##*/}" &
done
wait
