# What the workloads' tests need on this machine, made once: sourced by their run scripts.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mlstack

# cached NAME FILE COMMAND...: makes $folder = $cache/NAME-<hash of FILE> with COMMAND FOLDER unless it is there, whole.
cached() {
  folder=$cache/$1-$(sha256sum <"$2" | cut -c1-12)
  [ -e "$folder" ] && return
  rm -rf "$folder.part"
  mkdir -p "$cache"
  "${@:3}" "$folder.part"
  mv "$folder.part" "$folder"
}
