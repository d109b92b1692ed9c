#!/bin/sh
# launch.sh STATE UNIT CGROUP...
# Starts a machine of the cluster: leaves the caller's cgroups, so that the end of a login session does not end it,
# and becomes the parent of init.sh in namespaces of its own. Its death ends every process of the machine.
set -eu
state=$1 unit=$2
shift 2
for cgroup; do echo 0 >"$cgroup/cgroup.procs"; done
exec unshare --net --uts --ipc --mount-proc --pid --fork --kill-child \
  sh "$state/init.sh" "$state" "$unit"
