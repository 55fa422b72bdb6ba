// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
  name: "adapt",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "iapc", path: "../..")],
  targets: [
    .executableTarget(
      name: "adapt",
      dependencies: [
        .product(name: "Adaptation", package: "iapc"),
        .product(name: "CTorch", package: "iapc"),
      ])
  ])
