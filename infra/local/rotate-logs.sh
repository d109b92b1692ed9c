#!/bin/sh
# rotate-logs.sh FOLDER BYTES
# Copies each log of a folder that has grown past BYTES to NAME.log.1, over the copy before, and empties it. The programs
# keep their logs open and append to them, so a log that was moved would go on growing.
set -eu
for log in "$1"/*.log; do
  [ -f "$log" ] || continue
  if [ "$(wc -c <"$log")" -gt "$2" ]; then
    cp "$log" "$log.1"
    : >"$log"
  fi
done
