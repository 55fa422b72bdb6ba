// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct NormalisationTests {
  private let own = "mean=0.3/0.31/0.32,std=0.2/0.21/0.22,bgr"

  @Test("Numbers of a normalisation are taken wherever a known name is, and do what the name does")
  func numbers() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      func labels(_ normalisation: String) throws -> [Data] {
        let output = folder.path("labelled")
        try done([
          "predict", "--weights", sample.weights, "--normalisation", normalisation, "--images", sample.images,
          "--output", output, "--overwrite",
        ])
        return try #require(listing("\(output)/labels")).map { try bytes("\(output)/labels/\($0)") }
      }
      let known = try labels("imageNet")
      #expect(try labels("mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]") == known)
      #expect(try labels("mean=123.675/116.28/103.53,std=58.395/57.12/57.375") == known)
      #expect(try labels(own) != known)
      let score = [
        "evaluate", "--weights", sample.weights, "--images", sample.images, "--labels", sample.labels,
        "--label-space", "camvid11", "--normalisation",
      ]
      #expect(
        try done(score + ["mean=123.675/116.28/103.53,std=58.395/57.12/57.375"]).output
          == done(score + ["imageNet"]).output)
    }
  }

  @Test("Adapted weights hold the numbers exactly, from an option, a setting and a file")
  func kept() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      func said(_ name: String, _ more: [String]) throws -> Substring {
        let run = folder.path(name)
        try done(sample.adapt(to: run, "--steps", "1") + more)
        let lines = try done(["inspect", "--weights", "\(run)/adapted.safetensors"]).output.split(
          separator: "\n")
        return try #require(lines.first { $0.contains("iapc.normalisation") })
      }
      let option = try said("option", ["--normalisation", own])
      for part in [#""mean":[76.5,79.05"#, #""order":"bgr""#, #""std":[51,53.55"#] {
        #expect(option.contains(part), "\(option)")
      }
      #expect(try said("set", ["--set", "network.pixel_normalization=\(own)"]) == option)
      let file = try folder.file("own.yaml", Array("network.pixel_normalization: \(own)\n".utf8))
      #expect(try said("file", ["--config", file]) == option)
      #expect(try said("again", ["--weights", "\(folder.path("option"))/adapted.pth"]) == option)
    }
  }

  @Test("Numbers that cannot be meant end in one line that shows how to write them")
  func refused() throws {
    let sample = try Sample.make()
    let command = ["predict", "--weights", sample.weights, "--images", sample.images, "--output", "no"]
    try expectError(
      command + ["--normalisation", "mean=0.485/0.456,std=0.2/0.2/0.2"], saying: "three finite numbers",
      "mean=123.675/116.28/103.53")
    try expectError(
      command + ["--normalisation", "mean=0/0/0,std=1/1/1"], saying: "in 0 to 1 or in 0 to 255", "scale=1/255"
    )
    try expectError(
      command + ["--normalisation", "imagnet"], saying: "the nearest is imageNet",
      "or give its numbers: mean=")
  }
}
