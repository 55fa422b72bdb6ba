#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes Sources/*/Generated/*.pb.swift anew from the .proto files, after one was changed.
#
# Needs protoc (Debian: protobuf-compiler); its plugin for Swift is built from the package that the build fetches.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v protoc >/dev/null || { echo "there is no protoc: install protobuf-compiler" >&2; exit 1; }
swift build -c release --product protoc-gen-swift
for file in Sources/*/*.proto; do
  folder=$(dirname "$file")
  protoc --plugin="$(swift build -c release --show-bin-path)/protoc-gen-swift" \
    --proto_path="$folder" --swift_out="$folder/Generated" --swift_opt=Visibility=Package "$(basename "$file")"
done
