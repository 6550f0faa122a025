#!/bin/sh
# Takes out of a Debian root what a running role never uses: perl, apt and its cryptography, manuals, caches, logs.
# dpkg's list of what is installed stays true, and so do the packages' copyright files.
set -eu
dpkg --purge --force-depends --force-remove-essential --force-remove-protected \
  apt libapt-pkg6.0 gpgv perl perl-base perl-modules-5.36 libperl5.36 libgdbm-compat4 libdb5.3 debconf adduser passwd login e2fsprogs logsave libext2fs2 libss2 mount \
  sysvinit-utils util-linux-extra init-system-helpers debian-archive-keyring libgnutls30 libhogweed6 libnettle8 \
  libp11-kit0 libtasn1-6 libunistring2 libidn2-0 libsemanage2 libsemanage-common libsepol2 \
  >/dev/null 2>&1 || true
find /usr/share/doc -type f ! -name copyright -delete
find /usr/share/doc -type l -delete
rm -rf /usr/share/man /usr/share/info /usr/share/locale /usr/share/lintian /usr/share/bash-completion \
  /usr/share/perl /usr/share/perl5 /usr/lib/*/perl /usr/lib/*/perl-base /etc/perl /usr/share/debconf /usr/share/pixmaps \
  /var/lib/apt /var/cache/* /var/log/* /var/backups/* /var/lib/dpkg/info/*.md5sums /var/lib/dpkg/*-old \
  /tmp/* "$HOME/.cache" "$HOME/.wget-hsts" /etc/apt
find / -xdev -type d -name __pycache__ -path '/usr/share/*' -prune -exec rm -rf {} +
find /usr/lib/python3* -type d \( -name test -o -name idlelib -o -name lib2to3 -o -name ensurepip -o -name pydoc_data \
  -o -name tkinter -o -name turtledemo \) -prune -exec rm -rf {} + 2>/dev/null || true
rm -f /usr/lib/python3.11/lib-dynload/_dbm.*.so /usr/lib/python3.11/lib-dynload/_gdbm.*.so
# What is left must still find its libraries.
for program in /usr/bin/python3 /usr/bin/redis-server /usr/bin/redis-cli /usr/sbin/mosquitto /usr/bin/mosquitto_sub /usr/bin/openssl /usr/lib/python3*/lib-dynload/*.so; do
  if [ -e "$program" ] && ldd "$program" | grep 'not found'; then echo "$program lost a library" >&2; exit 1; fi
done
