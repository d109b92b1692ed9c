openssh=$(dirname "$1")/openssh
LD_LIBRARY_PATH=$(echo "$openssh"/usr/lib/*-linux-gnu "$openssh"/lib/*-linux-gnu | tr ' ' :)
export LD_LIBRARY_PATH
exec "$openssh/usr/sbin/sshd" -D -e -f "$1/sshd_config"
