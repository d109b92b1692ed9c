#!/bin/sh
# init.sh STATE NAME
# PID 1 of a test host. It has a file system, a process table, a network and cgroups of its own, an SSH server,
# containerd, and a kubelet that runs as soon as kubeadm has configured it, as the packages have it.
set -eu
state=$1 name=$2 home=$state/$name
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
hostname "$name"

for folder in etc opt; do
  mkdir -p "$home/$folder" "$home/work/$folder" "/$folder"
  mount -t overlay -o "lowerdir=/$folder,upperdir=$home/$folder,workdir=$home/work/$folder" overlay "/$folder"
done
mkdir -p "$home/var/lib" "$home/var/log" "$home/var/tmp" "$home/var/empty"
ln -sfn /run "$home/var/run"
mount --bind "$home/var" /var
mount -t tmpfs -o mode=755 tmpfs /run
mount --bind "$home/bin" /usr/local/bin
mkdir -p /run/sshd /run/units

# The cgroups that this process is in are the roots of the host's own.
controllers=$(ls /sys/fs/cgroup)
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
for controller in $controllers; do
  [ "$controller" = unified ] && continue
  mkdir "/sys/fs/cgroup/$controller"
  options=$controller
  [ "$controller" = systemd ] && options=none,name=systemd
  mount -t cgroup -o "$options" cgroup "/sys/fs/cgroup/$controller"
done

# The kubelet would set these for the whole machine; it writes none that already reads as it wants.
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
mount --make-rshared /

echo ready
read -r _ || exit 1
exec </dev/null >>"$home/init.log" 2>&1
cd /

# Keeps a unit running as long as nobody has stopped it and its condition holds; systemctl leaves its wishes in /run/units.
supervise() {
  unit=$1 condition=$2
  while :; do
    if [ ! -e "/run/units/$unit.stopped" ] && { [ -z "$condition" ] || [ -e "$condition" ]; }; then
      sh "$state/$unit.sh" "$home" >>"$home/$unit.log" 2>&1 &
      echo $! >"/run/units/$unit.pid"
      wait $! || true
      rm -f "/run/units/$unit.pid"
    fi
    sleep 0.2
  done
}
supervise containerd "" &
supervise kubelet /var/lib/kubelet/config.yaml &
supervise sshd "" &
wait
