// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PackageDescription

/// The folder of libtorch: the one that `LIBTORCH` names, or else the one that `make setup` chose.
///
/// The chosen one is always spelled as its link, so that `make` and plain `swift build` share their work.
func findLibtorch() -> String {
  func real(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
  let chosen = Context.packageDirectory + "/.libtorch/current"
  let named = Context.environment["LIBTORCH"] ?? ""
  let home = named.isEmpty || real(named) == real(chosen) ? chosen : real(named)
  guard FileManager.default.fileExists(atPath: home + "/include/ATen/ATen.h") else {
    fatalError("there is no libtorch at \(home): run `make setup`, or set LIBTORCH to its folder")
  }
  return home
}

let libtorch = findLibtorch()

/// As system headers, so that libtorch's own warnings are not this package's.
let torchHeaders: [CXXSetting] = [
  .unsafeFlags([
    "-isystem", libtorch + "/include",
    "-isystem", libtorch + "/include/torch/csrc/api/include",
  ])
]

/// libtorch.so itself names the CUDA library in a CUDA build, so linking it, needed or not, brings CUDA in.
let torchLibraries: [LinkerSetting] = [
  .unsafeFlags(["-L", libtorch + "/lib", "-Xlinker", "-rpath", "-Xlinker", libtorch + "/lib"]),
  .unsafeFlags(["-Xlinker", "--no-as-needed"], .when(platforms: [.linux])),
  .linkedLibrary("torch"),
  .linkedLibrary("torch_cpu"),
  .linkedLibrary("c10"),
]

/// The folders of the headers that NCCL's part of libtorch needs; nil where one is missing or libtorch is no CUDA build:
/// tensors of CUDA devices then travel over the CPU. They come with CUDA and NCCL, or in wheels beside that of libtorch.
let ncclHeaders: [String]? = {
  let files = FileManager.default
  guard files.fileExists(atPath: libtorch + "/lib/libtorch_cuda.so") else { return nil }
  let wheels = URL(fileURLWithPath: libtorch).resolvingSymlinksInPath().deletingLastPathComponent().path
  let parts = ["cu13", "nccl", "cuda_runtime", "cublas", "cusparse", "cusolver", "cuda_nvcc", "cuda_cccl"]
  let folders =
    [Context.environment["CUDA_HOME"] ?? "/usr/local/cuda"].map { $0 + "/include" }
    + parts.map { "\(wheels)/nvidia/\($0)/include" } + ["/usr/include"]
  let needed = [
    "nccl.h", "cuda_runtime.h", "crt/host_config.h", "nv/target", "cublas_v2.h", "cusparse.h", "cusolverDn.h",
  ]
  let found = needed.map { name in folders.first { files.fileExists(atPath: "\($0)/\(name)") } }
  // The compiler searches the system's folder by itself, and has to do so last.
  return found.contains(nil) ? nil : Set(found.compactMap(\.self)).subtracting(["/usr/include"]).sorted()
}()
let ncclSettings: [CXXSetting] =
  ncclHeaders.map { [.define("IAPC_NCCL"), .unsafeFlags($0.flatMap { ["-isystem", $0] })] } ?? []
let ncclLibraries: [LinkerSetting] =
  ncclHeaders == nil ? [] : [.linkedLibrary("torch_cuda"), .linkedLibrary("c10_cuda")]

/// Homebrew's folders, which the compilers of macOS do not search by themselves.
let homebrew = ["/opt/homebrew", "/usr/local"].flatMap { [$0, $0 + "/opt/jpeg-turbo"] }
let pictureHeaders: [CSetting] = [
  .unsafeFlags(homebrew.map { "-I\($0)/include" }, .when(platforms: [.macOS]))
]
let pictureLibraries: [LinkerSetting] = [
  .unsafeFlags(homebrew.map { "-L\($0)/lib" }, .when(platforms: [.macOS])),
  .linkedLibrary("jpeg"),
  .linkedLibrary("png"),
  .linkedLibrary("webp"),
  .linkedLibrary("tiff"),
]

/// The program of `make fuzz`: libFuzzer brings its `main`, so it builds only with `--sanitize fuzzer`.
let fuzzer: [Target] =
  Context.environment["IAPC_FUZZ"] == nil
  ? []
  : [
    .executableTarget(
      name: "fuzz", dependencies: ["FuzzTargets", "Files"], path: "Fuzz/Driver",
      swiftSettings: [.unsafeFlags(["-parse-as-library"])])
  ]

let package = Package(
  name: "iapc",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "iapc", targets: ["iapc"]),
    // The rooms under the one that adapts, for programs of others; these load CTorch, which lies beside them.
    .library(
      name: "Adaptation",
      targets: ["Adaptation", "Segmentation", "Torch", "Imaging", "TensorBoard", "Files"]),
    .library(name: "CTorch", type: .dynamic, targets: ["CTorch"]),
  ],
  // One version each, so that a build can be repeated; see CONTRIBUTING.md.
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-protobuf.git", exact: "1.39.0"),
    .package(url: "https://github.com/jpsim/Yams.git", exact: "6.2.2"),
  ],
  targets: [
    // A room imports only rooms that stand above it here.
    .target(name: "Files", dependencies: [.product(name: "Crypto", package: "swift-crypto")]),
    // `iapc` is not linked with CTorch: it loads the library when it computes, for libtorch takes 0.2 s to load, which
    // nobody should wait for to see a help text.
    .target(name: "TorchABI", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    // As a search path and not a dependency: clang would want its module, which C++ does not build.
    .target(
      name: "CTorch", exclude: ["Gloo/README.md"],
      cxxSettings: torchHeaders + ncclSettings
        + [.headerSearchPath("../TorchABI/include"), .headerSearchPath("Gloo")],
      linkerSettings: torchLibraries + ncclLibraries),
    .target(name: "Torch", dependencies: ["TorchABI", "Files"]),
    .target(
      name: "TensorBoard",
      dependencies: ["Files", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["event.proto"]),
    .target(
      name: "ONNX",
      dependencies: ["Torch", "Files", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["onnx.proto"]),
    .target(name: "CImage", cSettings: pictureHeaders, linkerSettings: pictureLibraries),
    .target(name: "Imaging", dependencies: ["CImage", "Files"]),
    .target(name: "Streets", dependencies: ["Imaging", "Files"]),
    .target(name: "Segmentation", dependencies: ["Torch", "Imaging", "Files", "Yams"]),
    .target(
      name: "Adaptation",
      dependencies: ["Segmentation", "Torch", "Imaging", "TensorBoard", "Files", "Yams"]),
    .target(
      name: "Report", dependencies: ["Adaptation", "Segmentation", "Torch", "Imaging", "Files"]),
    .executableTarget(
      name: "iapc",
      dependencies: [
        "Report", "Adaptation", "Segmentation", "ONNX", "Torch", "Streets", "Imaging", "Files",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    // The program of the guide to the library, which is a package of its own, too.
    .executableTarget(
      name: "adapt-example", dependencies: ["Adaptation", "Segmentation", "Torch", "Imaging"],
      path: "Examples/Adapt/Sources/adapt"),

    .target(
      name: "FuzzTargets",
      dependencies: ["Adaptation", "Segmentation", "Torch", "CTorch", "Imaging", "Files"],
      path: "Fuzz/Targets"),
    .target(
      name: "TestSupport", dependencies: ["Torch", "CTorch", "Imaging", "TensorBoard", "Files"]),
    .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets", "Files", "TestSupport"]),
    .testTarget(name: "FilesTests", dependencies: ["Files", "TestSupport"]),
    .testTarget(
      name: "TorchTests", dependencies: ["Torch", "Files", "TestSupport"], exclude: ["Fixtures"]),
    .testTarget(
      name: "ImagingTests", dependencies: ["Imaging", "Files", "TestSupport"], exclude: ["Fixtures"]),
    .testTarget(name: "TensorBoardTests", dependencies: ["TensorBoard", "Files", "TestSupport"]),
    .testTarget(
      name: "ONNXTests",
      dependencies: [
        "ONNX", "Torch", "Files", "TestSupport", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]),
    .testTarget(name: "StreetsTests", dependencies: ["Streets", "Imaging", "Files", "TestSupport"]),
    .testTarget(
      name: "SegmentationTests",
      dependencies: ["Segmentation", "Torch", "Imaging", "Files", "TestSupport"],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "AdaptationTests",
      dependencies: ["Adaptation", "Segmentation", "Torch", "Imaging", "Files", "TestSupport", "Yams"],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "ReportTests",
      dependencies: ["Report", "Adaptation", "Segmentation", "Torch", "Imaging", "Files", "TestSupport"]),
    .testTarget(
      name: "CommandTests",
      dependencies: ["iapc", "Adaptation", "Segmentation", "Torch", "Imaging", "Files", "TestSupport"],
      exclude: ["Fixtures"]),
  ] + fuzzer,
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)
