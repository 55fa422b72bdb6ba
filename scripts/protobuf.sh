#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes Sources/TensorBoard/Generated/event.pb.swift anew from event.proto, after that was changed.
#
# Needs protoc (Debian: protobuf-compiler); its plugin for Swift is built from the package that the build fetches.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v protoc >/dev/null || { echo "there is no protoc: install protobuf-compiler" >&2; exit 1; }
swift build -c release --product protoc-gen-swift
protoc --plugin="$(swift build -c release --show-bin-path)/protoc-gen-swift" \
  --proto_path=Sources/TensorBoard --swift_out=Sources/TensorBoard/Generated \
  --swift_opt=Visibility=Package event.proto
