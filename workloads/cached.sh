# Cache of the workloads' test environments, each created once; the tests' run scripts source this file.
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
