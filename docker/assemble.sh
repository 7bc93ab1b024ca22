#!/bin/sh
# Puts the root of an image together: assemble.sh PROGRAM FOLDER. Run by docker/Dockerfile, in the
# container that built the program.
set -eu
program=$1
image=$2
mkdir -p "$image/etc/weir" "$image/usr/bin" "$image/usr/lib" "$image/var/lib/dpkg/status.d"

strip --strip-all -o "$image/usr/bin/weir" "$program"

# What the loader loads for it, where the loader looks; as files, not as links to files.
ldd "$program" | sed -nE 's/^[^/]*(\/[^ ]+) .*/\1/p' >"$image.libraries"
[ -s "$image.libraries" ] || { echo "assemble: no libraries found in $program" >&2; exit 1; }
while read -r library; do cp -L --parents "$library" "$image"; done <"$image.libraries"

# Of each library's package: what scanners read to know its version, and its licence.
while read -r library; do dpkg-query -S "*/${library##*/}"; done <"$image.libraries" |
  cut -d: -f1 | sort -u | while read -r package; do
    dpkg-query -s "$package" >"$image/var/lib/dpkg/status.d/$package"
    cp -L --parents "/usr/share/doc/$package/copyright" "$image"
  done
# And the licences of what is linked in. (Boost's asks for no notice with a program.)
for package in libuv1-dev libyaml-cpp-dev libcli11-dev; do
  cp -L --parents "/usr/share/doc/$package/copyright" "$image"
done
(cd build/deps/llhttp && cp --parents usr/share/doc/node-llhttp/copyright "$image")

cp /usr/lib/os-release "$image/usr/lib/os-release"
ln -s ../usr/lib/os-release "$image/etc/os-release"

# The user; and names are looked up in /etc/hosts, then asked of the name server.
echo 'weir:x:65532:65532:weir:/:/sbin/nologin' >"$image/etc/passwd"
echo 'weir:x:65532:' >"$image/etc/group"
echo 'hosts: files dns' >"$image/etc/nsswitch.conf"
