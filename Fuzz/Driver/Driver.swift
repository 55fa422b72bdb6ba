// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import FuzzTargets

/// What libFuzzer calls with each input; the environment variable IAPC_FUZZ_READER names the reader.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  do { try target.read(bytes, in: folder) } catch let problem as Problem {
    _ = problem.description
  } catch {
    fatalError("the reader \(target) gave neither a value nor a Problem: \(error)")
  }
  return 0
}

private let folder = FileManager.default.temporaryDirectory.path

private let target: FuzzTarget = {
  let name = ProcessInfo.processInfo.environment["IAPC_FUZZ_READER"] ?? ""
  guard let target = FuzzTarget(rawValue: name) else {
    let known = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
    fatalError("IAPC_FUZZ_READER names no reader, expected one of: \(known)")
  }
  return target
}()
