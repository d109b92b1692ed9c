exec containerd --config "$1/containerd.toml"
