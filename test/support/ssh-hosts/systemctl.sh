#!/bin/sh
# systemctl of a test host: what kubeadm asks of one, for the units that init.sh keeps running.
verb='' unit=''
for word; do
  case $word in
    -*) ;;
    *) if [ -z "$verb" ]; then verb=$word; else unit=${word%.service}; fi ;;
  esac
done
pid=$(cat "/run/units/$unit.pid" 2>/dev/null)
case $verb in
  daemon-reload | enable | disable | is-enabled) ;;
  is-active | status) [ -n "$pid" ] && kill -0 "$pid" ;;
  stop | restart)
    [ "$verb" = stop ] && touch "/run/units/$unit.stopped"
    [ -z "$pid" ] || kill "$pid"
    while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    [ "$verb" = stop ] || rm -f "/run/units/$unit.stopped"
    ;;
  start) rm -f "/run/units/$unit.stopped" ;;
  *) exit 1 ;;
esac
