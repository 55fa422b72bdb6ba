// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import TestSupport
import Testing

@Suite("The folder of a run")
struct RunFolderTests {
  @Test("is made where there is nothing, or an empty folder")
  func new() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: folder.path("empty"), withIntermediateDirectories: true)
      for name in ["deep/run", "empty"] {
        try RunFolder(folder.path(name)).prepare(overwrite: false)
        #expect(FileManager.default.fileExists(atPath: folder.path("\(name)/checkpoints")))
      }
    }
  }

  @Test("that holds something else is refused, with or without overwriting")
  func foreign() throws {
    try withTemporaryFolder { folder in
      _ = try folder.file("thesis.txt", [65])
      for overwrite in [false, true] {
        let found = problem { try RunFolder(folder.url.path).prepare(overwrite: overwrite) }
        #expect(found?.what == "cannot use the output folder" && found?.remedy.contains("--output") == true)
      }
      #expect(contents(folder.url.path) == ["thesis.txt"])
      let file = problem { try RunFolder(folder.path("thesis.txt")).prepare(overwrite: true) }
      #expect(file?.why.contains("is a file") == true)
    }
  }

  @Test("of a run is kept unless overwriting is asked for, which spares what others put there")
  func existing() throws {
    try withTemporaryFolder { folder in
      let run = RunFolder(folder.url.path)
      try run.prepare(overwrite: false)
      for name in ["config.yaml", "metrics.jsonl", "notes.txt", "checkpoints/step-000004.safetensors"] {
        _ = try folder.file(name, [1])
      }
      let found = problem { try run.prepare(overwrite: false) }
      #expect(found?.remedy.contains("--resume") == true && found?.remedy.contains("--overwrite") == true)
      #expect(contents(run.checkpoints) == ["step-000004.safetensors"])
      try run.prepare(overwrite: true)
      #expect(contents(folder.url.path) == ["checkpoints", "notes.txt"])
      #expect(contents(run.checkpoints).isEmpty)
    }
  }
}
