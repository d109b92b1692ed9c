exec "$(dirname "$1")/openssh/usr/sbin/sshd" -D -e -f "$1/sshd_config"
